using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Features.Sharing;

/// <summary>Hands presence to the sessions that are there to see it.</summary>
static class Broadcast
{
    /// <summary>To every available session of an account that has not blocked the sender (RFC 6121 §8.5.2).</summary>
    public static void To(NyalaServer server, LocalAccount account, Jid from, Stanza presence)
    {
        if (account.Sessions.IsEmpty || server.Features.IsBlocked(account, from))
        {
            return;
        }

        foreach (var session in account.Sessions)
        {
            if (session.IsAvailable)
            {
                session.Send(new Outbound(presence));
            }
        }
    }

    /// <summary>To a contact, wherever it is; to nobody when it is out of reach.</summary>
    /// <param name="server">The server.</param>
    /// <param name="viewer">Its bare address; of who is elsewhere also a full one.</param>
    /// <param name="from">The session it is of.</param>
    /// <param name="presence">With its addresses.</param>
    public static void To(NyalaServer server, Jid viewer, Jid from, Stanza presence)
    {
        if (viewer.Domain != server.Options.Domain)
        {
            if (server.Features.Reaches(viewer.Domain))
            {
                server.Router.Send(presence, from, viewer);
            }
        }
        else if (viewer.Local is not null && server.Accounts.TryGet(viewer.Local, out var account))
        {
            To(server, account, from, presence);
        }
    }

    /// <summary>
    /// When a session went away or changed its presence while it was being shown, the viewer must not keep what was shown:
    /// the news of the change may have come before it.
    /// </summary>
    public static void TakeBack(NyalaServer server, Jid viewer, Session shown, Stanza presence)
    {
        var now = shown.HasEnded ? null : shown.Presence;
        if (now is null)
        {
            To(server, viewer, shown.Jid, Subscriptions.Make(shown.Jid, viewer, StanzaType.Unavailable));
        }
        else if (now != presence)
        {
            To(server, viewer, shown.Jid, now.Rewrite(shown.Jid, viewer));
        }
    }
}
