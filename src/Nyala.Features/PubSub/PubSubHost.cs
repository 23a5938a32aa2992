using System.Collections.Concurrent;
using System.Collections.Immutable;
using Nyala.Core.Routing;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;

namespace Nyala.Features.PubSub;

/// <summary>Whose nodes they are: an account's (PEP), or with null those of the PubSub service.</summary>
/// <param name="Jid">The address requests go to and events come from.</param>
public sealed record PubSubHost(Jid Jid, LocalAccount? Account)
{
    public static PubSubHost Of(LocalAccount account) => new(account.Jid, account);
}

/// <summary>A node at one moment. Immutable.</summary>
/// <param name="Affiliations">By bare address; the owner of an account's nodes is not listed.</param>
/// <param name="Subscriptions">By address; true: an owner has not approved it yet.</param>
sealed record Node(
    long Id, string Name, NodeConfiguration Configuration, DateTimeOffset CreatedAt, int Items, long Bytes,
    ImmutableDictionary<Jid, PubSubAffiliation> Affiliations, ImmutableDictionary<Jid, bool> Subscriptions)
{
    /// <summary>The subscriptions that events are not delivered to (§6.3, <c>pubsub#deliver</c>).</summary>
    public ImmutableHashSet<Jid> Muted { get; init; } = [];

    /// <summary>What an entity may do here, or null.</summary>
    public PubSubAffiliation? AffiliationOf(PubSubHost host, Jid who) =>
        host.Account is { } account && who.Bare.Equals(account.Jid) ? PubSubAffiliation.Owner
        : Affiliations.TryGetValue(who.Bare, out var affiliation) ? affiliation
        : null;

    /// <summary>Owners by bare address.</summary>
    public IEnumerable<Jid> Owners(PubSubHost host) => host.Account is { } account
        ? Affiliations.Where(entry => entry.Value == PubSubAffiliation.Owner).Select(entry => entry.Key).Prepend(account.Jid)
        : Affiliations.Where(entry => entry.Value == PubSubAffiliation.Owner).Select(entry => entry.Key);

    /// <summary>Whether the entity, with any of its resources, is subscribed and approved.</summary>
    public bool IsSubscribed(Jid who) => Subscriptions.Any(entry => !entry.Value && entry.Key.Bare.Equals(who.Bare));

    /// <summary>Items published earlier than this are gone; null: none are.</summary>
    public DateTimeOffset? ExpireBefore(DateTimeOffset now) =>
        Configuration.ItemExpiry == NodeConfiguration.Unlimited ? null : now.AddSeconds(-Configuration.ItemExpiry);
}

/// <summary>The nodes of one host that are in memory: all it has. Safe from any thread.</summary>
sealed class HostNodes(IEnumerable<Node> nodes)
{
    readonly ConcurrentDictionary<string, Node> _nodes = new(1, nodes.Select(node => KeyValuePair.Create(node.Name, node)), StringComparer.Ordinal);

    public int Count => _nodes.Count;

    public IEnumerable<Node> All => _nodes.Values;

    /// <summary>Bytes of all items that count against the same quota as a node's: of the account, or of what the node's first owner owns.</summary>
    public long BytesOfOwner(PubSubHost host, Node node)
    {
        var owner = node.Owners(host).First();
        return _nodes.Values.Where(other => other.AffiliationOf(host, owner) == PubSubAffiliation.Owner).Sum(other => other.Bytes);
    }

    /// <summary>When it was last asked for, in the clock's ticks.</summary>
    public long LastUsed { get; set; }

    public Node? Find(string name) => _nodes.GetValueOrDefault(name);

    public void Put(Node node) => _nodes[node.Name] = node;

    public void Remove(string name) => _nodes.TryRemove(name, out _);
}
