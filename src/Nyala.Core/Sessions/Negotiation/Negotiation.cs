using System.Collections.Frozen;
using Nyala.Core.Connections;
using Nyala.Core.Diagnostics;
using Nyala.Core.Routing;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Sessions.Negotiation;

/// <summary>
/// Leads a stream from its first header to a session: <see cref="Steps"/> says what may come when. Authentication is in
/// Negotiation.Sasl.cs, binding in Negotiation.Binding.cs. Touched only by its connection's reading task, except where
/// said otherwise.
/// </summary>
[Rfc(6120)]
[Rfc(5802, Note = "with RFC 7677 and SHA-512; -PLUS over tls-server-end-point")]
[Xep(386, "1.1.0")]
[Xep(388, "1.0.4")]
[Xep(440, "1.0.0")]
[Xep(474, "0.5.0")]
[Xep(478, "0.2.0")]
[Xep(484, "0.2.0")]
sealed partial class Negotiation(NegotiationServices services) : IStreamHandler, ITimerTarget
{
    delegate ValueTask Step(Negotiation negotiation, Connection connection, Stanza element);

    /// <summary>Everything that may be sent before a session exists; the rest is an error (<see cref="UnexpectedAsync"/>).</summary>
    static readonly FrozenDictionary<(NegotiationState, string Namespace, string Name), Step> Steps =
        new Dictionary<(NegotiationState, string, string), Step>
        {
            [(NegotiationState.Encrypting, Ns.Tls, "starttls")] = (self, connection, _) => self.StartTlsAsync(connection),
            [(NegotiationState.Encrypting, Ns.Sasl, "auth")] = (self, connection, _) => self.RefuseClearAsync(connection, Ns.Sasl),
            [(NegotiationState.Encrypting, Ns.Sasl2, "authenticate")] = (self, connection, _) => self.RefuseClearAsync(connection, Ns.Sasl2),
            [(NegotiationState.Authenticating, Ns.Tls, "starttls")] = (self, connection, _) => self.StartTlsAsync(connection),
            [(NegotiationState.Authenticating, Ns.Sasl, "auth")] = (self, connection, element) => self.AuthAsync(connection, element),
            [(NegotiationState.Authenticating, Ns.Sasl2, "authenticate")] = (self, connection, element) => self.AuthenticateAsync(connection, element),
            [(NegotiationState.Encrypting, Ns.StreamManagement, "enable")] = (self, connection, _) => self.EnableTooEarlyAsync(connection),
            [(NegotiationState.Encrypting, Ns.StreamManagement, "resume")] = (self, connection, _) => self.EnableTooEarlyAsync(connection),
            [(NegotiationState.Authenticating, Ns.StreamManagement, "enable")] = (self, connection, _) => self.EnableTooEarlyAsync(connection),
            [(NegotiationState.Authenticating, Ns.StreamManagement, "resume")] = (self, connection, _) => self.EnableTooEarlyAsync(connection),
            [(NegotiationState.Authenticating, Ns.Client, "iq")] = (self, connection, element) => self.EarlyIqAsync(connection, element),
            [(NegotiationState.InSasl, Ns.Sasl, "response")] = (self, connection, element) => self.ResponseAsync(connection, element),
            [(NegotiationState.InSasl, Ns.Sasl, "abort")] = (self, connection, _) => self.AbortAsync(connection),
            [(NegotiationState.InSasl2, Ns.Sasl2, "response")] = (self, connection, element) => self.ResponseAsync(connection, element),
            [(NegotiationState.InSasl2, Ns.Sasl2, "abort")] = (self, connection, _) => self.AbortAsync(connection),
            [(NegotiationState.Binding, Ns.Client, "iq")] = (self, connection, element) => self.BindAsync(connection, element),
            [(NegotiationState.Binding, Ns.StreamManagement, "resume")] = (self, connection, element) => self.ResumeAsync(connection, element),
            [(NegotiationState.Binding, Ns.StreamManagement, "enable")] = (self, connection, _) => self.EnableTooEarlyAsync(connection),
        }.ToFrozenDictionary();

    readonly NyalaServer _server = services.Server;
    NegotiationState _state;
    StreamHeader? _header;
    TimerHandle? _timer;

    public ValueTask OpenedAsync(Connection connection, StreamHeader header)
    {
        if (_state != NegotiationState.Opening)
        {
            return EndAsync(connection, StreamError.BadFormat with { Text = "The stream is open already." });
        }

        _header = header;
        _door = DoorOf(header);
        lock (connection.Gate)
        {
            connection.WriteHeader(Domain, header.From is "" ? null : header.From, TransportConnection.NewStreamId(), header);
        }

        if (Check(header) is { } error)
        {
            return EndAsync(connection, error);
        }

        if (_account is not null)
        {
            _state = NegotiationState.Binding;
            Write(connection, StreamFeatures.Authenticated(services, connection, null));
        }
        else if (connection.IsSecure)
        {
            _state = NegotiationState.Authenticating;
            _offer = services.OfferFor(connection);
            Write(connection, _door is null ? StreamFeatures.BeforeAuthentication(services, connection, _offer) : StreamFeatures.ForGuests(services, connection));
        }
        else if (connection.CanStartTls)
        {
            _state = NegotiationState.Encrypting;
            Write(connection, StreamFeatures.BeforeTls());
        }
        else
        {
            return EndAsync(connection, StreamError.PolicyViolation with { Text = "This server talks over encrypted connections only." });
        }

        return default;
    }

    public ValueTask ReceivedAsync(Connection connection, Stanza stanza) =>
        Steps.TryGetValue((_state, stanza.Namespace, stanza.Name), out var step) ? step(this, connection, stanza) : UnexpectedAsync(connection, stanza);

    public void ReadCompleted(Connection connection)
    {
        lock (connection.Gate)
        {
            connection.Flush();
        }
    }

    public void Closed(Connection connection) => connection.End(EndReason.ClosedByPeer);

    public void Ended(Connection connection, EndReason reason)
    {
        _state = NegotiationState.Done;
        _timer?.Cancel();
    }

    /// <summary>Authenticated, and nothing bound in time. On the timer's thread.</summary>
    public void Due(TimerHandle timer) => _authenticated?.End(EndReason.NotAuthenticatedInTime, StreamError.ConnectionTimeout);

    /// <summary>What is wrong with a header (RFC 6120 §4.7, §4.8), or null.</summary>
    StreamError? Check(StreamHeader header)
    {
        if (header.DefaultNamespace != Ns.Client)
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

        if (!Jid.TryParse(header.To, out var to) || to.Local is not null || to.Resource is not null || to.Domain != Domain)
        {
            return StreamError.HostUnknown;
        }

        return string.IsNullOrEmpty(header.From) ? null : CheckFrom(header.From);
    }

    /// <summary>§4.7.1: a client may say who it is, and must not say that it is somebody else (§4.9.3.9; XEP-0388 §2.1).</summary>
    StreamError? CheckFrom(string text)
    {
        if (!Jid.TryParse(text, out var from) || from.Domain != Domain || (_account is not null && !from.Bare.Equals(_account.Jid)))
        {
            return StreamError.InvalidFrom;
        }

        return null;
    }

    async ValueTask StartTlsAsync(Connection connection)
    {
        if (!connection.CanStartTls)
        {
            // RFC 6120 §5.4.2.2
            Write(connection, new Element("failure", Ns.Tls));
            await EndAsync(connection, null);
            return;
        }

        _state = NegotiationState.Opening;
        await connection.StartTlsAsync();
    }

    /// <summary>What an extension answers before authentication (XEP-0077).</summary>
    async ValueTask EarlyIqAsync(Connection connection, Stanza iq)
    {
        if (_door is null && iq.Type is StanzaType.Get or StanzaType.Set && iq.ChildCount == 1)
        {
            var (name, ns) = iq.ChildName(0);
            if (_server.Features.EarlyIq(ns, name) is { } handler && await handler(connection, iq) is { } answer)
            {
                Write(connection, answer);
                return;
            }
        }

        await UnexpectedAsync(connection, iq);
    }

    /// <summary>What is not in the table. Nothing that comes before its time is processed.</summary>
    ValueTask UnexpectedAsync(Connection connection, Stanza element)
    {
        if (_state == NegotiationState.Done)
        {
            return default;
        }

        // RFC 6120 §4.9.3.12 and §7.1; §4.9.3.24; XEP-0388 §2.4 for what disturbs an exchange.
        var error = element.Kind != StanzaKind.Nonza ? StreamError.NotAuthorized
            : _state is NegotiationState.InSasl or NegotiationState.InSasl2 ? StreamError.PolicyViolation
            : element.Namespace is Ns.Tls or Ns.Sasl or Ns.Sasl2 or Ns.StreamManagement ? StreamError.NotAuthorized
            : StreamError.UnsupportedStanzaType;
        return EndAsync(connection, error);
    }

    ValueTask EndAsync(Connection connection, StreamError? error, EndReason reason = EndReason.ProtocolError)
    {
        _state = NegotiationState.Done;
        connection.End(reason, error);
        return default;
    }

    /// <summary>Runs what logs somebody in, when it is its turn (R14).</summary>
    async ValueTask AdmittedAsync(Connection connection, Func<ValueTask> work)
    {
        var logins = services.Admission.Logins;
        if (!await logins.EnterAsync(services.Admission.Time))
        {
            _server.Log.ConnectionRefused(connection.Id, connection.Remote, EndReason.NotAdmitted);
            await EndAsync(connection, StreamError.ResourceConstraint with { Text = "Too many clients log in at the moment." }, EndReason.NotAdmitted);
            return;
        }

        try
        {
            await work();
        }
        finally
        {
            logins.Leave();
        }
    }

    static void Write(Connection connection, Element element)
    {
        lock (connection.Gate)
        {
            connection.Write(element);
        }
    }
}
