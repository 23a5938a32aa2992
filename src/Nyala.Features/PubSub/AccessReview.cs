using Nyala.Core.Routing;
using Nyala.Features.Rosters;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;

namespace Nyala.Features.PubSub;

/// <summary>
/// What follows when access to a node changes, by its configuration or by the owner's roster: who has none any more is no
/// subscriber, who waited and needs no approval any more is one, and who gained it is sent the last item (XEP-0060 §12.1, §12.10;
/// XEP-0163, which wants access computed anew whenever a subscription to presence or a roster group changes).
/// </summary>
public sealed class AccessReview(
    RosterCache rosters, NodeDirectory nodes, NodeAccess access, NodeSubscribing subscribing, NodeEvents events, LastItems lastItems)
{
    /// <summary>The node was configured. In its turn.</summary>
    internal async ValueTask ConfiguredAsync(PubSubHost host, HostNodes all, Node before, Node node)
    {
        var (old, now) = (before.Configuration, node.Configuration);
        if (old.Access == now.Access && old.RosterGroups.SequenceEqual(now.RosterGroups, StringComparer.Ordinal))
        {
            return;
        }

        node = await SettleAsync(host, all, node, _ => true);
        if (host.Account is { } owner && LastItems.IsSent(node))
        {
            foreach (var contact in (await rosters.GetAsync(owner.Id)).Items.Where(entry => (entry.Value.Subscription & Subscription.From) != 0).Select(entry => entry.Key))
            {
                if (await access.ReadErrorAsync(host, before, contact) is not null && await access.ReadErrorAsync(host, node, contact) is null)
                {
                    await lastItems.ShowAsync(owner, node, contact);
                }
            }
        }
    }

    /// <summary>An account does not let somebody see it any more. Does its work later: events look at access anyway.</summary>
    internal void Hidden(LocalAccount owner, Jid viewer) => _ = lastItems.LaterAsync(async () =>
    {
        var host = PubSubHost.Of(owner);
        foreach (var name in await SubscribedAsync(host, viewer))
        {
            await nodes.InTurnAsync(host, name, async all =>
                all.Find(name) is { } node && await SettleAsync(host, all, node, who => who.Bare.Equals(viewer.Bare)) == node);
        }
    });

    /// <summary>A contact was put into other groups of the owner's roster. Does its work later.</summary>
    internal void Regrouped(LocalAccount owner, Jid contact, IReadOnlyList<string> before) => _ = lastItems.LaterAsync(async () =>
    {
        var host = PubSubHost.Of(owner);
        foreach (var name in (await nodes.GetAsync(host)).All.Where(node => node.Configuration.Access == AccessModel.Roster).Select(node => node.Name).ToList())
        {
            await nodes.InTurnAsync(host, name, async all =>
            {
                if (all.Find(name) is not { Configuration.Access: AccessModel.Roster } node)
                {
                    return false;
                }

                node = await SettleAsync(host, all, node, who => who.Bare.Equals(contact));
                if (LastItems.IsSent(node) && !before.Intersect(node.Configuration.RosterGroups, StringComparer.Ordinal).Any()
                    && await access.ReadErrorAsync(host, node, contact) is null)
                {
                    await lastItems.ShowAsync(owner, node, contact);
                }

                return true;
            });
        }
    });

    async ValueTask<List<string>> SubscribedAsync(PubSubHost host, Jid who) =>
        [.. (await nodes.GetAsync(host)).All.Where(node => node.Subscriptions.Keys.Any(jid => jid.Bare.Equals(who.Bare))).Select(node => node.Name)];

    /// <summary>Explicit subscriptions follow from what access is now. In the node's turn.</summary>
    async ValueTask<Node> SettleAsync(PubSubHost host, HostNodes all, Node node, Func<Jid, bool> concerns)
    {
        foreach (var (who, pending) in node.Subscriptions.Where(entry => concerns(entry.Key)))
        {
            if (await access.SubscribeErrorAsync(host, node, who) is not null)
            {
                node = await subscribing.SetAsync(all, node, who, null);
                await events.SubscriptionAsync(host, node, who, "none");
            }
            else if (pending && (node.Configuration.Access != AccessModel.Authorize || node.AffiliationOf(host, who) is not null))
            {
                node = await subscribing.SetAsync(all, node, who, false);
                await events.SubscriptionAsync(host, node, who, "subscribed");
                await subscribing.WelcomeAsync(host, node, who);
            }
        }

        return node;
    }
}
