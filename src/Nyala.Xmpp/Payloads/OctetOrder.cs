namespace Nyala.Xmpp.Payloads;

/// <summary>The i;octet collation (RFC 4790 §9.3): strings in the order of their UTF-8 bytes, which is that of code points.</summary>
sealed class OctetOrder : IComparer<string?>
{
    public static OctetOrder Instance { get; } = new();

    public int Compare(string? x, string? y)
    {
        var left = x.AsSpan();
        var right = y.AsSpan();
        var same = left.CommonPrefixLength(right);
        return same == left.Length || same == right.Length
            ? left.Length.CompareTo(right.Length)
            : Weight(left[same]).CompareTo(Weight(right[same]));
    }

    /// <summary>UTF-16 puts surrogates before U+E000; as code points they come after U+FFFF.</summary>
    static int Weight(char unit) => char.IsSurrogate(unit) ? unit + 0x10000 : unit;
}
