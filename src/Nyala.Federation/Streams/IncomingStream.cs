using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using Nyala.Core.Connections;
using Nyala.Core.Diagnostics;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Federation.Streams;

/// <summary>
/// A stream that another server has opened. Every pair of domains it speaks for is proven by SASL EXTERNAL or dialback first; what
/// it says for others ends it. Touched by its connection's reading task, except where said otherwise.
/// </summary>
sealed partial class IncomingStream(FederationServices services, ServerRole role) : IStreamHandler
{
    /// <summary>Pairs of domains on one stream (XEP-0220 §2.6).</summary>
    const int MostPairs = 32;

    delegate ValueTask Step(IncomingStream stream, Connection connection, Stanza element);

    static readonly FrozenDictionary<(string Namespace, string Name), Step> Steps = new Dictionary<(string, string), Step>
    {
        [(Ns.Tls, "starttls")] = (self, connection, _) => self.StartTlsAsync(connection),
        [(Ns.Sasl, "auth")] = (self, connection, element) => self.AuthAsync(connection, element),
        [(Ns.Dialback, "result")] = (self, connection, element) => self.ResultAsync(connection, element),
        [(Ns.Dialback, "verify")] = (self, connection, element) => self.VerifyAsync(connection, element),
        [(Ns.StreamManagement, "enable")] = (self, connection, element) => self.EnableAsync(connection, element),
        [(Ns.StreamManagement, "resume")] = (self, connection, element) => self.ResumeAsync(connection, element),
        [(Ns.StreamManagement, "r")] = (self, connection, _) => self.AskedAsync(connection),
        [(Ns.StreamManagement, "a")] = (self, connection, element) => self.CountedAsync(connection, element),
        [(Ns.Bidi, "bidi")] = (self, connection, _) => self.BidiAsync(connection),
    }.ToFrozenDictionary();

    /// <summary>Pairs that are proven; replaced, never changed, because dialback proves on other threads.</summary>
    volatile HashSet<(string From, string To)> _pairs = [];
    readonly Lock _gate = new();
    StanzaIntake? _intake;
    WayBack? _wayBack;
    string _id = "";
    string? _resumption;
    string? _from;
    string? _to;
    bool _external;
    bool _counts;
    bool _bidi;
    int _verifying;

    public ValueTask OpenedAsync(Connection connection, StreamHeader header)
    {
        _intake ??= new(services, connection);
        _id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var to = Domain(header.To);
        var from = Domain(header.From);
        lock (connection.Gate)
        {
            connection.WriteHeader(to is not null && services.IsOurs(to) ? to : services.Domain, from, _id, header);
        }

        if (Check(header, from, to) is { } error)
        {
            return EndAsync(connection, header.From, error);
        }

        (_from, _to) = (from, to);
        Write(connection, Features(connection));
        return default;
    }

    public async ValueTask ReceivedAsync(Connection connection, Stanza stanza)
    {
        var element = ServerContent.AsClient(stanza);
        if (element.Kind != StanzaKind.Nonza)
        {
            await StanzaAsync(connection, element);
        }
        else if (Steps.TryGetValue((element.Namespace, element.Name), out var step))
        {
            await step(this, connection, element);
        }
        else
        {
            await EndAsync(connection, _from, StreamError.UnsupportedStanzaType);
        }
    }

    public void ReadCompleted(Connection connection)
    {
        lock (connection.Gate)
        {
            connection.Flush();
        }
    }

    public void Drained(Connection connection) => _wayBack?.Owner?.Drained(_wayBack);

    public void Closed(Connection connection)
    {
        _wayBack?.Closed();
        if (_resumption is not null)
        {
            services.Resumable.Forget(_resumption);
            _resumption = null;
        }

        connection.End(EndReason.ClosedByPeer);
    }

    public void Ended(Connection connection, EndReason reason)
    {
        lock (_gate)
        {
            services.Metrics.FederationStreams.Add(-_pairs.Count, new KeyValuePair<string, object?>("direction", "in"));
            _pairs = [];
            _verifying = MostPairs;
        }

        _wayBack?.Owner?.Ended(_wayBack, $"the connection ended ({reason})", isFinal: false);
        if (_resumption is not null && reason != EndReason.Resumed)
        {
            services.Resumable.Lost(_resumption);
        }
    }

    static string? Domain(string? text) => Jid.TryParse(text, out var jid) && jid is { Local: null, Resource: null } ? jid.Domain : null;

    /// <summary>RFC 6120 §4.7, §4.9.3: what is wrong with a header, or null.</summary>
    StreamError? Check(StreamHeader header, string? from, string? to)
    {
        if (header.DefaultNamespace != Ns.Server)
        {
            return StreamError.InvalidNamespace;
        }

        if (!header.SpeaksOurVersion)
        {
            return StreamError.UnsupportedVersion;
        }

        if (header.To is null)
        {
            return StreamError.ImproperAddressing with { Text = "A stream header needs a 'to'." };
        }

        if (to is null || !services.IsOurs(to))
        {
            return StreamError.HostUnknown;
        }

        if (header.From is null)
        {
            // Who only asks whether a key is good need not say who it is.
            return null;
        }

        // Who says that it is one of us is either us, in a loop, or lies.
        return from is null || services.IsOurs(from) ? StreamError.InvalidFrom
            : !services.Allows(from) ? StreamError.PolicyViolation with { Text = "This server does not talk with yours." }
            : _from is not null && from != _from ? StreamError.InvalidFrom
            : null;
    }

    Element Features(Connection connection)
    {
        var features = new Element("features", Ns.Streams);
        if (!connection.IsSecure)
        {
            return features.Add(new Element("starttls", Ns.Tls).Add(new Element("required", Ns.Tls)));
        }

        var authenticated = _from is not null && _pairs.Contains((_from, _to!));
        _external = !authenticated && _from is not null && services.Certificates.Proves(role, _from);
        if (_external)
        {
            features.Add(new Element("mechanisms", Ns.Sasl).Add("mechanism", "EXTERNAL"));
        }

        if (!services.Options.RequireCertificates)
        {
            features.Add(new Element("dialback", Ns.DialbackFeature).Add(new Element("errors", Ns.DialbackFeature)));
        }

        if (!authenticated && _from is not null)
        {
            features.Add(new Element("bidi", Ns.BidiFeature));
        }

        return features.Add(new Element("sm", Ns.StreamManagement));
    }

    async ValueTask StartTlsAsync(Connection connection)
    {
        if (!connection.CanStartTls)
        {
            Write(connection, new Element("failure", Ns.Tls));
            await EndAsync(connection, _from, null);
            return;
        }

        _from = null;
        await connection.StartTlsAsync();
    }

    /// <summary>RFC 6120 §6.3.4, XEP-0178 §3.</summary>
    ValueTask AuthAsync(Connection connection, Stanza auth)
    {
        var text = auth.ToElement().Text;
        var condition = !connection.IsSecure ? "encryption-required"
            : auth.Attribute("mechanism") != "EXTERNAL" ? "invalid-mechanism"
            : !_external || _from is null ? "not-authorized"
            : text is "" or "=" ? null
            : !TryDecode(text, out var identity) ? "incorrect-encoding"
            : Domain(identity) == _from ? null : "invalid-authzid";
        if (condition is not null)
        {
            Write(connection, new Element("failure", Ns.Sasl).Add(new Element(condition, Ns.Sasl)));
            services.Log.FederationRefused(_from, connection.Id, condition);
            return default;
        }

        _external = false;
        Write(connection, new Element("success", Ns.Sasl));
        ReadCompleted(connection);
        Proven(connection, _from!, _to!, "EXTERNAL");
        connection.RestartStream();
        return default;
    }

    static bool TryDecode(string text, out string identity)
    {
        var bytes = new byte[text.Length];
        var good = Convert.TryFromBase64String(text, bytes, out var length);
        identity = good ? Encoding.UTF8.GetString(bytes, 0, length) : "";
        return good;
    }

    /// <summary>XEP-0220 §2.1, receiving server: the key is shown to the server it claims to be of.</summary>
    ValueTask ResultAsync(Connection connection, Stanza result)
    {
        if (!connection.IsSecure || services.Options.RequireCertificates)
        {
            return EndAsync(connection, _from, StreamError.PolicyViolation with { Text = "This server wants a valid certificate, over TLS." });
        }

        if (result.Attribute("type") is not null)
        {
            // An answer, and nothing was asked here (XEP-0220 §3.1).
            return default;
        }

        var (from, to) = (Domain(result.Attribute("from")), Domain(result.Attribute("to")));
        if (from is null || to is null)
        {
            return EndAsync(connection, _from, StreamError.ImproperAddressing);
        }

        var error = !services.IsOurs(to) ? StanzaError.ItemNotFound
            : services.IsOurs(from) || !services.Allows(from) ? StanzaError.NotAllowed
            : null;
        lock (_gate)
        {
            error ??= _pairs.Count + _verifying >= MostPairs ? StanzaError.ResourceConstraint : null;
            _verifying += error is null ? 1 : 0;
        }

        if (error is not null)
        {
            // §2.4: the stream lives on for other pairs.
            ServerContent.WriteDialback(connection, "result", to, from, type: "error", error: error);
            return default;
        }

        // Asking takes its time; the stream goes on meanwhile.
        _ = ConfirmAsync(connection, from, to, new Verification(_id, result.ToElement().Text));
        return default;
    }

    async Task ConfirmAsync(Connection connection, string from, string to, Verification verification)
    {
        var (valid, problem) = await services.VerifyAsync(to, from, verification);
        if (valid == true)
        {
            Proven(connection, from, to, "dialback");
        }

        lock (_gate)
        {
            _verifying--;
        }

        ServerContent.WriteDialback(
            connection, "result", to, from, type: valid switch { true => "valid", false => "invalid", null => "error" },
            error: problem);
        if (valid == false)
        {
            // §2.1.2: who shows a wrong key is not who it says.
            await EndAsync(connection, from, null);
        }
    }

    /// <summary>XEP-0220 §2.3, authoritative server: whether a key is ours.</summary>
    ValueTask VerifyAsync(Connection connection, Stanza verify)
    {
        var (from, to, id) = (verify.Attribute("from"), verify.Attribute("to"), verify.Attribute("id"));
        if (from is null || to is null || id is null)
        {
            return EndAsync(connection, _from, StreamError.ImproperAddressing);
        }

        if (!connection.IsSecure)
        {
            return EndAsync(connection, _from, StreamError.PolicyViolation with { Text = "This server wants TLS first." });
        }

        if (verify.Attribute("type") is not null)
        {
            return default;
        }

        if (!services.IsOurs(to))
        {
            // §2.5
            ServerContent.WriteDialback(connection, "verify", to, from, id, "error", error: StanzaError.ItemNotFound);
            return default;
        }

        var good = services.Keys.IsOurs(verify.ToElement().Text, from, to, id);
        ServerContent.WriteDialback(connection, "verify", to, from, id, good ? "valid" : "invalid");
        return default;
    }

    /// <summary>From any thread.</summary>
    void Proven(Connection connection, string from, string to, string proof)
    {
        lock (_gate)
        {
            if (_verifying < MostPairs && !_pairs.Contains((from, to)))
            {
                _pairs = [.. _pairs, (from, to)];
                services.Metrics.FederationStreams.Add(1, new KeyValuePair<string, object?>("direction", "in"));
            }
        }

        connection.Authenticated();
        services.Log.FederationReady(from, to, proof, connection.Id);
    }

    ValueTask EndAsync(Connection connection, string? from, StreamError? error)
    {
        if (error is not null)
        {
            services.Log.FederationRefused(from, connection.Id, error.Text ?? error.Condition);
        }

        connection.End(EndReason.ProtocolError, error);
        return default;
    }

    static void Write(Connection connection, Element element)
    {
        lock (connection.Gate)
        {
            connection.Write(element);
        }
    }
}
