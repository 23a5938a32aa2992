using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Features.Rosters;
using Nyala.Features.Sharing;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features;

/// <summary>Blocking: an account hears nothing of whom it has blocked, and looks to them as if it were not there.</summary>
[Xep(191, "1.3")]
public sealed class Blocking(NyalaServer server, RosterCache rosters, AbuseReports reports) : IFeature
{
    /// <summary>The blocked addresses; null for the many accounts that block nobody. The set is replaced, never changed.</summary>
    static readonly SlotKey<HashSet<string>> Blocked = new("blocked");

    /// <summary>The session has asked for the list and gets pushes (§3.2).</summary>
    static readonly SlotKey<string> Interested = new("block list");

    public void Register(FeatureBuilder on)
    {
        on.Advertise(Ns.Blocking);
        on.AccountLoading(LoadAsync);
        on.Blocks(IsBlocked);
        on.IqGet(Ns.Blocking, "blocklist", ListAsync);
        on.IqSet(Ns.Blocking, "block", BlockAsync);
        on.IqSet(Ns.Blocking, "unblock", UnblockAsync);
    }

    async ValueTask LoadAsync(LocalAccount account)
    {
        var jids = await server.Store.Blocklists.LoadAsync(account.Id);
        account.Set(Blocked, jids.Count == 0 ? null : new HashSet<string>(jids, StringComparer.Ordinal));
    }

    bool IsBlocked(LocalAccount account, Jid other)
    {
        // One's own resources (§5) and the server itself stay within reach, whatever the list says.
        return account.Get(Blocked) is { } blocked && !other.Bare.Equals(account.Jid)
            && (other.Local is not null || other.Domain != server.Options.Domain)
            && Matches(blocked, other);
    }

    /// <summary>§6: an entry without a resource means all of them, a domain everybody there.</summary>
    static bool Matches(HashSet<string> blocked, Jid other) =>
        blocked.Contains(other.ToString())
        || (other.Resource is not null && blocked.Contains(other.Bare.ToString()))
        || (other.Local is not null && blocked.Contains(other.Domain));

    static ValueTask<IqReply> ListAsync(IqRequest request)
    {
        request.Session?.Set(Interested, "");
        var jids = request.Account!.Get(Blocked) ?? [];
        return (IqReply)new Element("blocklist", Ns.Blocking).Add(jids.Select(Item));
    }

    async ValueTask<IqReply> BlockAsync(IqRequest request)
    {
        if (Read(request.Payload, out var jids, out var reported) is { } error)
        {
            return error;
        }

        if (jids.Count == 0)
        {
            // §3.2: there must be somebody to block.
            return StanzaError.BadRequest;
        }

        var reply = await rosters.ChangeAsync(request.Account!.Id, edit => AddAsync(request.Account, edit.Roster, jids));
        if (reply.Error is null)
        {
            foreach (var (jid, report) in reported)
            {
                await reports.KeepAsync(request.Account, jid, report);
            }
        }

        return reply;
    }

    /// <summary>Between the changes of the roster, which also puts the changes of the list in order.</summary>
    async ValueTask<IqReply> AddAsync(LocalAccount account, RosterSnapshot roster, List<Jid> jids)
    {
        var old = account.Get(Blocked) ?? [];
        var names = jids.Select(jid => jid.ToString()).Where(name => !old.Contains(name)).Distinct(StringComparer.Ordinal).ToList();
        if (old.Count + names.Count > server.Options.Limits.BlockedAddresses)
        {
            return StanzaError.ResourceConstraint with { Text = "The block list is full." };
        }

        await server.Store.Blocklists.AddAsync(account.Id, names);

        // §3.2: whom it blocks sees it go.
        var watchers = Subscribers(account, roster).Where(jid => !IsBlocked(account, jid)).ToList();
        account.Set(Blocked, [.. old, .. names]);
        foreach (var session in account.SessionList)
        {
            var watching = session.IsAvailable ? watchers.Where(jid => IsBlocked(account, jid)) : [];
            foreach (var jid in watching.Union(PresenceAccess.TakeDirected(session, jid => IsBlocked(account, jid))))
            {
                Tell(session, jid, Subscriptions.Make(session.Jid, jid, StanzaType.Unavailable));
            }
        }

        Push(account, new Element("block", Ns.Blocking).Add(jids.Select(jid => Item(jid.ToString()))));
        return IqReply.Done;
    }

    async ValueTask<IqReply> UnblockAsync(IqRequest request) =>
        Read(request.Payload, out var jids, out _) is { } error
            ? error
            : await rosters.ChangeAsync(request.Account!.Id, edit => RemoveAsync(request.Account, edit.Roster, jids));

    async ValueTask<IqReply> RemoveAsync(LocalAccount account, RosterSnapshot roster, List<Jid> jids)
    {
        var names = jids.ConvertAll(jid => jid.ToString());
        await server.Store.Blocklists.RemoveAsync(account.Id, jids.Count == 0 ? null : names);
        var watchers = Subscribers(account, roster).Where(jid => IsBlocked(account, jid)).ToList();
        HashSet<string> left = jids.Count == 0 ? [] : [.. (account.Get(Blocked) ?? []).Except(names, StringComparer.Ordinal)];
        account.Set(Blocked, left.Count == 0 ? null : left);
        Push(account, new Element("unblock", Ns.Blocking).Add(jids.Select(jid => Item(jid.ToString()))));

        // §3.3: who may see it sees it again.
        foreach (var jid in watchers.Where(jid => !IsBlocked(account, jid)))
        {
            foreach (var session in account.SessionList)
            {
                if (session.Presence is { } presence)
                {
                    Tell(session, jid, presence.Rewrite(session.Jid, jid));
                }
            }
        }

        return IqReply.Done;
    }

    /// <summary>Who sees the presence of this account because it lets them: resources here, addresses elsewhere.</summary>
    IEnumerable<Jid> Subscribers(LocalAccount account, RosterSnapshot roster)
    {
        foreach (var contact in roster.Items.Keys)
        {
            if (!roster.IsSubscriber(contact))
            {
                continue;
            }

            if (contact.Domain != server.Options.Domain)
            {
                yield return contact;
            }
            else if (contact.Local is not null && server.Accounts.TryGet(contact.Local, out var viewer))
            {
                foreach (var session in viewer.SessionList)
                {
                    yield return session.Jid;
                }
            }
        }
    }

    /// <summary>Sends a session's presence to one resource or, where it was shown to a bare address, to all there.</summary>
    void Tell(Session session, Jid to, Stanza presence)
    {
        if (to.IsBare || to.Domain != server.Options.Domain)
        {
            Broadcast.To(server, to, session.Jid, presence);
        }
        else if (server.Accounts.TryGet(to.Local!, out var viewer) && viewer.Find(to.Resource!) is { } target && !IsBlocked(viewer, session.Jid))
        {
            target.Send(new Outbound(presence));
        }
    }

    static void Push(LocalAccount account, Element change)
    {
        foreach (var session in account.Sessions)
        {
            if (session.Get(Interested) is not null)
            {
                session.Send(new Element("iq", Ns.Client)
                    .Set("type", "set").Set("id", "block-" + Guid.NewGuid().ToString("N")[..12]).Set("to", session.Jid.ToString())
                    .Add(change));
            }
        }
    }

    static StanzaError? Read(Element payload, out List<Jid> jids, out List<(Jid Jid, AbuseReport Report)> reported)
    {
        jids = [];
        reported = [];
        foreach (var child in payload.Children)
        {
            if (!child.Is("item", Ns.Blocking) || child["jid"] is not { } text)
            {
                return StanzaError.BadRequest;
            }

            if (!Jid.TryParse(text, out var jid))
            {
                return StanzaError.JidMalformed;
            }

            jids.Add(jid);
            if (child.Child("report", Ns.Reporting) is { } element)
            {
                if (!AbuseReport.TryParse(element, out var report))
                {
                    return StanzaError.BadRequest with { Text = "A report needs a reason." };
                }

                reported.Add((jid, report));
            }
        }

        return null;
    }

    static Element Item(string jid) => new Element("item", Ns.Blocking).Set("jid", jid);
}
