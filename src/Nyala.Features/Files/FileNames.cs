using System.Globalization;
using System.Text;

namespace Nyala.Features.Files;

/// <summary>Names of files as senders claim them, made harmless: for an address, for a header, and for whoever saves the file.</summary>
public static class FileNames
{
    /// <summary>How many bytes of UTF-8 a name has at most.</summary>
    public const int MaxBytes = 200;

    const string Nameless = "file";
    const int MaxEndingBytes = 20;
    const string Forbidden = "<>:\"|?*";

    /// <summary>
    /// The last part of what may be a path, without characters that cannot be seen, turn the direction of writing or mean
    /// something to a file system; never empty, never only dots. The ending stays (XEP-0363 §4).
    /// </summary>
    public static string Clean(string claimed)
    {
        var name = new StringBuilder();
        foreach (var rune in claimed[(claimed.LastIndexOfAny(['/', '\\']) + 1)..].EnumerateRunes())
        {
            switch (Rune.GetUnicodeCategory(rune))
            {
                case UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned:
                case UnicodeCategory.Format when rune.Value is not (0x200C or 0x200D): // joiners: words and emoji need them
                    break;
                case UnicodeCategory.SpaceSeparator:
                    name.Append(' ');
                    break;
                default:
                    name.Append(rune.IsAscii && Forbidden.Contains((char)rune.Value, StringComparison.Ordinal) ? "_" : rune.ToString());
                    break;
            }
        }

        var text = Trim(name.ToString().Normalize(NormalizationForm.FormC));
        return text.Length == 0 ? Nameless : Shorten(text);
    }

    // A dot in front hides a file, dots and spaces at the end are dropped by some systems.
    static string Trim(string text) => text.Trim(' ', '.', '\u200C', '\u200D');

    static string Shorten(string text)
    {
        if (Encoding.UTF8.GetByteCount(text) <= MaxBytes)
        {
            return text;
        }

        var dot = text.LastIndexOf('.');
        var ending = dot > 0 && Encoding.UTF8.GetByteCount(text.AsSpan(dot)) <= MaxEndingBytes ? text[dot..] : "";
        var left = MaxBytes - Encoding.UTF8.GetByteCount(ending);
        var length = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            left -= rune.Utf8SequenceLength;
            if (left < 0)
            {
                break;
            }

            length += rune.Utf16SequenceLength;
        }

        return Trim(text[..length] + ending);
    }
}
