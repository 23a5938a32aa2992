namespace Nyala.Storage.Sql;

/// <summary>The few words in which engines differ; shared SQL writes them as <c>{token}</c>.</summary>
/// <param name="Name">Names the engine's own migrations, <c>NNN-title.name.sql</c>.</param>
/// <param name="Identity">A key column whose values are handed out by the engine and never reused.</param>
/// <param name="Bytes">The type of binary columns.</param>
/// <param name="Ordered">What makes a text column sort by code point.</param>
sealed record Dialect(string Name, string Identity, string Bytes, string Ordered)
{
    public static Dialect Sqlite { get; } = new("sqlite", "integer primary key autoincrement", "blob", "");

    public string Translate(string sql) => sql
        .Replace("{identity}", Identity, StringComparison.Ordinal)
        .Replace("{bytes}", Bytes, StringComparison.Ordinal)
        .Replace("{ordered}", Ordered, StringComparison.Ordinal);
}
