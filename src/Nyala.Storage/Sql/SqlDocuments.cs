namespace Nyala.Storage.Sql;

/// <summary>Documents in shared SQL.</summary>
sealed class SqlDocuments(ISqlExecutor sql) : IDocuments
{
    public ValueTask<byte[]?> GetAsync(long account, string kind, string key) => sql.ReadAsync(db => db.FirstAsync(
        "select body from document where account = @account and kind = @kind and name = @name",
        r => r.Bytes(0), ("@account", account), ("@kind", kind), ("@name", key)));

    public async ValueTask<IReadOnlyList<KeyValuePair<string, byte[]>>> ListAsync(long account, string kind) => await sql.ReadAsync(db => db.QueryAsync(
        "select name, body from document where account = @account and kind = @kind order by name",
        r => KeyValuePair.Create(r.GetString(0), r.Bytes(1)), ("@account", account), ("@kind", kind)));

    public async ValueTask SetAsync(long account, string kind, string key, byte[] document) =>
        await sql.WriteAsync(db => SetAsync(db, account, kind, key, document));

    public ValueTask<bool> SetAsync(long account, string kind, IReadOnlyDictionary<string, byte[]> documents, int max) => sql.WriteAsync(async db =>
    {
        var added = 0;
        foreach (var key in documents.Keys)
        {
            added += await db.NumberAsync("select 1 from document where account = @account and kind = @kind and name = @name",
                ("@account", account), ("@kind", kind), ("@name", key)) is null ? 1 : 0;
        }

        var present = await db.NumberAsync("select count(*) from document where account = @account and kind = @kind",
            ("@account", account), ("@kind", kind));
        if (added > 0 && present + added > max)
        {
            return false;
        }

        foreach (var (key, document) in documents)
        {
            await SetAsync(db, account, kind, key, document);
        }

        return true;
    });

    public async ValueTask SetAsync(string kind, string key, IReadOnlyDictionary<long, byte[]> documents) => await sql.WriteAsync(async db =>
    {
        foreach (var (account, document) in documents)
        {
            await db.ExecuteAsync(
                """
                insert into document (account, kind, name, body) select id, @kind, @name, @body from account where id = @account
                on conflict (account, kind, name) do update set body = excluded.body
                """,
                ("@account", account), ("@kind", kind), ("@name", key), ("@body", document));
        }

        return true;
    });

    public async ValueTask RemoveAsync(long account, string kind, string key) => await sql.WriteAsync(db => db.ExecuteAsync(
        "delete from document where account = @account and kind = @kind and name = @name",
        ("@account", account), ("@kind", kind), ("@name", key)));

    static ValueTask<int> SetAsync(SqlSession db, long account, string kind, string key, byte[] document) => db.ExecuteAsync(
        """
        insert into document (account, kind, name, body) values (@account, @kind, @name, @body)
        on conflict (account, kind, name) do update set body = excluded.body
        """,
        ("@account", account), ("@kind", kind), ("@name", key), ("@body", document));
}
