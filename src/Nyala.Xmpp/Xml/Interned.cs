// HOT PATH
using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Nyala.Xmpp.Xml;

/// <summary>
/// Strings for the names that come again and again, found by their bytes. Bounded and lossy: a slot keeps the last
/// string that fell into it, so a stranger's invented names can cost an allocation but no memory. Safe from any
/// thread: a slot is one reference, and what is read from it is compared before it is used.
/// </summary>
static class Interned
{
    const int LongestKept = 96;
    static readonly string?[] Slots = new string?[2048];

    /// <summary>The bytes, valid UTF-8, as a string.</summary>
    public static string Get(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
        {
            return "";
        }

        if (utf8.Length > LongestKept)
        {
            return Encoding.UTF8.GetString(utf8);
        }

        ref var slot = ref Slots[Hash(utf8) & (Slots.Length - 1)];
        var known = slot;
        if (known is not null && known.Length == utf8.Length && Ascii.Equals(utf8, known))
        {
            return known;
        }

        var made = Encoding.UTF8.GetString(utf8);
        slot = made;
        return made;
    }

    static int Hash(ReadOnlySpan<byte> bytes)
    {
        const ulong Prime = 0x9E3779B97F4A7C15;
        var hash = (ulong)bytes.Length * Prime;
        while (bytes.Length >= sizeof(ulong))
        {
            hash = (BitOperations.RotateLeft(hash, 23) ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes)) * Prime;
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var value in bytes)
        {
            hash = (BitOperations.RotateLeft(hash, 23) ^ value) * Prime;
        }

        return (int)(hash >> 40);
    }
}
