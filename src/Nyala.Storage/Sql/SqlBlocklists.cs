namespace Nyala.Storage.Sql;

/// <summary>Blocklists in shared SQL.</summary>
sealed class SqlBlocklists(ISqlExecutor sql) : IBlocklists
{
    public async ValueTask<IReadOnlyList<string>> LoadAsync(long account) => await sql.ReadAsync(db => db.QueryAsync(
        "select jid from blocked where account = @account order by jid", r => r.GetString(0), ("@account", account)));

    public async ValueTask AddAsync(long account, IReadOnlyCollection<string> jids) => await sql.WriteAsync(async db =>
    {
        foreach (var jid in jids)
        {
            await db.ExecuteAsync("insert into blocked (account, jid) values (@account, @jid) on conflict do nothing",
                ("@account", account), ("@jid", jid));
        }

        return true;
    });

    public async ValueTask RemoveAsync(long account, IReadOnlyCollection<string>? jids) => await sql.WriteAsync(async db =>
    {
        if (jids is null)
        {
            await db.ExecuteAsync("delete from blocked where account = @account", ("@account", account));
        }

        foreach (var jid in jids ?? [])
        {
            await db.ExecuteAsync("delete from blocked where account = @account and jid = @jid", ("@account", account), ("@jid", jid));
        }

        return true;
    });
}
