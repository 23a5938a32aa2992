using System.Globalization;
using System.Text;

namespace Nyala.Xmpp;

/// <summary>
/// The Bidi Rule (RFC 5893 §2). The runtime has no Bidi_Class; it is derived here from blocks and general categories,
/// exactly for letters and digits and as "neutral" for what is left (docs/decisions/005-precis.md).
/// </summary>
static class BidiRule
{
    enum Class
    {
        Left,
        Right,
        EuropeanNumber,
        ArabicNumber,
        Mark,
        Neutral,
    }

    /// <summary>Whether the label keeps the rule; one without right-to-left characters always does.</summary>
    public static bool Holds(ReadOnlySpan<Rune> label)
    {
        var bidi = false;
        foreach (var rune in label)
        {
            bidi |= Of(rune) is Class.Right or Class.ArabicNumber;
        }

        return !bidi || HoldsForBidi(label);
    }

    static bool HoldsForBidi(ReadOnlySpan<Rune> label)
    {
        // A label that has right-to-left characters and starts with a left-to-right one breaks condition 5, and one
        // that starts with neither breaks condition 1, so only labels that start right to left are left.
        if (Of(label[0]) != Class.Right)
        {
            return false;
        }

        var european = false;
        var arabic = false;
        var last = Class.Mark;
        foreach (var rune in label)
        {
            var current = Of(rune);
            if (current == Class.Left)
            {
                return false; // condition 2
            }

            european |= current == Class.EuropeanNumber;
            arabic |= current == Class.ArabicNumber;
            last = current == Class.Mark ? last : current;
        }

        return last != Class.Neutral && !(european && arabic); // conditions 3 and 4
    }

    static Class Of(Rune rune)
    {
        var value = rune.Value;
        if (value is (>= '0' and <= '9') or (>= 0x6F0 and <= 0x6F9) or 0xB2 or 0xB3 or 0xB9
            or (>= 0x1D7CE and <= 0x1D7FF) or (>= 0x1FBF0 and <= 0x1FBF9))
        {
            return Class.EuropeanNumber;
        }

        if (value is (>= 0x600 and <= 0x605) or (>= 0x660 and <= 0x669) or 0x66B or 0x66C or 0x6DD or 0x890 or 0x891 or 0x8E2
            or (>= 0x10D30 and <= 0x10D39) or (>= 0x10D40 and <= 0x10D49) or (>= 0x10E60 and <= 0x10E7E))
        {
            return Class.ArabicNumber;
        }

        return Rune.GetUnicodeCategory(rune) switch
        {
            _ when value is 0x5F3 or 0x5F4 => Class.Right, // geresh, gershayim: the only punctuation a rule lets through
            UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark => Class.Mark,
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.SpacingCombiningMark
                or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber => InRightBlock(value) ? Class.Right : Class.Left,
            _ => Class.Neutral,
        };
    }

    static bool InRightBlock(int value) => value is (>= 0x590 and <= 0x8FF) or (>= 0xFB1D and <= 0xFDFF) or (>= 0xFE70 and <= 0xFEFF)
        or (>= 0x10800 and <= 0x10FFF) or (>= 0x1E800 and <= 0x1EFFF);
}
