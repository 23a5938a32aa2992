using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Nyala.Load.Scenarios;

/// <summary>
/// Makes a database of Nyala that has seen a short chat look as if the chat had gone on for very long: its rows are copied,
/// index by index as SQLite does it for the server, until there are enough. What differs between one message and the next does
/// so in the copies: position, time, fingerprint. The server must not run. Bodies repeat; nothing reads them but their readers.
/// </summary>
static class ArchiveFill
{
    public static void Run(string database, long rows)
    {
        using var connection = new SqliteConnection($"Data Source={database};Pooling=False");
        connection.Open();

        // Nothing is lost if this is cut short: it is begun again from the start.
        Execute(connection, "pragma synchronous = off; pragma journal_mode = wal; pragma cache_size = -1000000; pragma wal_autocheckpoint = 100000");
        var (count, head) = (Number(connection, "select count(*) from message"), Number(connection, "select coalesce(max(position), 0) from message"));
        if (count == 0)
        {
            throw new LoadException($"{database} holds no message to copy: let people chat first.");
        }

        // The copies lie between the chat, moved into the past, and now.
        var span = Number(connection, "select max(at) - min(at) + 1 from message");
        var copies = (rows + count - 1) / count;
        Execute(connection, $"update message set at = at - {copies * span}");
        for (var copy = 1; copy < copies; copy++)
        {
            Execute(connection, $"""
                insert into message (position, at, sender, recipient, flags, stream, handled, fingerprint, from_hash, to_hash, from_jid, to_jid, stanza)
                select position + {copy * head}, at + {copy * span}, sender, recipient, flags, stream, handled,
                    case when fingerprint is null then null else randomblob(16) end, from_hash, to_hash, from_jid, to_jid, stanza
                from message where position <= {head} order by position limit {rows - (copy * count)}
                """);
        }

        Execute(connection, """
            insert into mailbox (account, mark) select id, (select max(position) from message) from account where true
                on conflict (account) do update set mark = excluded.mark;
            pragma wal_checkpoint(truncate);
            """);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Number(connection, "select count(*) from message")} rows, {new FileInfo(database).Length / 1e9:0.0} GB"));
    }

    static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 0;
        command.ExecuteNonQuery();
    }

    static long Number(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 0;
        return (long)command.ExecuteScalar()!;
    }
}
