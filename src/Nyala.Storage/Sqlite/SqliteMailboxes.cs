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

    /// <summary>Those being written, or written last: who reads in a snapshot from before finds them here.</summary>
    Dictionary<long, long> _writing = [];

    public SqliteMailboxes(ISqlExecutor sql, TimeProvider time, SqliteLog log)
    {
        _sql = sql;
        _log = log;
        _timer = time.CreateTimer(_ => log.WriteMarksSoon(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public async ValueTask<long> LoadMarkAsync(long account)
    {
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

    public async ValueTask<int> CountPendingAsync(long account, int max, long upTo = long.MaxValue)
    {
        await _log.CatchUpAsync(account);
        var raised = Raised(account);
        return (int)(await _sql.ReadAsync(db => db.NumberAsync(
            """
            select count(*) from (
                select 1 from message where recipient = @account and (flags & 4) <> 0
                and position > max(@raised, coalesce((select mark from mailbox where account = @account), 0)) and position <= @upTo limit @max)
            """,
            ("@account", account), ("@raised", raised), ("@upTo", upTo), ("@max", max))) ?? 0);
    }

    public async ValueTask<IReadOnlyList<(string From, string To)>> FindPendingAsync(long below)
    {
        await _log.CatchUpAsync();
        return await _sql.ReadAsync<IReadOnlyList<(string, string)>>(async db =>
        {
            var found = new List<(string, string)>();

            // From owner to owner inside the index, whatever number of rows each has.
            for (var owner = long.MinValue; await NextAsync(db, owner, below) is { } next; owner = next)
            {
                found.AddRange(await db.QueryAsync(
                    """
                    select from_jid, to_jid from message where recipient = @owner and (flags & 4) <> 0
                    and position > coalesce((select mark from mailbox where account = @owner), 0) order by position limit 1
                    """,
                    row => (row.GetString(0), row.GetString(1)), ("@owner", next)));
            }

            return found;
        });

        static ValueTask<long?> NextAsync(SqlSession db, long owner, long below) => db.NumberAsync(
            "select min(recipient) from message where recipient > @owner and recipient < @below", ("@owner", owner), ("@below", below));
    }

    /// <summary>Takes the marks to write. Log thread only.</summary>
    public Dictionary<long, long> BeginWriting()
    {
        lock (_gate)
        {
            _writing.Clear();
            (_dirty, _writing) = (_writing, _dirty);
            return _writing;
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
