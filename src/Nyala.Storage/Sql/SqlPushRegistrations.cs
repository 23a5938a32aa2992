using System.Data.Common;
using Nyala.Xmpp.Payloads;

namespace Nyala.Storage.Sql;

/// <summary>Push registrations in shared SQL.</summary>
sealed class SqlPushRegistrations(ISqlExecutor sql) : IPushRegistrations
{
    const string Columns = "id, account, device, jid, node, form, since, enabled_at";

    // Behind both where the registration began and its mark.
    const string IsBehind =
        """
        position > p.since and position > coalesce((select mark from mailbox where account = @first - p.id), 0) and at >= @since
        """;

    public async ValueTask<bool> AnyAsync() => await sql.ReadAsync(db => db.NumberAsync("select 1 from push_registration limit 1")) is not null;

    public async ValueTask<IReadOnlyList<PushRegistration>> LoadAsync(long account) => await sql.ReadAsync(db => LoadAsync(db, account));

    public async ValueTask<IReadOnlyList<PushRegistration>> EnableAsync(PushRegistration registration, int max) => await sql.WriteAsync(async db =>
    {
        (string, object?)[] args =
        [
            ("@account", registration.Account), ("@device", registration.Device), ("@jid", registration.Jid), ("@node", registration.Node),
            ("@form", registration.Form), ("@since", registration.Since), ("@at", registration.EnabledAt.ToUnixTimeMilliseconds()),
        ];
        await db.ExecuteAsync(
            "delete from push_registration where account = @account and jid = @jid and node = @node and device <> @device", args[0], args[1], args[2], args[3]);
        await db.ExecuteAsync(
            """
            insert into push_registration (account, device, jid, node, form, since, enabled_at)
            values (@account, @device, @jid, @node, @form, @since, @at)
            on conflict (account, jid, node) do update set form = excluded.form, enabled_at = excluded.enabled_at
            """,
            args);
        await db.ExecuteAsync(
            """
            delete from push_registration where account = @account and id not in (
                select id from push_registration where account = @account order by enabled_at desc, id desc limit @max)
            """,
            ("@account", registration.Account), ("@max", max));
        return await LoadAsync(db, registration.Account);
    });

    public async ValueTask<IReadOnlyList<PushRegistration>> DisableAsync(long account, string jid, string? node) => await sql.WriteAsync(async db =>
    {
        await (node is null
            ? db.ExecuteAsync("delete from push_registration where account = @account and jid = @jid", ("@account", account), ("@jid", jid))
            : db.ExecuteAsync(
                "delete from push_registration where account = @account and jid = @jid and node = @node",
                ("@account", account), ("@jid", jid), ("@node", node)));
        return await LoadAsync(db, account);
    });

    public async ValueTask RemoveAsync(long id) =>
        await sql.WriteAsync(db => db.ExecuteAsync("delete from push_registration where id = @id", ("@id", id)));

    public async ValueTask<IReadOnlyList<string>> FindBehindAsync(string domain, string? after, DateTimeOffset since, int max) =>
        await sql.ReadAsync(db => db.QueryAsync(
            $"""
            select a.username from account a where a.username > @after and exists (
                select 1 from push_registration p where p.account = a.id and (
                    exists (select 1 from message where recipient = p.account and (flags & 4) <> 0 and {IsBehind})
                    or exists (
                        select 1 from room_member m where m.jid = a.username || '@' || @domain and m.affiliation >= @member
                        and exists (select 1 from message where recipient = -m.room and {IsBehind}))))
            order by a.username limit @max
            """,
            r => r.GetString(0),
            ("@after", after ?? ""), ("@first", PushRegistration.FirstOwner), ("@since", since.ToUnixTimeMilliseconds()), ("@domain", domain),
            ("@member", (int)Affiliation.Member), ("@max", max)));

    public async ValueTask<IReadOnlyList<string>> RoomsBehindAsync(string jid, long position, int max) => await sql.ReadAsync(db => db.QueryAsync(
        """
        select r.name from room_member m join room r on r.id = m.room where m.jid = @jid and m.affiliation >= @member
        and exists (select 1 from message where recipient = -m.room and position > @position) order by r.name limit @max
        """,
        r => r.GetString(0), ("@jid", jid), ("@member", (int)Affiliation.Member), ("@position", position), ("@max", max)));

    static async ValueTask<IReadOnlyList<PushRegistration>> LoadAsync(SqlSession db, long account) => await db.QueryAsync(
        $"select {Columns} from push_registration where account = @account order by id", Map, ("@account", account));

    static PushRegistration Map(DbDataReader r) => new(
        r.GetInt64(0), r.GetInt64(1), r.GetString(2), r.GetString(3), r.GetString(4), r.BytesOrNull(5), r.GetInt64(6), r.Time(7));
}
