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
    /// Runs a change while no other change of that account runs. What it wants said is said in the order of the changes. It
    /// must not ask for a roster.
    /// </summary>
    /// <exception cref="StoreException">It cannot be read or written; nothing was changed.</exception>
    public Task<T> ChangeAsync<T>(long account, Func<RosterEdit, ValueTask<T>> change) => ChangeAsync(account, null, (edit, _) => change(edit));

    /// <summary>The same for two accounts, so that both change or neither, whatever happens in between.</summary>
    /// <param name="other">Not the same account; null for none.</param>
    public async Task<T> ChangeAsync<T>(long account, long? other, Func<RosterEdit, RosterEdit?, ValueTask<T>> change)
    {
        // Always in the same order, so that no two changes wait for each other.
        var (one, two) = (Turn(account), Turn(other ?? account));
        var (first, second) = (Math.Min(one, two), Math.Max(one, two));
        await _locks[first].WaitAsync();
        try
        {
            if (second != first)
            {
                await _locks[second].WaitAsync();
            }

            try
            {
                var work = new List<RosterStep>();
                var mine = new RosterEdit(account, await LoadAsync(account), work);
                var theirs = other is null ? null : new RosterEdit(other.Value, await LoadAsync(other.Value), work);
                var result = await change(mine, theirs);
                await FinishAsync(work);
                return result;
            }
            finally
            {
                if (second != first)
                {
                    _locks[second].Release();
                }
            }
        }
        finally
        {
            _locks[first].Release();
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

    void Put(long account, RosterSnapshot roster)
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

    static int Turn(long account) => (int)((ulong)account % Locks);

    async ValueTask<RosterSnapshot> LoadAsync(long account)
    {
        if (TryGet(account) is { } known)
        {
            return known;
        }

        var roster = RosterSnapshot.Of(await store.LoadAsync(account));
        Put(account, roster);
        return roster;
    }

    /// <summary>Durable first, then visible, then said.</summary>
    async ValueTask FinishAsync(List<RosterStep> work)
    {
        RosterChange[] changes = [.. work.Select(step => step.Change).OfType<RosterChange>()];
        if (changes.Length > 0)
        {
            var versions = await store.ChangeAsync(changes);
            var made = 0;
            foreach (var step in work)
            {
                if (step.Change is not null)
                {
                    step.Edit.Became(versions[made++]);
                }

                step.Version = step.Edit.Roster.Version;
            }

            foreach (var edit in work.Where(step => step.Change is not null).Select(step => step.Edit).Distinct())
            {
                Put(edit.Account, edit.Roster);
            }
        }

        foreach (var step in work)
        {
            step.Said?.Invoke(step.Version);
        }
    }

    /// <summary>The roster if it is in memory.</summary>
    public RosterSnapshot? TryGet(long account)
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

/// <summary>A roster while it is being changed. Touched by the change alone.</summary>
public sealed class RosterEdit
{
    readonly List<RosterStep> _work;

    internal RosterEdit(long account, RosterSnapshot roster, List<RosterStep> work)
    {
        Account = account;
        Roster = roster;
        _work = work;
    }

    /// <summary>As it will be; its version is of before.</summary>
    public RosterSnapshot Roster { get; private set; }

    internal long Account { get; }

    /// <summary>Inserts or replaces an item.</summary>
    public void Save(Jid contact, RosterItem item) => Change(contact, item);

    /// <summary>Removes an item.</summary>
    public void Remove(Jid contact) => Change(contact, null);

    /// <summary>Said once everything is durable, in order, given the version after the changes before it.</summary>
    public void Say(Action<long> said) => _work.Add(new(this, null, said));

    internal void Became(long version) => Roster = Roster.At(version);

    void Change(Jid contact, RosterItem? item)
    {
        Roster = Roster.With(contact, item);
        _work.Add(new(this, new(Account, contact.ToString(), item), null));
    }
}

/// <summary>One thing a change does: write, or say.</summary>
sealed class RosterStep(RosterEdit edit, RosterChange? change, Action<long>? said)
{
    public RosterEdit Edit => edit;

    public RosterChange? Change => change;

    public Action<long>? Said => said;

    /// <summary>The version of the roster after it, once that is known.</summary>
    public long Version { get; set; } = edit.Roster.Version;
}
