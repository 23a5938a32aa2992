using Nyala.Core.Diagnostics;
using Nyala.Core.Sessions;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Core.Routing;

/// <summary>Takes presence of local sessions in its order: the session's own state here, everything social in the presence feature.</summary>
sealed class PresenceRouting(NyalaServer server)
{
    public ITicket? Start(Session session, Stanza presence)
    {
        var broadcast = presence.To is null && (presence.Type is StanzaType.None or StanzaType.Unavailable);
        if (presence.Type is StanzaType.Unknown or StanzaType.Normal)
        {
            // RFC 6121 §4.7.1: no such type.
            return new Router.Refusal(presence, StanzaError.BadRequest);
        }

        if (broadcast && !session.UpdatePresence(presence))
        {
            return new Router.Refusal(presence, StanzaError.BadRequest);
        }

        var work = server.Features.Presence(session, presence);
        if (work.IsCompletedSuccessfully)
        {
            work.GetAwaiter().GetResult();
            Available(session, broadcast);
            return null;
        }

        var ticket = new PresenceTicket();
        _ = FinishAsync(ticket, work, session, presence, broadcast);
        return ticket;
    }

    async Task FinishAsync(PresenceTicket ticket, ValueTask work, Session session, Stanza presence, bool broadcast)
    {
        try
        {
            await work;
        }
        catch (Exception e)
        {
            session.SendError(presence, IqRouting.ErrorOf(e));
            server.Log.HandlerFailed("presence", e);
        }

        Available(session, broadcast);
        session.Outbox.Flush();
        ticket.IsDone = true;
        session.Pipeline.Schedule();
    }

    /// <summary>R8: a session that can be delivered to takes what waits, after the presence it caused (RFC 6121 §4.2.2, XEP-0160).</summary>
    static void Available(Session session, bool broadcast)
    {
        if (broadcast && session.TakesMail)
        {
            session.Outbox.DeliverPending();
        }
    }

    sealed class PresenceTicket : ITicket
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
