using System.Data.Common;

namespace Nyala.Storage.Sql;

/// <summary>PubSub nodes and their lists in shared SQL; the items are in <see cref="SqlPubSubItems"/>.</summary>
sealed class SqlPubSub(ISqlExecutor sql) : IPubSub
{
    readonly SqlPubSubItems _items = new(sql);

    public async ValueTask<IReadOnlyList<PubSubNode>> LoadAsync(long? account) => await sql.ReadAsync(async db =>
    {
        var nodes = await db.QueryAsync(
            "select id, name, configuration, created_at, items, bytes from pubsub_node where coalesce(account, 0) = @account order by name",
            Map, ("@account", account ?? 0));
        if (nodes.Count == 0)
        {
            return nodes;
        }

        var affiliations = (await db.QueryAsync(
            """
            select a.node, a.jid, a.affiliation from pubsub_node n join pubsub_affiliation a on a.node = n.id
            where coalesce(n.account, 0) = @account
            """,
            r => (Node: r.GetInt64(0), Jid: r.GetString(1), Affiliation: (PubSubAffiliation)r.GetInt64(2)), ("@account", account ?? 0))).ToLookup(row => row.Node);
        var subscriptions = (await db.QueryAsync(
            """
            select s.node, s.jid, s.pending, s.muted from pubsub_node n join pubsub_subscription s on s.node = n.id
            where coalesce(n.account, 0) = @account
            """,
            r => (Node: r.GetInt64(0), Subscription: new PubSubSubscription(r.GetString(1), r.Truth(2), r.Truth(3))), ("@account", account ?? 0))).ToLookup(row => row.Node);
        return nodes.ConvertAll(node => node with
        {
            Affiliations = affiliations[node.Id].ToDictionary(row => row.Jid, row => row.Affiliation, StringComparer.Ordinal),
            Subscriptions = [.. subscriptions[node.Id].Select(row => row.Subscription)],
        });
    });

    public async ValueTask<IReadOnlyList<string>> FindPublishersAsync(IReadOnlyCollection<string> usernames, IReadOnlySet<string> nodes) =>
        await sql.ReadAsync(async db =>
        {
            var found = new List<string>();
            foreach (var username in usernames)
            {
                var any = false;
                await db.ScanAsync(
                    "select n.name from account a join pubsub_node n on coalesce(n.account, 0) = a.id where a.username = @username",
                    r => !(any = nodes.Contains(r.GetString(0))), ("@username", username));
                if (any)
                {
                    found.Add(username);
                }
            }

            return found;
        });

    public ValueTask<PubSubNode?> CreateAsync(long? account, string name, byte[] configuration, string? owner, DateTimeOffset now) =>
        sql.WriteAsync(async db =>
        {
            var id = await db.NumberAsync(
                """
                insert into pubsub_node (account, name, configuration, created_at, items, bytes)
                values (@account, @name, @configuration, @now, 0, 0) on conflict do nothing returning id
                """,
                ("@account", account), ("@name", name), ("@configuration", configuration), ("@now", now.ToUnixTimeMilliseconds()));
            if (id is null)
            {
                return null;
            }

            var node = new PubSubNode(id.Value, name, configuration, DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds()), 0, 0);
            if (owner is null)
            {
                return node;
            }

            await AffiliateAsync(db, node.Id, owner, PubSubAffiliation.Owner);
            return node with { Affiliations = new Dictionary<string, PubSubAffiliation> { [owner] = PubSubAffiliation.Owner } };
        });

    public async ValueTask ConfigureAsync(long node, byte[] configuration) => await sql.WriteAsync(db => db.ExecuteAsync(
        "update pubsub_node set configuration = @configuration where id = @node", ("@configuration", configuration), ("@node", node)));

    public ValueTask<bool> DeleteAsync(long node) => sql.WriteAsync(async db =>
        await db.ExecuteAsync("delete from pubsub_node where id = @node", ("@node", node)) > 0);

    public ValueTask<PubSubPublished?> PublishAsync(PubSubPublication publication) => _items.PublishAsync(publication);

    public ValueTask<PubSubPage?> ReadAsync(long node, PubSubQuery query) => _items.ReadAsync(node, query);

    public ValueTask<IReadOnlyDictionary<long, PubSubItem>> NewestAsync(IReadOnlyCollection<long> nodes) => _items.NewestAsync(nodes);

    public ValueTask<(byte[] Configuration, PubSubItem Item)?> NewestAsync(long account, string node) => _items.NewestAsync(account, node);

    public ValueTask<(int Items, long Bytes)?> RetractAsync(long node, string item) => _items.RetractAsync(node, item);

    public ValueTask PurgeAsync(long node) => _items.PurgeAsync(node);

    public async ValueTask AffiliateAsync(long node, IReadOnlyDictionary<string, PubSubAffiliation?> changes) => await sql.WriteAsync(async db =>
    {
        foreach (var (jid, affiliation) in changes)
        {
            await (affiliation is null
                ? db.ExecuteAsync("delete from pubsub_affiliation where node = @node and jid = @jid", ("@node", node), ("@jid", jid))
                : AffiliateAsync(db, node, jid, affiliation.Value));
        }

        return true;
    });

    public async ValueTask SubscribeAsync(long node, IReadOnlyDictionary<string, PubSubSubscription?> changes) => await sql.WriteAsync(async db =>
    {
        foreach (var (jid, subscription) in changes)
        {
            await (subscription is null
                ? db.ExecuteAsync("delete from pubsub_subscription where node = @node and jid = @jid", ("@node", node), ("@jid", jid))
                : db.ExecuteAsync(
                    """
                    insert into pubsub_subscription (node, jid, bare, pending, muted) values (@node, @jid, @bare, @pending, @muted)
                    on conflict (node, jid) do update set pending = excluded.pending, muted = excluded.muted
                    """,
                    ("@node", node), ("@jid", jid), ("@bare", jid.Split('/')[0]), ("@pending", subscription.Pending.AsNumber()),
                    ("@muted", subscription.Muted.AsNumber())));
        }

        return true;
    });

    public async ValueTask<IReadOnlyList<long>> ForgetAsync(string bare) => await sql.WriteAsync(async db =>
    {
        var touched = await db.QueryAsync(
            "select node from pubsub_affiliation where jid = @bare union select node from pubsub_subscription where bare = @bare",
            r => r.GetInt64(0), ("@bare", bare));
        await db.ExecuteAsync("delete from pubsub_affiliation where jid = @bare", ("@bare", bare));
        await db.ExecuteAsync("delete from pubsub_subscription where bare = @bare", ("@bare", bare));
        foreach (var node in touched)
        {
            await db.ExecuteAsync(
                """
                delete from pubsub_node where id = @node and account is null
                and not exists (select 1 from pubsub_affiliation a where a.node = @node and a.affiliation = @owner)
                """,
                ("@node", node), ("@owner", (int)PubSubAffiliation.Owner));
        }

        return touched;
    });

    static ValueTask<int> AffiliateAsync(SqlSession db, long node, string jid, PubSubAffiliation affiliation) => db.ExecuteAsync(
        """
        insert into pubsub_affiliation (node, jid, affiliation) values (@node, @jid, @affiliation)
        on conflict (node, jid) do update set affiliation = excluded.affiliation
        """,
        ("@node", node), ("@jid", jid), ("@affiliation", (int)affiliation));

    static PubSubNode Map(DbDataReader reader) =>
        new(reader.GetInt64(0), reader.GetString(1), reader.Bytes(2), reader.Time(3), (int)reader.GetInt64(4), reader.GetInt64(5));
}
