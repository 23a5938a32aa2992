using System.Net;
using System.Net.Security;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Nyala.Core;
using Nyala.Core.Connections;
using Nyala.Core.Diagnostics;
using Nyala.Core.Sessions.Negotiation;
using Nyala.Features;
using Nyala.Server.Tests.Connections;
using Nyala.Storage;
using Nyala.Storage.Sqlite;
using Nyala.Testing;
using Nyala.Xmpp.Sasl;
using Wire = Nyala.Server.Tests.Connections.Wire;

namespace Nyala.Server.Tests.Negotiation;

/// <summary>The whole server behind connections in memory: a real store, a clock that the test moves, one account, romeo.</summary>
sealed class NegotiationFixture : IAsyncDisposable
{
    public const string Domain = "capulet.example";
    public const string Password = "wherefore art thou";

    readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("nyala-negotiation-");
    readonly Metrics _metrics = new();
    readonly CollectedLogs _logs = new();
    SqliteStore _store = null!;

    NegotiationFixture(ServerOptions options) => Options = options;

    public ServerOptions Options { get; }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    public TestCertificates Certificates { get; } = new();

    public NyalaServer Server { get; private set; } = null!;

    public ConnectionServices Connections { get; private set; } = null!;

    public IStore Store => _store;

    public IReadOnlyList<string> Logs => _logs.Lines;

    public static async Task<NegotiationFixture> OpenAsync(Limits? limits = null, bool tlsRequired = false)
    {
        var fixture = new NegotiationFixture(new()
        {
            Domain = Domain,
            WebAddress = "https://capulet.example",
            ScramIterations = 4096,
            TlsRequired = tlsRequired,
            Limits = limits ?? new(),
        });
        await fixture.StartAsync();
        await fixture._store.Accounts.CreateAsync("romeo", Keys(Password), AccountRole.User, null, fixture.Time.GetUtcNow());
        return fixture;
    }

    public static IReadOnlyList<Credential> Keys(string password) =>
        [.. ScramKeys.DeriveAll(password, 4096)!.Select(keys => new Credential(keys.Hash.Mechanism, keys.Serialize()))];

    /// <summary>Connects; in clear (which is allowed unless TLS is required), or in TLS from the first byte.</summary>
    public async Task<Talk> ConnectAsync(bool tls = false, IPEndPoint? remote = null)
    {
        var wire = Wire.Connect(new XmppListener(Connections, tls), remote);
        if (!tls)
        {
            return new(wire, wire.Stream);
        }

        var ssl = new SslStream(wire.Stream);
        await ssl.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = Domain,
#pragma warning disable CA5359 // The certificate is made for this test.
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
            },
            wire.Cancellation);
        return new(wire, ssl);
    }

    /// <summary>Connects and reads up to the features.</summary>
    public async Task<Talk> OpenStreamAsync(bool tls = false, IPEndPoint? remote = null)
    {
        var talk = await ConnectAsync(tls, remote);
        await talk.SendAsync(Talk.Header);
        await talk.FeaturesAsync();
        return talk;
    }

    public async Task RestartAsync()
    {
        await Server.StopAsync();
        await Server.DisposeAsync();
        await _store.DisposeAsync();
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await _store.DisposeAsync();
        _metrics.Dispose();
        _data.Delete(recursive: true);
    }

    async Task StartAsync()
    {
        var log = _logs.CreateLogger("negotiation");
        _store = await SqliteStore.OpenAsync(_data.FullName, Time, log);
        Server = await NyalaServer.CreateAsync(Options, _store, Time, log, _metrics, server => FeatureCatalog.Create(server, out _));
        NegotiationServices? negotiations = null;
        Connections = new(Options, Time, Certificates, _metrics, log, Server.Timers) { NewHandler = () => negotiations!.NewHandler() };
        negotiations = await NegotiationServices.CreateAsync(Server, Connections.Admission);
    }
}

/// <summary>A client that says exactly what the test wants said.</summary>
sealed class Talk(Wire wire, Stream stream) : IDisposable
{
    public const string Header =
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='capulet.example' version='1.0'>";

    readonly StringBuilder _seen = new();

    public CancellationToken Cancellation => wire.Cancellation;

    public async Task SendAsync(string text) => await stream.WriteAsync(Encoding.UTF8.GetBytes(text), wire.Cancellation);

    /// <summary>Reads until the text was seen.</summary>
    public async Task<string> ReceiveAsync(string until)
    {
        var buffer = new byte[4096];
        while (true)
        {
            var all = _seen.ToString();
            var at = all.IndexOf(until, StringComparison.Ordinal);
            if (at >= 0)
            {
                _seen.Remove(0, at + until.Length);
                return all[..(at + until.Length)];
            }

            int length;
            try
            {
                length = await stream.ReadAsync(buffer, wire.Cancellation);
            }
            catch (OperationCanceledException exception)
            {
                throw new InvalidOperationException($"The server waits; instead of '{until}' it sent: {all}", exception);
            }

            if (length == 0)
            {
                throw new InvalidOperationException($"The server closed; instead of '{until}' it sent: {all}");
            }

            _seen.Append(Encoding.UTF8.GetString(buffer, 0, length));
        }
    }

    public Task<string> FeaturesAsync() => ReceiveAsync("</stream:features>");

    /// <summary>Reads to the end of the stream, and closes this side.</summary>
    public async Task<string> EndAsync()
    {
        var last = await ReceiveAsync("</stream:stream>");
        wire.Close();
        await wire.EndedAsync();
        return last;
    }

    /// <summary>One exchange of SCRAM in the profile of RFC 6120; returns the last answer up to its end tag.</summary>
    public async Task<string> ScramAsync(string user, string password, string mechanism = "SCRAM-SHA-256", byte[]? endPoint = null, bool tls = false)
    {
        var scram = NewScram(user, password, mechanism, endPoint, tls);
        await SendAsync($"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='{mechanism}'>{Convert.ToBase64String(scram.First())}</auth>");
        var answer = await ReceiveAsync(">");
        if (!answer.StartsWith("<challenge", StringComparison.Ordinal))
        {
            return answer + await ReceiveAsync("</failure>");
        }

        if (!scram.TryRespond(await ReadDataAsync("</challenge>"), out var final))
        {
            throw new InvalidOperationException(scram.Problem);
        }

        await SendAsync($"<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{Convert.ToBase64String(final)}</response>");
        answer = await ReceiveAsync(">");
        if (!answer.StartsWith("<success", StringComparison.Ordinal))
        {
            return answer + await ReceiveAsync("</failure>");
        }

        return scram.TryFinish(await ReadDataAsync("</success>")) ? "success" : throw new InvalidOperationException(scram.Problem);
    }

    /// <summary>Logs in with a password by SASL2 and says more in the same element; returns success and what follows it.</summary>
    public async Task<string> Sasl2Async(string more, string device = "d4565fa7-4d72-4749-b3d3-740edbf87770")
    {
        await SendAsync($"""
            <authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>{PlainMessage("romeo", NegotiationFixture.Password)}</initial-response>
            <user-agent id='{device}'/>{more}</authenticate>
            """);
        return await ReceiveAsync("</success>");
    }

    public static string PlainMessage(string user, string password) => Convert.ToBase64String(Plain.Message(user, password));

    public void Dispose()
    {
        stream.Dispose();
        wire.Dispose();
    }

    static ScramClient NewScram(string user, string password, string mechanism, byte[]? endPoint, bool tls) =>
        new(Mechanisms.Scram(mechanism)!, user, password)
        {
            Binding = endPoint is null ? ScramBinding.Unsupported : ScramBinding.EndPoint,
            BindingData = endPoint,
            AnnouncedMechanisms = !tls ? ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"] : Mechanisms.ByStrength,
            AnnouncedBindings = !tls ? [] : ["tls-server-end-point"],
        };

    async Task<byte[]> ReadDataAsync(string until) => Convert.FromBase64String((await ReceiveAsync(until))[..^until.Length]);
}
