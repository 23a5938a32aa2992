namespace Nyala.Storage;

/// <summary>Whom this server talks with: prepared domains and addresses.</summary>
/// <param name="Blocked">Never these.</param>
/// <param name="Allowed">Only these, if there are any.</param>
public sealed record PeerRules(IReadOnlyList<string> Blocked, IReadOnlyList<string> Allowed);

public interface IPeerRules
{
    ValueTask<PeerRules> LoadAsync();

    /// <summary>Puts these lists in place of those there are; null leaves one as it is.</summary>
    ValueTask ReplaceAsync(IReadOnlyCollection<string>? blocked, IReadOnlyCollection<string>? allowed);
}

/// <summary>A text that the server tells its people.</summary>
/// <param name="Number">Of this text alone.</param>
public sealed record ServerNotice(long Number, string Text);

public interface INotices
{
    /// <summary>The text of a name, or null.</summary>
    ValueTask<ServerNotice?> FindAsync(string name);

    /// <summary>Sets a text and gives it a new number.</summary>
    ValueTask<ServerNotice> SetAsync(string name, string text);

    /// <summary>False when there is none.</summary>
    ValueTask<bool> RemoveAsync(string name);
}

/// <summary>What somebody shows of itself to be found by.</summary>
public sealed record DirectoryEntry(string First, string Last, string Nick);

/// <summary>Whom is looked for: parts of names as <see cref="DirectoryQuery.Fold"/> makes them; an empty one means anything.</summary>
/// <param name="After">Only usernames behind this one, or null.</param>
public sealed record DirectoryQuery(string First, string Last, string Nick, string? After, int Max)
{
    /// <summary>A name without regard to its case and the spaces around it.</summary>
    public static string Fold(string text) => text.Trim().ToUpperInvariant();
}

/// <param name="Found">In order of username.</param>
/// <param name="Count">How many match in all.</param>
/// <param name="Index">How many match before the first of them.</param>
public sealed record DirectoryPage(IReadOnlyList<(string Username, DirectoryEntry Entry)> Found, int Count, int Index);

/// <summary>Those who want to be found (XEP-0055). Who is disabled is not found.</summary>
public interface IDirectory
{
    ValueTask<DirectoryEntry?> FindAsync(long account);

    /// <summary>Puts an account into the directory, or with null takes it out.</summary>
    ValueTask SetAsync(long account, DirectoryEntry? entry);

    ValueTask<DirectoryPage> SearchAsync(DirectoryQuery query);
}
