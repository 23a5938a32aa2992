using Nyala.Core.Diagnostics;
using Nyala.Core.Sessions;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Routing;

/// <summary>Routes iq stanzas: to the handlers of the features, to sessions, or to hosts (RFC 6120 §8.2.3, RFC 6121 §8.5).</summary>
sealed class IqRouting(NyalaServer server)
{
    readonly Jid _domain = Jid.FromPrepared(null, server.Options.Domain);

    /// <summary>Starts an iq of a session on its way; null when it is finished.</summary>
    public ITicket? Start(Session session, Stanza iq)
    {
        if (!IsValid(iq))
        {
            return IsAnswer(iq) ? null : new Router.Refusal(iq, StanzaError.BadRequest);
        }

        var to = iq.To ?? session.Jid.Bare;
        if (IsAnswer(iq) && (to.Equals(session.Jid.Bare) || to.Equals(_domain)))
        {
            session.Answered(iq);
            return null;
        }

        var work = RouteAsync(session, iq, session.Jid, to);
        if (work.IsCompletedSuccessfully)
        {
            work.GetAwaiter().GetResult();
            return null;
        }

        if (!to.IsFull && ChangesNothing(iq))
        {
            // R2: handled once it is routed; its answer takes its own time.
            session.Pipeline.AnswerBegan();
            _ = FinishAsync(null, work, session, iq);
            return null;
        }

        var ticket = new IqTicket();
        _ = FinishAsync(ticket, work, session, iq);
        return ticket;
    }

    /// <summary>Takes an iq from elsewhere; done when it is answered or passed on.</summary>
    public ValueTask TakeAsync(Stanza iq, Jid from, Jid to)
    {
        if (IsAnswer(iq) && iq.Id is not null && to.Equals(_domain))
        {
            server.Features.Answered(from, iq);
            return ValueTask.CompletedTask;
        }

        if (IsValid(iq))
        {
            return IsRequest(iq) && to.Domain == server.Options.Domain && server.Features.ForeignIqs.Count > 0
                && iq.ChildName(0) is var (name, ns) && server.Features.ForeignIqs.TryGetValue((ns, name), out var handler)
                ? HandleAsync(null, iq, from, to, Entity.Domain, account: null, handler)
                : RouteAsync(null, iq, from, to);
        }

        server.Router.Answer(iq, StanzaError.BadRequest);
        return ValueTask.CompletedTask;
    }

    /// <summary>RFC 6120 §8.2.3: a known type, an id always, exactly one child in a request.</summary>
    static bool IsValid(Stanza iq) => iq.Id is not null && (IsAnswer(iq) || (IsRequest(iq) && iq.ChildCount == 1));

    static bool IsRequest(Stanza iq) => iq.Type is StanzaType.Get or StanzaType.Set;

    static bool IsAnswer(Stanza iq) => iq.Type is StanzaType.Result or StanzaType.Error;

    bool ChangesNothing(Stanza iq) =>
        iq.Type == StanzaType.Get || (iq.Type == StanzaType.Set && server.Features.Queries.Contains((iq.ChildName(0).Namespace, iq.ChildName(0).Name)));

    async Task FinishAsync(IqTicket? ticket, ValueTask work, Session session, Stanza iq)
    {
        try
        {
            await work;
        }
        catch (Exception e)
        {
            // One place catches: a handler's failure is answered, logged, and counts as handled.
            session.SendError(iq, ErrorOf(e));
            server.Log.HandlerFailed(iq.ChildCount > 0 ? iq.ChildName(0).Namespace : "", e);
        }

        session.Outbox.Flush();
        if (ticket is null)
        {
            session.Pipeline.AnswerEnded();
            return;
        }

        ticket.IsDone = true;
        session.Pipeline.Schedule();
    }

    async ValueTask RouteAsync(Session? session, Stanza iq, Jid from, Jid to)
    {
        if (session is not null && server.Features.Blocks(session.Account, to))
        {
            Answer(session, iq, StanzaError.Blocked);
        }
        else if (to.Domain != server.Options.Domain)
        {
            await ToHostAsync(session, iq, from, to);
        }
        else if (to.Local is null)
        {
            await HandleAsync(session, iq, from, to, to.IsFull ? default : Entity.Domain, account: null);
        }
        else if (to.IsBare && IsAnswer(iq))
        {
            // What the server has asked in the name of an account.
            server.Features.Answered(from, iq);
        }
        else if (to.IsBare && session is not null && to.Equals(session.Account.Jid))
        {
            await HandleAsync(session, iq, from, to, Entity.OwnAccount, session.Account);
        }
        else if (await server.Accounts.LocateAsync(to.Local) is not { } account || server.Features.Blocks(account, from))
        {
            await HandleAsync(session, iq, from, to, to.IsFull ? default : Entity.NoAccount, account: null);
        }
        else if (to.IsBare)
        {
            // In the name of the account itself only this server makes requests.
            await HandleAsync(session, iq, from, to, session is null && from.Equals(to) ? Entity.OwnAccount : Entity.OtherAccount, account);
        }
        else
        {
            await ForwardAsync(session, iq, from, to, account);
        }
    }

    async ValueTask ToHostAsync(Session? session, Stanza iq, Jid from, Jid to)
    {
        if (server.Features.HostOf(to.Domain) is not { } host)
        {
            Answer(session, iq, StanzaError.RemoteServerNotFound);
        }
        else if (IsRequest(iq) && host.EntityOf(to) is { } entity)
        {
            await HandleAsync(session, iq, from, to, entity, account: null);
        }
        else if (await host.IqAsync(session is null ? iq : iq.Rewrite(from, to)) is { } error)
        {
            Answer(session, iq, error);
        }
    }

    async ValueTask HandleAsync(Session? session, Stanza iq, Jid from, Jid to, Entity entity, LocalAccount? account, IqHandler? foreign = null)
    {
        var (name, ns) = iq.ChildCount > 0 ? iq.ChildName(0) : default;
        var handler = entity == default || name is null ? null : foreign ?? server.Features.Iq(iq.Type, entity, ns, name);
        var delegation = IsRequest(iq) && (entity & (Entity.Domain | Entity.OwnAccount | Entity.OtherAccount)) != 0 ? server.Features.Delegation : null;
        if (handler is null && delegation is null)
        {
            // RFC 6120 §8.4: what nobody understands is service-unavailable; a result or error is ignored.
            Answer(session, iq, StanzaError.ServiceUnavailable);
            return;
        }

        var request = new IqRequest
        {
            Session = session,
            Stanza = iq,
            From = from,
            To = to,
            Entity = entity,
            Account = account,
            Payload = iq.Payload!,
        };
        IqReply reply;
        try
        {
            reply = delegation?.Takes(request) == true ? IqReply.Answered
                : handler is null ? StanzaError.ServiceUnavailable
                : await handler(request);
        }
        catch (StoreException e)
        {
            reply = ErrorOf(e);
        }

        if (reply.Error?.Condition != StanzaError.ItemNotFound.Condition || delegation?.TakesUnknown(request) != true)
        {
            Reply(request, reply);
        }
    }

    /// <summary>Answers a request, unless the handler has done so.</summary>
    public void Reply(IqRequest request, IqReply reply)
    {
        if (reply.IsAnswered)
        {
            return;
        }

        var (session, iq) = (request.Session, request.Stanza);
        if (reply.Error is { } error)
        {
            Answer(session, iq, error);
            return;
        }

        var result = new Element("iq", Ns.Client).Set("type", "result").Set("id", iq.Id);
        if (session is not null)
        {
            session.Send(result.Set("from", iq.To?.ToString()).Set("to", request.From.ToString()).Add(reply.Payload));
        }
        else
        {
            server.Router.Send(Stanza.Of(result.Add(reply.Payload)), request.To, request.From);
        }
    }

    /// <summary>RFC 6121 §8.5.3: to the matching session, if the sender may know of it. Who asks through a host of ours has been let in there.</summary>
    async ValueTask ForwardAsync(Session? session, Stanza iq, Jid from, Jid to, LocalAccount account)
    {
        var target = account.Find(to.Resource!);
        if (target is not null && IsRequest(iq) && !ReferenceEquals(account, session?.Account)
            && !server.Features.Hosts.ContainsKey(from.Domain) && !await server.Features.SharesPresence(target, from))
        {
            target = null;
        }

        if (target?.Outbox.Send(new Outbound(session is null ? iq : iq.Rewrite(from, to)) { IsUrgent = true }) == true)
        {
            target.Outbox.Flush();
        }
        else
        {
            Answer(session, iq, StanzaError.ServiceUnavailable);
        }
    }

    void Answer(Session? session, Stanza iq, StanzaError error)
    {
        if (!IsRequest(iq))
        {
            return;
        }

        if (session is not null)
        {
            session.SendError(iq, error);
        }
        else
        {
            server.Router.Answer(iq, error);
        }
    }

    internal static StanzaError ErrorOf(Exception e) =>
        e is StoreException { Failure: LogFailure.Full }
            ? StanzaError.ResourceConstraint with { Text = "The server's disk is full." }
            : StanzaError.InternalServerError;

    sealed class IqTicket : ITicket
    {
        volatile bool _done;

        public bool IsDone
        {
            get => _done;
            set => _done = value;
        }

        public bool IsOrdered => true;

        public bool HoldsMessages => !_done;

        public void Pop(Pipeline pipeline)
        {
        }
    }
}
