using Nyala.Core;
using Nyala.Core.Diagnostics;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Features.Rosters;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;

namespace Nyala.Features.PubSub;

/// <summary>The last item of each node somebody comes to be interested in: of the own account and of the contacts here (XEP-0163 §4.3.4).</summary>
public sealed class LastItems(NyalaServer server, RosterCache rosters, NodeDirectory nodes, NodeAccess access, NodeEvents events)
{
    /// <summary>How many contacts are looked up in one read.</summary>
    const int Slice = 200;

    /// <summary>To a session that wants these nodes from now on.</summary>
    internal async Task SendAsync(Session session, IReadOnlySet<string> wanted)
    {
        await FromAsync(session.Account, session.Jid, wanted);
        var roster = await rosters.GetAsync(session.Account.Id);
        var contacts = roster.Items
            .Where(entry => (entry.Value.Subscription & Storage.Subscription.To) != 0 && entry.Key.Local is not null && entry.Key.Domain == server.Options.Domain)
            .Select(entry => entry.Key.Local!);
        foreach (var slice in contacts.Chunk(Slice))
        {
            foreach (var username in await nodes.Store.FindPublishersAsync(slice, wanted))
            {
                if (!session.HasEnded && await server.Accounts.LocateAsync(username) is { } owner && !server.Features.IsBlocked(session.Account, owner.Jid))
                {
                    await FromAsync(owner, session.Jid, wanted);
                }
            }
        }
    }

    /// <summary>One account lets somebody see it from now on. Does its work later.</summary>
    internal void Revealed(LocalAccount owner, Jid viewer)
    {
        if (viewer.Domain != server.Options.Domain || !server.Accounts.TryGet(viewer.Local!, out var account))
        {
            return;
        }

        foreach (var session in account.Sessions)
        {
            if (ClientInterests.Of(session) is { Count: > 0 } wanted)
            {
                _ = LaterAsync(() => FromAsync(owner, session.Jid, wanted));
            }
        }
    }

    /// <summary>Work that nobody waits for.</summary>
    internal async Task LaterAsync(Func<Task> work)
    {
        await Task.Yield();
        try
        {
            await work();
        }
        catch (Exception e)
        {
            server.Log.BackgroundFailed("sending last items", e);
        }
    }

    /// <summary>Of one account, to a resource here or elsewhere that wants these nodes.</summary>
    internal async Task FromAsync(LocalAccount owner, Jid viewer, IReadOnlySet<string> wanted)
    {
        if (server.Features.IsBlocked(owner, viewer))
        {
            return;
        }

        var host = PubSubHost.Of(owner);
        foreach (var name in (await nodes.GetAsync(host)).All.Where(node => IsSent(node) && wanted.Contains(node.Name)).Select(node => node.Name).ToList())
        {
            // In the node's turn, so that what is published meanwhile comes after it.
            await nodes.InTurnAsync(host, name, async all =>
            {
                if (all.Find(name) is { } node && IsSent(node) && await access.ReadErrorAsync(host, node, viewer) is null
                    && (await nodes.Store.NewestAsync([node.Id])).GetValueOrDefault(node.Id) is { } item
                    && !(node.ExpireBefore(server.Time.GetUtcNow()) > item.At))
                {
                    await events.ToResourceAsync(host, viewer, events.LastItem(host, node, item));
                }

                return true;
            });
        }
    }

    /// <summary>To every resource of somebody that wants events of the node, and may have them from now on. In the node's turn.</summary>
    internal async ValueTask ShowAsync(LocalAccount owner, Node node, Jid contact)
    {
        List<Jid> resources = contact.Domain != server.Options.Domain ? [.. ClientInterests.Elsewhere(owner, contact, node.Name)]
            : contact.Local is not null && server.Accounts.TryGet(contact.Local, out var viewer)
                ? [.. viewer.Sessions.ToArray().Where(session => ClientInterests.Wants(session, node.Name)).Select(session => session.Jid)]
                : [];
        if (resources.Count == 0 || server.Features.IsBlocked(owner, contact)
            || (await nodes.Store.NewestAsync([node.Id])).GetValueOrDefault(node.Id) is not { } item || node.ExpireBefore(server.Time.GetUtcNow()) > item.At)
        {
            return;
        }

        var host = PubSubHost.Of(owner);
        foreach (var resource in resources)
        {
            await events.ToResourceAsync(host, resource, events.LastItem(host, node, item));
        }
    }

    internal static bool IsSent(Node node) =>
        node is { Items: > 0, Configuration: { Persist: true, SendLast: LastItem.OnSubscriptionAndPresence, DeliverNotifications: true } };
}
