using System.Buffers;
using System.Text;

namespace Nyala.Xmpp;

/// <summary>
/// The contextual rules of RFC 5892 appendix A. Scripts and joining types come from ranges kept here, because the
/// runtime has neither property; where a range is silent, the code point is refused (docs/decisions/005-precis.md).
/// </summary>
static class ContextRules
{
    const int NoRune = -1;

    /// <summary>Code points of Canonical_Combining_Class Virama (9).</summary>
    static readonly HashSet<int> Viramas =
    [
        0x94D, 0x9CD, 0xA4D, 0xACD, 0xB4D, 0xBCD, 0xC4D, 0xCCD, 0xD3B, 0xD3C, 0xD4D, 0xDCA, 0xE3A, 0xEBA, 0xF84,
        0x1039, 0x103A, 0x1714, 0x1715, 0x1734, 0x17D2, 0x1A60, 0x1B44, 0x1BAA, 0x1BAB, 0x1BF2, 0x1BF3, 0x2D7F,
        0xA806, 0xA82C, 0xA8C4, 0xA953, 0xA9C0, 0xAAF6, 0xABED, 0x10A3F, 0x11046, 0x11070, 0x1107F, 0x110B9,
        0x11133, 0x11134, 0x111C0, 0x11235, 0x112EA, 0x1134D, 0x11442, 0x114C2, 0x115BF, 0x1163F, 0x116B6, 0x1172B,
        0x11839, 0x1193D, 0x1193E, 0x119E0, 0x11A34, 0x11A47, 0x11A99, 0x11C3F, 0x11D44, 0x11D45, 0x11D97,
    ];

    /// <summary>Letters of the Arabic block that join to the right only; they cannot stand before a ZWNJ.</summary>
    static readonly SearchValues<char> RightJoining = SearchValues.Create(
        "\u0622\u0623\u0624\u0625\u0627\u0629\u062F\u0630\u0631\u0632\u0648\u0671\u0672\u0673\u0675\u0676\u0677"
        + "\u0688\u0689\u068A\u068B\u068C\u068D\u068E\u068F\u0690\u0691\u0692\u0693\u0694\u0695\u0696\u0697\u0698\u0699"
        + "\u06C0\u06C3\u06C4\u06C5\u06C6\u06C7\u06C8\u06C9\u06CA\u06CB\u06CD\u06CF\u06D2\u06D3\u06D5\u06EE\u06EF");

    /// <summary>Whether the code point at <paramref name="index"/> may stand there.</summary>
    public static bool Allows(ReadOnlySpan<Rune> text, int index)
    {
        var before = index > 0 ? text[index - 1].Value : NoRune;
        var after = index + 1 < text.Length ? text[index + 1].Value : NoRune;
        return text[index].Value switch
        {
            0x200C => Viramas.Contains(before) || JoinsAround(text, index),
            0x200D => Viramas.Contains(before),
            0xB7 => before == 'l' && after == 'l',
            0x375 => IsGreek(after),
            0x5F3 or 0x5F4 => IsHebrew(before),
            0x30FB => Any(text, IsJapanese),
            >= 0x660 and <= 0x669 => !Any(text, value => value is >= 0x6F0 and <= 0x6F9),
            >= 0x6F0 and <= 0x6F9 => !Any(text, value => value is >= 0x660 and <= 0x669),
            _ => false,
        };
    }

    /// <summary>A.1: a letter that joins to the left before it and one that joins to the right after it, marks between.</summary>
    static bool JoinsAround(ReadOnlySpan<Rune> text, int index)
    {
        var left = index - 1;
        while (left >= 0 && CodePoints.IsMark(text[left]))
        {
            left--;
        }

        var right = index + 1;
        while (right < text.Length && CodePoints.IsMark(text[right]))
        {
            right++;
        }

        return left >= 0 && right < text.Length
            && IsArabicLetter(text[left].Value) && !RightJoining.Contains((char)text[left].Value)
            && IsArabicLetter(text[right].Value);
    }

    static bool IsArabicLetter(int value) => value is (>= 0x620 and <= 0x63F) or (>= 0x641 and <= 0x64A) or 0x66E or 0x66F
        or (>= 0x671 and <= 0x6D3) or 0x6D5 or 0x6EE or 0x6EF or (>= 0x6FA and <= 0x6FC) or 0x6FF and not (0x621 or 0x674);

    static bool IsGreek(int value) => value is (>= 0x370 and <= 0x373) or (>= 0x375 and <= 0x377) or (>= 0x37A and <= 0x37D)
        or 0x37F or 0x384 or 0x386 or (>= 0x388 and <= 0x3E1) or (>= 0x3F0 and <= 0x3FF) or (>= 0x1F00 and <= 0x1FFE);

    static bool IsHebrew(int value) => value is (>= 0x591 and <= 0x5F4) or (>= 0xFB1D and <= 0xFB4F);

    /// <summary>Hiragana, Katakana or Han.</summary>
    static bool IsJapanese(int value) => value is (>= 0x3041 and <= 0x3096) or (>= 0x309D and <= 0x309F)
        or (>= 0x30A1 and <= 0x30FA) or (>= 0x30FD and <= 0x30FF) or (>= 0x31F0 and <= 0x31FF)
        or (>= 0x2E80 and <= 0x2FD5) or 0x3005 or 0x3007 or (>= 0x3021 and <= 0x3029) or (>= 0x3400 and <= 0x4DBF)
        or (>= 0x4E00 and <= 0x9FFF) or (>= 0xF900 and <= 0xFAD9) or (>= 0x20000 and <= 0x323AF);

    static bool Any(ReadOnlySpan<Rune> text, Func<int, bool> matches)
    {
        foreach (var rune in text)
        {
            if (matches(rune.Value))
            {
                return true;
            }
        }

        return false;
    }
}
