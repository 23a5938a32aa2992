using Nyala.Storage.Sql;

namespace Nyala.Storage.Sqlite;

/// <summary>Delivery marks: raised in memory, written by the log's thread soon after. Safe from any thread.</summary>
sealed class SqliteMailboxes : IMailboxes, IDisposable
{
    static readonly TimeSpan Laziness = TimeSpan.FromMilliseconds(500);

    readonly ISqlExecutor _sql;
    readonly SqliteLog _log;
    readonly ITimer _timer;
    readonly Lock _gate = new();
    Dictionary<long, long> _dirty = [];
    Dictionary<long, long> _writing = [];

    public SqliteMailboxes(ISqlExecutor sql, TimeProvider time, SqliteLog log)
    {
        _sql = sql;
        _log = log;
        _timer = time.CreateTimer(_ => log.WriteMarksSoon(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public async ValueTask<long> LoadMarkAsync(long account)
    {
        // Memory first: a mark that is written in between is then found in the database.
        var raised = Raised(account);
        var stored = await _sql.ReadAsync(db => db.NumberAsync("select mark from mailbox where account = @account", ("@account", account)));
        return Math.Max(raised, stored ?? 0);
    }

    public void SetMark(long account, long position)
    {
        lock (_gate)
        {
            if (_dirty.TryGetValue(account, out var mark) && mark >= position)
            {
                return;
            }

            _dirty[account] = position;
            if (_dirty.Count == 1)
            {
                _timer.Change(Laziness, Timeout.InfiniteTimeSpan);
            }
        }
    }

    public async ValueTask<int> CountPendingAsync(long account, int max)
    {
        await _log.CatchUpAsync(account);
        var raised = Raised(account);
        return (int)(await _sql.ReadAsync(db => db.NumberAsync(
            """
            select count(*) from (
                select 1 from message where recipient = @account and (flags & 4) <> 0
                and position > max(@raised, coalesce((select mark from mailbox where account = @account), 0)) limit @max)
            """,
            ("@account", account), ("@raised", raised), ("@max", max))) ?? 0);
    }

    /// <summary>Takes the marks to write; until <see cref="Written"/> or <see cref="NotWritten"/> they are in flight. Log thread only.</summary>
    public Dictionary<long, long> BeginWriting()
    {
        lock (_gate)
        {
            (_dirty, _writing) = (_writing, _dirty);
            return _writing;
        }
    }

    public void Written()
    {
        lock (_gate)
        {
            _writing.Clear();
        }
    }

    public void NotWritten()
    {
        lock (_gate)
        {
            foreach (var (account, position) in _writing)
            {
                _dirty[account] = Math.Max(position, _dirty.GetValueOrDefault(account));
            }

            _writing.Clear();
            if (_dirty.Count > 0)
            {
                _timer.Change(Laziness, Timeout.InfiniteTimeSpan);
            }
        }
    }

    public bool HasDirty
    {
        get
        {
            lock (_gate)
            {
                return _dirty.Count > 0;
            }
        }
    }

    public void Dispose() => _timer.Dispose();

    long Raised(long account)
    {
        lock (_gate)
        {
            return Math.Max(_dirty.GetValueOrDefault(account), _writing.GetValueOrDefault(account));
        }
    }
}
