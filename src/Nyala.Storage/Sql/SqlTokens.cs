using System.Data.Common;

namespace Nyala.Storage.Sql;

/// <summary>FAST tokens in shared SQL.</summary>
sealed class SqlTokens(ISqlExecutor sql) : ITokens
{
    public async ValueTask<IReadOnlyList<FastToken>> LoadAsync(long account, string device) =>
        await sql.ReadAsync(db => LoadAsync(db, account, device));

    public ValueTask<(Account Account, IReadOnlyList<FastToken> Tokens)?> LoadForLoginAsync(string username, string device) =>
        sql.ReadAsync<(Account, IReadOnlyList<FastToken>)?>(async db =>
            await SqlAccounts.ByNameAsync(db, username) is { } account ? (account, await LoadAsync(db, account.Id, device)) : null);

    public async ValueTask AddAsync(FastToken token, FastToken? proved = null) => await sql.WriteAsync(async db =>
    {
        if (proved is not null)
        {
            await db.ExecuteAsync("update fast_token set used = 1 where account = @account and device = @device and secret = @secret",
                ("@account", token.Account), ("@device", token.Device), ("@secret", proved.Secret));
        }

        // The one that stays: the newest the client has proved to hold, else the newest it may hold.
        await db.ExecuteAsync(
            """
            delete from fast_token where account = @account and device = @device and id <> (
                select id from fast_token where account = @account and device = @device order by used desc, id desc limit 1)
            """,
            ("@account", token.Account), ("@device", token.Device));
        return await db.ExecuteAsync(
            """
            insert into fast_token (account, device, mechanism, secret, issued_at, expires_at, counter, used)
            values (@account, @device, @mechanism, @secret, @issued, @expires, @counter, 0)
            """,
            ("@account", token.Account), ("@device", token.Device), ("@mechanism", token.Mechanism), ("@secret", token.Secret),
            ("@issued", token.IssuedAt.ToUnixTimeMilliseconds()), ("@expires", token.ExpiresAt.ToUnixTimeMilliseconds()),
            ("@counter", token.Counter));
    });

    public ValueTask<bool> UseAsync(FastToken token, long counter) => sql.WriteAsync(async db =>
    {
        var id = await db.NumberAsync(
            """
            update fast_token set used = 1, counter = @counter
            where account = @account and device = @device and secret = @secret and (counter < @counter or (counter = 0 and @counter = 0))
            returning id
            """,
            ("@counter", counter), ("@account", token.Account), ("@device", token.Device), ("@secret", token.Secret));
        if (id is null)
        {
            return false;
        }

        await db.ExecuteAsync("delete from fast_token where account = @account and device = @device and id < @id",
            ("@account", token.Account), ("@device", token.Device), ("@id", id));
        return true;
    });

    public async ValueTask<IReadOnlyList<(string Device, DateTimeOffset Since, DateTimeOffset Until)>> DevicesAsync(long account) => await sql.ReadAsync(db => db.QueryAsync(
        "select device, min(issued_at), max(expires_at) from fast_token where account = @account group by device order by device",
        r => (r.GetString(0), r.Time(1), r.Time(2)), ("@account", account)));

    public async ValueTask RemoveAsync(long account, string? device) => await sql.WriteAsync(db => device is null
        ? db.ExecuteAsync("delete from fast_token where account = @account", ("@account", account))
        : db.ExecuteAsync("delete from fast_token where account = @account and device = @device", ("@account", account), ("@device", device)));

    static ValueTask<List<FastToken>> LoadAsync(SqlSession db, long account, string device) => db.QueryAsync(
        """
        select account, device, mechanism, secret, issued_at, expires_at, counter, used from fast_token
        where account = @account and device = @device order by id desc
        """,
        Map, ("@account", account), ("@device", device));

    static FastToken Map(DbDataReader r) =>
        new(r.GetInt64(0), r.GetString(1), r.GetString(2), r.Bytes(3), r.Time(4), r.Time(5), r.GetInt64(6)) { IsUsed = r.GetInt64(7) != 0 };
}
