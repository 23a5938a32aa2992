using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Nyala.Storage.Sqlite;

/// <summary>Looks for damage: SQLite's own checks, then what this store promises about its rows.</summary>
static class IntegrityCheck
{
    static readonly (string Sql, string Problem)[] Promises =
    [
        ("select count(*) from (select at, lag(at) over (order by position) as before from message) where at < before",
            "times decrease with positions in the message log"),
        ("select count(*) from mailbox where mark > (select max(value) from (select value from meta where name = 'position' union all select max(position) from message))",
            "delivery marks are ahead of the message log"),
        ("select count(*) from message where sender is null and recipient is null", "messages belong to nobody"),
        ("select count(*) from message where position <= 0", "positions are not positive"),
        ("select 1 - count(*) from (select 1 from epoch limit 1)", "the keys of archive ids are missing"),
        ("select 2 - count(*) from meta where name in ('position', 'stream')", "counters are missing"),
    ];

    public static List<string> Run(string path, CancellationToken cancellation)
    {
        using var connection = SqliteFiles.Open(path, SqliteOpenMode.ReadOnly);
        using var interrupt = cancellation.Register(() => raw.sqlite3_interrupt(connection.Handle));
        try
        {
            List<string> problems = [.. Texts(connection, "pragma quick_check(20)").Where(t => t != "ok")];
            problems.AddRange(Texts(connection, "pragma foreign_key_check").Take(20).Select(t => $"rows of table {t} refer to something missing"));
            foreach (var (sql, problem) in Promises)
            {
                var count = SqliteFiles.Number(connection, sql);
                if (count > 0)
                {
                    problems.Add($"{problem} ({count})");
                }
            }

            return problems;
        }
        catch (SqliteException e)
        {
            cancellation.ThrowIfCancellationRequested();
            return [e.Message];
        }
    }

    static List<string> Texts(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 0;
        using var reader = command.ExecuteReader();
        var texts = new List<string>();
        while (reader.Read())
        {
            texts.Add(reader.GetString(0));
        }

        return texts;
    }
}
