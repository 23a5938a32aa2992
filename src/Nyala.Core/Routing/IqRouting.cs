using Nyala.Core.Diagnostics;
using Nyala.Core.Sessions;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Routing;

/// <summary>Routes iq stanzas of local sessions: to the handlers of the features, or to other sessions (RFC 6120 §8.2.3, RFC 6121 §8.5).</summary>
sealed class IqRouting(NyalaServer server)
{
    public ITicket? Start(Session session, Stanza iq)
    {
        var request = iq.Type is StanzaType.Get or StanzaType.Set;
        if (!request && iq.Type is not (StanzaType.Result or StanzaType.Error))
        {
            return new Router.Refusal(iq, StanzaError.BadRequest);
        }

        // RFC 6120 §8.2.3: an id always, exactly one child in a request.
        if (iq.Id is null || (request && iq.ChildCount != 1))
        {
            return request ? new Router.Refusal(iq, StanzaError.BadRequest) : null;
        }

        var to = iq.To ?? session.Jid.Bare;
        if (!request && (to.Equals(session.Jid.Bare) || to.Local is null))
        {
            session.Answered(iq);
            return null;
        }

        var work = to.Domain != server.Options.Domain
            ? RefuseAsync(session, iq, StanzaError.RemoteServerNotFound)
            : RouteAsync(session, iq, to);
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

    async ValueTask RouteAsync(Session session, Stanza iq, Jid to)
    {
        if (server.Features.Blocks(session.Account, to))
        {
            Answer(session, iq, StanzaError.Blocked);
            return;
        }

        if (to.Local is null)
        {
            await HandleAsync(session, iq, to, to.IsFull ? default : Entity.Domain, account: null);
        }
        else if (to.IsBare && to.Equals(session.Account.Jid))
        {
            await HandleAsync(session, iq, to, Entity.OwnAccount, session.Account);
        }
        else if (await server.Accounts.LocateAsync(to.Local) is not { } account || server.Features.Blocks(account, session.Jid))
        {
            Answer(session, iq, StanzaError.ServiceUnavailable);
        }
        else if (to.IsBare)
        {
            await HandleAsync(session, iq, to, Entity.OtherAccount, account);
        }
        else
        {
            await ForwardAsync(session, iq, to, account);
        }
    }

    async ValueTask HandleAsync(Session session, Stanza iq, Jid to, Entity entity, LocalAccount? account)
    {
        var (name, ns) = iq.ChildCount > 0 ? iq.ChildName(0) : default;
        if (entity == default || name is null || server.Features.Iq(iq.Type, entity, ns, name) is not { } handler)
        {
            // RFC 6120 §8.4: what nobody understands is service-unavailable; a result or error is ignored.
            Answer(session, iq, StanzaError.ServiceUnavailable);
            return;
        }

        var request = new IqRequest
        {
            Session = session,
            Stanza = iq,
            From = session.Jid,
            To = to,
            Entity = entity,
            Account = account,
            Payload = iq.Payload!,
        };
        IqReply reply;
        try
        {
            reply = await handler(request);
        }
        catch (StoreException e)
        {
            reply = ErrorOf(e);
        }

        if (!reply.IsAnswered)
        {
            if (reply.Error is { } error)
            {
                Answer(session, iq, error);
            }
            else
            {
                session.Send(Result(iq, session.Jid, reply.Payload));
            }
        }
    }

    /// <summary>RFC 6121 §8.5.3: to the matching session, if it may know of the sender's.</summary>
    async ValueTask ForwardAsync(Session session, Stanza iq, Jid to, LocalAccount account)
    {
        var target = account.Find(to.Resource!);
        var request = iq.Type is StanzaType.Get or StanzaType.Set;
        if (target is null
            || (request && !ReferenceEquals(account, session.Account) && !await server.Features.SharesPresence(target, session.Jid)))
        {
            Answer(session, iq, StanzaError.ServiceUnavailable);
            return;
        }

        if (target.Outbox.Send(new Outbound(iq.Rewrite(session.Jid, to)) { IsUrgent = true }))
        {
            target.Outbox.Flush();
        }
        else
        {
            Answer(session, iq, StanzaError.ServiceUnavailable);
        }
    }

    ValueTask RefuseAsync(Session session, Stanza iq, StanzaError error)
    {
        Answer(session, iq, error);
        return ValueTask.CompletedTask;
    }

    static void Answer(Session session, Stanza iq, StanzaError error)
    {
        if (iq.Type is StanzaType.Get or StanzaType.Set)
        {
            session.SendError(iq, error);
        }
    }

    internal static StanzaError ErrorOf(Exception e) =>
        e is StoreException { Failure: LogFailure.Full }
            ? StanzaError.ResourceConstraint with { Text = "The server's disk is full." }
            : StanzaError.InternalServerError;

    static Element Result(Stanza iq, Jid asker, Element? payload) =>
        new Element("iq", Ns.Client).Set("type", "result").Set("id", iq.Id).Set("from", iq.To?.ToString()).Set("to", asker.ToString()).Add(payload);

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
