// HOT PATH
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Nyala.Storage.Sql;

namespace Nyala.Storage.Sqlite;

/// <summary>
/// Turns a batch of log entries into one transaction and decides what became of each. Never throws. Log thread only.
/// </summary>
sealed partial class BatchWriter(
    string path, SqliteStoreOptions options, TimeProvider time, StoreTrouble trouble, ReaderThreads readers, ILogger logger) : IDisposable
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
    public void StartFrom(long head, long at)
    {
        _head = head;
        _at = at;
        // Unlike any token an earlier process can have left behind.
        _token = time.GetUtcNow().UtcTicks;
    }

    /// <summary>Writes a batch and marks in one transaction; sets every entry's outcome. True when it was committed.</summary>
    public bool Write(ReadOnlySpan<LogEntry> batch, Dictionary<long, long>? marks)
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
        }
        catch
        {
            Close();
            connection.Dispose();
            throw;
        }
    }

    public void Dispose() => Close();

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
        var at = Math.Max(_at, time.GetUtcNow().ToUnixTimeMilliseconds());
        foreach (var entry in batch)
        {
            entry.Outcome = LogOutcome.Pending;
            entry.Failure = LogFailure.None;
            if (entry is ColdWrite cold)
            {
                RunCold(cold);
            }
            else if (entry.Kind != LogKind.PassThrough)
            {
                position = careful ? WriteCarefully(entry, position, at) : WriteEntry(entry, position, at);
            }
        }

        if (marks is not null)
        {
            foreach (var (account, mark) in marks)
            {
                _hot!.UpsertMark(account, mark);
            }
        }

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
        entry.Position = 0;
        entry.At = 0;
        if (entry.Kind == LogKind.Handled)
        {
            WriteHandled(entry, at);
            entry.Joined?.Write(_connection!, _transaction!, entry);
            return position;
        }

        var canRepeat = entry.Sender != 0 && entry.Fingerprint != default;
        if (canRepeat && TryFindOriginal(entry, at, out var original))
        {
            entry.Position = original.Position;
            entry.At = original.At;
            entry.Outcome = LogOutcome.Duplicate;
            WriteHandled(entry, at);
            return position;
        }

        _hot!.Insert(entry, ++position, at);
        entry.Position = position;
        entry.At = at;
        entry.Joined?.Write(_connection!, _transaction!, entry);
        if (canRepeat)
        {
            _fresh[(entry.Sender, entry.Fingerprint)] = entry;
        }

        return position;
    }

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

    void WriteHandled(LogEntry entry, long at)
    {
        if (entry.Stream != 0 && entry.Handled != 0)
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
            if (!IsStored(first, last, e))
            {
                return Fail(batch, failure);
            }
        }

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
        return true;
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
