using System.Data.Common;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Nyala.Storage.Sql;

namespace Nyala.Storage.Sqlite;

/// <summary>Reads archives out of the message log. Safe from any thread.</summary>
/// <remarks>
/// An account's archive is the union of what it sent and what it received; each half is an ordered scan of one index, and
/// SQLite merges them lazily, so a page costs what it holds.
/// </remarks>
sealed class SqliteArchive(ArchiveIds ids, ISqlExecutor sql, Maintenance maintenance, SqliteLog log) : IArchive
{
    const string OwnSent = "sender = @account and (flags & 1) <> 0";
    const string OwnReceived = "recipient = @account and (flags & 2) <> 0";

    public ArchiveIds Ids => ids;

    public async ValueTask<ArchivePage> ReadAsync(ArchiveQuery query, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(query.Max, nameof(query));
        await log.CatchUpAsync(query.Account);
        return await sql.ReadAsync(db => ReadAsync(db, query), cancellation);
    }

    public async ValueTask<(ArchiveRow First, ArchiveRow Last)?> MetadataAsync(long account, CancellationToken cancellation)
    {
        await log.CatchUpAsync(account);
        return await sql.ReadAsync<(ArchiveRow, ArchiveRow)?>(
            async db =>
            {
                var all = new Range(new ArchiveQuery(account), 0, long.MaxValue);
                var first = await RowsAsync(db, all, fromEnd: false, 1);
                return first.Count == 0 ? null : (first[0], (await RowsAsync(db, all, fromEnd: true, 1))[0]);
            },
            cancellation);
    }

    public async ValueTask<IReadOnlyList<Conversation>> ConversationsAsync(long account, int max, CancellationToken cancellation)
    {
        await log.CatchUpAsync(account);
        return await sql.ReadAsync(db => Conversations.ReadAsync(db, account, max), cancellation);
    }

    public async ValueTask<IReadOnlyList<ArchiveRow>> ReadForDeliveryAsync(
        long account, long after, long upTo, bool sent, int max, CancellationToken cancellation)
    {
        await log.CatchUpAsync(account);
        return await sql.ReadAsync(
            db => new ValueTask<IReadOnlyList<ArchiveRow>>(
                db.Keep(connection => new DeliveryPages((SqliteConnection)connection)).Read(account, after, upTo, sent, max)),
            cancellation);
    }

    public async ValueTask<bool> ReplaceAsync(long account, long position, ReadOnlyMemory<byte> stanza)
    {
        // Where it is written, the database has every message.
        var bytes = stanza.ToArray();
        return await sql.WriteAsync(db => db.ExecuteAsync(
            $"update message set stanza = @stanza where position = @position and (({OwnSent}) or ({OwnReceived}))",
            ("@stanza", bytes), ("@position", position), ("@account", account))) > 0;
    }

    public Task<long> ExpireAsync(DateTimeOffset before, CancellationToken cancellation) => maintenance.ExpireAsync(before, cancellation);

    static async ValueTask<ArchivePage> ReadAsync(SqlSession db, ArchiveQuery query)
    {
        if (!await AllExistAsync(db, query))
        {
            return new ArchivePage([], Complete: true) { UnknownPosition = true };
        }

        var filtered = await FilterAsync(db, query);
        var paged = filtered with
        {
            After = Math.Max(filtered.After, query.After ?? 0),
            Before = Math.Min(filtered.Before, query.Before ?? long.MaxValue),
        };
        // One more than the page holds tells whether it is the last.
        var rows = await RowsAsync(db, paged, query.FromEnd, (long)query.Max + 1);
        var complete = rows.Count <= query.Max;
        if (!complete)
        {
            rows.RemoveAt(query.FromEnd ? 0 : rows.Count - 1);
        }

        if (!query.WithCount)
        {
            return new ArchivePage(rows, complete);
        }

        return new ArchivePage(
            rows, complete, await CountAsync(db, filtered),
            rows.Count == 0 ? null : await CountAsync(db, filtered with { Before = Math.Min(filtered.Before, rows[0].Position) }));
    }

    /// <summary>The form's filters (XEP-0313 §4.1) as a range of positions: times never decrease with them (R6).</summary>
    static async ValueTask<Range> FilterAsync(SqlSession db, ArchiveQuery query)
    {
        var after = query.AfterId ?? 0;
        var before = query.BeforeId ?? long.MaxValue;
        if (query.Start is { } start)
        {
            var milliseconds = start.ToUnixTimeMilliseconds();
            var rounded = DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) < start ? milliseconds + 1 : milliseconds;
            after = Math.Max(after, await Positions.FirstAtAsync(db, rounded) - 1);
        }

        if (query.End is { } end)
        {
            before = Math.Min(before, await Positions.FirstAtAsync(db, end.ToUnixTimeMilliseconds() + 1));
        }

        return new Range(query, after, before);
    }

    static async ValueTask<bool> AllExistAsync(SqlSession db, ArchiveQuery query)
    {
        long?[] named = [query.After, query.Before, query.AfterId, query.BeforeId];
        foreach (var position in named.OfType<long>().Concat(query.Only ?? []))
        {
            if (await db.NumberAsync(
                $"select 1 from message where position = @position and (({OwnSent}) or ({OwnReceived}))",
                ("@position", position), ("@account", query.Account)) is null)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Up to <paramref name="max"/> rows from one end of a range, oldest first.</summary>
    static async ValueTask<List<ArchiveRow>> RowsAsync(SqlSession db, Range range, bool fromEnd, long max)
    {
        var rows = await db.QueryAsync(PageSql(range, fromEnd), Map, [.. range.Parameters(), ("@max", max)]);
        if (fromEnd)
        {
            rows.Reverse();
        }

        return rows;
    }

    static async ValueTask<long> CountAsync(SqlSession db, Range range) =>
        await db.NumberAsync(CountSql(range), range.Parameters()) ?? 0;

    static string PageSql(Range range, bool fromEnd) =>
        $"""
        select m.position, m.at, m.stanza, m.flags, m.sender, m.recipient, u.outgoing, m.from_jid from (
            {range.Sql("position, 1 as outgoing", "position, 0")} order by position {(fromEnd ? "desc" : "asc")} limit @max) u
        cross join message m on m.position = u.position
        """;

    static string CountSql(Range range) => $"select count(*) from ({range.Sql("1", "1")})";

    /// <summary>The SQL that a query runs, for looking at its plans.</summary>
    internal static string[] ExamplesForPlans(ArchiveQuery query)
    {
        var range = new Range(query, 0, long.MaxValue);
        return [PageSql(range, query.FromEnd), CountSql(range)];
    }

    /// <summary>A row out of its columns; numbers of owners that it lacks are 0.</summary>
    internal static ArchiveRow Row(long position, long at, byte[] stanza, RowFlags flags, long sender, long recipient, bool outgoing, string? from)
    {
        if (sender != 0 && sender == recipient && flags.HasFlag(RowFlags.InRecipientArchive))
        {
            // Stored once for both (R7), see HotStatements.
            flags |= RowFlags.InSenderArchive;
        }

        return new ArchiveRow(position, at, stanza, outgoing, flags) { From = from };
    }

    static ArchiveRow Map(DbDataReader row)
    {
        var recipient = row.IsDBNull(5) ? 0 : row.GetInt64(5);
        return Row(
            row.GetInt64(0), row.GetInt64(1), row.GetFieldValue<byte[]>(2), (RowFlags)row.GetInt64(3), row.IsDBNull(4) ? 0 : row.GetInt64(4), recipient,
            row.GetInt64(6) != 0, recipient < 0 ? row.GetString(7) : null);
    }

    /// <summary>Part of an archive: an open range of positions and the query's filters by address and id.</summary>
    readonly record struct Range(ArchiveQuery Query, long After, long Before)
    {
        public string Sql(string sentColumns, string receivedColumns) =>
            $"""
            select {sentColumns} from message where {OwnSent} and position > @after and position < @before {With("to")} {Only}
            union all
            select {receivedColumns} from message where {OwnReceived} and position > @after and position < @before {With("from")} {Only}
            """;

        public (string Name, object? Value)[] Parameters()
        {
            List<(string, object?)> parameters = [("@account", Query.Account), ("@after", After), ("@before", Before)];
            if (Query.With is { } with)
            {
                parameters.Add(("@with", with));
                parameters.Add(("@hash", AddressHash.OfBare(with)));
            }

            if (Query.Only is { } only)
            {
                parameters.Add(("@only", JsonSerializer.Serialize(only)));
            }

            return [.. parameters];
        }

        string Only => Query.Only is null ? "" : "and position in (select value from json_each(@only))";

        // The hash is in the index; the address settles collisions. A bare address matches all its resources (XEP-0313 §4.1.1).
        string With(string side) => Query.With switch
        {
            null => "",
            var with when with.Contains('/') => $"and {side}_hash = @hash and {side}_jid = @with",
            _ => $"and {side}_hash = @hash and ({side}_jid = @with or substr({side}_jid, 1, length(@with) + 1) = @with || '/')",
        };
    }
}

/// <summary>Times to positions.</summary>
static class Positions
{
    /// <summary>
    /// The first position with a row of this time or later, or one that is behind all rows. A binary search, because times
    /// never decrease with positions (R6) and an index over them would cost every message.
    /// </summary>
    public static async ValueTask<long> FirstAtAsync(SqlSession db, long milliseconds)
    {
        var low = await db.NumberAsync("select min(position) from message") ?? 1;
        var high = (await db.NumberAsync("select max(position) from message") ?? 0) + 1;
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            var (position, at) = (await db.QueryAsync(
                "select position, at from message where position >= @middle order by position limit 1",
                r => (r.GetInt64(0), r.GetInt64(1)), ("@middle", middle)))[0];
            if (at >= milliseconds)
            {
                high = middle;
            }
            else
            {
                low = position + 1;
            }
        }

        return low;
    }
}
