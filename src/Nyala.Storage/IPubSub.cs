namespace Nyala.Storage;

/// <summary>What somebody may do at a node (XEP-0060 §4.1); who has none is not listed.</summary>
public enum PubSubAffiliation
{
    Outcast,
    Member,
    PublishOnly,
    Publisher,
    Owner,
}

/// <param name="Jid">The prepared address events go to, bare or full.</param>
/// <param name="Pending">An owner has not approved it yet (XEP-0060 §4.2).</param>
/// <param name="Muted">Events are not delivered to it.</param>
public sealed record PubSubSubscription(string Jid, bool Pending, bool Muted = false);

/// <param name="Id">Never reused.</param>
/// <param name="Name">Unique within its account, or within the service.</param>
/// <param name="Configuration">Opaque here.</param>
/// <param name="Items">How many items it has.</param>
/// <param name="Bytes">How much their payloads are, in bytes.</param>
public sealed record PubSubNode(long Id, string Name, byte[] Configuration, DateTimeOffset CreatedAt, int Items, long Bytes)
{
    /// <summary>By prepared bare address.</summary>
    public IReadOnlyDictionary<string, PubSubAffiliation> Affiliations { get; init; } = new Dictionary<string, PubSubAffiliation>();

    public IReadOnlyList<PubSubSubscription> Subscriptions { get; init; } = [];
}

/// <param name="Id">Unique within its node.</param>
/// <param name="Publisher">The full address of who published it.</param>
/// <param name="Payload">One canonical element, or empty.</param>
public sealed record PubSubItem(string Id, string Publisher, DateTimeOffset At, byte[] Payload);

/// <summary>How an item is taken in.</summary>
/// <param name="Max">Items the node may have afterwards.</param>
/// <param name="Reject">A full node takes no new item, instead of giving up its oldest.</param>
/// <param name="ExpireBefore">Items older than this go, or null.</param>
/// <param name="KeptBy">Only who published the item there is with that id, a bare address, may replace it; null: anybody.</param>
public sealed record PubSubPublication(long Node, PubSubItem Item, int Max, bool Reject, DateTimeOffset? ExpireBefore, string? KeptBy);

public enum PubSubPublishOutcome
{
    Published,

    /// <summary>The node is full and rejects.</summary>
    Full,

    /// <summary>The item is somebody else's.</summary>
    NotTheirs,
}

/// <param name="Dropped">Ids of the items that made room.</param>
/// <param name="Items">How many items the node has now.</param>
/// <param name="Bytes">How much they are now.</param>
public sealed record PubSubPublished(PubSubPublishOutcome Outcome, IReadOnlyList<string> Dropped, int Items, long Bytes);

/// <summary>Which items of a node are read, the newest first.</summary>
/// <param name="Max">At most so many; 0 only counts.</param>
/// <param name="Ids">Only these, or null.</param>
/// <param name="After">Those that are older than this item, or null.</param>
/// <param name="Before">Those that are newer than this item; the empty string for the oldest there are; or null.</param>
/// <param name="Index">Those from this position on, or null.</param>
/// <param name="Since">Not those published earlier, or null.</param>
public sealed record PubSubQuery(
    int Max, IReadOnlyCollection<string>? Ids = null, string? After = null, string? Before = null, int? Index = null, DateTimeOffset? Since = null);

/// <param name="Items">The newest first.</param>
/// <param name="Count">How many items there are without paging.</param>
/// <param name="Index">The position of the first.</param>
public sealed record PubSubPage(IReadOnlyList<PubSubItem> Items, int Count, int Index);

/// <summary>Nodes, items and who has to do with them (XEP-0060), of accounts and of the PubSub service (account null).</summary>
public interface IPubSub
{
    /// <summary>All nodes of an account or of the service, by name.</summary>
    ValueTask<IReadOnlyList<PubSubNode>> LoadAsync(long? account);

    /// <summary>Which of these users have a node of one of these names.</summary>
    ValueTask<IReadOnlyList<string>> FindPublishersAsync(IReadOnlyCollection<string> usernames, IReadOnlySet<string> nodes);

    /// <summary>A new node with its owner's affiliation (null: the account itself); null when the name is taken.</summary>
    ValueTask<PubSubNode?> CreateAsync(long? account, string name, byte[] configuration, string? owner, DateTimeOffset now);

    ValueTask ConfigureAsync(long node, byte[] configuration);

    /// <summary>Removes a node with all it has; false when there is none.</summary>
    ValueTask<bool> DeleteAsync(long node);

    /// <summary>Inserts an item, or replaces that of the same id, as the newest. Null: the node is gone.</summary>
    ValueTask<PubSubPublished?> PublishAsync(PubSubPublication publication);

    /// <summary>A page of items; null when the item that paging began at is unknown.</summary>
    ValueTask<PubSubPage?> ReadAsync(long node, PubSubQuery query);

    /// <summary>The newest item of each of these nodes that has one.</summary>
    ValueTask<IReadOnlyDictionary<long, PubSubItem>> NewestAsync(IReadOnlyCollection<long> nodes);

    /// <summary>The newest item of an account's node by name, in one read; null when there is none.</summary>
    ValueTask<(byte[] Configuration, PubSubItem Item)?> NewestAsync(long account, string node);

    /// <summary>Removes an item; returns what the node holds then, null when there was no such item.</summary>
    ValueTask<(int Items, long Bytes)?> RetractAsync(long node, string item);

    /// <summary>Removes all items.</summary>
    ValueTask PurgeAsync(long node);

    /// <summary>Sets affiliations by bare address, or with null removes them; all in one transaction.</summary>
    ValueTask AffiliateAsync(long node, IReadOnlyDictionary<string, PubSubAffiliation?> changes);

    /// <summary>Sets subscriptions by address, or with null removes them; all in one transaction.</summary>
    ValueTask SubscribeAsync(long node, IReadOnlyDictionary<string, PubSubSubscription?> changes);

    /// <summary>
    /// Removes every affiliation and subscription of a bare address, and the service's nodes that then have no owner.
    /// Returns the nodes that were touched.
    /// </summary>
    ValueTask<IReadOnlyList<long>> ForgetAsync(string bare);
}
