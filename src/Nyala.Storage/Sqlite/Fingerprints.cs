// HOT PATH
namespace Nyala.Storage.Sqlite;

/// <summary>Where and when a message with a fingerprint was stored.</summary>
readonly record struct StoredOriginal(long Position, long At, long Stream);

/// <summary>
/// Recognises resends (R5): the fingerprints each account stored within a day, in memory, loaded from its newest rows when
/// it first sends one. Knows only what is committed. Log thread only.
/// </summary>
sealed class Fingerprints
{
    /// <summary>How long a resend is recognised, in milliseconds.</summary>
    public const long Window = 24 * 60 * 60 * 1000;

    /// <summary>Fingerprints remembered per account; a resend of something older than these is stored again.</summary>
    public const int MaxPerAccount = 1024;

    const int MaxAccounts = 50_000;
    const int MaxEntries = 500_000;

    readonly Dictionary<long, Sender> _senders = [];
    int _entries;
    long _clock;

    /// <summary>Whether an account's are in memory already.</summary>
    public bool Knows(long sender) => _senders.ContainsKey(sender);

    /// <summary>The original that an entry repeats, if another stream stored it within the window.</summary>
    public bool TryFind(HotStatements db, LogEntry entry, long now, out StoredOriginal original)
    {
        if (!_senders.TryGetValue(entry.Sender, out var sender))
        {
            sender = Load(db, entry.Sender, now);
            _senders.Add(entry.Sender, sender);
        }

        sender.LastUse = ++_clock;
        return TryRecall(entry, now, out original);
    }

    /// <summary>The same of what is in memory, for when the database cannot be asked.</summary>
    public bool TryRecall(LogEntry entry, long now, out StoredOriginal original)
    {
        original = default;
        return _senders.TryGetValue(entry.Sender, out var sender) && sender.Stored is { } stored && stored.TryGetValue(entry.Fingerprint, out original)
            && original.Stream != entry.Stream && now - original.At <= Window;
    }

    /// <summary>Remembers what was committed.</summary>
    public void Add(LogEntry entry)
    {
        if (_senders.TryGetValue(entry.Sender, out var sender))
        {
            _entries += sender.Add(entry.Fingerprint, new StoredOriginal(entry.Position, entry.At, entry.Stream));
        }
    }

    /// <summary>
    /// Keeps within bounds. Between batches only: reloading inside one would read rows that may yet be rolled back.
    /// </summary>
    public void Trim()
    {
        if (_senders.Count <= MaxAccounts && _entries <= MaxEntries)
        {
            return;
        }

        foreach (var (account, sender) in _senders.OrderBy(s => s.Value.LastUse).Take((_senders.Count / 4) + 1).ToList())
        {
            _entries -= sender.Stored?.Count ?? 0;
            _senders.Remove(account);
        }
    }

    Sender Load(HotStatements db, long account, long now)
    {
        var rows = new List<(UInt128, StoredOriginal)>();
        db.ReadRecent(account, 0, (fingerprint, stored) =>
        {
            if (now - stored.At > Window || rows.Count == MaxPerAccount)
            {
                return false;
            }

            rows.Add((fingerprint, stored));
            return true;
        });
        var sender = new Sender();
        for (var i = rows.Count - 1; i >= 0; i--)
        {
            _entries += sender.Add(rows[i].Item1, rows[i].Item2);
        }

        return sender;
    }

    sealed class Sender
    {
        public long LastUse { get; set; }

        public Dictionary<UInt128, StoredOriginal>? Stored { get; private set; }

        /// <summary>Returns by how many entries the account grew.</summary>
        public int Add(UInt128 fingerprint, StoredOriginal original)
        {
            Stored ??= [];
            var before = Stored.Count;
            Stored[fingerprint] = original;
            if (Stored.Count > MaxPerAccount)
            {
                // The older half at once, so that the search for it is rare.
                foreach (var (oldest, _) in Stored.OrderBy(s => s.Value.Position).Take(MaxPerAccount / 2).ToList())
                {
                    Stored.Remove(oldest);
                }
            }

            return Stored.Count - before;
        }
    }
}
