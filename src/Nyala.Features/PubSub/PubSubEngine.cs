using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.PubSub;

/// <summary>
/// Publish-Subscribe, whoever's nodes they are: what is asked of a host (XEP-0060). The parts do the work; here is only who
/// does what.
/// </summary>
public sealed class PubSubEngine(
    ItemPublishing publishing, ItemReading reading, NodeOwnership ownership, NodeSubscribing subscribing, NodeLists lists,
    SubscriptionOptions options, PendingSubscriptions pending)
{
    /// <summary>What this engine can, by the short names of XEP-0060 §10, wherever the nodes are.</summary>
    internal static IReadOnlyList<string> Abilities { get; } =
    [
        "access-authorize", "access-open", "access-presence", "access-roster", "access-whitelist", "auto-create", "config-node", "config-node-max",
        "create-and-configure", "create-nodes", "delete-items", "delete-nodes", "instant-nodes", "item-ids", "manage-subscriptions",
        "member-affiliation", "meta-data", "modify-affiliations", "multi-items", "outcast-affiliation", "persistent-items", "publish",
        "publish-node-full", "publish-only-affiliation", "publish-options", "publisher-affiliation", "purge-nodes", "retract-items",
        "retrieve-affiliations", "retrieve-default", "retrieve-default-sub", "retrieve-items", "retrieve-subscriptions", "rsm", "subscribe",
        "subscription-notifications", "subscription-options",
    ];

    internal NodeSubscribing Subscribing => subscribing;

    internal PendingSubscriptions Pending => pending;

    /// <summary>A request in the namespace <c>pubsub</c>.</summary>
    internal async ValueTask<(Element? Answer, StanzaError? Error)> HandleAsync(PubSubHost host, Jid from, bool isSet, Element pubsub)
    {
        var action = pubsub.Children.FirstOrDefault(child => child.Namespace == Ns.PubSub && child.Name is not ("publish-options" or "configure"));
        action = action?.Name == "options" ? pubsub.Child("subscribe") ?? action : action;
        return (isSet, action?.Name) switch
        {
            (false, "items") => await reading.ReadAsync(host, from, pubsub),
            (false, "subscriptions") => (await subscribing.ListAsync(host, from, action!), null),
            (false, "affiliations") => (await lists.OwnAsync(host, from, action!), null),
            (false, "default") => (SubscriptionOptions.Default(action!), null),
            (false, "options") => await options.FormAsync(host, from, action!),
            (true, "publish") => await publishing.PublishAsync(host, from, pubsub),
            (true, "retract") => (null, await publishing.RetractAsync(host, from, action!)),
            (true, "create") => await ownership.CreateAsync(host, from, pubsub),
            (true, "subscribe") => await subscribing.SubscribeAsync(host, from, pubsub),
            (true, "options") => (null, await options.SetAsync(host, from, action!)),
            (true, "unsubscribe") => (null, await subscribing.UnsubscribeAsync(host, from, action!)),
            _ => (null, StanzaError.BadRequest),
        };
    }

    /// <summary>A request in the namespace <c>pubsub#owner</c>.</summary>
    internal async ValueTask<(Element? Answer, StanzaError? Error)> HandleOwnerAsync(PubSubHost host, Jid from, bool isSet, Element pubsub)
    {
        var action = pubsub.Children.FirstOrDefault(child => child.Namespace == Ns.PubSubOwner);
        return (isSet, action?.Name) switch
        {
            (false, "configure") => await ownership.FormAsync(host, from, action!),
            (false, "default") => (ownership.Default(host), null),
            (false, "affiliations") => await lists.AffiliationsAsync(host, from, action!),
            (false, "subscriptions") => await lists.SubscriptionsAsync(host, from, action!),
            (true, "configure") => (null, await ownership.ConfigureAsync(host, from, action!)),
            (true, "purge") => (null, await ownership.PurgeAsync(host, from, action!)),
            (true, "delete") => (null, await ownership.DeleteAsync(host, from, action!)),
            (true, "affiliations") => (null, await lists.AffiliateAsync(host, from, action!)),
            (true, "subscriptions") => (null, await lists.SubscribeAsync(host, from, action!)),
            _ => (null, StanzaError.BadRequest),
        };
    }
}
