using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Features.Rosters;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.PubSub;

/// <summary>
/// Sends what happens at a node to those who are to hear of it: subscribers, and for an account's nodes the interested
/// resources of the account and of its contacts (XEP-0060 §9, XEP-0163 §4).
/// </summary>
public sealed class NodeEvents(NyalaServer server, RosterCache rosters, NodeAccess access)
{
    /// <summary>An item as events and answers show it.</summary>
    /// <param name="withPayload">Whether its payload comes along.</param>
    internal static Element ItemOf(Node node, PubSubItem item, string ns, bool withPayload = true) => new Element("item", ns)
        .Set("id", item.Id)
        .Set("publisher", node.Configuration.ShowsPublisher ? item.Publisher : null)
        .Add(withPayload && item.Payload.Length > 0 ? Stanza.Parse(item.Payload).ToElement() : null);

    /// <summary>An item was published.</summary>
    internal ValueTask PublishedAsync(PubSubHost host, Node node, PubSubItem item) =>
        SendAsync(host, node, Items(node, ItemOf(node, item, Ns.PubSubEvent, node.Configuration.DeliverPayloads)));

    /// <summary>A publication that leaves nothing behind and says nothing but that it happened.</summary>
    internal ValueTask TriggeredAsync(PubSubHost host, Node node) => SendAsync(host, node, Items(node, null));

    internal ValueTask RetractedAsync(PubSubHost host, Node node, string item) =>
        SendAsync(host, node, Items(node, new Element("retract", Ns.PubSubEvent).Set("id", item)));

    internal ValueTask PurgedAsync(PubSubHost host, Node node) => SendAsync(host, node, new Element("purge", Ns.PubSubEvent).Set("node", node.Name));

    internal ValueTask ConfiguredAsync(PubSubHost host, Node node) => SendAsync(host, node, new Element("configuration", Ns.PubSubEvent).Set("node", node.Name)
        .Add(node.Configuration.DeliverPayloads ? node.Configuration.ToForm("result", Ns.PubSubNodeConfig).ToElement() : null));

    /// <summary>The node is gone; who waits for an approval hears of it too (§8.4.2).</summary>
    internal ValueTask DeletedAsync(PubSubHost host, Node node, string? redirect) => SendAsync(host, node, new Element("delete", Ns.PubSubEvent).Set("node", node.Name)
        .Add(redirect is null ? null : new Element("redirect", Ns.PubSubEvent).Set("uri", redirect)), alsoPending: true);

    /// <summary>The state of somebody's subscription changed without its doing (§12.10).</summary>
    internal async ValueTask SubscriptionAsync(PubSubHost host, Node node, Jid subscriber, string state) =>
        await DeliverAsync(host, subscriber, Message(node.Configuration.NotificationType, new Element("subscription", Ns.PubSubEvent)
            .Set("node", node.Name).Set("jid", subscriber.ToString()).Set("subscription", state)));

    /// <summary>The last item for one who has just come (§6.1.7): says when it was published.</summary>
    internal Stanza LastItem(PubSubHost host, Node node, PubSubItem item) => Message(
        node.Configuration.NotificationType, Items(node, ItemOf(node, item, Ns.PubSubEvent, node.Configuration.DeliverPayloads)),
        new Element("delay", Ns.Delay).Set("from", host.Jid.ToString()).Set("stamp", DateTimeProfile.Format(item.At)));

    /// <summary>To an address: a resource, or whatever of an account takes messages.</summary>
    internal async ValueTask DeliverAsync(PubSubHost host, Jid to, Stanza message)
    {
        if (host.Account is null || !server.Features.IsBlocked(host.Account, to))
        {
            await server.Router.RouteAsync(message, host.Jid, to);
        }
    }

    /// <summary>To a resource that told its interest: straight to it, not by the way of messages.</summary>
    internal async ValueTask ToResourceAsync(PubSubHost host, Jid resource, Stanza message)
    {
        if (resource.Domain != server.Options.Domain)
        {
            await server.Router.RouteAsync(message, host.Jid, resource);
        }
        else if (server.Accounts.TryGet(resource.Local!, out var viewer) && viewer.Find(resource.Resource!) is { } session
            && !server.Features.IsBlocked(viewer, host.Jid))
        {
            session.Send(new Outbound(message.Rewrite(host.Jid, resource)));
        }
    }

    async ValueTask SendAsync(PubSubHost host, Node node, Element inner, bool alsoPending = false)
    {
        if (!node.Configuration.DeliverNotifications)
        {
            return;
        }

        var message = Message(node.Configuration.NotificationType, inner);
        if (host.Account is { } owner)
        {
            await ToInterestedAsync(host, owner, node, message);
        }

        foreach (var (subscriber, pending) in node.Subscriptions)
        {
            if ((alsoPending || !pending) && !node.Muted.Contains(subscriber) && (pending || await access.ReadErrorAsync(host, node, subscriber) is null)
                && !(host.Account is not null && subscriber.IsBare && HasInterested(host, subscriber, node.Name)))
            {
                await DeliverAsync(host, subscriber, message);
            }
        }
    }

    /// <summary>Once for every resource that told its interest: the account's own, its contacts', its subscribers'.</summary>
    async ValueTask ToInterestedAsync(PubSubHost host, LocalAccount owner, Node node, Stanza message)
    {
        ToSessions(host, owner, node.Name, message);
        var roster = await rosters.GetAsync(owner.Id);
        foreach (var contact in roster.Items.Where(entry => (entry.Value.Subscription & Storage.Subscription.From) != 0).Select(entry => entry.Key)
            .Union(node.Subscriptions.Where(entry => entry.Key.IsBare && !entry.Value).Select(entry => entry.Key)))
        {
            if (contact.Local is null || contact.Equals(owner.Jid) || server.Features.IsBlocked(owner, contact))
            {
                continue;
            }

            if (contact.Domain != server.Options.Domain)
            {
                foreach (var resource in ClientInterests.Elsewhere(owner, contact, node.Name))
                {
                    if (await access.ReadErrorAsync(host, node, resource) is null)
                    {
                        await server.Router.RouteAsync(message, host.Jid, resource);
                    }
                }
            }
            else if (server.Accounts.TryGet(contact.Local, out var viewer) && !viewer.Sessions.IsEmpty && await access.ReadErrorAsync(host, node, contact) is null)
            {
                ToSessions(host, viewer, node.Name, message);
            }
        }
    }

    void ToSessions(PubSubHost host, LocalAccount viewer, string node, Stanza message)
    {
        if (server.Features.IsBlocked(viewer, host.Jid))
        {
            return;
        }

        foreach (var session in viewer.Sessions)
        {
            if (ClientInterests.Wants(session, node))
            {
                session.Send(new Outbound(message.Rewrite(host.Jid, session.Jid)));
            }
        }
    }

    bool HasInterested(PubSubHost host, Jid bare, string node)
    {
        if (bare.Domain != server.Options.Domain)
        {
            return ClientInterests.Elsewhere(host.Account!, bare, node).Any();
        }

        if (bare.Local is null || !server.Accounts.TryGet(bare.Local, out var viewer))
        {
            return false;
        }

        foreach (var session in viewer.Sessions)
        {
            if (ClientInterests.Wants(session, node))
            {
                return true;
            }
        }

        return false;
    }

    static Element Items(Node node, Element? content) => new Element("items", Ns.PubSubEvent).Set("node", node.Name).Add(content);

    static Stanza Message(string type, Element inner, Element? beside = null) => Stanza.Of(new Element("message", Ns.Client)
        .Set("type", type).Set("id", "event-" + Guid.NewGuid().ToString("N"))
        .Add(new Element("event", Ns.PubSubEvent).Add(inner)).Add(beside));
}
