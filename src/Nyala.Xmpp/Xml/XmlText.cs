using System.Text;

namespace Nyala.Xmpp.Xml;

/// <summary>Turns checked bytes into the characters they mean.</summary>
static class XmlText
{
    /// <summary>Text between tags: references resolved, line ends made <c>\n</c> (XML 1.0 §2.11).</summary>
    public static string Decode(ReadOnlySpan<byte> text) =>
        text.IndexOfAny((byte)'&', (byte)'\r') < 0 ? Encoding.UTF8.GetString(text) : DecodeSlowly(text, space: '\n');

    /// <summary>A section's characters: nothing is a reference there, line ends are still made <c>\n</c>.</summary>
    public static string DecodeSection(ReadOnlySpan<byte> section)
    {
        var text = Encoding.UTF8.GetString(section);
        return text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
    }

    /// <summary>
    /// An attribute's value that is likely to come again: references resolved, each bare whitespace character made a
    /// space (XML 1.0 §3.3.3).
    /// </summary>
    public static string DecodeValue(ReadOnlySpan<byte> value) =>
        IsVerbatim(value) ? Interned.Get(value) : DecodeSlowly(value, space: ' ');

    /// <summary>The same for a value that will hardly come again, such as an id.</summary>
    public static string DecodeOnce(ReadOnlySpan<byte> value) =>
        IsVerbatim(value) ? Encoding.UTF8.GetString(value) : DecodeSlowly(value, space: ' ');

    /// <summary>Whether an attribute's value means exactly its bytes.</summary>
    public static bool IsVerbatim(ReadOnlySpan<byte> value) => value.IndexOfAny("&\t\n\r"u8) < 0;

    static string DecodeSlowly(ReadOnlySpan<byte> bytes, char space)
    {
        var text = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            var plain = bytes.IndexOfAny("&\t\n\r"u8);
            plain = plain < 0 ? bytes.Length : plain;
            text.Append(Encoding.UTF8.GetString(bytes[..plain]));
            bytes = bytes[plain..];
            if (bytes.IsEmpty)
            {
                break;
            }

            var length = 1;
            if (bytes[0] == '&')
            {
                XmlChars.ReadReference(bytes, out length, out var character);
                text.Append(char.ConvertFromUtf32(character));
            }
            else if (bytes[0] == '\t' && space == '\n')
            {
                text.Append('\t');
            }
            else
            {
                length = bytes.StartsWith("\r\n"u8) ? 2 : 1;
                text.Append(space);
            }

            bytes = bytes[length..];
        }

        return text.ToString();
    }
}
