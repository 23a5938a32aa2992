namespace Nyala.Storage;

/// <summary>What a file was uploaded for, which decides how long it is kept and what it counts against (XEP-0363 §5).</summary>
public enum FilePurpose
{
    /// <summary>It goes with a message.</summary>
    Message,

    /// <summary>It shows who somebody is, such as an avatar: few and small, kept until newer ones take their room.</summary>
    Profile,
}

/// <summary>An uploaded file. Nothing of it ever changes.</summary>
/// <param name="Key">Unguessable; what it is called in the contents and in its address (<see cref="FileKey"/>).</param>
/// <param name="Account">Who uploaded it.</param>
/// <param name="Name">What the sender calls it, made harmless.</param>
/// <param name="Type">What the sender says it is, a media type without parameters.</param>
/// <param name="Size">In bytes.</param>
/// <param name="ExpiresAt">From then on it is gone; null: never.</param>
public sealed record StoredFile(
    string Key, long Account, FilePurpose Purpose, string Name, string Type, long Size, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt);

public enum AddFileResult
{
    Added,

    /// <summary>There is a file of that key.</summary>
    Conflict,

    /// <summary>The account would keep more than it may.</summary>
    Full,

    /// <summary>The account is gone.</summary>
    NoAccount,
}

/// <summary>What is known of uploaded files; the bytes are in <see cref="IFileContents"/>.</summary>
public interface IFiles
{
    /// <summary>What a file counts against the quota at least, so that a quota bounds the number of files too.</summary>
    const long LeastCharge = 65_536;

    /// <summary>What a file of that size counts.</summary>
    static long Charge(long size) => Math.Max(size, LeastCharge);

    /// <summary>Adds a file whose bytes are durable. Files of a profile make the oldest ones of their account expire instead of being too much.</summary>
    /// <param name="quota">What all files of the account and purpose may count together.</param>
    ValueTask<AddFileResult> AddAsync(StoredFile file, long quota);

    /// <summary>The file, unless it has expired or its account is gone.</summary>
    ValueTask<StoredFile?> FindAsync(string key, DateTimeOffset now);

    /// <summary>What an account's files of a purpose count.</summary>
    ValueTask<long> UsedAsync(long account, FilePurpose purpose, DateTimeOffset now);

    /// <summary>When enough of an account's files will have expired for so much to be free; null: never, because what is left does not expire.</summary>
    ValueTask<DateTimeOffset?> FreeAtAsync(long account, FilePurpose purpose, long bytes, DateTimeOffset now);

    /// <summary>Keys of files that have expired or whose account is gone.</summary>
    ValueTask<IReadOnlyList<string>> ListGoneAsync(DateTimeOffset now, int max);

    /// <summary>All keys that begin so, with the time they were added.</summary>
    ValueTask<IReadOnlyDictionary<string, DateTimeOffset>> ListAsync(string prefix);

    /// <summary>An account's files that have not expired, the oldest first.</summary>
    ValueTask<IReadOnlyList<StoredFile>> ListAsync(long account, DateTimeOffset now, int max);

    ValueTask RemoveAsync(IReadOnlyCollection<string> keys);
}

/// <summary>The names of files in the contents.</summary>
public static class FileKey
{
    const int Bytes = 20;

    /// <summary>How many characters a key has.</summary>
    public const int Length = Bytes * 2;

    /// <summary>Every key begins with one of these.</summary>
    public static IEnumerable<string> Prefixes { get; } = [.. Enumerable.Range(0, 256).Select(number => number.ToString("x2", System.Globalization.CultureInfo.InvariantCulture))];

    /// <summary>A new one that nobody can guess.</summary>
    public static string Create() => System.Security.Cryptography.RandomNumberGenerator.GetHexString(Length, lowercase: true);

    /// <summary>Whether a text is a key: nothing else ever becomes part of a path.</summary>
    public static bool IsOne(string text) => text.Length == Length && text.All(char.IsAsciiHexDigitLower);
}

/// <summary>Gives the bytes of an upload, in order: fills the buffer, and less of it only where they end.</summary>
public delegate ValueTask<int> FileReader(Memory<byte> buffer, CancellationToken cancellation);

/// <summary>
/// Where the bytes of files are: a directory, or something that speaks of objects. Keys are those of <see cref="FileKey"/>.
/// Safe from any thread.
/// </summary>
public interface IFileContents
{
    /// <summary>How much more may be stored, in bytes; null: nobody knows.</summary>
    long? FreeBytes { get; }

    /// <summary>Takes in exactly so many bytes; durable and whole when it returns true. Until then nobody sees anything of it.</summary>
    /// <returns>False: there are fewer bytes, or more.</returns>
    /// <exception cref="StoreException">They cannot be stored.</exception>
    Task<bool> SaveAsync(string key, long size, FileReader read, CancellationToken cancellation);

    /// <summary>Reads from a position on; null when there is no such file.</summary>
    ValueTask<Stream?> OpenAsync(string key, long from, CancellationToken cancellation);

    /// <summary>Removes a file; nothing happens when there is none.</summary>
    ValueTask RemoveAsync(string key);

    /// <summary>All keys that begin so (<see cref="FileKey.Prefixes"/>), with the time they were stored.</summary>
    ValueTask<IReadOnlyDictionary<string, DateTimeOffset>> ListAsync(string prefix);
}
