using Microsoft.Extensions.Logging;
using Nyala.Storage.Sql;

namespace Nyala.Storage.Sqlite;

/// <summary>
/// Removes what nobody needs any more, in slices between which messages go on. Rows of the last days stay even when nobody
/// owns them, because they carry the counts of their streams (R3) and the fingerprints of resends (R5).
/// </summary>
sealed class Maintenance : IAsyncDisposable
{
    static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    /// <summary>How long reports are kept that somebody has dealt with.</summary>
    static readonly TimeSpan ClosedReports = TimeSpan.FromDays(90);

    const int Slice = 500;

    // Not yet delivered, and still to be.
    const string Awaiting =
        """
        ((flags & 4) <> 0 and recipient is not null and exists (select 1 from account where id = recipient)
        and position > coalesce((select mark from mailbox where account = recipient), 0))
        """;

    readonly ISqlExecutor _sql;
    readonly TimeProvider _time;
    readonly ILogger _logger;
    readonly ITimer _timer;
    readonly SemaphoreSlim _one = new(1);
    readonly CancellationTokenSource _stop = new();

    public Maintenance(ISqlExecutor sql, TimeProvider time, ILogger logger)
    {
        _sql = sql;
        _time = time;
        _logger = logger;
        _timer = time.CreateTimer(_ => _ = RunQuietlyAsync(), null, TimeSpan.FromMinutes(1), Timeout.InfiniteTimeSpan);
    }

    /// <summary>Does all there is to do now.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            var keep = (_time.GetUtcNow() - HandledCounts.Retention).ToUnixTimeMilliseconds();
            await _sql.WriteAsync(db => db.ExecuteAsync("delete from stream where at < @keep", ("@keep", keep)));
            await _sql.WriteAsync(db => db.ExecuteAsync("delete from fast_token where expires_at < @keep", ("@keep", keep)));
            await _sql.WriteAsync(db => db.ExecuteAsync("delete from invite where expires_at < @keep or uses <= 0", ("@keep", keep)));
            await _sql.WriteAsync(db => db.ExecuteAsync(
                "delete from mailbox where account > @least and account <= @first and not exists (select 1 from push_registration where id = @first - mailbox.account)",
                ("@least", 2 * PushRegistration.FirstOwner), ("@first", PushRegistration.FirstOwner)));
            // A mark is written later than it rose: it may come behind the account's removal.
            await _sql.WriteAsync(db => db.ExecuteAsync("delete from mailbox where account > 0 and not exists (select 1 from account where id = mailbox.account)"));
            await _sql.WriteAsync(db => db.ExecuteAsync(
                "delete from report where closed_at < @closed", ("@closed", (_time.GetUtcNow() - ClosedReports).ToUnixTimeMilliseconds())));
            var rows = await RemoveAccountsAsync(cancellation) + await RemoveUnarchivedAsync(keep, cancellation);
            if (rows > 0)
            {
                _logger.Purged(rows);
            }
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Runs soon, on another thread.</summary>
    public void RunSoon() => _timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);

    /// <summary>Takes rows before a time out of all archives; returns how many.</summary>
    public async Task<long> ExpireAsync(DateTimeOffset before, CancellationToken cancellation)
    {
        var keep = (_time.GetUtcNow() - HandledCounts.Retention).ToUnixTimeMilliseconds();
        // Where it is written, the database has every message.
        var end = await _sql.WriteAsync(db => Positions.FirstAtAsync(db, before.ToUnixTimeMilliseconds()));
        var expired = 0L;
        for (var from = 0L; ;)
        {
            var (to, count) = await _sql.WriteAsync(db => ExpireSliceAsync(db, from, end, keep));
            expired += count;
            if (to is null)
            {
                return expired;
            }

            from = to.Value;
            cancellation.ThrowIfCancellationRequested();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        await _stop.CancelAsync();
        await _one.WaitAsync();
        _one.Dispose();
        _stop.Dispose();
    }

    static async ValueTask<(long? To, long Count)> ExpireSliceAsync(SqlSession db, long from, long end, long keep)
    {
        var to = await db.NumberAsync(
            "select max(position) from (select position from message where position > @from and position < @end order by position limit @slice)",
            ("@from", from), ("@end", end), ("@slice", Slice));
        if (to is null)
        {
            return (null, 0);
        }

        await KeepHeadAsync(db);
        var removed = await db.ExecuteAsync(
            $"delete from message where position > @from and position <= @to and (flags & 3) <> 0 and at < @keep and not {Awaiting}",
            ("@from", from), ("@to", to), ("@keep", keep));
        var hidden = await db.ExecuteAsync(
            $"update message set flags = flags & 4 where position > @from and position <= @to and (flags & 3) <> 0 and not {Awaiting}",
            ("@from", from), ("@to", to));
        return (to, removed + hidden);
    }

    /// <summary>Rows in nobody's archive that are delivered and old enough.</summary>
    async Task<long> RemoveUnarchivedAsync(long keep, CancellationToken cancellation)
    {
        var removed = 0L;
        for (var from = 0L; ;)
        {
            var (to, count) = await _sql.WriteAsync<(long? To, long Count)>(async db =>
            {
                var to = await db.NumberAsync(
                    """
                    select max(position) from (
                        select position from message indexed by message_unarchived
                        where (flags & 3) = 0 and position > @from and at < @keep order by position limit @slice)
                    """,
                    ("@from", from), ("@keep", keep), ("@slice", Slice));
                if (to is null)
                {
                    return (null, 0);
                }

                await KeepHeadAsync(db);
                return (to, await db.ExecuteAsync(
                    $"""
                    delete from message indexed by message_unarchived
                    where (flags & 3) = 0 and position > @from and position <= @to and at < @keep and not {Awaiting}
                    """,
                    ("@from", from), ("@to", to), ("@keep", keep)));
            });
            removed += count;
            if (to is null)
            {
                return removed;
            }

            from = to.Value;
            cancellation.ThrowIfCancellationRequested();
        }
    }

    async Task<long> RemoveAccountsAsync(CancellationToken cancellation)
    {
        var removed = 0L;
        foreach (var account in await _sql.ReadAsync(
            db => db.QueryAsync("select account from removed_account", r => r.GetInt64(0)), cancellation))
        {
            int rows;
            do
            {
                rows = await _sql.WriteAsync(db => LeaveRowsAsync(db, account));
                removed += rows;
                cancellation.ThrowIfCancellationRequested();
            }
            while (rows > 0);
        }

        return removed;
    }

    /// <summary>Takes a removed account out of one slice of its rows; rows that have no other owner go. Returns how many were looked at.</summary>
    static async ValueTask<int> LeaveRowsAsync(SqlSession db, long account)
    {
        await KeepHeadAsync(db);
        var rows = 0;
        (string Sql, string Deleted, string Left)[] sides =
        [
            ("select position from message where sender = @account order by position limit @slice",
                "recipient is null or recipient = @account or (flags & 6) = 0", "sender = null, flags = flags & ~1"),
            ("select position from message where recipient = @account order by position limit @slice",
                "sender is null or sender < 0", "recipient = null, flags = flags & ~6"),
        ];
        foreach (var (slice, deleted, left) in sides)
        {
            (string, object?)[] args = [("@account", account), ("@slice", Slice)];
            var gone = await db.ExecuteAsync($"delete from message where position in ({slice}) and ({deleted})", args);
            // What was deleted makes room in the slice for rows that are looked at next time round.
            rows += gone > 0 ? gone : await db.ExecuteAsync($"update message set {left} where position in ({slice})", args);
        }

        if (rows == 0)
        {
            await db.ExecuteAsync("delete from stream where account = @account", ("@account", account));
            await db.ExecuteAsync("delete from removed_account where account = @account", ("@account", account));
        }

        return rows;
    }

    /// <summary>Positions are never reused (R6): before rows go, the highest one ever used is written down.</summary>
    static async ValueTask KeepHeadAsync(SqlSession db) => await db.ExecuteAsync(
        "update meta set value = max(value, coalesce((select max(position) from message), 0)) where name = 'position'");

    async Task RunQuietlyAsync()
    {
        try
        {
            await RunAsync(_stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The store is closing; the next start goes on.
        }
        catch (ObjectDisposedException)
        {
            // As above.
        }
        catch (Exception e)
        {
            _logger.MaintenanceFailed(e);
        }
        finally
        {
            _timer.Change(Interval, Timeout.InfiniteTimeSpan);
        }
    }
}
