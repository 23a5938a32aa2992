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
/// contact's side, which changes the contact's. Both sides change in one commit, before anybody is told.
/// </summary>
public sealed class Subscriptions(NyalaServer server, RosterCache rosters)
{
    /// <summary>The largest subscription request that is kept for an absent contact; what is larger loses its content.</summary>
    const int LongestRequest = 8_192;

    /// <summary>Open requests of strangers that an account keeps; later ones look unanswered.</summary>
    const int OpenRequests = 500;

    /// <summary>Told when an account lets somebody see it from now on, while the rosters concerned are locked.</summary>
    internal Action<LocalAccount, Jid>? Revealed { get; set; }

    /// <summary>Told when it does not any more, in the same way.</summary>
    internal Action<LocalAccount, Jid>? Hidden { get; set; }

    /// <summary>Told when a contact was put into other groups, with those it was in, in the same way.</summary>
    internal Action<LocalAccount, Jid, IReadOnlyList<string>>? Regrouped { get; set; }

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

        if (contact.Domain != server.Options.Domain && !server.Features.Reaches(contact.Domain))
        {
            return StanzaError.RemoteServerNotFound;
        }

        var other = await ReachAsync(account, contact);
        return await rosters.ChangeAsync<StanzaError?>(account.Id, other?.Id, async (edit, otherEdit) =>
        {
            var mine = new Side(account.Jid, account, edit);
            var (change, full) = Outbound(mine, contact, stanza.Type);
            if (full)
            {
                return StanzaError.ResourceConstraint with { Text = "The roster is full." };
            }

            if (change.Passes && OtherSide(contact, other, otherEdit) is { } theirs)
            {
                await PassAsync(mine, theirs, stanza, change);
            }

            return null;
        });
    }

    /// <summary>The contact's side of what a client has sent.</summary>
    async ValueTask PassAsync(Side mine, Side theirs, Stanza stanza, Change change)
    {
        // §3.2.2: whose subscription is cancelled sees the contact go first; who gains one sees it come last.
        var hidesFirst = stanza.Type == StanzaType.Unsubscribed;
        if (hidesFirst)
        {
            ShowOrHide(mine, theirs.Jid, change);
        }

        await ReachAsync(mine, theirs, stanza);
        if (!hidesFirst)
        {
            ShowOrHide(mine, theirs.Jid, change);
        }
    }

    /// <summary>A subscription stanza comes from elsewhere, its sender not blocked.</summary>
    public Task ArriveAsync(LocalAccount account, Stanza stanza) => rosters.ChangeAsync(account.Id, async edit =>
    {
        await ReachAsync(Side.Elsewhere(stanza.From!.Bare), new Side(account.Jid, account, edit), stanza);
        return true;
    });

    /// <summary>A subscription stanza goes from one side to the other, with an invitation perhaps.</summary>
    async ValueTask ReachAsync(Side from, Side to, Stanza stanza)
    {
        var invited = stanza.Type == StanzaType.Subscribe && to.Account is not null && await RedeemAsync(from.Jid, to, stanza);

        // §3.1.2: both addresses are bare from here on.
        Deliver(from, to, stanza.Rewrite(from.Jid, to.Jid));
        if (invited && Outbound(to, from.Jid, StanzaType.Subscribe).Change.Passes)
        {
            // XEP-0379 §3.5: the inviter asks in turn; who approved that in advance is not asked.
            Deliver(to, from, Make(to.Jid, from.Jid, StanzaType.Subscribe));
        }
    }

    /// <summary>
    /// XEP-0379 §3.5, by the inviter's server: who holds a token of the contact's is approved before the request arrives.
    /// A token that is no good changes nothing (§4.1).
    /// </summary>
    async ValueTask<bool> RedeemAsync(Jid guest, Side host, Stanza request)
    {
        var now = server.Time.GetUtcNow();
        if (request.Child("preauth", Ns.PreAuth)?["token"] is not { Length: > 0 } token
            || await server.Store.Invites.FindAsync(token, now) is not { } invite
            || invite.Inviter != host.Account!.Id || invite.Room is not null
            || !await server.Store.Invites.ConsumeAsync(token, now))
        {
            return false;
        }

        var old = host.Edit!.Roster.Find(guest);
        Save(host, guest, (old ?? Unknown(guest)) with { Approved = true, Listed = true }, old);
        return true;
    }

    /// <summary>The roster item goes (§2.5.2): what it allowed is taken back on both sides, what it asked for too. False: there is none.</summary>
    /// <param name="alsoUnlisted">Also a request or an approval that the client does not see as an item.</param>
    public async ValueTask<bool> RemoveAsync(LocalAccount account, Jid contact, bool alsoUnlisted)
    {
        var other = await ReachAsync(account, contact);
        return await rosters.ChangeAsync<bool>(account.Id, other?.Id, (edit, otherEdit) =>
        {
            if (edit.Roster.Find(contact) is not { } old || !(old.Listed || alsoUnlisted))
            {
                return new(false);
            }

            edit.Remove(contact);
            if (old.Listed)
            {
                edit.Say(version => RosterPushes.Push(account, RosterPushes.Removed(contact.ToString()), version));
            }

            if (OtherSide(contact, other, otherEdit) is { } theirs)
            {
                Cancel(new Side(account.Jid, account, edit), theirs, SubscriptionTable.Of(old));
            }

            return new(true);
        });
    }

    void Cancel(Side mine, Side theirs, SubscriptionState state)
    {
        if (state.IsTo() || state.IsAsking())
        {
            Deliver(mine, theirs, Make(mine.Jid, theirs.Jid, StanzaType.Unsubscribe));
        }

        if (state.IsFrom() || state.IsAsked())
        {
            ShowOrHide(mine, theirs.Jid, new(state, SubscriptionState.None, Passes: true));
            Deliver(mine, theirs, Make(mine.Jid, theirs.Jid, StanzaType.Unsubscribed));
        }
    }

    /// <summary>Both become contacts of each other, as if each had asked and the other agreed (invites, XEP-0379).</summary>
    public async ValueTask BefriendAsync(LocalAccount one, LocalAccount other) =>
        await rosters.ChangeAsync(one.Id, other.Id, (edit, otherEdit) =>
        {
            var (mine, theirs) = (new Side(one.Jid, one, edit), new Side(other.Jid, other, otherEdit));
            foreach (var (side, contact) in ((Side, Jid)[])[(mine, other.Jid), (theirs, one.Jid)])
            {
                var old = side.Edit!.Roster.Find(contact);
                Save(side, contact, (old ?? Unknown(contact)).In(SubscriptionState.Both, null) with { Listed = true }, old);
                side.Edit.Say(_ => Reveal(side.Account!, contact));
            }

            return new ValueTask<bool>(true);
        });

    /// <summary>Where a stanza for a contact goes; null: nowhere.</summary>
    Side? OtherSide(Jid contact, LocalAccount? account, RosterEdit? edit) =>
        account is not null ? new Side(contact, account, edit)
        : contact.Domain != server.Options.Domain && server.Features.Reaches(contact.Domain) ? Side.Elsewhere(contact)
        : null;

    /// <summary>The contact if it is here, or null where nothing arrives: who does not exist, and who has blocked the account, do not answer (§3.1.3, XEP-0191 §3.2).</summary>
    async ValueTask<LocalAccount?> ReachAsync(LocalAccount account, Jid contact) =>
        contact.Local is not null && contact.Domain == server.Options.Domain
            && await server.Accounts.LocateAsync(contact.Local) is { } other && !server.Features.IsBlocked(other, account.Jid)
                ? other
                : null;

    (Change Change, bool Full) Outbound(Side side, Jid contact, StanzaType type)
    {
        var roster = side.Edit!.Roster;
        var old = roster.Find(contact);
        var item = old ?? Unknown(contact);
        var state = SubscriptionTable.Of(item);
        var step = SubscriptionTable.Outbound(state, type);
        var lists = type is StanzaType.Subscribe or StanzaType.Subscribed;
        if (lists && !item.Listed && roster.Listed.Count() >= server.Options.Limits.RosterItems)
        {
            return (Change.None, Full: true);
        }

        if (type == StanzaType.Subscribed && !step.Passes)
        {
            // §3.4.2: nobody has asked yet, so it is an approval in advance; of no use to who sees the presence already.
            if (!state.IsFrom())
            {
                Save(side, contact, item with { Approved = true, Listed = true }, old);
            }

            return (Change.None, Full: false);
        }

        var changed = item.In(step.State, item.Request) with
        {
            Listed = item.Listed || lists,
            Approved = item.Approved && type != StanzaType.Unsubscribed,
        };
        Save(side, contact, changed, old);
        return (new(state, step.State, step.Passes), Full: false);
    }

    /// <summary>A subscription stanza reaches the contact's side, where it may be answered or lead to presence being sent.</summary>
    void Deliver(Side from, Side to, Stanza stanza)
    {
        if (to.Account is null)
        {
            from.Edit!.Say(_ => server.Router.Send(stanza, from.Jid, to.Jid));
            return;
        }

        var change = Inbound(to, from.Jid, stanza);
        if (change.Replies)
        {
            // Who is approved already is told so again, and sees the presence again.
            Deliver(to, from, Make(to.Jid, from.Jid, StanzaType.Subscribed));
            to.Edit!.Say(_ => Reveal(to.Account, from.Jid));
        }
        else
        {
            ShowOrHide(to, from.Jid, change);
        }
    }

    static Change Inbound(Side side, Jid from, Stanza stanza)
    {
        var roster = side.Edit!.Roster;
        var old = roster.Find(from);
        var item = old ?? Unknown(from);
        var state = SubscriptionTable.Of(item);
        var step = SubscriptionTable.Inbound(state, stanza.Type);
        if (stanza.Type == StanzaType.Subscribe && item.Approved && !state.IsFrom())
        {
            // §3.4: the server answers in the account's name, which hears of it by the push.
            var approved = SubscriptionTable.Outbound(step.State, StanzaType.Subscribed).State;
            Save(side, from, item.In(approved, null), old);
            return new(state, approved, Passes: false, Replies: true);
        }

        if (!step.Passes || (old is null && roster.Items.Count - roster.Listed.Count() >= OpenRequests))
        {
            return new(state, state, Passes: false, step.Replies);
        }

        var request = stanza.Type == StanzaType.Subscribe ? Kept(stanza) : item.Request;
        var changed = item.In(step.State, request);
        Store(side, from, changed);
        side.Edit.Say(_ => Show(side.Account!, stanza));
        Push(side, changed, old);
        return new(state, step.State, Passes: true);
    }

    /// <summary>§3.1.3: a request goes to available resources; §3.1.6, §3.2.3, §3.3.3: all else to interested ones.</summary>
    static void Show(LocalAccount account, Stanza stanza)
    {
        foreach (var session in account.Sessions)
        {
            if (stanza.Type == StanzaType.Subscribe ? session.IsAvailable : session.Get(RosterPushes.Interested) is not null)
            {
                session.Send(new Outbound(stanza) { IsUrgent = true });
            }
        }
    }

    static void Save(Side side, Jid contact, RosterItem item, RosterItem? old)
    {
        if (item != (old ?? Unknown(contact)))
        {
            Store(side, contact, item);
            Push(side, item, old);
        }
    }

    static void Store(Side side, Jid contact, RosterItem item)
    {
        if (side.Account!.IsRemoved)
        {
            return;
        }

        if (!item.Listed && !item.Approved && item.Request is null && SubscriptionTable.Of(item) == SubscriptionState.None)
        {
            side.Edit!.Remove(contact);
        }
        else
        {
            side.Edit!.Save(contact, item);
        }
    }

    /// <summary>§3.1.3: an open request is no part of what the client sees of its roster.</summary>
    static void Push(Side side, RosterItem item, RosterItem? old)
    {
        if (item.Listed && (old is null || item with { Request = null } != old with { Request = null }))
        {
            side.Edit!.Say(version => RosterPushes.Push(side.Account!, RosterPushes.ItemOf(item), version));
        }
    }

    /// <summary>Who becomes a subscriber sees the account now (§3.1.5); who ceases to be one sees it go (§3.2.2, §3.3.3); nobody else learns anything.</summary>
    void ShowOrHide(Side side, Jid viewer, Change change)
    {
        if (change.Before.IsFrom() == change.After.IsFrom())
        {
            return;
        }

        if (change.After.IsFrom())
        {
            side.Edit!.Say(_ => Reveal(side.Account!, viewer));
        }
        else
        {
            side.Edit!.Say(_ => Hide(side.Account!, viewer));
        }
    }

    static byte[] Kept(Stanza request) =>
        request.Bytes.Length <= LongestRequest ? request.Bytes.ToArray() : Make(request.From!, request.To!, StanzaType.Subscribe).Bytes.ToArray();

    /// <summary>The presence of all available sessions of an account, for somebody who may see it. False: there are none.</summary>
    internal bool ShowPresence(LocalAccount account, Jid viewer)
    {
        var any = false;
        foreach (var session in account.Sessions)
        {
            if (session.Presence is { } presence)
            {
                any = true;
                Broadcast.To(server, viewer, session.Jid, presence.Rewrite(session.Jid, viewer));
                Broadcast.TakeBack(server, viewer, session, presence);
            }
        }

        return any;
    }

    /// <summary>The same for who may see it only from now on.</summary>
    void Reveal(LocalAccount account, Jid viewer)
    {
        ShowPresence(account, viewer);
        Revealed?.Invoke(account, viewer);
    }

    /// <summary>The going of all available sessions of one account, for another that may not see it any more.</summary>
    void Hide(LocalAccount account, Jid viewer)
    {
        Hidden?.Invoke(account, viewer);
        foreach (var session in account.Sessions)
        {
            if (session.IsAvailable)
            {
                Broadcast.To(server, viewer, session.Jid, Make(session.Jid, viewer, StanzaType.Unavailable));
            }
        }
    }

    internal static Stanza Make(Jid from, Jid to, StanzaType type) => Stanza.Of(new Element("presence", Ns.Client)
        .Set("from", from.ToString()).Set("to", to.ToString()).Set("type", type.ToString().ToLowerInvariant()));

    /// <summary>An account and its roster while both sides change; of who is elsewhere only the address.</summary>
    readonly record struct Side(Jid Jid, LocalAccount? Account, RosterEdit? Edit)
    {
        public static Side Elsewhere(Jid jid) => new(jid, null, null);
    }

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
