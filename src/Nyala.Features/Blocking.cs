using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Features.Rosters;
using Nyala.Features.Sharing;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features;

/// <summary>Blocking: an account hears nothing of whom it has blocked, and looks to them as if it were not there.</summary>
[Xep(191, "1.3")]
public sealed class Blocking(NyalaServer server, RosterCache rosters, Subscriptions subscriptions) : IFeature
{
    /// <summary>The blocked addresses; null for the many accounts that block nobody. The set is replaced, never changed.</summary>
    static readonly SlotKey<HashSet<string>> Blocked = new("blocked");

    /// <summary>The session has asked for the list and gets pushes (§3.3).</summary>
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

    /// <summary>§3.1: the four forms an entry may have.</summary>
    bool IsBlocked(LocalAccount account, Jid other)
    {
        if (account.Get(Blocked) is not { } blocked || other.Bare.Equals(account.Jid) || (other.Local is null && other.Domain == server.Options.Domain))
        {
            return false;
        }

        return blocked.Contains(other.ToString())
            || (other.Resource is not null && blocked.Contains(other.Bare.ToString()))
            || blocked.Contains(other.Domain)
            || (other.Resource is not null && blocked.Contains(other.Domain + "/" + other.Resource));
    }

    static ValueTask<IqReply> ListAsync(IqRequest request)
    {
        request.Session!.Set(Interested, "");
        var jids = request.Account!.Get(Blocked) ?? [];
        return (IqReply)new Element("blocklist", Ns.Blocking).Add(jids.Select(Item));
    }

    async ValueTask<IqReply> BlockAsync(IqRequest request)
    {
        if (Read(request.Payload, out var jids) is { } error)
        {
            return error;
        }

        if (jids.Count == 0)
        {
            // §3.2: there must be somebody to block.
            return StanzaError.BadRequest;
        }

        var account = request.Account!;
        var old = account.Get(Blocked);
        var added = jids.Where(jid => old is null || !old.Contains(jid.ToString())).ToList();
        if ((old?.Count ?? 0) + added.Count > server.Options.Limits.BlockedAddresses)
        {
            return StanzaError.ResourceConstraint with { Text = "The block list is full." };
        }

        var names = added.ConvertAll(jid => jid.ToString());
        await server.Store.Blocklists.AddAsync(account.Id, names);

        // §3.2: whom it blocks sees it go, before nothing is let through any more.
        await ForEachWatcherAsync(account, added, viewer => subscriptions.Hide(account, viewer));
        account.Set(Blocked, [.. old ?? [], .. names]);
        Push(account, new Element("block", Ns.Blocking).Add(jids.Select(jid => Item(jid.ToString()))));
        return IqReply.Done;
    }

    async ValueTask<IqReply> UnblockAsync(IqRequest request)
    {
        if (Read(request.Payload, out var jids) is { } error)
        {
            return error;
        }

        var account = request.Account!;
        var old = account.Get(Blocked) ?? [];
        var names = jids.Count == 0 ? [.. old] : jids.ConvertAll(jid => jid.ToString());
        await server.Store.Blocklists.RemoveAsync(account.Id, jids.Count == 0 ? null : names);
        var left = old.Except(names, StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
        account.Set(Blocked, left.Count == 0 ? null : left);
        Push(account, new Element("unblock", Ns.Blocking).Add(jids.Select(jid => Item(jid.ToString()))));
        var freed = names.Where(old.Contains).Select(name => Jid.TryParse(name, out var jid) ? jid : null).OfType<Jid>().ToList();
        await ForEachWatcherAsync(account, freed, viewer => subscriptions.ShowPresence(account, viewer));
        return IqReply.Done;
    }

    /// <summary>The local accounts an entry concerns and that see this account's presence.</summary>
    async ValueTask ForEachWatcherAsync(LocalAccount account, List<Jid> entries, Action<LocalAccount> action)
    {
        var roster = await rosters.GetAsync(account.Id);
        foreach (var contact in roster.Items.Keys)
        {
            var concerned = entries.Exists(entry => entry.Bare.Equals(contact) || (entry.Local is null && entry.Domain == contact.Domain));
            if (concerned && roster.IsSubscriber(contact) && contact.Local is not null && server.Accounts.TryGet(contact.Local, out var viewer))
            {
                action(viewer);
            }
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

    static StanzaError? Read(Element payload, out List<Jid> jids)
    {
        jids = [];
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
        }

        return null;
    }

    static Element Item(string jid) => new Element("item", Ns.Blocking).Set("jid", jid);
}
