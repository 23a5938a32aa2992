namespace Nyala.Storage.Sql;

/// <summary>Rules about peers in shared SQL.</summary>
sealed class SqlPeerRules(ISqlExecutor sql) : IPeerRules
{
    public ValueTask<PeerRules> LoadAsync() => sql.ReadAsync(async db => new PeerRules(await ListAsync(db, allowed: false), await ListAsync(db, allowed: true)));

    public async ValueTask ReplaceAsync(IReadOnlyCollection<string>? blocked, IReadOnlyCollection<string>? allowed) => await sql.WriteAsync(async db =>
    {
        await ReplaceAsync(db, blocked, allowed: false);
        await ReplaceAsync(db, allowed, allowed: true);
        return true;
    });

    static ValueTask<List<string>> ListAsync(SqlSession db, bool allowed) => db.QueryAsync(
        "select address from peer_rule where allowed = @allowed order by address", r => r.GetString(0), ("@allowed", allowed.AsNumber()));

    static async ValueTask ReplaceAsync(SqlSession db, IReadOnlyCollection<string>? addresses, bool allowed)
    {
        if (addresses is null)
        {
            return;
        }

        await db.ExecuteAsync("delete from peer_rule where allowed = @allowed", ("@allowed", allowed.AsNumber()));
        foreach (var address in addresses)
        {
            await db.ExecuteAsync("insert into peer_rule (address, allowed) values (@address, @allowed) on conflict do nothing",
                ("@address", address), ("@allowed", allowed.AsNumber()));
        }
    }
}

/// <summary>Notices in shared SQL.</summary>
sealed class SqlNotices(ISqlExecutor sql) : INotices
{
    public ValueTask<ServerNotice?> FindAsync(string name) => sql.ReadAsync(db => FindAsync(db, name));

    public ValueTask<ServerNotice> SetAsync(string name, string text) => sql.WriteAsync(async db =>
    {
        await db.ExecuteAsync(
            """
            insert into notice (name, number, body) values (@name, 1, @body)
            on conflict (name) do update set number = notice.number + 1, body = excluded.body
            """,
            ("@name", name), ("@body", text));
        return (await FindAsync(db, name))!;
    });

    public async ValueTask<bool> RemoveAsync(string name) => await sql.WriteAsync(db => db.ExecuteAsync(
        "update notice set body = null where name = @name and body is not null", ("@name", name))) > 0;

    static ValueTask<ServerNotice?> FindAsync(SqlSession db, string name) => db.FirstAsync(
        "select number, body from notice where name = @name and body is not null", r => new ServerNotice(r.GetInt64(0), r.GetString(1)), ("@name", name));
}

/// <summary>The directory of people in shared SQL.</summary>
sealed class SqlDirectory(ISqlExecutor sql) : IDirectory
{
    const string Matching =
        """
        from directory_entry join account on account.id = directory_entry.account
        where disabled = 0 and first_folded like @first escape '!' and last_folded like @last escape '!' and nick_folded like @nick escape '!'
        """;

    public ValueTask<DirectoryEntry?> FindAsync(long account) => sql.ReadAsync(db => db.FirstAsync(
        "select first_name, last_name, nick from directory_entry where account = @account",
        r => new DirectoryEntry(r.GetString(0), r.GetString(1), r.GetString(2)), ("@account", account)));

    public async ValueTask SetAsync(long account, DirectoryEntry? entry) => await sql.WriteAsync(db => entry is null
        ? db.ExecuteAsync("delete from directory_entry where account = @account", ("@account", account))
        : db.ExecuteAsync(
            """
            insert into directory_entry (account, first_name, last_name, nick, first_folded, last_folded, nick_folded)
            values (@account, @first, @last, @nick, @firstFolded, @lastFolded, @nickFolded)
            on conflict (account) do update set first_name = excluded.first_name, last_name = excluded.last_name, nick = excluded.nick,
                first_folded = excluded.first_folded, last_folded = excluded.last_folded, nick_folded = excluded.nick_folded
            """,
            ("@account", account), ("@first", entry.First), ("@last", entry.Last), ("@nick", entry.Nick),
            ("@firstFolded", DirectoryQuery.Fold(entry.First)), ("@lastFolded", DirectoryQuery.Fold(entry.Last)), ("@nickFolded", DirectoryQuery.Fold(entry.Nick))));

    public ValueTask<DirectoryPage> SearchAsync(DirectoryQuery query) => sql.ReadAsync(async db =>
    {
        (string, object?)[] names = [("@first", Pattern(query.First)), ("@last", Pattern(query.Last)), ("@nick", Pattern(query.Nick))];
        var count = await db.NumberAsync($"select count(*) {Matching}", names);
        var before = query.After is null ? 0 : await db.NumberAsync($"select count(*) {Matching} and username <= @after", [.. names, ("@after", query.After)]);
        var found = await db.QueryAsync(
            $"select username, first_name, last_name, nick {Matching} and username > @after order by username limit @max",
            r => (r.GetString(0), new DirectoryEntry(r.GetString(1), r.GetString(2), r.GetString(3))), [.. names, ("@after", query.After ?? ""), ("@max", query.Max)]);
        return new DirectoryPage(found, (int)(count ?? 0), (int)(before ?? 0));
    });

    /// <summary>Whatever stands around it.</summary>
    static string Pattern(string part) =>
        "%" + part.Replace("!", "!!", StringComparison.Ordinal).Replace("%", "!%", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal) + "%";
}
