using System.Data.Common;
using Nyala.Xmpp.Payloads;

namespace Nyala.Storage.Sql;

/// <summary>Rooms in shared SQL.</summary>
/// <param name="removed">Told after a room was removed: its rows in the message log are still there.</param>
sealed class SqlRooms(ISqlExecutor sql, Action removed) : IRooms
{
    public ValueTask<StoredRoom?> FindAsync(string name) => sql.ReadAsync(db => FindAsync(db, name));

    public ValueTask<StoredRoom?> CreateAsync(string name, RoomSettings settings, byte[] secret, string owner, DateTimeOffset now) =>
        sql.WriteAsync(async db =>
        {
            var id = await db.NumberAsync(
                """
                insert into room (name, persistent, listed, is_open, title, description, language, config, secret, subject_at, created_at)
                values (@name, @persistent, @listed, @open, @title, @description, @language, @config, @secret, 0, @now)
                on conflict do nothing returning id
                """,
                [("@name", name), .. Parameters(settings), ("@secret", secret), ("@now", now.ToUnixTimeMilliseconds())]);
            if (id is null)
            {
                return null;
            }

            await SaveAsync(db, id.Value, new RoomMember(owner, Affiliation.Owner));
            return await FindAsync(db, name);
        });

    public async ValueTask ChangeAsync(long room, RoomSettings? settings, IReadOnlyCollection<RoomMember> members) => await sql.WriteAsync(async db =>
    {
        if (settings is not null)
        {
            await db.ExecuteAsync(
                """
                update room set persistent = @persistent, listed = @listed, is_open = @open, title = @title, description = @description,
                    language = @language, config = @config where id = @room
                """,
                [.. Parameters(settings), ("@room", room)]);
        }

        foreach (var member in members)
        {
            await SaveAsync(db, room, member);
        }

        return true;
    });

    public async ValueTask SetSubjectAsync(long room, byte[] subject, DateTimeOffset at) => await sql.WriteAsync(db => db.ExecuteAsync(
        "update room set subject = @subject, subject_at = @at where id = @room",
        ("@subject", subject), ("@at", at.ToUnixTimeMilliseconds()), ("@room", room)));

    public async ValueTask SetCardAsync(long room, byte[]? card) => await sql.WriteAsync(db => db.ExecuteAsync(
        "update room set card = @card where id = @room", ("@card", card), ("@room", room)));

    public async ValueTask SetHatsAsync(long room, byte[] hats) => await sql.WriteAsync(db => db.ExecuteAsync(
        "update room set hats = @hats where id = @room", ("@hats", hats), ("@room", room)));

    public async ValueTask<bool> RemoveAsync(long room)
    {
        var found = await sql.WriteAsync(db => RemoveAsync(db, room));
        if (found)
        {
            removed();
        }

        return found;
    }

    public async ValueTask<int> RemoveTemporaryAsync()
    {
        var count = await sql.WriteAsync(async db =>
        {
            var rooms = await db.QueryAsync("select id from room where persistent = 0", r => r.GetInt64(0));
            foreach (var room in rooms)
            {
                await RemoveAsync(db, room);
            }

            return rooms.Count;
        });
        if (count > 0)
        {
            removed();
        }

        return count;
    }

    public async ValueTask<IReadOnlyList<RoomListing>> ListAsync(string? after, string? before, int max) => await sql.ReadAsync(async db =>
    {
        const string Columns = "select name, title, description, language, is_open from room where listed = 1";
        if (before is null)
        {
            return await db.QueryAsync($"{Columns} and name > @after order by name limit @max", MapListing, ("@after", after ?? ""), ("@max", max));
        }

        // The empty string is behind all names: the last page (XEP-0059 §2.5).
        var rows = await db.QueryAsync(
            $"{Columns} and (@before = '' or name < @before) order by name desc limit @max", MapListing, ("@before", before), ("@max", max));
        rows.Reverse();
        return rows;
    });

    public async ValueTask<int> CountListedAsync() =>
        (int)(await sql.ReadAsync(db => db.NumberAsync("select count(*) from room where listed = 1")) ?? 0);

    public async ValueTask<int> CountListedBeforeAsync(string name) => (int)(await sql.ReadAsync(db => db.NumberAsync(
        "select count(*) from room where listed = 1 and name < @name", ("@name", name))) ?? 0);

    public async ValueTask<int> CountOwnedAsync(string jid) => (int)(await sql.ReadAsync(db => db.NumberAsync(
        "select count(*) from room_member where jid = @jid and affiliation = @owner", ("@jid", jid), ("@owner", (int)Affiliation.Owner))) ?? 0);

    public async ValueTask<IReadOnlyList<RoomMembership>> OfAsync(string jid) => await sql.ReadAsync(db => db.QueryAsync(
        "select name, title, affiliation, nick from room join room_member on room = id where jid = @jid order by name",
        r => new RoomMembership(r.GetString(0), r.GetString(1), (Affiliation)r.GetInt64(2), r.IsDBNull(3) ? null : r.GetString(3)), ("@jid", jid)));

    public async ValueTask<IReadOnlyList<string>> ForgetAsync(string jid) => await sql.WriteAsync(async db =>
    {
        var names = await db.QueryAsync(
            "select name from room join room_member on room = id where jid = @jid order by name", r => r.GetString(0), ("@jid", jid));
        await db.ExecuteAsync("delete from room_member where jid = @jid", ("@jid", jid));
        return names;
    });

    public ValueTask<int> ForgetDomainAsync(string domain) => sql.WriteAsync(db => db.ExecuteAsync(
        "delete from room_member where jid like @all escape '!'",
        ("@all", "%@" + domain.Replace("!", "!!", StringComparison.Ordinal).Replace("%", "!%", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal))));

    static async ValueTask<StoredRoom?> FindAsync(SqlSession db, string name)
    {
        var found = await db.FirstAsync(
            """
            select id, name, persistent, listed, is_open, title, description, language, config, secret, subject, subject_at, card, hats
            from room where name = @name
            """,
            Map, ("@name", name));
        return found is null ? null : found with
        {
            Members = await db.QueryAsync(
                "select jid, affiliation, nick, reason from room_member where room = @room order by jid", MapMember, ("@room", found.Id)),
        };
    }

    static async ValueTask<bool> RemoveAsync(SqlSession db, long room)
    {
        if (await db.ExecuteAsync("delete from room where id = @room", ("@room", room)) == 0)
        {
            return false;
        }

        await db.ExecuteAsync("insert into removed_account (account) values (@owner)", ("@owner", -room));
        return true;
    }

    static async ValueTask SaveAsync(SqlSession db, long room, RoomMember member)
    {
        if (member.Affiliation == Affiliation.None)
        {
            await db.ExecuteAsync("delete from room_member where room = @room and jid = @jid", ("@room", room), ("@jid", member.Jid));
            return;
        }

        await db.ExecuteAsync(
            """
            insert into room_member (room, jid, affiliation, nick, reason) values (@room, @jid, @affiliation, @nick, @reason)
            on conflict (room, jid) do update set affiliation = excluded.affiliation, nick = excluded.nick, reason = excluded.reason
            """,
            ("@room", room), ("@jid", member.Jid), ("@affiliation", (int)member.Affiliation), ("@nick", member.Nick), ("@reason", member.Reason));
    }

    static (string Name, object? Value)[] Parameters(RoomSettings settings) =>
    [
        ("@persistent", settings.Persistent.AsNumber()), ("@listed", settings.Listed.AsNumber()),
        ("@open", settings.Open.AsNumber()), ("@title", settings.Title),
        ("@description", settings.Description), ("@language", settings.Language), ("@config", settings.Config),
    ];

    static RoomListing MapListing(DbDataReader r) => new(r.GetString(0), r.GetString(1), r.GetString(2), r.GetString(3), r.Truth(4));

    static RoomMember MapMember(DbDataReader r) => new(r.GetString(0), (Affiliation)r.GetInt64(1), r.TextOrNull(2), r.TextOrNull(3));

    static StoredRoom Map(DbDataReader r) => new(
        r.GetInt64(0), r.GetString(1),
        new RoomSettings(r.Truth(2), r.Truth(3), r.Truth(4), r.GetString(5), r.GetString(6), r.GetString(7), r.Bytes(8)),
        r.Bytes(9), r.BytesOrNull(10), r.GetInt64(11), r.BytesOrNull(12), r.BytesOrNull(13), []);
}
