using Nyala.Core.Diagnostics;
using Nyala.Core.Sessions;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Core.Routing;

/// <summary>Takes presence in its sender's order: a session's own state here, everything social in the presence feature.</summary>
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

        foreach (var stamp in server.Features.PresenceStamps)
        {
            presence = stamp(session, presence);
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

    /// <summary>Tells a session's presence again, changed, as if it had sent it so; between what it sends itself.</summary>
    public void Repeat(Session session, Func<Stanza, Stanza> change) => session.Pipeline.Enter(() =>
    {
        if (session is { HasEnded: false, Presence: { } presence })
        {
            Start(session, change(presence));
        }
    });

    /// <summary>Takes presence from elsewhere, or for elsewhere.</summary>
    public async ValueTask TakeAsync(Stanza presence, Jid from, Jid to)
    {
        if (to.Domain == server.Options.Domain)
        {
            if (to.Local is not null && !from.Bare.Equals(to.Bare))
            {
                await server.Features.ForeignPresence(await server.Accounts.LocateAsync(to.Local), presence);
            }

            return;
        }

        var host = server.Features.HostOf(to.Domain);
        var error = host is null ? StanzaError.RemoteServerNotFound : await host.PresenceAsync(presence);
        if (error is not null && presence.Type is not (StanzaType.Unavailable or StanzaType.Probe))
        {
            server.Router.Answer(presence, error);
        }
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
    void Available(Session session, bool broadcast)
    {
        if (broadcast)
        {
            foreach (var sent in server.Features.PresenceSent)
            {
                sent(session);
            }
        }

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
