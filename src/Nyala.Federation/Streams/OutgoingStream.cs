using System.Collections.Frozen;
using System.Text;
using Nyala.Core.Connections;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Federation.Streams;

/// <summary>
/// A stream from one of our domains to another server: TLS always, then SASL EXTERNAL (RFC 6120 §6.3.4, XEP-0178) or, where policy
/// allows, dialback (XEP-0220). Touched by its connection's reading task; <see cref="Send"/> from any thread.
/// </summary>
sealed partial class OutgoingStream(FederationServices services, string from, string to, ServerRole role, IStreamOwner? owner, Verification? verification = null)
    : IStreamHandler, IStanzaStream
{
    delegate ValueTask Step(OutgoingStream stream, Connection connection, Stanza element);

    static readonly FrozenDictionary<(string Namespace, string Name), Step> Steps = new Dictionary<(string, string), Step>
    {
        [(Ns.Streams, "features")] = (self, connection, element) => self.FeaturesAsync(connection, element.ToElement()),
        [(Ns.Tls, "proceed")] = (self, connection, _) => self.ProceedAsync(connection),
        [(Ns.Sasl, "success")] = (self, connection, _) => self.SuccessAsync(connection),
        [(Ns.Sasl, "failure")] = (self, connection, element) => self.FailureAsync(connection, element),
        [(Ns.Dialback, "result")] = (self, connection, element) => self.ResultAsync(connection, element),
        [(Ns.Dialback, "verify")] = (self, connection, element) => self.VerifiedAsync(connection, element),
        [(Ns.StreamManagement, "enabled")] = (self, connection, element) => self.EnabledAsync(connection, element),
        [(Ns.StreamManagement, "resumed")] = (self, connection, element) => self.ResumedAsync(connection, element),
        [(Ns.StreamManagement, "failed")] = (self, connection, element) => self.FailedAsync(connection, element),
        [(Ns.StreamManagement, "r")] = (self, connection, _) => self.AskedAsync(connection),
        [(Ns.StreamManagement, "a")] = (self, connection, element) => self.AnsweredAsync(connection, element),
    }.ToFrozenDictionary();

    string? _id;
    string? _problem;
    string _proof = "";
    bool _isFinal;
    bool _triedTls;
    bool _triedExternal;
    bool _triedDialback;
    bool _authenticated;
    bool _offersCounting;
    bool _ready;

    public string From => from;

    public string To => to;

    public Connection? Connection { get; private set; }

    /// <summary>Ends it in good order.</summary>
    public void Close(EndReason reason, StreamError? error = null)
    {
        _resumption = null;
        Connection?.End(reason, error);
    }

    public void Connected(Connection connection)
    {
        Connection = connection;
        WriteHeader(connection);
    }

    public ValueTask OpenedAsync(Connection connection, StreamHeader header)
    {
        _id = header.Id;
        if (header.DefaultNamespace != Ns.Server)
        {
            return FailAsync(connection, "it does not speak to servers there", StreamError.InvalidNamespace);
        }

        return !header.SpeaksOurVersion ? FailAsync(connection, "it speaks an older protocol, without TLS", StreamError.UnsupportedVersion) : default;
    }

    public ValueTask ReceivedAsync(Connection connection, Stanza stanza)
    {
        if (Steps.TryGetValue((stanza.Namespace, stanza.Name), out var step))
        {
            return step(this, connection, stanza);
        }

        if (_intake is not null && ServerContent.AsClient(stanza) is { Kind: not StanzaKind.Nonza } said)
        {
            return StanzaAsync(connection, said);
        }

        // RFC 6120 §4.9.3.24; without bidi nothing else may come this way.
        return FailAsync(connection, "it sent what has no place on this stream", StreamError.UnsupportedStanzaType);
    }

    public void ReadCompleted(Connection connection)
    {
        lock (connection.Gate)
        {
            connection.Flush();
        }
    }

    public void Drained(Connection connection) => owner?.Drained(this);

    public void ErrorReceived(Connection connection, Stanza error)
    {
        var condition = error.ToElement().Children.FirstOrDefault(child => child.Namespace == Ns.StreamErrors && child.Name != "text")?.Name;
        _problem ??= $"it said {condition ?? "that there is an error"}";
        _isFinal |= condition == "host-unknown";
    }

    public void Closed(Connection connection)
    {
        _resumption = null;
        connection.End(EndReason.ClosedByPeer);
    }

    public void Ended(Connection connection, EndReason reason)
    {
        if (_ready)
        {
            services.Metrics.FederationStreams.Add(-1, new KeyValuePair<string, object?>("direction", "out"));
        }

        var problem = _problem ?? (reason == EndReason.TlsFailed ? "TLS failed" : $"the connection ended ({reason})");
        verification?.Answer(null);
        owner?.Ended(this, problem, _isFinal);
    }

    void WriteHeader(Connection connection)
    {
        lock (connection.Gate)
        {
            connection.WriteHeader(from, to, "", null);
            connection.Flush();
        }
    }

    ValueTask FeaturesAsync(Connection connection, Element features)
    {
        if (!connection.IsSecure)
        {
            if (_triedTls || features.Child("starttls", Ns.Tls) is null)
            {
                return FailAsync(connection, "it does not offer TLS", StreamError.PolicyViolation);
            }

            _triedTls = true;
            return WriteAsync(connection, new Element("starttls", Ns.Tls));
        }

        _offersCounting = features.Child("sm", Ns.StreamManagement) is not null;
        if (verification is not null)
        {
            _triedDialback = true;
            ServerContent.WriteDialback(connection, "verify", from, to, verification.Stream, key: verification.Key);
            return default;
        }

        if (_authenticated)
        {
            return CountAsync(connection);
        }

        var proven = services.Certificates.Proves(role, to);
        if (!proven && services.Options.RequireCertificates)
        {
            return FailAsync(connection, "its certificate is not valid for it", StreamError.PolicyViolation);
        }

        _proof = proven ? "certificate valid" : "dialback";
        if (owner is not null && _intake is null && features.Child("bidi", Ns.BidiFeature) is not null)
        {
            // XEP-0288 §2.2: before authentication, and once.
            _intake = new(services, connection);
            lock (connection.Gate)
            {
                connection.Write(new Element("bidi", Ns.Bidi));
            }
        }

        var external = features.Child("mechanisms", Ns.Sasl)?.Children.Any(mechanism => mechanism.Text == "EXTERNAL") ?? false;
        if (external && !_triedExternal)
        {
            // XEP-0178 §3: the domain is named, because the certificate may have several.
            _triedExternal = true;
            return WriteAsync(connection, new Element("auth", Ns.Sasl).Set("mechanism", "EXTERNAL").AddText(Convert.ToBase64String(Encoding.UTF8.GetBytes(from))));
        }

        return DialbackAsync(connection);
    }

    ValueTask DialbackAsync(Connection connection)
    {
        if (_id is not { Length: > 0 } id)
        {
            return FailAsync(connection, "its stream has no id", StreamError.BadFormat);
        }

        _triedDialback = true;
        ServerContent.WriteDialback(connection, "result", from, to, key: services.Keys.Make(to, from, id));
        return default;
    }

    async ValueTask ProceedAsync(Connection connection)
    {
        if (_triedTls && !connection.IsSecure && await connection.StartTlsAsync())
        {
            WriteHeader(connection);
        }
    }

    ValueTask SuccessAsync(Connection connection)
    {
        if (!_triedExternal || _authenticated)
        {
            return FailAsync(connection, "it sent what has no place on this stream", StreamError.PolicyViolation);
        }

        _authenticated = true;
        _proof = "EXTERNAL";
        connection.RestartStream();
        WriteHeader(connection);
        return default;
    }

    ValueTask FailureAsync(Connection connection, Stanza failure) =>
        !_triedExternal || _authenticated
            ? FailAsync(connection, "it sent what has no place on this stream", StreamError.PolicyViolation)
            : DialbackAsync(connection);

    ValueTask ResultAsync(Connection connection, Stanza result)
    {
        if (result.Attribute("type") is null)
        {
            // XEP-0288 §2: it wants to speak for another domain here. It may on a stream of its own (XEP-0220 §2.5).
            var (asking, asked) = (result.Attribute("from") ?? to, result.Attribute("to") ?? from);
            ServerContent.WriteDialback(connection, "result", asked, asking, type: "error", error: StanzaError.ResourceConstraint);
            return default;
        }

        if (verification is not null || _authenticated || result.Attribute("to") != from || result.Attribute("from") != to)
        {
            return default;
        }

        if (!_triedDialback)
        {
            // XEP-0220 §3.1: what was not asked for proves nothing, above all not before TLS.
            return FailAsync(connection, "it answered what was not asked", StreamError.PolicyViolation);
        }

        if (result.Attribute("type") != "valid")
        {
            return FailAsync(connection, "dialback: it did not believe us", null);
        }

        _authenticated = true;
        return CountAsync(connection);
    }

    ValueTask VerifiedAsync(Connection connection, Stanza answer)
    {
        if (verification is not null && _triedDialback && answer.Attribute("id") == verification.Stream && answer.Attribute("to") == from && answer.Attribute("from") == to)
        {
            verification.Answer(answer.Attribute("type") == "valid");
            connection.End(EndReason.LoggedOut);
        }

        return default;
    }

    ValueTask FailAsync(Connection connection, string problem, StreamError? error)
    {
        _problem ??= problem;
        connection.End(EndReason.ProtocolError, error);
        return default;
    }

    static ValueTask WriteAsync(Connection connection, Element element)
    {
        lock (connection.Gate)
        {
            connection.Write(element);
        }

        return default;
    }
}
