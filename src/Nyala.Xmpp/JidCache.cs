// HOT PATH
using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;

namespace Nyala.Xmpp;

/// <summary>
/// Addresses that were read lately, by the bytes they were read from. Each slot holds one, the next one takes it over:
/// bounded, and losing one costs a parse. Safe from any thread, because a slot is one reference to an immutable object.
/// </summary>
static class JidCache
{
    const int Slots = 8192;

    // Together with Slots this bounds what strangers can make the cache hold to a few megabytes.
    const int LongestKept = 128;

    const int MaxBytes = 3071;

    static readonly Jid?[] Addresses = new Jid?[Slots];

    public static bool TryParse(ReadOnlySpan<byte> utf8, [NotNullWhen(true)] out Jid? jid)
    {
        jid = null;
        if (utf8.IsEmpty || utf8.Length > MaxBytes)
        {
            return false;
        }

        if (utf8.Length > LongestKept)
        {
            return TryDecode(utf8, out jid);
        }

        ref var slot = ref Addresses[Slot(utf8)];
        var kept = Volatile.Read(ref slot);
        if (kept is not null && Same(utf8, kept.ToString()))
        {
            jid = kept;
            return true;
        }

        if (!TryDecode(utf8, out jid))
        {
            return false;
        }

        // An address that preparation changes would never be found again.
        if (Same(utf8, jid.ToString()))
        {
            Volatile.Write(ref slot, jid);
        }

        return true;
    }

    static bool TryDecode(ReadOnlySpan<byte> utf8, [NotNullWhen(true)] out Jid? jid)
    {
        jid = null;
        char[]? rented = null;
        var chars = utf8.Length <= 256 ? stackalloc char[256] : rented = ArrayPool<char>.Shared.Rent(utf8.Length);
        var valid = Utf8.ToUtf16(utf8, chars, out _, out var written, replaceInvalidSequences: false) == OperationStatus.Done
            && Jid.TryParse(chars[..written], out jid);
        if (rented is not null)
        {
            ArrayPool<char>.Shared.Return(rented);
        }

        return valid && jid is not null;
    }

    static bool Same(ReadOnlySpan<byte> utf8, string text)
    {
        if (Ascii.Equals(utf8, text))
        {
            return true;
        }

        if (text.Length >= utf8.Length)
        {
            return false; // as long and not equal, or longer than its own bytes could be
        }

        Span<byte> bytes = stackalloc byte[LongestKept];
        return Utf8.FromUtf16(text, bytes, out _, out var written) == OperationStatus.Done && utf8.SequenceEqual(bytes[..written]);
    }

    static int Slot(ReadOnlySpan<byte> utf8)
    {
        // Not a hash that withstands an adversary: collisions only cost parses.
        var hash = (ulong)utf8.Length * 0x9E3779B97F4A7C15;
        while (utf8.Length >= sizeof(ulong))
        {
            hash = (hash ^ BinaryPrimitives.ReadUInt64LittleEndian(utf8)) * 0xFF51AFD7ED558CCD;
            hash ^= hash >> 32;
            utf8 = utf8[sizeof(ulong)..];
        }

        foreach (var b in utf8)
        {
            hash = (hash ^ b) * 0x100000001B3;
        }

        return (int)((hash ^ (hash >> 29)) & (Slots - 1));
    }
}
