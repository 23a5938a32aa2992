using Nyala.Storage;
using Nyala.Xmpp;

namespace Nyala.Features.Rosters;

/// <summary>A roster at one moment, with what the client does not see of it. Immutable.</summary>
public sealed class RosterSnapshot
{
    static readonly Dictionary<Jid, RosterItem> Nobody = [];

    readonly Dictionary<Jid, RosterItem> _items;

    RosterSnapshot(long version, Dictionary<Jid, RosterItem> items)
    {
        Version = version;
        _items = items;
        Weight = 1 + items.Count + items.Values.Sum(item => (item.Request?.Length ?? 0) / 256);
    }

    /// <summary>The version of the listed view.</summary>
    public long Version { get; }

    /// <summary>Contacts by bare address.</summary>
    public IReadOnlyDictionary<Jid, RosterItem> Items => _items;

    /// <summary>What the client sees.</summary>
    public IEnumerable<RosterItem> Listed => _items.Values.Where(item => item.Listed);

    /// <summary>How much memory it takes, in items.</summary>
    internal int Weight { get; }

    /// <summary>What is known of a contact, or null.</summary>
    public RosterItem? Find(Jid contact) => _items.GetValueOrDefault(contact);

    /// <summary>Whether the contact sees the account's presence.</summary>
    public bool IsSubscriber(Jid contact) => Find(contact) is { } item && (item.Subscription & Subscription.From) != 0;

    internal static RosterSnapshot Of(Roster stored)
    {
        var items = stored.Items.Count == 0 ? Nobody : stored.Items.ToDictionary(item => Address(item.Jid));
        return new(stored.Version, items);
    }

    /// <summary>The same roster as of another version.</summary>
    internal RosterSnapshot At(long version) => new(version, _items);

    internal RosterSnapshot With(Jid contact, RosterItem? item)
    {
        var items = new Dictionary<Jid, RosterItem>(_items);
        if (item is null)
        {
            items.Remove(contact);
        }
        else
        {
            items[contact] = item;
        }

        return new(Version, items);
    }

    /// <summary>A stored address is prepared already.</summary>
    static Jid Address(string stored)
    {
        var at = stored.IndexOf('@');
        return at < 0 ? Jid.FromPrepared(null, stored) : Jid.FromPrepared(stored[..at], stored[(at + 1)..]);
    }
}
