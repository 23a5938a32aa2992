// HOT PATH
using System.Security.Cryptography;

namespace Nyala.Storage.Sqlite;

// Messages alone take the short way: durable in the journal, and in the database a moment later, many at a time, on a thread
// of its own. Whatever else there is to commit takes what is behind along, so that the database never has a later change
// before an earlier one.
sealed partial class BatchWriter
{
    /// <summary>Worth bringing the database up to date.</summary>
    const int ManyBehind = 1_024;

    /// <summary>Bounds what readers may have to wait for, and the memory that entries hold until then.</summary>
    const int MostBehind = 8_192;

    readonly Journal? _journal = journal;
    readonly WorkThread? _archivist = journal is null ? null : new("nyala-archive");
    readonly Lock _owners = new();
    List<LogEntry> _behind = [];
    HashSet<long> _ownersBehind = [];
    Flight? _flight;
    Flight? _lost;
    long _proposed;

    public bool HasJournal => _journal is not null;

    /// <summary>Entries are in the journal that the database does not have, nor is about to.</summary>
    public bool IsBehind => _behind.Count > 0;

    public bool IsFarBehind => _behind.Count >= ManyBehind;

    /// <summary>The database is being brought up to date on the other thread.</summary>
    public bool IsFlying => _flight is not null;

    /// <summary>It is done, and <see cref="Land"/> should be called.</summary>
    public bool HasArrived => _flight is { Arrived.IsCompleted: true };

    /// <summary>Whether an account has rows that only the journal has. Any thread.</summary>
    public bool IsBehindFor(long account)
    {
        lock (_owners)
        {
            return _ownersBehind.Contains(account) || (_flight?.Owners.Contains(account) ?? false);
        }
    }

    /// <summary>A name for the journal's blocks, unlike any that was; later ones count on from it.</summary>
    public static long NewGeneration() => BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long))) & (long.MaxValue >> 1);

    /// <summary>Makes a batch durable in the journal and sets every entry's outcome. False: nothing of it is stored, and the database may be tried.</summary>
    public bool TryJournal(ReadOnlySpan<LogEntry> batch)
    {
        if (!CanJournal(batch))
        {
            return false;
        }

        try
        {
            WriteBlock(batch);
            return true;
        }
        catch (Exception e)
        {
            // The database decides what becomes of the batch; its next commit makes the journal begin anew.
            logger.JournalFailed(e);
            return false;
        }
    }

    /// <summary>
    /// Begins to bring the database up to date. False when there is nothing to do, or it cannot be done beside the log: then
    /// <see cref="WriteTransaction"/> may.
    /// </summary>
    /// <param name="marks">Delivery marks to write too, or null.</param>
    /// <param name="done">Called on the other thread when it is done.</param>
    public bool TakeOff(Dictionary<long, long>? marks, Action done)
    {
        if (_journal is null || _flight is not null || trouble.Text is not null || (_behind.Count == 0 && marks is null))
        {
            return false;
        }

        // What is written from here on belongs to the next generation; this flight's commit names it as the oldest that is missing.
        var flight = new Flight(_behind, _ownersBehind, marks, _journal.Generation + 1);
        lock (_owners)
        {
            _flight = flight;
            (_behind, _ownersBehind) = ([], []);
        }

        _journal.Begin(flight.Generation);
        var at = Now();
        flight.Arrived = _archivist!.StartAsync(() => Fly(flight, at));
        _ = flight.Arrived.ContinueWith(_ => done(), TaskContinuationOptions.ExecuteSynchronously);
        return true;
    }

    /// <summary>Waits for the other thread if need be, and takes note of what it did. True when the database has it.</summary>
    public bool Land()
    {
        var flight = _flight!;
        try
        {
            flight.Arrived.GetAwaiter().GetResult();
        }
        catch (Exception e)
        {
            Abandon(e);
            _ = trouble.Report(e);
            var stored = IsStored(() => Generation() == flight.Generation, e);
            if (stored != true)
            {
                lock (_owners)
                {
                    _behind.InsertRange(0, flight.Entries);
                    _ownersBehind.UnionWith(flight.Owners);
                    _flight = null;
                }

                _lost = stored is null ? flight : null;
                return false;
            }
        }

        lock (_owners)
        {
            _flight = null;
        }

        return true;
    }

    void Fly(Flight flight, long at)
    {
        Begin();
        Insert(flight.Entries, at);
        WriteMarks(flight.Marks);
        _hot!.WriteGeneration(flight.Generation);
        options.BeforeCommit?.Invoke();
        _transaction!.Commit();
        options.AfterCommit?.Invoke();
        EndTransaction();
    }

    bool CanJournal(ReadOnlySpan<LogEntry> batch)
    {
        if (_journal is null || trouble.Text is not null || _behind.Count + batch.Length > MostBehind)
        {
            return false;
        }

        var size = 0L;
        foreach (var entry in batch)
        {
            if (entry is ColdWrite || entry.Joined is not null || (CanRepeat(entry) && !CanRecognise(entry.Sender)))
            {
                return false;
            }

            size += entry.Kind == LogKind.PassThrough ? 0 : JournalRecord.MaxSize(entry);
        }

        return _journal.HasRoomFor(size);
    }

    /// <summary>Whether all of an account's fingerprints can be had: they are in memory, or all in the database, and that is not being written.</summary>
    bool CanRecognise(long sender) => _fingerprints.Knows(sender) || (_flight is null && !IsBehindFor(sender));

    void WriteBlock(ReadOnlySpan<LogEntry> batch)
    {
        if (_flight is null)
        {
            // Fingerprints may have to be read.
            EnsureOpen();
        }

        var position = Head;
        var at = Now();
        _fresh.Clear();
        _journal!.BeginBlock();
        foreach (var entry in batch)
        {
            Reset(entry);
            if (entry.Kind == LogKind.PassThrough)
            {
                continue;
            }

            if (Place(entry, ref position, at))
            {
                JournalRecord.WriteRow(_journal, entry);
                Remember(entry);
            }
            else if (CarriesCount(entry))
            {
                JournalRecord.WriteCount(_journal, entry, at);
            }
        }

        _journal.Commit();
        Committed(batch, position);
        lock (_owners)
        {
            foreach (var entry in batch)
            {
                if (entry.Kind != LogKind.PassThrough)
                {
                    _behind.Add(entry);
                    _ownersBehind.Add(entry.Sender);
                    _ownersBehind.Add(entry.Recipient);
                }
            }
        }
    }

    /// <summary>Writes what only the journal has, first in the open transaction.</summary>
    void CatchUp(long at)
    {
        Insert(_behind, at);

        // Also when nothing was written since a flight that failed: its generation must not stay the oldest that is missing.
        _proposed = _journal is not null && (IsBehind || !_journal.IsEmpty) ? _journal.Generation + 1 : 0;
        if (_proposed != 0)
        {
            _hot!.WriteGeneration(_proposed);
        }
    }

    void Insert(List<LogEntry> entries, long at)
    {
        foreach (var entry in entries)
        {
            if (IsRow(entry))
            {
                _hot!.Insert(entry, entry.Position, entry.At);
            }
            else
            {
                WriteHandled(entry, entry.Kind == LogKind.Handled ? entry.At : at);
            }
        }
    }

    /// <summary>The transaction that took everything along is durable.</summary>
    void CaughtUp()
    {
        if (_behind.Count > 0)
        {
            lock (_owners)
            {
                _behind.Clear();
                _ownersBehind.Clear();
            }
        }

        if (_proposed != 0)
        {
            _journal!.Begin(_proposed);
            _proposed = 0;
        }
    }

    /// <summary>On a new connection, perhaps after a commit nobody knew the end of: what the database has of what is behind.</summary>
    void Reconcile()
    {
        if (_proposed == 0 && _lost is null)
        {
            return;
        }

        var found = Generation();
        if (found == _proposed || found == _lost?.Generation)
        {
            // A sync that failed once may report success without having written.
            _hot!.Execute("pragma wal_checkpoint(truncate)");
        }

        if (found == _proposed)
        {
            CaughtUp();
        }
        else if (found == _lost?.Generation)
        {
            _behind.RemoveRange(0, _lost.Entries.Count);
        }

        (_proposed, _lost) = (0, null);
    }

    long Generation() => SqliteFiles.Number(_connection!, "select value from meta where name = 'journal'");

    /// <summary>A message that was stored as a row of its own, and not recognised as a resend.</summary>
    static bool IsRow(LogEntry entry) => entry.Kind == LogKind.Message && entry.Outcome == LogOutcome.Committed;

    sealed class Flight(List<LogEntry> entries, HashSet<long> owners, Dictionary<long, long>? marks, long generation)
    {
        public List<LogEntry> Entries => entries;

        public HashSet<long> Owners => owners;

        public Dictionary<long, long>? Marks => marks;

        public long Generation => generation;

        public Task Arrived { get; set; } = Task.CompletedTask;
    }
}
