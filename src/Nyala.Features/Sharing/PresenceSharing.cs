using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Features.Rosters;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Features.Sharing;

/// <summary>Presence of local sessions: broadcast to subscribers, probes, directed presence, and its end (RFC 6121 §4).</summary>
[Rfc(6121)]
public sealed class PresenceSharing(NyalaServer server, RosterCache rosters, Subscriptions subscriptions, PresenceAccess access) : IFeature
{
    /// <summary>The session has sent initial presence and not yet its end.</summary>
    static readonly SlotKey<string> Announced = new("announced presence");

    public void Register(FeatureBuilder on)
    {
        on.Presence(HandleAsync);
        on.ForeignPresence(ArriveAsync);
        on.SharesPresence(access.SharesAsync);
        on.SessionEnding(EndingAsync);
    }

    async ValueTask HandleAsync(Session session, Stanza presence)
    {
        if (presence.To is { } to && presence.Type != StanzaType.Error && server.Features.IsBlocked(session.Account, to))
        {
            session.SendError(presence, StanzaError.Blocked);
            return;
        }

        switch (presence.Type)
        {
            case StanzaType.None or StanzaType.Unavailable when presence.To is null:
                await (presence.Type == StanzaType.None ? AvailableAsync(session) : UnavailableAsync(session, presence));
                break;
            case StanzaType.None or StanzaType.Unavailable:
                await DirectAsync(session, presence);
                break;
            case StanzaType.Error:
                await PassAsync(session, presence);
                break;
            case StanzaType.Probe:
                await ProbeAsync(session, presence);
                break;
            default:
                await SubscriptionAsync(session, presence);
                break;
        }
    }

    async ValueTask AvailableAsync(Session session)
    {
        if (session.Presence is not { } presence)
        {
            return;
        }

        var account = session.Account;
        var roster = await rosters.GetAsync(account.Id);
        var initial = session.Get(Announced) is null;
        session.Set(Announced, "");
        Spread(session, roster, presence);
        if (initial)
        {
            await WelcomeAsync(session, roster);
        }

        if (session.HasEnded)
        {
            // It ended meanwhile, and the news of that may have come first.
            session.Set(Announced, "");
            await UnavailableAsync(session, null);
        }
    }

    /// <summary>What a session sees when it becomes available.</summary>
    async ValueTask WelcomeAsync(Session session, RosterSnapshot roster)
    {
        var account = session.Account;

        // §4.3: what a probe to each contact brings; those elsewhere are probed.
        foreach (var (contact, item) in roster.Items)
        {
            if ((item.Subscription & Storage.Subscription.To) != 0)
            {
                await ShowAsync(session, contact);
            }
            else if (item.Ask && contact.Domain != server.Options.Domain)
            {
                // §3.1.2: another server may have lost the request.
                Broadcast.To(server, contact, account.Jid, Subscriptions.Make(account.Jid, contact, StanzaType.Subscribe));
            }

            if (item.Request is { } request && !server.Features.IsBlocked(account, contact))
            {
                // §3.1.3: unanswered requests come again with each initial presence.
                session.Send(new Outbound(request, StanzaKind.Presence) { IsUrgent = true });
            }
        }

        foreach (var other in account.Sessions)
        {
            if (other != session && other.Presence is { } its)
            {
                Show(session, other, its);
            }
        }
    }

    /// <summary>§4.5: everybody who saw it come sees it go, in the client's own words where it has any.</summary>
    async ValueTask UnavailableAsync(Session session, Stanza? words)
    {
        var announced = session.Get(Announced) is not null;
        session.Set<string>(Announced, null);
        var gone = (words ?? Subscriptions.Make(session.Jid, session.Account.Jid, StanzaType.Unavailable)).Rewrite(session.Jid, null);
        RosterSnapshot? roster = null;
        if (announced)
        {
            roster = await rosters.GetAsync(session.Account.Id);
            Spread(session, roster, gone);
            if (words is not null)
            {
                // §4.5.2: the resource itself gets it as well.
                session.Send(new Outbound(gone.Rewrite(session.Jid, session.Account.Jid)));
            }
        }

        foreach (var jid in PresenceAccess.TakeDirected(session, _ => true))
        {
            if (roster?.IsSubscriber(jid.Bare) != true)
            {
                await ToAsync(session, jid, gone.Rewrite(session.Jid, jid));
            }
        }
    }

    ValueTask EndingAsync(Session session) => UnavailableAsync(session, null);

    /// <summary>§4.2.2, §4.4.2: to subscribers and to the account's own available sessions, this one too.</summary>
    void Spread(Session session, RosterSnapshot roster, Stanza presence)
    {
        var account = session.Account;
        foreach (var (contact, item) in roster.Items)
        {
            if ((item.Subscription & Storage.Subscription.From) != 0 && !server.Features.IsBlocked(account, contact))
            {
                Broadcast.To(server, contact, session.Jid, presence.Rewrite(session.Jid, contact));
            }
        }

        Broadcast.To(server, account, session.Jid, presence.Rewrite(session.Jid, account.Jid));
    }

    /// <summary>Shows a session the presence of a contact that lets it.</summary>
    async ValueTask ShowAsync(Session session, Jid contact)
    {
        if (contact.Domain != server.Options.Domain)
        {
            if (!server.Features.IsBlocked(session.Account, contact))
            {
                Broadcast.To(server, contact, session.Jid, Subscriptions.Make(session.Jid, contact, StanzaType.Probe));
            }
        }
        else if (contact.Local is not null && server.Accounts.TryGet(contact.Local, out var account) && !account.Sessions.IsEmpty
            && await MaySeeAsync(session, account))
        {
            ShowAll(session, account);
        }
    }

    async ValueTask<bool> MaySeeAsync(Session session, LocalAccount account) =>
        !server.Features.IsBlocked(account, session.Jid) && !server.Features.IsBlocked(session.Account, account.Jid)
        && await access.MaySeeAsync(account, session.Jid);

    /// <summary>False: none of the account's sessions is available.</summary>
    static bool ShowAll(Session session, LocalAccount account)
    {
        var any = false;
        foreach (var other in account.Sessions)
        {
            if (other.Presence is { } presence)
            {
                Show(session, other, presence);
                any = true;
            }
        }

        return any;
    }

    /// <summary>Shows a session the presence of another, as it is in the end.</summary>
    static void Show(Session session, Session other, Stanza presence)
    {
        var to = session.Account.Jid;
        session.Send(new Outbound(presence.Rewrite(other.Jid, to)));
        var now = other.HasEnded ? null : other.Presence;
        if (now != presence)
        {
            // It changed meanwhile, and the news of that may have come first.
            session.Send(new Outbound(now?.Rewrite(other.Jid, to) ?? Subscriptions.Make(other.Jid, to, StanzaType.Unavailable)));
        }
    }

    /// <summary>§4.6: to one address only, remembered so that it also learns of the end.</summary>
    async ValueTask DirectAsync(Session session, Stanza presence)
    {
        var to = presence.To!;
        if (to.Domain != server.Options.Domain)
        {
            if (!server.Features.Reaches(to.Domain))
            {
                session.SendError(presence, StanzaError.RemoteServerNotFound);
                return;
            }
        }
        else if (to.Local is null)
        {
            return;
        }

        if (!Remember(session, to, presence.Type == StanzaType.None))
        {
            session.SendError(presence, StanzaError.ResourceConstraint with { Text = "Directed presence went to too many addresses." });
            return;
        }

        await ToAsync(session, to, presence.Rewrite(session.Jid, to));
    }

    static bool Remember(Session session, Jid to, bool available)
    {
        if (session.Get(PresenceAccess.Directed) is not { } directed)
        {
            if (!available)
            {
                return true;
            }

            session.Set(PresenceAccess.Directed, directed = []);
        }

        lock (directed)
        {
            if (!available)
            {
                directed.Remove(to);
                return true;
            }

            return directed.Contains(to) || (directed.Count < PresenceAccess.MaxDirected && directed.Add(to));
        }
    }

    async ValueTask PassAsync(Session session, Stanza presence)
    {
        if (presence.To is { IsFull: true } to)
        {
            await ToAsync(session, to, presence.Rewrite(session.Jid, to));
        }
    }

    async ValueTask ToAsync(Session session, Jid to, Stanza presence)
    {
        if (to.Domain != server.Options.Domain)
        {
            await server.Router.RouteAsync(presence, session.Jid, to);
            return;
        }

        if (to.Local is null || await server.Accounts.LocateAsync(to.Local) is not { } account)
        {
            return;
        }

        if (to.IsBare)
        {
            Broadcast.To(server, account, session.Jid, presence);
        }
        else if (account.Find(to.Resource!) is { } target && !server.Features.IsBlocked(account, session.Jid))
        {
            // §8.5.3.1: a full address gets it, available or not.
            target.Send(new Outbound(presence) { IsUrgent = presence.Type == StanzaType.Error });
        }
    }

    /// <summary>§4.3.2: an answer only to those who may see; to others, silence (§8.5.1).</summary>
    async ValueTask ProbeAsync(Session session, Stanza probe)
    {
        if (probe.To is not { } to)
        {
            return;
        }

        if (to.Domain != server.Options.Domain)
        {
            await server.Router.RouteAsync(probe, session.Jid, to);
        }
        else if (to.Local is { } local && await server.Accounts.LocateAsync(local) is { } account && await MaySeeAsync(session, account) && !ShowAll(session, account))
        {
            session.Send(new Outbound(Subscriptions.Make(account.Jid, session.Account.Jid, StanzaType.Unavailable)));
        }
    }

    async ValueTask SubscriptionAsync(Session session, Stanza presence)
    {
        var error = presence.To is null ? StanzaError.BadRequest : await subscriptions.SendAsync(session, presence);
        if (error is not null)
        {
            session.SendError(presence, error);
        }
    }

    /// <summary>Presence of other servers, rooms and components; of whom an account has blocked it hears nothing (XEP-0191 §3.2).</summary>
    async ValueTask ArriveAsync(LocalAccount? account, Stanza presence)
    {
        var (from, to) = (presence.From!, presence.To!);
        if (account is not null && server.Features.IsBlocked(account, from))
        {
            return;
        }

        switch (presence.Type)
        {
            case StanzaType.Probe:
                await AnswerProbeAsync(account, from, to);
                break;
            case StanzaType.Subscribe or StanzaType.Subscribed or StanzaType.Unsubscribe or StanzaType.Unsubscribed:
                await (account is null ? Task.CompletedTask : subscriptions.ArriveAsync(account, presence));
                break;
            case StanzaType.None or StanzaType.Unavailable or StanzaType.Error when account is not null && to.IsBare:
                Broadcast.To(server, account, from, presence);
                server.Features.PresenceArrived.ForEach(arrived => arrived(account, presence));
                break;
            case StanzaType.None or StanzaType.Unavailable or StanzaType.Error:
                // §8.5.3.1: a full address gets it, available or not.
                account?.Find(to.Resource!)?.Send(new Outbound(presence) { IsUrgent = true });
                break;
        }
    }

    /// <summary>§4.3.2: another server that takes an account for subscribed is told when it is not, or does not exist.</summary>
    async ValueTask AnswerProbeAsync(LocalAccount? account, Jid from, Jid to)
    {
        if (account is null || !await access.MaySeeAsync(account, from))
        {
            server.Router.Send(Subscriptions.Make(to.Bare, from.Bare, StanzaType.Unsubscribed), to.Bare, from.Bare);
        }
        else if (!subscriptions.ShowPresence(account, from))
        {
            server.Router.Send(Subscriptions.Make(account.Jid, from, StanzaType.Unavailable), account.Jid, from);
        }
    }
}
