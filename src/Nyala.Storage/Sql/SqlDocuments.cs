namespace Nyala.Storage.Sql;

/// <summary>Documents in shared SQL.</summary>
sealed class SqlDocuments(ISqlExecutor sql) : IDocuments
{
    public ValueTask<byte[]?> GetAsync(long account, string kind, string key) => sql.ReadAsync(db => db.FirstAsync(
        "select body from document where account = @account and kind = @kind and name = @name",
        r => r.Bytes(0), ("@account", account), ("@kind", kind), ("@name", key)));

    public async ValueTask SetAsync(long account, string kind, string key, byte[] document) => await sql.WriteAsync(db => db.ExecuteAsync(
        """
        insert into document (account, kind, name, body) values (@account, @kind, @name, @body)
        on conflict (account, kind, name) do update set body = excluded.body
        """,
        ("@account", account), ("@kind", kind), ("@name", key), ("@body", document)));

    public async ValueTask RemoveAsync(long account, string kind, string key) => await sql.WriteAsync(db => db.ExecuteAsync(
        "delete from document where account = @account and kind = @kind and name = @name",
        ("@account", account), ("@kind", kind), ("@name", key)));

    public async ValueTask<(int Count, long Bytes)> UsageAsync(long account, string kind) => (await sql.ReadAsync(db => db.QueryAsync(
        "select count(*), coalesce(sum(length(body)), 0) from document where account = @account and kind = @kind",
        r => ((int)r.GetInt64(0), r.GetInt64(1)), ("@account", account), ("@kind", kind))))[0];
}
