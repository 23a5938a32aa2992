using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Nyala.Xmpp;
using Nyala.Xmpp.Sasl;

namespace Nyala.Load.Wire;

// How a connection becomes a session: with SCRAM and a bind as clients have done since 2011, or with SASL2, Bind 2 and a token.
sealed partial class LeanClient
{
    /// <summary>Connections from one loopback address at most: there are 28,000 ports to leave from.</summary>
    const int PerSource = 10_000;

    /// <summary>Connects, with TLS as configured, up to the features in front of authentication.</summary>
    public static async Task<(LeanClient Client, string Features)> ConnectAsync(LoadOptions options, string user, CancellationToken token)
    {
        var client = await OpenSocketAsync(options, user, token);
        try
        {
            if (options.Tls == TlsMode.Direct)
            {
                await client.SecureAsync(token);
            }

            var features = await client.OpenAsync(token);
            if (options.Tls == TlsMode.StartTls)
            {
                client.Send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
                await client.ExpectAsync("<proceed", token);
                await client.SecureAsync(token);
                features = await client.OpenAsync(token);
            }

            return (client, features);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Only a socket, with TLS if configured, for the relay.</summary>
    public static async Task<LeanClient> ConnectBareAsync(LoadOptions options, string user, CancellationToken token)
    {
        var client = await OpenSocketAsync(options, user, token);
        try
        {
            if (options.Tls == TlsMode.Direct)
            {
                await client.SecureAsync(token);
            }

            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Connects, logs in, binds, and asks for what a chat client asks for; without presence.</summary>
    public static async Task<LeanClient> LoginAsync(LoadOptions options, string user, LoginKeys keys, string resource, CancellationToken token)
    {
        var (client, features) = await ConnectAsync(options, user, token);
        try
        {
            if (options.Fast)
            {
                await client.LoginAtOnceAsync(features, keys, resource, token);
            }
            else
            {
                await client.AuthenticateAsync(features, keys, token);
                await client.BindAsync(await client.OpenAsync(token), resource, token);
            }

            await client.PrepareAsync(token);
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    static async Task<LeanClient> OpenSocketAsync(LoadOptions options, string user, CancellationToken token)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, SendTimeout = 10_000 };
        try
        {
            if (IPAddress.TryParse(options.Host, out var host) && IPAddress.IsLoopback(host) && LoadOptions.NumberOf(user) / PerSource is > 0 and < 250 and var source)
            {
                socket.Bind(new IPEndPoint(IPAddress.Parse($"127.0.0.{1 + source}"), 0));
            }

            await socket.ConnectAsync(options.Host, options.Port, token);
            return new LeanClient(options, user, socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    async Task<string> OpenAsync(CancellationToken token)
    {
        _scanner.Restart();
        Send($"<?xml version='1.0'?><stream:stream to='{_options.Domain}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>");
        return await ExpectAsync("<stream:features", token);
    }

    async Task AuthenticateAsync(string features, LoginKeys keys, CancellationToken token)
    {
        var hash = features.Contains(">SCRAM-SHA-256<", StringComparison.Ordinal) ? ScramHash.Sha256 : ScramHash.Sha1;
        var exchange = keys.Begin(hash, User);
        Send($"<auth xmlns='{Ns.Sasl}' mechanism='{hash.Mechanism}'>{Convert.ToBase64String(exchange.First())}</auth>");
        var challenge = await ExpectAsync("<challenge", token);
        Send($"<response xmlns='{Ns.Sasl}'>{keys.Answer(exchange, User, Between(challenge, ">", "<"))}</response>");
        await ExpectAsync("<success", token);
    }

    async Task BindAsync(string features, string resource, CancellationToken token)
    {
        Send("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>" + resource + "</resource></bind></iq>");
        Address = Between(await ResultAsync(token, "bind"), "<jid>", "</jid>");
        if (_options.StreamManagement && features.Contains(Ns.StreamManagement, StringComparison.Ordinal))
        {
            Send($"<enable xmlns='{Ns.StreamManagement}' resume='true'/>");
            await ExpectAsync("<enabled", token);
            Managed = true;
            _received = 0;
        }
    }

    /// <summary>
    /// XEP-0388 with XEP-0386, 0198 and 0280 inline. The first time with SCRAM, asking for a token (XEP-0484 §3.3); from then on
    /// with the token, one round trip.
    /// </summary>
    async Task LoginAtOnceAsync(string features, LoginKeys keys, string resource, CancellationToken token)
    {
        if (!features.Contains(Ns.Fast, StringComparison.Ordinal) || !features.Contains($">{Mechanisms.HtNone}<", StringComparison.Ordinal))
        {
            throw new LoadException($"The server does not offer {Mechanisms.HtNone} (XEP-0484).");
        }

        var rest = $"<user-agent id='{Device}'/><bind xmlns='{Ns.Bind2}'><tag>{resource}</tag>"
            + (_options.StreamManagement ? $"<enable xmlns='{Ns.StreamManagement}' resume='true'/>" : "")
            + (_options.Carbons ? $"<enable xmlns='{Ns.Carbons}'/>" : "") + "</bind>";
        var success = keys.Token(User) is { } known ? await ShowTokenAsync(known, rest, token) : await AskForTokenAsync(keys, rest, token);
        if (success.Contains("<token ", StringComparison.Ordinal))
        {
            keys.Remember(User, Between(success, " token='", "'"));
        }

        Address = Between(success, "<authorization-identifier>", "</authorization-identifier>");
        Managed = success.Contains("<enabled", StringComparison.Ordinal);
        _received = 0;
        await ExpectAsync("<stream:features", token);
    }

    async Task<string> ShowTokenAsync(string known, string rest, CancellationToken token)
    {
        var message = Convert.ToBase64String(HashedToken.Message(User, Encoding.UTF8.GetBytes(known), []));
        Send($"<authenticate xmlns='{Ns.Sasl2}' mechanism='{Mechanisms.HtNone}'><initial-response>{message}</initial-response>{rest}<fast xmlns='{Ns.Fast}'/></authenticate>");
        return await ExpectAsync("<success", token);
    }

    async Task<string> AskForTokenAsync(LoginKeys keys, string rest, CancellationToken token)
    {
        var exchange = keys.Begin(ScramHash.Sha256, User);
        Send($"<authenticate xmlns='{Ns.Sasl2}' mechanism='{ScramHash.Sha256.Mechanism}'><initial-response>{Convert.ToBase64String(exchange.First())}</initial-response>"
            + $"{rest}<request-token xmlns='{Ns.Fast}' mechanism='{Mechanisms.HtNone}'/></authenticate>");
        var challenge = await ExpectAsync("<challenge", token);
        Send($"<response xmlns='{Ns.Sasl2}'>{keys.Answer(exchange, User, Between(challenge, ">", "<"))}</response>");
        return await ExpectAsync("<success", token);
    }

    /// <summary>What a client asks for before it becomes available.</summary>
    async Task PrepareAsync(CancellationToken token)
    {
        var carbons = _options.Carbons && !_options.Fast;
        Send((_options.Roster ? "<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>" : "")
            + (carbons ? $"<iq type='set' id='carbons'><enable xmlns='{Ns.Carbons}'/></iq>" : ""));
        string[] asked = [.. _options.Roster ? (string[])["roster"] : [], .. carbons ? (string[])["carbons"] : []];
        if (asked.Length > 0)
        {
            await ResultAsync(token, asked);
        }
    }

    /// <summary>The user-agent id (XEP-0388 §2.2) of this user's only device: the same in every run.</summary>
    Guid Device => new(SHA256.HashData(Encoding.UTF8.GetBytes(User)).AsSpan(0, 16));

    async Task SecureAsync(CancellationToken token)
    {
        _tls = new SslStream(new NetworkStream(_socket));
        var tls = new SslClientAuthenticationOptions
        {
            TargetHost = _options.Domain,

            // Each handshake is a full one, as that of a client that was not here lately.
            AllowTlsResume = false,
#pragma warning disable CA5359 // The generator measures; whose certificate it is does not matter on loopback.
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
        };
        if (_options.Tls == TlsMode.Direct)
        {
            tls.ApplicationProtocols = [new SslApplicationProtocol("xmpp-client")];
        }

        await _tls.AuthenticateAsClientAsync(tls, token);
    }
}
