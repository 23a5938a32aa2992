using System.Data.Common;

namespace Nyala.Storage.Sql;

/// <summary>Accounts in shared SQL.</summary>
/// <param name="removed">Told after an account was removed: its rows in the message log are still there.</param>
sealed class SqlAccounts(ISqlExecutor sql, Action removed) : IAccounts
{
    const string Columns = "id, username, role, created_at, disabled, origin";

    public ValueTask<Account?> FindAsync(string username) => sql.ReadAsync(db => ByNameAsync(db, username));

    public ValueTask<Account?> FindAsync(long id) => sql.ReadAsync(db => db.FirstAsync(
        $"select {Columns} from account where id = @id", Map, ("@id", id)));

    public ValueTask<(Account Account, IReadOnlyList<Credential> Credentials)?> LoadForLoginAsync(string username) =>
        sql.ReadAsync<(Account, IReadOnlyList<Credential>)?>(async db =>
        {
            var account = await ByNameAsync(db, username);
            return account is null ? null : (account, await db.QueryAsync(
                "select mechanism, keys from credential where account = @account order by mechanism",
                r => new Credential(r.GetString(0), r.Bytes(1)), ("@account", account.Id)));
        });

    public ValueTask<(CreateAccountResult Result, Account? Account)> CreateAsync(
        string username, IReadOnlyList<Credential> credentials, AccountRole role, string? inviteToken, DateTimeOffset now, AccountOrigin origin = AccountOrigin.Provisioned) =>
        sql.WriteAsync<(CreateAccountResult, Account?)>(async db =>
        {
            // Looked for first so that a taken name does not use up the invite.
            if (await ByNameAsync(db, username) is not null)
            {
                return (CreateAccountResult.Conflict, null);
            }

            if (await SqlInvites.KeptAsync(db, username, inviteToken ?? "", now))
            {
                return (CreateAccountResult.Conflict, null);
            }

            if (inviteToken is not null)
            {
                var granted = await db.NumberAsync(
                    """
                    update invite set uses = uses - 1
                    where token = @token and creates_account = 1 and uses > 0 and expires_at > @now
                    and coalesce(username, @username) = @username returning role
                    """,
                    ("@token", inviteToken), ("@username", username), ("@now", now.ToUnixTimeMilliseconds()));
                if (granted is null)
                {
                    return (CreateAccountResult.InvalidInvite, null);
                }

                role = (AccountRole)granted.Value;
                origin = AccountOrigin.Invited;
            }

            var id = await db.NumberAsync(
                "insert into account (username, role, created_at, origin) values (@username, @role, @now, @origin) returning id",
                ("@username", username), ("@role", (int)role), ("@now", now.ToUnixTimeMilliseconds()), ("@origin", (int)origin));
            await InsertAsync(db, id!.Value, credentials);
            return (CreateAccountResult.Created, await ByNameAsync(db, username));
        });

    public async ValueTask SetCredentialsAsync(long account, IReadOnlyList<Credential> credentials) =>
        await sql.WriteAsync(async db =>
        {
            await db.ExecuteAsync("delete from credential where account = @account", ("@account", account));
            await db.ExecuteAsync("delete from fast_token where account = @account", ("@account", account));
            await InsertAsync(db, account, credentials);
            return true;
        });

    public async ValueTask<bool> RemoveAsync(long account)
    {
        var found = await sql.WriteAsync(async db =>
        {
            // Everything else of the account goes with the row (on delete cascade).
            if (await db.ExecuteAsync("delete from account where id = @id", ("@id", account)) == 0)
            {
                return false;
            }

            await db.ExecuteAsync("insert into removed_account (account) values (@account)", ("@account", account));
            return true;
        });
        if (found)
        {
            removed();
        }

        return found;
    }

    public async ValueTask SetRoleAsync(long account, AccountRole role) => await sql.WriteAsync(db => db.ExecuteAsync(
        "update account set role = @role where id = @id", ("@role", (int)role), ("@id", account)));

    public async ValueTask SetDisabledAsync(long account, bool disabled) => await sql.WriteAsync(async db =>
    {
        await db.ExecuteAsync("update account set disabled = @disabled where id = @id", ("@disabled", disabled.AsNumber()), ("@id", account));
        if (disabled)
        {
            await db.ExecuteAsync("delete from fast_token where account = @account", ("@account", account));
        }

        return true;
    });

    public async ValueTask<IReadOnlyList<Account>> ListAsync(string? after, int max, AccountFilter filter = AccountFilter.All) =>
        await sql.ReadAsync(db => db.QueryAsync(
            $"select {Columns} from account where username > @after{Where(filter, "and")} order by username limit @max",
            Map, ("@after", after ?? ""), ("@max", max)));

    public async ValueTask<long> CountAsync(AccountFilter filter = AccountFilter.All) =>
        await sql.ReadAsync(db => db.NumberAsync($"select count(*) from account{Where(filter, "where")}")) ?? 0;

    static string Where(AccountFilter filter, string word) => filter switch
    {
        AccountFilter.Disabled => $" {word} disabled = 1",
        AccountFilter.Admins => $" {word} role = {(int)AccountRole.Admin}",
        _ => "",
    };

    internal static ValueTask<Account?> ByNameAsync(SqlSession db, string username) => db.FirstAsync(
        $"select {Columns} from account where username = @username", Map, ("@username", username));

    static async ValueTask InsertAsync(SqlSession db, long account, IReadOnlyList<Credential> credentials)
    {
        foreach (var credential in credentials)
        {
            await db.ExecuteAsync(
                "insert into credential (account, mechanism, keys) values (@account, @mechanism, @keys)",
                ("@account", account), ("@mechanism", credential.Mechanism), ("@keys", credential.Keys));
        }
    }

    static Account Map(DbDataReader reader) =>
        new(reader.GetInt64(0), reader.GetString(1), (AccountRole)reader.GetInt64(2), reader.Time(3))
        {
            IsDisabled = reader.Truth(4),
            Origin = (AccountOrigin)reader.GetInt64(5),
        };
}
