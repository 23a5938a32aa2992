using System.Data.Common;

namespace Nyala.Storage.Sql;

/// <summary>Invites in shared SQL.</summary>
sealed class SqlInvites(ISqlExecutor sql) : IInvites
{
    const string Columns = "token, inviter, creates_account, role, uses, created_at, expires_at, username, greeting, room, approval";

    public async ValueTask CreateAsync(Invite invite) => await sql.WriteAsync(db => db.ExecuteAsync(
        $"insert into invite ({Columns}) values (@token, @inviter, @creates, @role, @uses, @created, @expires, @username, @greeting, @room, @approval)",
        ("@token", invite.Token), ("@inviter", invite.Inviter), ("@creates", invite.CreatesAccount.AsNumber()), ("@role", (int)invite.Role),
        ("@uses", invite.Uses), ("@created", invite.CreatedAt.ToUnixTimeMilliseconds()), ("@expires", invite.ExpiresAt.ToUnixTimeMilliseconds()),
        ("@username", invite.Username), ("@greeting", invite.Greeting), ("@room", invite.Room), ("@approval", invite.NeedsApproval.AsNumber())));

    public ValueTask<Invite?> FindAsync(string token, DateTimeOffset now) => sql.ReadAsync(db => db.FirstAsync(
        $"select {Columns} from invite where token = @token and uses > 0 and expires_at > @now",
        Map, ("@token", token), ("@now", now.ToUnixTimeMilliseconds())));

    public async ValueTask<bool> ConsumeAsync(string token, DateTimeOffset now) => await sql.WriteAsync(db => db.ExecuteAsync(
        "update invite set uses = uses - 1 where token = @token and uses > 0 and expires_at > @now",
        ("@token", token), ("@now", now.ToUnixTimeMilliseconds()))) > 0;

    public async ValueTask GiveBackAsync(string token) =>
        await sql.WriteAsync(db => db.ExecuteAsync("update invite set uses = uses + 1 where token = @token", ("@token", token)));

    public async ValueTask<IReadOnlyList<Invite>> ListAsync(DateTimeOffset now, int max) => await sql.ReadAsync(db => db.QueryAsync(
        $"select {Columns} from invite where uses > 0 and expires_at > @now order by created_at desc, token limit @max",
        Map, ("@now", now.ToUnixTimeMilliseconds()), ("@max", max)));

    public async ValueTask<int> CountByInviterAsync(long account, DateTimeOffset now) => (int)(await sql.ReadAsync(db => db.NumberAsync(
        "select count(*) from invite where inviter = @account and uses > 0 and expires_at > @now",
        ("@account", account), ("@now", now.ToUnixTimeMilliseconds()))) ?? 0);

    public async ValueTask<bool> IsKeptAsync(string username, string token, DateTimeOffset now) => await sql.ReadAsync(db => KeptAsync(db, username, token, now));

    /// <summary>The same inside a transaction.</summary>
    public static async ValueTask<bool> KeptAsync(SqlSession db, string username, string token, DateTimeOffset now) => await db.NumberAsync(
        "select 1 from invite where username = @username and creates_account = 1 and uses > 0 and expires_at > @now and token <> @token limit 1",
        ("@username", username), ("@now", now.ToUnixTimeMilliseconds()), ("@token", token)) is not null;

    public async ValueTask<bool> RevokeAsync(string token) =>
        await sql.WriteAsync(db => db.ExecuteAsync("delete from invite where token = @token", ("@token", token))) > 0;

    public async ValueTask RevokeRoomAsync(string room) =>
        await sql.WriteAsync(db => db.ExecuteAsync("delete from invite where room = @room", ("@room", room)));

    static Invite Map(DbDataReader r) => new(
        r.GetString(0), r.IsDBNull(1) ? null : r.GetInt64(1), r.Truth(2), (AccountRole)r.GetInt64(3), (int)r.GetInt64(4), r.Time(5), r.Time(6))
    {
        Username = r.IsDBNull(7) ? null : r.GetString(7),
        Greeting = r.IsDBNull(8) ? null : r.GetString(8),
        Room = r.IsDBNull(9) ? null : r.GetString(9),
        NeedsApproval = r.Truth(10),
    };
}
