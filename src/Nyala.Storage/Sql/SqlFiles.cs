using System.Data.Common;

namespace Nyala.Storage.Sql;

/// <summary>What is known of uploaded files, in shared SQL.</summary>
sealed class SqlFiles(ISqlExecutor sql) : IFiles
{
    const string Kept = "account = @account and purpose = @purpose and (expires_at is null or expires_at > @now)";

    static readonly string Charge = FormattableString.Invariant($"case when size < {IFiles.LeastCharge} then {IFiles.LeastCharge} else size end");

    public ValueTask<AddFileResult> AddAsync(StoredFile file, long quota) => sql.WriteAsync(async db =>
    {
        if (await db.NumberAsync("select 1 from account where id = @account", ("@account", file.Account)) is null)
        {
            return AddFileResult.NoAccount;
        }

        if (await db.NumberAsync("select 1 from file where key = @key", ("@key", file.Key)) is not null)
        {
            return AddFileResult.Conflict;
        }

        var room = quota - IFiles.Charge(file.Size) - await UsedAsync(db, file.Account, file.Purpose, file.CreatedAt);
        if (room < 0)
        {
            if (file.Purpose != FilePurpose.Profile)
            {
                return AddFileResult.Full;
            }

            await ExpireOldestAsync(db, file, -room);
        }

        await db.ExecuteAsync(
            """
            insert into file (key, account, purpose, name, type, size, created_at, expires_at)
            values (@key, @account, @purpose, @name, @type, @size, @created, @expires)
            """,
            ("@key", file.Key), ("@account", file.Account), ("@purpose", (int)file.Purpose), ("@name", file.Name), ("@type", file.Type),
            ("@size", file.Size), ("@created", file.CreatedAt.ToUnixTimeMilliseconds()), ("@expires", file.ExpiresAt?.ToUnixTimeMilliseconds()));
        return AddFileResult.Added;
    });

    public ValueTask<StoredFile?> FindAsync(string key, DateTimeOffset now) => sql.ReadAsync(db => db.FirstAsync(
        """
        select key, account, purpose, name, type, size, created_at, expires_at from file
        where key = @key and account is not null and (expires_at is null or expires_at > @now)
        """,
        Map, ("@key", key), ("@now", now.ToUnixTimeMilliseconds())));

    public ValueTask<long> UsedAsync(long account, FilePurpose purpose, DateTimeOffset now) =>
        sql.ReadAsync(db => UsedAsync(db, account, purpose, now));

    public ValueTask<DateTimeOffset?> FreeAtAsync(long account, FilePurpose purpose, long bytes, DateTimeOffset now) =>
        sql.ReadAsync<DateTimeOffset?>(async db =>
        {
            DateTimeOffset? at = null;
            await db.ScanAsync(
                $"select expires_at, {Charge} from file where {Kept} and expires_at is not null order by expires_at",
                row =>
                {
                    bytes -= row.GetInt64(1);
                    at = bytes <= 0 ? row.Time(0) : null;
                    return at is null;
                },
                ("@account", account), ("@purpose", (int)purpose), ("@now", now.ToUnixTimeMilliseconds()));
            return at;
        });

    public async ValueTask<IReadOnlyList<string>> ListGoneAsync(DateTimeOffset now, int max) => await sql.ReadAsync(db => db.QueryAsync(
        """
        select key from (
            select key from file where expires_at is not null and expires_at <= @now
            union select key from file where account is null) as gone
        limit @max
        """,
        row => row.GetString(0), ("@now", now.ToUnixTimeMilliseconds()), ("@max", max)));

    public async ValueTask<IReadOnlyDictionary<string, DateTimeOffset>> ListAsync(string prefix) => await sql.ReadAsync(async db =>
        (await db.QueryAsync(
            "select key, created_at from file where key >= @from and key < @to",
            row => (Key: row.GetString(0), At: row.Time(1)), ("@from", prefix), ("@to", prefix + "~")))
        .ToDictionary(row => row.Key, row => row.At, StringComparer.Ordinal));

    public async ValueTask<IReadOnlyList<StoredFile>> ListAsync(long account, DateTimeOffset now, int max) => await sql.ReadAsync(db => db.QueryAsync(
        """
        select key, account, purpose, name, type, size, created_at, expires_at from file
        where account = @account and (expires_at is null or expires_at > @now) order by created_at, key limit @max
        """,
        Map, ("@account", account), ("@now", now.ToUnixTimeMilliseconds()), ("@max", max)));

    public async ValueTask RemoveAsync(IReadOnlyCollection<string> keys) => await sql.WriteAsync(async db =>
    {
        foreach (var key in keys)
        {
            await db.ExecuteAsync("delete from file where key = @key", ("@key", key));
        }

        return true;
    });

    static async ValueTask<long> UsedAsync(SqlSession db, long account, FilePurpose purpose, DateTimeOffset now) => await db.NumberAsync(
        $"select sum({Charge}) from file where {Kept}",
        ("@account", account), ("@purpose", (int)purpose), ("@now", now.ToUnixTimeMilliseconds())) ?? 0;

    static async ValueTask ExpireOldestAsync(SqlSession db, StoredFile file, long bytes)
    {
        var now = file.CreatedAt.ToUnixTimeMilliseconds();
        var oldest = new List<string>();
        await db.ScanAsync(
            $"select key, {Charge} from file where {Kept} order by created_at, key",
            row =>
            {
                oldest.Add(row.GetString(0));
                bytes -= row.GetInt64(1);
                return bytes > 0;
            },
            ("@account", file.Account), ("@purpose", (int)file.Purpose), ("@now", now));
        foreach (var key in oldest)
        {
            await db.ExecuteAsync("update file set expires_at = @now where key = @key", ("@now", now), ("@key", key));
        }
    }

    static StoredFile Map(DbDataReader r) => new(
        r.GetString(0), r.GetInt64(1), (FilePurpose)r.GetInt64(2), r.GetString(3), r.GetString(4), r.GetInt64(5), r.Time(6),
        r.IsDBNull(7) ? null : r.Time(7));
}
