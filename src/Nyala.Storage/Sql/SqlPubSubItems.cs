using System.Data.Common;

namespace Nyala.Storage.Sql;

/// <summary>The items of PubSub nodes in shared SQL. Each change brings the node's sums up to date in its transaction.</summary>
sealed class SqlPubSubItems(ISqlExecutor sql)
{
    public ValueTask<PubSubPublished?> PublishAsync(PubSubPublication publication) => sql.WriteAsync(async db =>
    {
        var item = publication.Item;
        var node = publication.Node;
        if (await db.NumberAsync("select items from pubsub_node where id = @node", ("@node", node)) is not { } count)
        {
            return null;
        }

        var gone = new List<(string Name, long Bytes)>();
        if (publication.ExpireBefore is { } before)
        {
            gone.AddRange(await db.QueryAsync(
                "delete from pubsub_item where node = @node and at < @before returning name, length(payload)",
                Gone, ("@node", node), ("@before", before.ToUnixTimeMilliseconds())));
        }

        var old = await db.FirstAsync(
            "select publisher from pubsub_item where node = @node and name = @name", r => r.GetString(0), ("@node", node), ("@name", item.Id));
        if (old is not null && publication.KeptBy is { } owner && old.Split('/')[0] != owner)
        {
            return await ResultAsync(db, node, PubSubPublishOutcome.NotTheirs, [], gone);
        }

        if (old is null && publication.Reject && count - gone.Count >= publication.Max)
        {
            return await ResultAsync(db, node, PubSubPublishOutcome.Full, [], gone);
        }

        gone.AddRange(await DeleteAsync(db, node, item.Id));
        await db.ExecuteAsync(
            "insert into pubsub_item (node, name, publisher, at, payload) values (@node, @name, @publisher, @at, @payload)",
            ("@node", node), ("@name", item.Id), ("@publisher", item.Publisher), ("@at", item.At.ToUnixTimeMilliseconds()), ("@payload", item.Payload));
        var dropped = await TrimAsync(db, node, count - gone.Count + 1 - publication.Max);
        gone.AddRange(dropped);
        return await ResultAsync(db, node, PubSubPublishOutcome.Published, [.. dropped.Select(row => row.Name)], gone, 1, item.Payload.Length);
    });

    public ValueTask<PubSubPage?> ReadAsync(long node, PubSubQuery query) => sql.ReadAsync(async db =>
    {
        var since = query.Since?.ToUnixTimeMilliseconds() ?? long.MinValue;
        if (query.Ids is { } ids)
        {
            var wanted = new List<PubSubItem>();
            foreach (var id in ids)
            {
                if (await db.FirstAsync(
                    "select name, publisher, at, payload from pubsub_item where node = @node and name = @name and at >= @since",
                    Map, ("@node", node), ("@name", id), ("@since", since)) is { } item)
                {
                    wanted.Add(item);
                }
            }

            return new PubSubPage(wanted, wanted.Count, 0);
        }

        var count = await db.NumberAsync("select count(*) from pubsub_item where node = @node and at >= @since", ("@node", node), ("@since", since)) ?? 0;
        var (low, high) = (0L, long.MaxValue);
        if (query.After is { } after)
        {
            if (await SequenceAsync(db, node, after) is not { } found)
            {
                return null;
            }

            high = found;
        }

        if (query.Before is { Length: > 0 } before)
        {
            if (await SequenceAsync(db, node, before) is not { } found)
            {
                return null;
            }

            low = found;
        }

        var items = await PageAsync(db, node, query, since, low, high);
        var index = items.Count == 0 ? 0 : await db.NumberAsync(
            """
            select count(*) from pubsub_item where node = @node and at >= @since
            and sequence > (select sequence from pubsub_item where node = @node and name = @name)
            """,
            ("@node", node), ("@since", since), ("@name", items[0].Id)) ?? 0;
        return new PubSubPage(items, (int)count, (int)index);
    });

    public async ValueTask<IReadOnlyDictionary<long, PubSubItem>> NewestAsync(IReadOnlyCollection<long> nodes) => await sql.ReadAsync(async db =>
    {
        var newest = new Dictionary<long, PubSubItem>();
        foreach (var node in nodes)
        {
            if (await db.FirstAsync(
                "select name, publisher, at, payload from pubsub_item where node = @node order by sequence desc limit 1", Map, ("@node", node)) is { } item)
            {
                newest[node] = item;
            }
        }

        return newest;
    });

    public ValueTask<(byte[] Configuration, PubSubItem Item)?> NewestAsync(long account, string node) => sql.ReadAsync<(byte[], PubSubItem)?>(async db =>
    {
        var found = await db.QueryAsync(
            """
            select i.name, i.publisher, i.at, i.payload, n.configuration from pubsub_node n join pubsub_item i on i.node = n.id
            where coalesce(n.account, 0) = @account and n.name = @node order by i.sequence desc limit 1
            """,
            r => (r.Bytes(4), Map(r)), ("@account", account), ("@node", node));
        return found.Count == 0 ? null : found[0];
    });

    public ValueTask<(int Items, long Bytes)?> RetractAsync(long node, string item) => sql.WriteAsync<(int, long)?>(async db =>
    {
        var gone = await DeleteAsync(db, node, item);
        if (gone.Count == 0)
        {
            return null;
        }

        var result = await ResultAsync(db, node, PubSubPublishOutcome.Published, [], gone);
        return (result.Items, result.Bytes);
    });

    public async ValueTask PurgeAsync(long node) => await sql.WriteAsync(async db =>
    {
        await db.ExecuteAsync("delete from pubsub_item where node = @node", ("@node", node));
        return await db.ExecuteAsync("update pubsub_node set items = 0, bytes = 0 where id = @node", ("@node", node));
    });

    static async ValueTask<List<PubSubItem>> PageAsync(SqlSession db, long node, PubSubQuery query, long since, long low, long high)
    {
        if (query.Before is null)
        {
            return await db.QueryAsync(
                """
                select name, publisher, at, payload from pubsub_item
                where node = @node and sequence < @high and at >= @since order by sequence desc limit @max offset @index
                """,
                Map, ("@node", node), ("@high", high), ("@since", since), ("@max", query.Max), ("@index", query.Index ?? 0));
        }

        var items = await db.QueryAsync(
            """
            select name, publisher, at, payload from pubsub_item
            where node = @node and sequence > @low and sequence < @high and at >= @since order by sequence limit @max
            """,
            Map, ("@node", node), ("@low", low), ("@high", high), ("@since", since), ("@max", query.Max));
        items.Reverse();
        return items;
    }

    /// <summary>Removes so many of the oldest.</summary>
    static async ValueTask<List<(string Name, long Bytes)>> TrimAsync(SqlSession db, long node, long surplus) => surplus <= 0 ? [] : await db.QueryAsync(
        """
        delete from pubsub_item where sequence in (
            select sequence from pubsub_item where node = @node order by sequence limit @surplus) returning name, length(payload)
        """,
        Gone, ("@node", node), ("@surplus", surplus));

    static ValueTask<List<(string Name, long Bytes)>> DeleteAsync(SqlSession db, long node, string item) => db.QueryAsync(
        "delete from pubsub_item where node = @node and name = @name returning name, length(payload)", Gone, ("@node", node), ("@name", item));

    static (string Name, long Bytes) Gone(DbDataReader reader) => (reader.GetString(0), reader.GetInt64(1));

    static ValueTask<long?> SequenceAsync(SqlSession db, long node, string item) =>
        db.NumberAsync("select sequence from pubsub_item where node = @node and name = @name", ("@node", node), ("@name", item));

    static async ValueTask<PubSubPublished> ResultAsync(
        SqlSession db, long node, PubSubPublishOutcome outcome, IReadOnlyList<string> dropped, List<(string Name, long Bytes)> gone, int added = 0, long bytes = 0)
    {
        var sums = await db.QueryAsync(
            "update pubsub_node set items = items + @items, bytes = bytes + @bytes where id = @node returning items, bytes",
            r => ((int)r.GetInt64(0), r.GetInt64(1)), ("@items", added - gone.Count), ("@bytes", bytes - gone.Sum(row => row.Bytes)), ("@node", node));
        return new(outcome, dropped, sums[0].Item1, sums[0].Item2);
    }

    static PubSubItem Map(DbDataReader reader) => new(reader.GetString(0), reader.GetString(1), reader.Time(2), reader.Bytes(3));
}
