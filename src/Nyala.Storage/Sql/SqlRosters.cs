using System.Data.Common;
using System.Text.Json;

namespace Nyala.Storage.Sql;

/// <summary>Rosters in shared SQL, with what roster versioning (RFC 6121 §2.6) needs.</summary>
sealed class SqlRosters(ISqlExecutor sql) : IRosters
{
    /// <summary>Removed addresses remembered per roster; older versions get the whole roster instead.</summary>
    public const int MaxRemembered = 200;

    const string Columns = "jid, listed, name, group_names, subscription, ask, approved, request";

    public ValueTask<Roster> LoadAsync(long account) => sql.ReadAsync(async db => new Roster(
        (await StateAsync(db, account)).Version,
        await db.QueryAsync($"select {Columns} from roster where account = @account order by jid", Map, ("@account", account))));

    public ValueTask<IReadOnlyList<long>> ChangeAsync(IReadOnlyList<RosterChange> changes) => sql.WriteAsync<IReadOnlyList<long>>(async db =>
    {
        var versions = new long[changes.Count];
        for (var i = 0; i < versions.Length; i++)
        {
            var (account, jid, item) = changes[i];
            versions[i] = await (item is null ? RemoveAsync(db, account, jid) : SaveAsync(db, account, item));
        }

        return versions;
    });

    public ValueTask<RosterChanges?> ChangesSinceAsync(long account, long version) => sql.ReadAsync<RosterChanges?>(async db =>
    {
        var state = await StateAsync(db, account);
        if (version < state.KnownFrom || version > state.Version)
        {
            return null;
        }

        var changed = await db.QueryAsync(
            $"select {Columns}, version from roster where account = @account and listed = 1 and version > @version",
            r => new RosterStep(r.GetInt64(8), r.GetString(0), Map(r)), ("@account", account), ("@version", version));
        var removed = await db.QueryAsync(
            "select version, jid from roster_removed where account = @account and version > @version",
            r => new RosterStep(r.GetInt64(0), r.GetString(1), null), ("@account", account), ("@version", version));
        return new RosterChanges(state.Version, [.. changed.Concat(removed).OrderBy(step => step.Version)]);
    });

    static async ValueTask<long> SaveAsync(SqlSession db, long account, RosterItem item)
    {
        var old = await FindAsync(db, account, item.Jid);
        var version = (await StateAsync(db, account)).Version;
        if (!SameView(old, item))
        {
            version = await RaiseAsync(db, account);
            await (item.Listed ? ForgetRemovalAsync(db, account, item.Jid) : RememberRemovalAsync(db, account, item.Jid, version));
        }

        await db.ExecuteAsync(
            """
            insert into roster (account, jid, listed, name, group_names, subscription, ask, approved, request, version)
            values (@account, @jid, @listed, @name, @groups, @subscription, @ask, @approved, @request, @version)
            on conflict (account, jid) do update set
                listed = excluded.listed, name = excluded.name, group_names = excluded.group_names, subscription = excluded.subscription,
                ask = excluded.ask, approved = excluded.approved, request = excluded.request, version = excluded.version
            """,
            ("@account", account), ("@jid", item.Jid), ("@listed", item.Listed.AsNumber()), ("@name", item.Name),
            ("@groups", JsonSerializer.Serialize(item.Groups)), ("@subscription", (int)item.Subscription),
            ("@ask", item.Ask.AsNumber()), ("@approved", item.Approved.AsNumber()), ("@request", item.Request), ("@version", version));
        return version;
    }

    static async ValueTask<long> RemoveAsync(SqlSession db, long account, string jid)
    {
        var old = await FindAsync(db, account, jid);
        await db.ExecuteAsync("delete from roster where account = @account and jid = @jid", ("@account", account), ("@jid", jid));
        if (old is not { Listed: true })
        {
            return (await StateAsync(db, account)).Version;
        }

        var version = await RaiseAsync(db, account);
        await RememberRemovalAsync(db, account, jid, version);
        return version;
    }

    // What a client is shown (RFC 6121 §2.1): not the request that waits for an answer.
    static bool SameView(RosterItem? old, RosterItem item) =>
        old is { Listed: true } && item.Listed
            ? old.Name == item.Name && old.Subscription == item.Subscription && old.Ask == item.Ask
                && old.Approved == item.Approved && old.Groups.SequenceEqual(item.Groups)
            : old is not { Listed: true } && !item.Listed;

    static ValueTask<RosterItem?> FindAsync(SqlSession db, long account, string jid) => db.FirstAsync(
        $"select {Columns} from roster where account = @account and jid = @jid", Map, ("@account", account), ("@jid", jid));

    static async ValueTask<(long Version, long KnownFrom)> StateAsync(SqlSession db, long account) =>
        (await db.QueryAsync("select version, known_from from roster_version where account = @account",
            r => (r.GetInt64(0), r.GetInt64(1)), ("@account", account))).FirstOrDefault();

    static async ValueTask<long> RaiseAsync(SqlSession db, long account) => (await db.NumberAsync(
        """
        insert into roster_version (account, version, known_from) values (@account, 1, 0)
        on conflict (account) do update set version = roster_version.version + 1 returning version
        """,
        ("@account", account)))!.Value;

    static async ValueTask ForgetRemovalAsync(SqlSession db, long account, string jid) => await db.ExecuteAsync(
        "delete from roster_removed where account = @account and jid = @jid", ("@account", account), ("@jid", jid));

    static async ValueTask RememberRemovalAsync(SqlSession db, long account, string jid, long version)
    {
        await db.ExecuteAsync(
            """
            insert into roster_removed (account, jid, version) values (@account, @jid, @version)
            on conflict (account, jid) do update set version = excluded.version
            """,
            ("@account", account), ("@jid", jid), ("@version", version));
        var dropped = await db.NumberAsync(
            "select version from roster_removed where account = @account order by version desc limit 1 offset @max",
            ("@account", account), ("@max", MaxRemembered));
        if (dropped is not null)
        {
            await db.ExecuteAsync("delete from roster_removed where account = @account and version <= @dropped",
                ("@account", account), ("@dropped", dropped));
            await db.ExecuteAsync("update roster_version set known_from = @dropped where account = @account",
                ("@account", account), ("@dropped", dropped));
        }
    }

    static RosterItem Map(DbDataReader r) => new(
        r.GetString(0), r.Truth(1), r.TextOrNull(2), JsonSerializer.Deserialize<string[]>(r.GetString(3)) ?? [],
        (Subscription)r.GetInt64(4), r.Truth(5), r.Truth(6), r.IsDBNull(7) ? null : r.Bytes(7));
}
