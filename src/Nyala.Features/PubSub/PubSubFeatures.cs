using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Features.Rosters;
using Nyala.Features.Sharing;

namespace Nyala.Features.PubSub;

/// <summary>Puts the parts of Publish-Subscribe together, and what is built on them.</summary>
sealed class PubSubFeatures
{
    public PubSubFeatures(NyalaServer server, RosterCache rosters, PresenceAccess access, Subscriptions subscriptions)
    {
        var nodes = new NodeDirectory(server.Store.PubSub, server.Time);
        var nodeAccess = new NodeAccess(server, rosters);
        var events = new NodeEvents(server, rosters, nodeAccess);
        var creation = new NodeCreation(server, nodes);
        var publishing = new ItemPublishing(server, nodes, creation, events);
        var subscribing = new NodeSubscribing(server, nodes, nodeAccess, events);
        var lastItems = new LastItems(server, rosters, nodes, nodeAccess, events);
        var review = new AccessReview(rosters, nodes, nodeAccess, subscribing, events, lastItems);
        var ownership = new NodeOwnership(nodes, creation, nodeAccess, events, review);
        var lists = new NodeLists(server, nodes, subscribing, events);
        var engine = new PubSubEngine(publishing, new ItemReading(server, nodes, nodeAccess), ownership, subscribing, lists,
            new SubscriptionOptions(nodes, subscribing), new PendingSubscriptions(nodes, subscribing));
        subscriptions.Revealed = lastItems.Revealed;
        subscriptions.Hidden = review.Hidden;
        subscriptions.Regrouped = review.Regrouped;
        Disco = new NodeDisco(server, nodes, nodeAccess);
        var bookmarks = new BookmarkConversion(server, nodes, publishing, ownership);
        var avatars = new Avatars(server, nodes, nodeAccess, publishing, ownership);
        All =
        [
            new PersonalEventing(engine, nodes, access),
            new PubSubService(server, engine, Disco),
            new ClientInterests(server, lastItems),
            new DisplayedSync(publishing),
            new Inbox(server, nodes),
            bookmarks,
            new PrivateXml(server, bookmarks),
            avatars,
            new VCardTemp(server, avatars, nodes, publishing),
        ];
    }

    public NodeDisco Disco { get; }

    public IReadOnlyList<IFeature> All { get; }
}
