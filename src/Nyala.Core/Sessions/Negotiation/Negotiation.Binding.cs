using System.Globalization;
using Nyala.Core.Connections;
using Nyala.Core.Diagnostics;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Sasl;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Sessions.Negotiation;

// From an authenticated stream to a session: binding (RFC 6120 §7, XEP-0386), resuming (XEP-0198 §5), in steps or inline.
sealed partial class Negotiation
{
    /// <summary>Language tags are shorter (RFC 5646 §4.4.1).</summary>
    const int LongestLanguage = 35;

    /// <summary>What the header declared for all stanzas, where it is not what our own headers declare.</summary>
    string? Language => _header?.Lang is { Length: > 0 and <= LongestLanguage } lang && !lang.Equals(TransportConnection.Language, StringComparison.OrdinalIgnoreCase)
        ? lang
        : null;

    /// <summary>Everything that SASL2 does in one step, in the order XEP-0386 §4 wants: resume, else bind.</summary>
    async ValueTask FinishSasl2Async(Connection connection, Sasl2Request request, SaslExchange exchange, byte[]? data)
    {
        var success = new Element("success", Ns.Sasl2);
        if (data is not null)
        {
            success.Add("additional-data", SaslData.Encode(data));
        }

        var token = await TokenAsync(request, exchange);
        Session? resumed = null;
        Session? bound = null;
        Element? resumption = null;
        Element? binding = null;
        if (request.Resume is { } resume)
        {
            (resumed, resumption) = await TryResumeAsync(resume);
        }

        if (resumed is null && request.Bind is { } bind)
        {
            (bound, binding) = await TryBind2Async(bind, request.Device);
        }

        success.Add("authorization-identifier", (resumed ?? bound)?.Jid.ToString() ?? _account!.Jid.ToString())
            .Add(resumption)
            .Add(binding)
            .Add(token);
        lock (connection.Gate)
        {
            connection.Write(success);

            // XEP-0198 §8.2: a resumed stream goes on as it was; no features follow.
            if (resumed is null)
            {
                connection.Write(StreamFeatures.Authenticated(services, connection, bound));
            }
        }

        if (resumed is not null)
        {
            Continue(connection, resumed, request.Resume!);
        }
        else if (bound is not null)
        {
            Start(connection, bound);
        }
        else
        {
            _state = NegotiationState.Binding;
        }
    }

    /// <summary>The token to be handed out: because it was asked for, or because the one that was used gets old (XEP-0484 §3.5).</summary>
    async ValueTask<Element?> TokenAsync(Sasl2Request request, SaslExchange exchange)
    {
        if (exchange.Token is { } used && request.Invalidate)
        {
            // Where this fails, the login fails: the client must not believe that the token is gone.
            await services.Tokens.InvalidateAsync(used);
        }

        var mechanism = request.TokenMechanism is { } wanted && NegotiationServices.FastMechanisms(_offer).Contains(wanted) ? wanted
            : exchange.Token is { } old && !request.Invalidate && services.Tokens.IsDueForRotation(old) ? old.Mechanism
            : null;
        if (mechanism is null || request.Device is null)
        {
            return null;
        }

        try
        {
            return await services.Tokens.IssueAsync(_account!.Id, request.Device, mechanism, exchange.Token);
        }
        catch (StoreException)
        {
            // A full disk keeps nobody out: the client has what it logged in with.
            return null;
        }
    }

    async ValueTask<(Session? Session, Element? Bound)> TryBind2Async(Element request, string? device)
    {
        var resource = services.ResourceFor(_account!, request.Child("tag")?.Text, device);
        var (session, _) = await _server.Sessions.BindAsync(_account!, resource, device);
        if (session is null)
        {
            // Without <bound/> the client learns why when it binds in the old way, which the features offer.
            return default;
        }

        try
        {
            return (session, await PrepareAsync(session, request, device));
        }
        catch (Exception)
        {
            // Nobody will ever start it.
            await session.EndAsync(EndReason.InternalError);
            throw;
        }
    }

    /// <summary>Everything that belongs to a session of Bind 2 before it starts; returns what the client is told.</summary>
    async ValueTask<Element> PrepareAsync(Session session, Element request, string? device)
    {
        // R9: the client reads its archive. What is in it already is not delivered a second time.
        _account!.Mailbox.ArchivedAreDone();
        if (device is not null)
        {
            await EndOthersOfAsync(device, session);
        }

        var bound = new Element("bound", Ns.Bind2);
        foreach (var answer in _server.Features.Bound)
        {
            bound.Add(await answer(session));
        }

        foreach (var inline in request.Children)
        {
            if (inline.Is("enable", Ns.StreamManagement))
            {
                bound.Add(session.EnableStreamManagement(inline["resume"] is "true" or "1", send: false));
            }
            else if (_server.Features.BindInlines.TryGetValue((inline.Namespace, inline.Name), out var handler))
            {
                bound.Add(await handler(session, inline));
            }
        }

        return bound;
    }

    /// <summary>XEP-0386 §4: a client that binds again has lost its earlier sessions.</summary>
    async ValueTask EndOthersOfAsync(string device, Session current)
    {
        foreach (var other in _account!.SessionList)
        {
            if (other != current && other.Device == device)
            {
                await other.EndAsync(EndReason.Replaced, StreamError.Conflict with { Text = "Replaced by a new session of the same client." });
            }
        }
    }

    ValueTask BindAsync(Connection connection, Stanza iq) =>
        iq.ChildCount == 1 && iq.ChildName(0) is ("bind", Ns.Bind)
            ? AdmittedAsync(connection, () => BindAdmittedAsync(connection, iq))
            : UnexpectedAsync(connection, iq);

    async ValueTask BindAdmittedAsync(Connection connection, Stanza iq)
    {
        var wanted = iq.Payload!.Child("resource")?.Text;
        string? resource = null;
        if (iq.Type != StanzaType.Set || iq.Id is null || (wanted is { Length: > 0 } && !Jid.TryResource(wanted, out resource)))
        {
            // RFC 6120 §7.7.2.1
            WriteError(connection, iq, StanzaError.BadRequest);
            return;
        }

        try
        {
            var (session, error) = await _server.Sessions.BindAsync(_account!, resource, null);
            if (session is null)
            {
                WriteError(connection, iq, error!);
                return;
            }

            Write(connection, new Element("iq", Ns.Client).Set("type", "result").Set("id", iq.Id)
                .Add(new Element("bind", Ns.Bind).Add("jid", session.Jid.ToString())));
            Start(connection, session);
        }
        catch (StoreException exception)
        {
            _server.Log.LoginFailed(connection.Id, connection.Remote, exception.Message);
            WriteError(connection, iq, exception.Failure == LogFailure.Full ? StanzaError.ResourceConstraint : StanzaError.InternalServerError);
        }
    }

    ValueTask ResumeAsync(Connection connection, Stanza resume) => AdmittedAsync(connection, async () =>
    {
        var request = resume.ToElement();
        var (session, answer) = await TryResumeAsync(request);
        Write(connection, answer);
        if (session is not null)
        {
            Continue(connection, session, request);
        }
    });

    /// <summary>XEP-0198 §5: the session and <c>resumed</c>, or <c>failed</c> with what is known to be handled.</summary>
    async ValueTask<(Session? Session, Element Answer)> TryResumeAsync(Element request)
    {
        if (request["previd"] is not { } previous || !TryHandled(request, out _))
        {
            return (null, Failed("bad-request"));
        }

        var (session, handled) = await _server.Sessions.ResumeAsync(_account!, previous);
        var count = handled?.ToString(CultureInfo.InvariantCulture);
        return session is null
            ? (null, Failed("item-not-found").Set("h", count))
            : (session, new Element("resumed", Ns.StreamManagement).Set("h", count).Set("previd", previous));
    }

    ValueTask EnableTooEarlyAsync(Connection connection)
    {
        // XEP-0198 §3: not before a resource is bound.
        Write(connection, Failed("unexpected-request"));
        return default;
    }

    void Start(Connection connection, Session session)
    {
        Finish();
        session.Language = Language;
        _server.Sessions.Start(session, connection);
        Flush(connection);
    }

    void Continue(Connection connection, Session session, Element request)
    {
        Finish();
        session.Language = Language;
        TryHandled(request, out var handled);
        if (_server.Sessions.Continue(session, connection, handled) is { } error)
        {
            connection.End(EndReason.ProtocolError, error);
        }

        Flush(connection);
    }

    void Finish()
    {
        _state = NegotiationState.Done;
        _authenticated = null;
        _timer?.Cancel();
    }

    /// <summary>
    /// The client learns that it is bound only when the session has its connection: whoever hears of the address from it may
    /// write there at once.
    /// </summary>
    static void Flush(Connection connection)
    {
        lock (connection.Gate)
        {
            connection.Flush();
        }
    }

    static bool TryHandled(Element request, out uint handled) =>
        uint.TryParse(request["h"], NumberStyles.None, CultureInfo.InvariantCulture, out handled);

    static Element Failed(string condition) =>
        new Element("failed", Ns.StreamManagement).Add(new Element(condition, Ns.StanzaErrors));

    static void WriteError(Connection connection, Stanza iq, StanzaError error) =>
        Write(connection, new Element("iq", Ns.Client).Set("type", "error").Set("id", iq.Id).Add(iq.Payload).Add(error.ToElement()));
}
