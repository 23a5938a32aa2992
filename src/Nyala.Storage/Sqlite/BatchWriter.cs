// HOT PATH
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Nyala.Storage.Sql;

namespace Nyala.Storage.Sqlite;

/// <summary>
/// Makes a batch of log entries durable, in the journal (BatchWriter.Journal.cs) or in one transaction of the database, and
/// decides what became of each. Never throws. Log thread only, where nothing else is said.
/// </summary>
sealed partial class BatchWriter(
    string path, SqliteStoreOptions options, TimeProvider time, StoreTrouble trouble, ReaderThreads readers, ILogger logger, Journal? journal) : IDisposable
{
    readonly Fingerprints _fingerprints = new();
    readonly Dictionary<(long Sender, UInt128 Fingerprint), LogEntry> _fresh = [];
    SqliteConnection? _connection;
    SqliteTransaction? _transaction;
    HotStatements? _hot;
    SqlSession? _session;
    long _head;
    long _at;
    long _token;
    (long First, long Last)? _disowned;

    /// <summary>The newest committed position. Any thread.</summary>
    public long Head => Volatile.Read(ref _head);

    /// <summary>Where the log goes on; call before the first batch.</summary>
    public void StartFrom(StartingPoint start)
    {
        _head = start.Head;
        _at = start.At;
        _journal?.Begin(start.Generation);
        // Unlike any token an earlier process can have left behind.
        _token = time.GetUtcNow().UtcTicks;
    }

    /// <summary>Writes what is behind, a batch and marks in one transaction; sets every entry's outcome. True when it was committed.</summary>
    public bool WriteTransaction(ReadOnlySpan<LogEntry> batch, Dictionary<long, long>? marks)
    {
        var first = Head + 1;
        long last;
        try
        {
            Begin();
            last = WriteRows(batch, marks, careful: false);
        }
        catch (Exception e)
        {
            Abandon(e);
            if (!StoreTrouble.IsOfTheRow(e))
            {
                return Fail(batch, trouble.Report(e));
            }

            try
            {
                Begin();
                last = WriteRows(batch, marks, careful: true);
            }
            catch (Exception again)
            {
                Abandon(again);
                return Fail(batch, trouble.Report(again));
            }
        }

        return Commit(batch, first, last);
    }

    /// <summary>
    /// Moves the write-ahead log into the database; with <paramref name="wait"/> also waits a moment for readers, so that it
    /// begins anew instead of growing. Only a moment: a backup reads for minutes, and messages must go on.
    /// </summary>
    public void Checkpoint(bool wait)
    {
        try
        {
            EnsureOpen();
            _hot!.Execute(wait
                ? "pragma busy_timeout = 100; pragma wal_checkpoint(restart); pragma busy_timeout = 5000"
                : "pragma wal_checkpoint(passive)");
        }
        catch (Exception e)
        {
            logger.CheckpointFailed(trouble.Text is null ? LogLevel.Warning : LogLevel.Debug, e.Message);
            Abandon(e);
        }
    }

    /// <summary>Pages written to the write-ahead log since the last call.</summary>
    public int TakePagesWritten() => _hot?.TakePagesWritten() ?? 0;

    /// <summary>Opens the connection if it is not; the caller learns what is wrong.</summary>
    public void EnsureOpen()
    {
        if (_connection is not null)
        {
            return;
        }

        var connection = SqliteFiles.OpenWriter(path, options);
        try
        {
            _hot = new HotStatements(connection);
            _session = new SqlSession(connection);
            _connection = connection;
            Disown();
            Reconcile();
        }
        catch
        {
            Close();
            connection.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _archivist?.Dispose();
        Close();
        _journal?.Dispose();
    }

    void Begin()
    {
        EnsureOpen();
        _transaction = _connection!.BeginTransaction(deferred: false);
        _session!.Transaction = _transaction;
    }

    /// <summary>Writes all rows; returns the last position used. Throws what is not one row's own fault, or, if not careful, anything.</summary>
    long WriteRows(ReadOnlySpan<LogEntry> batch, Dictionary<long, long>? marks, bool careful)
    {
        _fresh.Clear();
        var position = Head;
        var at = Now();
        CatchUp(at);
        foreach (var entry in batch)
        {
            Reset(entry);
            if (entry is ColdWrite cold)
            {
                RunCold(cold);
            }
            else if (entry.Kind != LogKind.PassThrough)
            {
                position = careful ? WriteCarefully(entry, position, at) : WriteEntry(entry, position, at);
            }
        }

        WriteMarks(marks);

        // Without a row of its own the transaction could not be recognised after a failed commit.
        if (position == Head)
        {
            _hot!.WriteToken(++_token);
        }

        return position;
    }

    /// <summary>Returns the position used, or the one given when none was.</summary>
    long WriteEntry(LogEntry entry, long position, long at)
    {
        if (!Place(entry, ref position, at))
        {
            WriteHandled(entry, at);
            if (entry.Outcome != LogOutcome.Duplicate)
            {
                entry.Joined?.Write(_connection!, _transaction!, entry);
            }

            return position;
        }

        _hot!.Insert(entry, position, at);
        entry.Joined?.Write(_connection!, _transaction!, entry);
        Remember(entry);
        return position;
    }

    /// <summary>Gives a message the next position and the time; false when no row is to be written: it is a resend, or a count alone.</summary>
    bool Place(LogEntry entry, ref long position, long at)
    {
        entry.Position = 0;
        entry.At = at;
        if (entry.Kind == LogKind.Handled)
        {
            return false;
        }

        if (CanRepeat(entry) && TryFindOriginal(entry, at, out var original))
        {
            SetRepeated(entry, original);
            return false;
        }

        entry.Position = ++position;
        return true;
    }

    /// <summary>A row is written: what repeats it within this batch is a resend.</summary>
    void Remember(LogEntry entry)
    {
        if (CanRepeat(entry))
        {
            _fresh[(entry.Sender, entry.Fingerprint)] = entry;
        }
    }

    static void SetRepeated(LogEntry entry, in StoredOriginal original)
    {
        entry.Position = original.Position;
        entry.At = original.At;
        entry.Outcome = LogOutcome.Duplicate;
    }

    static void Reset(LogEntry entry)
    {
        entry.Outcome = LogOutcome.Pending;
        entry.Failure = LogFailure.None;
    }

    static bool CanRepeat(LogEntry entry) => entry.Sender != 0 && entry.Fingerprint != default;

    static bool CarriesCount(LogEntry entry) => entry.Stream != 0 && entry.Handled != 0;

    /// <summary>Never before the newest row's time (R6).</summary>
    long Now() => Math.Max(_at, time.GetUtcNow().ToUnixTimeMilliseconds());

    bool TryFindOriginal(LogEntry entry, long at, out StoredOriginal original)
    {
        if (_fingerprints.TryFind(_hot!, entry, at, out original))
        {
            return true;
        }

        if (_fresh.TryGetValue((entry.Sender, entry.Fingerprint), out var fresh) && fresh.Stream != entry.Stream)
        {
            original = new StoredOriginal(fresh.Position, fresh.At, fresh.Stream);
            return true;
        }

        return false;
    }

    void WriteMarks(Dictionary<long, long>? marks)
    {
        if (marks is not null)
        {
            foreach (var (account, mark) in marks)
            {
                _hot!.UpsertMark(account, mark);
            }
        }
    }

    void WriteHandled(LogEntry entry, long at)
    {
        if (CarriesCount(entry))
        {
            _hot!.UpsertHandled(entry.Stream, entry.Sender, entry.Handled, at);
        }
    }

    long WriteCarefully(LogEntry entry, long position, long at)
    {
        _hot!.Execute("savepoint entry");
        try
        {
            position = WriteEntry(entry, position, at);
            _hot.Execute("release entry");
        }
        catch (Exception e) when (StoreTrouble.IsOfTheRow(e) && !_hot.TransactionIsGone)
        {
            _hot.Execute("rollback to entry; release entry");
            SetFailed(entry, LogFailure.Error);
            // R2: a stanza answered with an error is handled all the same.
            WriteHandled(entry, at);
            logger.RowFailed(e);
        }

        return position;
    }

    void RunCold(ColdWrite cold)
    {
        cold.Error = null;
        if (!cold.Writes)
        {
            return;
        }

        _hot!.Execute("savepoint cold");
        try
        {
            cold.Run(_session!);
            _hot.Execute("release cold");
        }
        catch (Exception e) when (StoreTrouble.IsOfTheRow(e) && !_hot.TransactionIsGone)
        {
            _hot.Execute("rollback to cold; release cold");
            cold.Error = e is SqliteException ? new StoreException($"The database refused a write: {e.Message}", LogFailure.Error, e) : e;
        }
    }

    bool Commit(ReadOnlySpan<LogEntry> batch, long first, long last)
    {
        try
        {
            options.BeforeCommit?.Invoke();
            _transaction!.Commit();
            options.AfterCommit?.Invoke();
            EndTransaction();
        }
        catch (Exception e)
        {
            Close();
            var failure = trouble.Report(e);
            var stored = IsStored(() => HasBatch(first, last), e);
            if (stored is null)
            {
                // The senders are told that it failed: should the rows come to light later, they must go.
                _disowned = (Math.Min(first, _disowned?.First ?? first), Math.Max(last, _disowned?.Last ?? last));
            }

            if (stored != true)
            {
                return Fail(batch, failure);
            }
        }

        CaughtUp();
        Committed(batch, last);
        return true;
    }

    void Committed(ReadOnlySpan<LogEntry> batch, long last)
    {
        Volatile.Write(ref _head, last);
        foreach (var entry in batch)
        {
            if (entry.Outcome == LogOutcome.Pending)
            {
                entry.Outcome = LogOutcome.Committed;
            }

            if (entry.Position > 0)
            {
                _at = Math.Max(_at, entry.At);
            }
        }

        foreach (var entry in _fresh.Values)
        {
            _fingerprints.Add(entry);
        }

        _fingerprints.Trim();
        trouble.ClearIfOver();
    }

    void EndTransaction()
    {
        _transaction?.Dispose();
        _transaction = null;
        if (_session is not null)
        {
            _session.Transaction = null;
        }
    }

    void Close()
    {
        _transaction = null;
        _session?.Dispose();
        _session = null;
        _hot?.Dispose();
        _hot = null;
        _connection?.Dispose();
        _connection = null;
    }
}
