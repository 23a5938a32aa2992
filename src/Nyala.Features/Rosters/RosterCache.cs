using Nyala.Storage;
using Nyala.Xmpp;

namespace Nyala.Features.Rosters;

/// <summary>
/// The rosters that were needed lately, bounded; all reading and changing of rosters goes through here. Changes of one
/// account follow one another. Safe from any thread.
/// </summary>
/// <param name="store">Where rosters are kept.</param>
/// <param name="capacity">How many items (each roster counts as one more) are kept in memory.</param>
public sealed class RosterCache(IRosters store, int capacity = 100_000)
{
    const int Locks = 64;

    readonly SemaphoreSlim[] _locks = [.. Enumerable.Range(0, Locks).Select(_ => new SemaphoreSlim(1))];
    readonly Dictionary<long, LinkedListNode<(long Account, RosterSnapshot Roster)>> _known = [];
    readonly LinkedList<(long Account, RosterSnapshot Roster)> _byUse = new();
    readonly Lock _gate = new();
    int _weight;

    /// <summary>The roster of an account.</summary>
    /// <exception cref="StoreException">It cannot be read.</exception>
    public ValueTask<RosterSnapshot> GetAsync(long account) =>
        TryGet(account) is { } roster ? new(roster) : new(ChangeAsync(account, edit => ValueTask.FromResult(edit.Roster)));

    /// <summary>
    /// Runs a change while no other change of that account runs. What it sends is sent in the order of the changes. It must
    /// not change another account's roster.
    /// </summary>
    /// <exception cref="StoreException">It cannot be read or written.</exception>
    public async Task<T> ChangeAsync<T>(long account, Func<RosterEdit, ValueTask<T>> change)
    {
        var turn = _locks[(int)((ulong)account % Locks)];
        await turn.WaitAsync();
        try
        {
            var roster = TryGet(account);
            if (roster is null)
            {
                roster = RosterSnapshot.Of(await store.LoadAsync(account));
                Put(account, roster);
            }

            return await change(new RosterEdit(this, store, account, roster));
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>The account is gone.</summary>
    public void Forget(long account)
    {
        lock (_gate)
        {
            Remove(account);
        }
    }

    internal void Put(long account, RosterSnapshot roster)
    {
        lock (_gate)
        {
            Remove(account);
            _known[account] = _byUse.AddFirst((account, roster));
            _weight += roster.Weight;
            while (_weight > capacity && _byUse.Count > 1)
            {
                Remove(_byUse.Last!.Value.Account);
            }
        }
    }

    RosterSnapshot? TryGet(long account)
    {
        lock (_gate)
        {
            if (!_known.TryGetValue(account, out var node))
            {
                return null;
            }

            if (node != _byUse.First)
            {
                _byUse.Remove(node);
                _byUse.AddFirst(node);
            }

            return node.Value.Roster;
        }
    }

    void Remove(long account)
    {
        if (_known.Remove(account, out var node))
        {
            _byUse.Remove(node);
            _weight -= node.Value.Roster.Weight;
        }
    }
}

/// <summary>A roster while it is being changed: durable first, then visible.</summary>
public sealed class RosterEdit
{
    readonly RosterCache _cache;
    readonly IRosters _store;
    readonly long _account;

    internal RosterEdit(RosterCache cache, IRosters store, long account, RosterSnapshot roster)
    {
        _cache = cache;
        _store = store;
        _account = account;
        Roster = roster;
    }

    /// <summary>As it is now.</summary>
    public RosterSnapshot Roster { get; private set; }

    /// <summary>Inserts or replaces an item.</summary>
    public async ValueTask SaveAsync(Jid contact, RosterItem item) =>
        Become(Roster.With(contact, item, await _store.SaveAsync(_account, item)));

    /// <summary>Removes an item.</summary>
    public async ValueTask RemoveAsync(Jid contact)
    {
        var version = await _store.RemoveAsync(_account, contact.ToString());
        Become(Roster.With(contact, null, version ?? Roster.Version));
    }

    void Become(RosterSnapshot roster)
    {
        Roster = roster;
        _cache.Put(_account, roster);
    }
}
