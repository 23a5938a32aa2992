// HOT PATH
using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Xmpp.Xml;

/// <summary>What XML 1.0 allows where: characters, names, references. Everything here judges complete tokens only,
/// so that the verdict does not depend on how the input was cut into pieces.</summary>
static class XmlChars
{
    static readonly SearchValues<byte> Plain = SearchValues.Create([(byte)'\t', (byte)'\n', (byte)'\r', .. Range(0x20, 0x7F)]);

    static readonly SearchValues<byte> PlainText =
        SearchValues.Create([(byte)'\t', (byte)'\n', (byte)'\r', .. Range(0x20, 0x7F).Where(value => value is not ((byte)'&' or (byte)']'))]);

    static readonly SearchValues<byte> Forbidden = SearchValues.Create([.. Range(0, 0x1F).Where(value => !IsSpace(value))]);

    static readonly SearchValues<byte> NameBytes = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."u8);

    public static bool IsSpace(byte value) => value is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r';

    /// <summary>How many of the leading bytes are whitespace.</summary>
    public static int SpaceLength(ReadOnlySpan<byte> bytes)
    {
        var length = 0;
        while (length < bytes.Length && IsSpace(bytes[length]))
        {
            length++;
        }

        return length;
    }

    /// <summary>Whether XML 1.0 allows the character (its production Char).</summary>
    public static bool IsAllowed(int value) =>
        value is 0x9 or 0xA or 0xD or (>= 0x20 and <= 0xD7FF) or (>= 0xE000 and <= 0xFFFD) or (>= 0x10000 and <= 0x10FFFF);

    /// <summary>Whether the bytes are UTF-8 without a character that XML forbids.</summary>
    public static StreamError? CheckCharacters(ReadOnlySpan<byte> bytes)
    {
        var odd = bytes.IndexOfAnyExcept(Plain);
        if (odd < 0)
        {
            return null;
        }

        bytes = bytes[odd..];
        if (!Utf8.IsValid(bytes))
        {
            // RFC 6120 §4.9.3.22: "violating the rules of the UTF-8 encoding" belongs to this condition.
            return StreamError.UnsupportedEncoding;
        }

        // U+FFFE and U+FFFF are the only well-encoded characters above the controls that XML forbids.
        return bytes.ContainsAny(Forbidden) || bytes.IndexOf("\uFFFE"u8) >= 0 || bytes.IndexOf("\uFFFF"u8) >= 0
            ? StreamError.NotWellFormed
            : null;
    }

    /// <summary>Whether a complete text run (what stands between two tags) is well-formed.</summary>
    public static StreamError? CheckText(ReadOnlySpan<byte> text)
    {
        var odd = text.IndexOfAnyExcept(PlainText);
        if (odd < 0)
        {
            return null;
        }

        text = text[odd..];
        return CheckCharacters(text)
            ?? (text.IndexOf("]]>"u8) >= 0 ? StreamError.NotWellFormed : null)
            ?? CheckReferences(text);
    }

    /// <summary>Whether every <c>&amp;</c> begins a reference that XMPP allows.</summary>
    public static StreamError? CheckReferences(ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            var at = bytes.IndexOf((byte)'&');
            if (at < 0)
            {
                return null;
            }

            bytes = bytes[at..];
            if (ReadReference(bytes, out var length, out _) is { } error)
            {
                return error;
            }

            bytes = bytes[length..];
        }
    }

    /// <summary>Reads the reference at the start: one of the five predefined ones, or a character's number.</summary>
    public static StreamError? ReadReference(ReadOnlySpan<byte> bytes, out int length, out int character)
    {
        length = 0;
        character = 0;
        var end = bytes.IndexOf((byte)';');
        if (end < 2)
        {
            return StreamError.NotWellFormed;
        }

        length = end + 1;
        var name = bytes[1..end];
        if (name[0] == '#')
        {
            character = ReadNumber(name[1..]);
            return IsAllowed(character) ? null : StreamError.NotWellFormed;
        }

        character = name switch
        {
            [(byte)'l', (byte)'t'] => '<',
            [(byte)'g', (byte)'t'] => '>',
            [(byte)'a', (byte)'m', (byte)'p'] => '&',
            [(byte)'a', (byte)'p', (byte)'o', (byte)'s'] => '\'',
            [(byte)'q', (byte)'u', (byte)'o', (byte)'t'] => '"',
            _ => 0,
        };
        if (character != 0)
        {
            return null;
        }

        // RFC 6120 §11.1: an entity that is not predefined is restricted; what is no entity at all is not XML.
        return NameLength(name, out _) == name.Length ? StreamError.RestrictedXml : StreamError.NotWellFormed;
    }

    /// <summary>The length of the qualified name at the start (Namespaces in XML, production QName); 0 when there is none.</summary>
    /// <param name="bytes">Valid UTF-8.</param>
    /// <param name="colon">Where the colon stands, or 0.</param>
    public static int NameLength(ReadOnlySpan<byte> bytes, out int colon)
    {
        colon = 0;
        var first = PartLength(bytes);
        if (first == 0 || first == bytes.Length || bytes[first] != ':')
        {
            return first;
        }

        var second = PartLength(bytes[(first + 1)..]);
        if (second == 0)
        {
            return 0;
        }

        colon = first;
        return first + 1 + second;
    }

    /// <summary>The length of the name without a colon at the start; 0 when there is none.</summary>
    static int PartLength(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || (bytes[0] < 0x80 && !char.IsAsciiLetter((char)bytes[0]) && bytes[0] != '_'))
        {
            return 0;
        }

        var length = bytes.IndexOfAnyExcept(NameBytes);
        if (length < 0)
        {
            return bytes.Length;
        }

        while (length < bytes.Length)
        {
            if (bytes[length] < 0x80)
            {
                if (!NameBytes.Contains(bytes[length]))
                {
                    break;
                }

                length++;
                continue;
            }

            if (Rune.DecodeFromUtf8(bytes[length..], out var rune, out var size) != OperationStatus.Done
                || !(length == 0 ? IsNameStart(rune.Value) : IsNamePart(rune.Value)))
            {
                break;
            }

            length += size;
        }

        return length;
    }

    static bool IsNameStart(int value) =>
        value is (>= 0xC0 and <= 0x2FF and not (0xD7 or 0xF7)) or (>= 0x370 and <= 0x1FFF and not 0x37E)
            or 0x200C or 0x200D or (>= 0x2070 and <= 0x218F) or (>= 0x2C00 and <= 0x2FEF) or (>= 0x3001 and <= 0xD7FF)
            or (>= 0xF900 and <= 0xFDCF) or (>= 0xFDF0 and <= 0xFFFD) or (>= 0x10000 and <= 0xEFFFF);

    static bool IsNamePart(int value) => IsNameStart(value) || value is 0xB7 or (>= 0x300 and <= 0x36F) or 0x203F or 0x2040;

    /// <summary>The number of a character reference after its <c>#</c>; -1 when it is none or too large.</summary>
    static int ReadNumber(ReadOnlySpan<byte> digits)
    {
        var radix = 10;
        if (!digits.IsEmpty && digits[0] == 'x')
        {
            radix = 16;
            digits = digits[1..];
        }

        var value = digits.IsEmpty ? -1 : 0;
        foreach (var digit in digits)
        {
            if (!(radix == 16 ? char.IsAsciiHexDigit((char)digit) : char.IsAsciiDigit((char)digit)))
            {
                return -1;
            }

            value = (value * radix) + (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
            if (value > 0x10FFFF)
            {
                return -1;
            }
        }

        return value;
    }

    static IEnumerable<byte> Range(byte first, byte last)
    {
        for (int value = first; value <= last; value++)
        {
            yield return (byte)value;
        }
    }
}
