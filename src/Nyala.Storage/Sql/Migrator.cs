using System.Globalization;
using System.Reflection;

namespace Nyala.Storage.Sql;

/// <summary>
/// Numbered SQL files, applied in order, forward only. A file's first line says the oldest schema whose binaries may still
/// read the database afterwards (<c>-- oldest-reader: N</c>).
/// </summary>
static class Migrator
{
    /// <summary>The schema this binary writes.</summary>
    public static int Newest { get; } = Titles().Max(t => t.Number);

    /// <summary>Brings the schema up to date inside the caller's transaction; returns the number it had before (0: empty).</summary>
    /// <exception cref="StoreException">The database was written by a newer binary that this one cannot read.</exception>
    public static async ValueTask<int> ApplyAsync(SqlSession db, Dialect dialect, DateTimeOffset now)
    {
        await db.ExecuteAsync(
            "create table if not exists migration (number bigint primary key, title text not null, oldest_reader bigint not null, applied_at bigint not null)");
        var current = (int)(await db.NumberAsync("select max(number) from migration") ?? 0);
        var oldestReader = await db.NumberAsync("select oldest_reader from migration order by number desc limit 1") ?? 0;
        if (oldestReader > Newest)
        {
            throw new StoreException(
                $"The database has schema {current} and this nyala knows up to {Newest}: run the newer version that wrote it.", LogFailure.Error);
        }

        foreach (var (number, title) in Titles().Where(t => t.Number > current))
        {
            var shared = Read($"{title}.sql");
            var ownText = Read($"{title}.{dialect.Name}.sql");
            await db.ExecuteAsync(dialect.Translate(shared + "\n" + ownText));
            await db.ExecuteAsync(
                "insert into migration (number, title, oldest_reader, applied_at) values (@number, @title, @oldest, @at)",
                ("@number", number), ("@title", title), ("@oldest", OldestReader(shared)), ("@at", now.ToUnixTimeMilliseconds()));
        }

        return current;
    }

    static (int Number, string Title)[] Titles() =>
        [.. Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(n => n.StartsWith("Migrations/", StringComparison.Ordinal))
            .Select(n => n["Migrations/".Length..].Split('.')[0])
            .Distinct(StringComparer.Ordinal)
            .Select(t => (int.Parse(t.AsSpan(0, 3), CultureInfo.InvariantCulture), t))
            .Order()];

    static string Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("Migrations/" + name);
        if (stream is null)
        {
            return "";
        }

        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    static int OldestReader(string sql)
    {
        const string Mark = "-- oldest-reader: ";
        var line = sql.AsSpan(0, sql.IndexOf('\n', StringComparison.Ordinal)).Trim();
        return line.StartsWith(Mark, StringComparison.Ordinal)
            ? int.Parse(line[Mark.Length..], CultureInfo.InvariantCulture)
            : throw new InvalidOperationException("A migration must begin with its oldest-reader line.");
    }
}
