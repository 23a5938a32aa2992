using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Features.Rosters;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Sharing;

/// <summary>
/// Presence subscriptions of local accounts (RFC 6121 §3): what a client sends changes its account's roster and goes to the
/// contact's side, which changes the contact's. Each side's change is durable before anybody is told.
/// </summary>
public sealed class Subscriptions(NyalaServer server, RosterCache rosters)
{
    /// <summary>The largest subscription request that is kept for an absent contact; what is larger loses its content.</summary>
    const int LongestRequest = 8_192;

    /// <summary>Open requests of strangers that an account keeps; later ones look unanswered.</summary>
    const int OpenRequests = 500;

    /// <summary>An address the roster does not know yet.</summary>
    public static RosterItem Unknown(Jid contact) =>
        new(contact.ToString(), Listed: false, Name: null, Groups: [], Subscription.None, Ask: false, Approved: false, Request: null);

    /// <summary>A client sends a subscription stanza; an error goes back to it.</summary>
    public async ValueTask<StanzaError?> SendAsync(Session session, Stanza stanza)
    {
        var account = session.Account;
        var contact = stanza.To!.Bare;
        if (contact.Equals(account.Jid))
        {
            // One is always subscribed to oneself.
            return null;
        }

        if (contact.Domain != server.Options.Domain)
        {
            return StanzaError.RemoteServerNotFound;
        }

        if (server.Features.IsBlocked(account, contact))
        {
            return StanzaError.Blocked;
        }

        var (change, full) = await rosters.ChangeAsync(account.Id, edit => OutboundAsync(account, edit, contact, stanza.Type));
        if (full)
        {
            return StanzaError.ResourceConstraint with { Text = "The roster is full." };
        }

        // §3.2.2: whose subscription is cancelled sees the contact go first; who gains one sees it come last.
        var hidesFirst = stanza.Type == StanzaType.Unsubscribed;
        if (hidesFirst)
        {
            ShowOrHide(account, contact, change);
        }

        if (change.Passes)
        {
            var welcome = stanza.Type == StanzaType.Subscribe && await RedeemAsync(account, contact, stanza);

            // §3.1.2: both addresses are bare from here on.
            await DeliverAsync(account, contact, stanza.Rewrite(account.Jid, contact));
            if (welcome)
            {
                await SubscribeBackAsync(account, contact);
            }
        }

        if (!hidesFirst)
        {
            ShowOrHide(account, contact, change);
        }

        return null;
    }

    /// <summary>
    /// XEP-0379 §3.5, by the inviter's server: who holds a token of the contact's is approved before the request arrives.
    /// A token that is no good changes nothing (§4.1).
    /// </summary>
    async ValueTask<bool> RedeemAsync(LocalAccount account, Jid contact, Stanza request)
    {
        var now = server.Time.GetUtcNow();
        if (request.Child("preauth", Ns.PreAuth)?["token"] is not { Length: > 0 } token
            || contact.Local is null || await server.Accounts.LocateAsync(contact.Local) is not { } host
            || server.Features.IsBlocked(host, account.Jid)
            || await server.Store.Invites.FindAsync(token, now) is not { } invite
            || invite.Inviter != host.Id
            || !await server.Store.Invites.ConsumeAsync(token, now))
        {
            return false;
        }

        return await rosters.ChangeAsync(host.Id, async edit =>
        {
            var old = edit.Roster.Find(account.Jid);
            await SaveAsync(host, edit, account.Jid, (old ?? Unknown(account.Jid)) with { Approved = true, Listed = true }, old);
            return true;
        });
    }

    /// <summary>XEP-0379 §3.5: the inviter asks in turn; who approved that in advance is not asked.</summary>
    async ValueTask SubscribeBackAsync(LocalAccount guest, Jid contact)
    {
        if (await server.Accounts.LocateAsync(contact.Local!) is { } host)
        {
            var (change, _) = await rosters.ChangeAsync(host.Id, edit => OutboundAsync(host, edit, guest.Jid, StanzaType.Subscribe));
            if (change.Passes)
            {
                await DeliverAsync(host, guest.Jid, Make(host.Jid, guest.Jid, StanzaType.Subscribe));
            }
        }
    }

    /// <summary>The roster item is gone (§2.5.2): what it allowed is taken back on both sides, what it asked for too.</summary>
    public async ValueTask CancelledAsync(LocalAccount account, Jid contact, RosterItem item)
    {
        var state = SubscriptionTable.Of(item);
        if (contact.Domain != server.Options.Domain)
        {
            return;
        }

        if (state.IsTo() || state.IsAsking())
        {
            await DeliverAsync(account, contact, Make(account.Jid, contact, StanzaType.Unsubscribe));
        }

        if (state.IsFrom() || state.IsAsked())
        {
            ShowOrHide(account, contact, new(state, SubscriptionState.None, Passes: true));
            await DeliverAsync(account, contact, Make(account.Jid, contact, StanzaType.Unsubscribed));
        }
    }

    /// <summary>Both become contacts of each other, as if each had asked and the other agreed (invites, XEP-0379).</summary>
    public async ValueTask BefriendAsync(LocalAccount one, LocalAccount other)
    {
        await JoinAsync(one, other.Jid);
        await JoinAsync(other, one.Jid);
        ShowPresence(one, other);
        ShowPresence(other, one);
    }

    async Task JoinAsync(LocalAccount account, Jid contact) => await rosters.ChangeAsync(account.Id, async edit =>
    {
        var item = (edit.Roster.Find(contact) ?? Unknown(contact)).In(SubscriptionState.Both, null) with { Listed = true };
        await SaveAsync(account, edit, contact, item);
        return true;
    });

    async ValueTask<(Change Change, bool Full)> OutboundAsync(LocalAccount account, RosterEdit edit, Jid contact, StanzaType type)
    {
        var old = edit.Roster.Find(contact);
        var item = old ?? Unknown(contact);
        var state = SubscriptionTable.Of(item);
        var step = SubscriptionTable.Outbound(state, type);
        var lists = type is StanzaType.Subscribe or StanzaType.Subscribed;
        if (lists && !item.Listed && edit.Roster.Listed.Count() >= server.Options.Limits.RosterItems)
        {
            return (Change.None, Full: true);
        }

        if (type == StanzaType.Subscribed && !step.Passes)
        {
            // §3.4.2: nobody has asked yet, so it is an approval in advance; of no use to who sees the presence already.
            if (!state.IsFrom())
            {
                await SaveAsync(account, edit, contact, item with { Approved = true, Listed = true }, old);
            }

            return (Change.None, Full: false);
        }

        var changed = item.In(step.State, item.Request) with
        {
            Listed = item.Listed || lists,
            Approved = item.Approved && type != StanzaType.Unsubscribed,
        };
        await SaveAsync(account, edit, contact, changed, old);
        return (new(state, step.State, step.Passes), Full: false);
    }

    /// <summary>A subscription stanza reaches the contact's side, where it may be answered or lead to presence being sent.</summary>
    async ValueTask DeliverAsync(LocalAccount sender, Jid contact, Stanza stanza)
    {
        // Who does not exist, and who has blocked the sender, look like somebody who does not answer (§3.1.3, XEP-0191 §3).
        if (contact.Local is null || await server.Accounts.LocateAsync(contact.Local) is not { } account
            || server.Features.IsBlocked(account, sender.Jid))
        {
            return;
        }

        var change = await rosters.ChangeAsync(account.Id, edit => InboundAsync(account, edit, sender.Jid, stanza));
        if (change.Replies)
        {
            // Who is approved already is told so again, and sees the presence again.
            await DeliverAsync(account, sender.Jid, Make(account.Jid, sender.Jid, StanzaType.Subscribed));
            ShowPresence(account, sender);
        }
        else
        {
            ShowOrHide(account, sender.Jid, change);
        }
    }

    async ValueTask<Change> InboundAsync(LocalAccount account, RosterEdit edit, Jid from, Stanza stanza)
    {
        var old = edit.Roster.Find(from);
        var item = old ?? Unknown(from);
        var state = SubscriptionTable.Of(item);
        var step = SubscriptionTable.Inbound(state, stanza.Type);
        if (stanza.Type == StanzaType.Subscribe && item.Approved && !state.IsFrom())
        {
            // §3.4: the server answers in the account's name, which hears of it by the push.
            var approved = SubscriptionTable.Outbound(step.State, StanzaType.Subscribed).State;
            await SaveAsync(account, edit, from, item.In(approved, null), old);
            return new(state, approved, Passes: false, Replies: true);
        }

        if (!step.Passes || (old is null && edit.Roster.Items.Count - edit.Roster.Listed.Count() >= OpenRequests))
        {
            return new(state, state, Passes: false, step.Replies);
        }

        var request = stanza.Type == StanzaType.Subscribe ? Kept(stanza) : item.Request;
        var changed = item.In(step.State, request);
        await StoreAsync(account, edit, from, changed);
        foreach (var session in account.Sessions)
        {
            // §3.1.3: a request goes to available resources; §3.1.6, §3.2.3, §3.3.3: all else to interested ones.
            if (stanza.Type == StanzaType.Subscribe ? session.IsAvailable : session.Get(RosterPushes.Interested) is not null)
            {
                session.Send(new Outbound(stanza) { IsUrgent = true });
            }
        }

        Push(account, edit, changed, old);
        return new(state, step.State, Passes: true);
    }

    async ValueTask SaveAsync(LocalAccount account, RosterEdit edit, Jid contact, RosterItem item, RosterItem? old = null)
    {
        if (item != (old ?? Unknown(contact)))
        {
            await StoreAsync(account, edit, contact, item);
            Push(account, edit, item, old);
        }
    }

    static async ValueTask StoreAsync(LocalAccount account, RosterEdit edit, Jid contact, RosterItem item)
    {
        if (account.IsRemoved)
        {
            return;
        }

        if (!item.Listed && !item.Approved && item.Request is null && SubscriptionTable.Of(item) == SubscriptionState.None)
        {
            await edit.RemoveAsync(contact);
        }
        else
        {
            await edit.SaveAsync(contact, item);
        }
    }

    /// <summary>§3.1.3: an open request is no part of what the client sees of its roster.</summary>
    static void Push(LocalAccount account, RosterEdit edit, RosterItem item, RosterItem? old)
    {
        if (item.Listed && (old is null || item with { Request = null } != old with { Request = null }))
        {
            RosterPushes.Push(account, RosterPushes.ItemOf(item), edit.Roster.Version);
        }
    }

    /// <summary>Who becomes a subscriber sees the account now (§3.1.5); who ceases to be one sees it go (§3.2.2, §3.3.3); nobody else learns anything.</summary>
    void ShowOrHide(LocalAccount account, Jid contact, Change change)
    {
        if (change.Before.IsFrom() == change.After.IsFrom() || contact.Local is null || !server.Accounts.TryGet(contact.Local, out var viewer))
        {
            return;
        }

        if (change.After.IsFrom())
        {
            ShowPresence(account, viewer);
        }
        else
        {
            Hide(account, viewer);
        }
    }

    static byte[] Kept(Stanza request) =>
        request.Bytes.Length <= LongestRequest ? request.Bytes.ToArray() : Make(request.From!, request.To!, StanzaType.Subscribe).Bytes.ToArray();

    /// <summary>The presence of all available sessions of one account, for another that may see it now.</summary>
    internal void ShowPresence(LocalAccount account, LocalAccount viewer)
    {
        foreach (var session in account.Sessions)
        {
            if (session.Presence is { } presence)
            {
                Broadcast.To(server, viewer, session.Jid, presence.Rewrite(session.Jid, viewer.Jid));
                Broadcast.TakeBack(server, viewer, session, presence);
            }
        }
    }

    /// <summary>The going of all available sessions of one account, for another that may not see it any more.</summary>
    internal void Hide(LocalAccount account, LocalAccount viewer)
    {
        foreach (var session in account.Sessions)
        {
            if (session.IsAvailable)
            {
                Broadcast.To(server, viewer, session.Jid, Make(session.Jid, viewer.Jid, StanzaType.Unavailable));
            }
        }
    }

    internal static Stanza Make(Jid from, Jid to, StanzaType type) => Stanza.Of(new Element("presence", Ns.Client)
        .Set("from", from.ToString()).Set("to", to.ToString()).Set("type", type.ToString().ToLowerInvariant()));

    /// <summary>What became of one side.</summary>
    /// <param name="Before">How it was.</param>
    /// <param name="After">How it is now.</param>
    /// <param name="Passes">The stanza goes on.</param>
    /// <param name="Replies">The server answers <c>subscribed</c> in the account's name.</param>
    readonly record struct Change(SubscriptionState Before, SubscriptionState After, bool Passes, bool Replies = false)
    {
        public static Change None => default;
    }
}

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

    /// <summary>
    /// When a session went away or changed its presence while it was being shown, the viewer must not keep what was shown:
    /// the news of the change may have come before it.
    /// </summary>
    public static void TakeBack(NyalaServer server, LocalAccount viewer, Session shown, Stanza presence)
    {
        var now = shown.HasEnded ? null : shown.Presence;
        if (now is null)
        {
            To(server, viewer, shown.Jid, Subscriptions.Make(shown.Jid, viewer.Jid, StanzaType.Unavailable));
        }
        else if (now != presence)
        {
            To(server, viewer, shown.Jid, now.Rewrite(shown.Jid, viewer.Jid));
        }
    }
}
