namespace Nyala.Storage;

/// <summary>
/// Archive ids (XEP-0359, R6): opaque, unpredictable, never reused, different for each owner of a row, and decodable to a
/// position. A key epoch is added at each restore from backup, so that ids made after it differ from those made before.
/// </summary>
public sealed class ArchiveIds
{
    /// <summary>Length of an id in characters (ASCII, URL-safe).</summary>
    public const int Length = 22;

    /// <summary>Writes the id of a row for one of its owners as <see cref="Length"/> ASCII bytes.</summary>
    public void Encode(long account, long position, Span<byte> ascii) => throw new NotImplementedException();

    public string Encode(long account, long position) => throw new NotImplementedException();

    /// <summary>False for anything this installation did not make for this account.</summary>
    public bool TryDecode(long account, ReadOnlySpan<char> id, out long position) => throw new NotImplementedException();
}
