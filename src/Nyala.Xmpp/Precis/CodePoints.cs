using System.Globalization;
using System.Text;

namespace Nyala.Xmpp;

/// <summary>What RFC 8264 §8 derives for one code point.</summary>
enum PrecisProperty
{
    /// <summary>Valid in both string classes.</summary>
    Valid,

    /// <summary>Valid in the FreeformClass only.</summary>
    FreeformOnly,

    /// <summary>Valid where a rule about its neighbours holds (RFC 5892 appendix A).</summary>
    Contextual,

    Disallowed,
}

/// <summary>The derived property of code points, from the Unicode data of the runtime (RFC 8264 §8 and §9).</summary>
static class CodePoints
{
    public static PrecisProperty Property(Rune rune)
    {
        var value = rune.Value;
        if (Exception(value) is { } exception)
        {
            return exception;
        }

        if (value is >= 0x21 and <= 0x7E)
        {
            return PrecisProperty.Valid;
        }

        if (value is 0x200C or 0x200D)
        {
            return PrecisProperty.Contextual;
        }

        if (IsOldHangulJamo(value) || IsIgnorable(value))
        {
            return PrecisProperty.Disallowed;
        }

        var category = Rune.GetUnicodeCategory(rune);
        return category switch
        {
            UnicodeCategory.OtherNotAssigned or UnicodeCategory.Control or UnicodeCategory.PrivateUse
                or UnicodeCategory.Surrogate or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => PrecisProperty.Disallowed,
            _ when HasCompatibility(rune) => PrecisProperty.FreeformOnly,
            UnicodeCategory.LowercaseLetter or UnicodeCategory.UppercaseLetter or UnicodeCategory.OtherLetter
                or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.ModifierLetter
                or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark => PrecisProperty.Valid,
            _ => PrecisProperty.FreeformOnly,
        };
    }

    /// <summary>RFC 5892 §2.6, taken over by RFC 8264 §9.6.</summary>
    static PrecisProperty? Exception(int value) => value switch
    {
        0xDF or 0x3C2 or 0x6FD or 0x6FE or 0xF0B or 0x3007 => PrecisProperty.Valid,
        0xB7 or 0x375 or 0x5F3 or 0x5F4 or 0x30FB or (>= 0x660 and <= 0x669) or (>= 0x6F0 and <= 0x6F9) => PrecisProperty.Contextual,
        0x640 or 0x7FA or 0x302E or 0x302F or (>= 0x3031 and <= 0x3035) or 0x303B => PrecisProperty.Disallowed,
        _ => null,
    };

    /// <summary>§9.9: the conjoining jamo, whose sequences normalise in ways nobody sees.</summary>
    static bool IsOldHangulJamo(int value) => value is (>= 0x1100 and <= 0x11FF) or (>= 0xA960 and <= 0xA97C)
        or (>= 0xD7B0 and <= 0xD7C6) or (>= 0xD7CB and <= 0xD7FB);

    /// <summary>§9.13: Default_Ignorable_Code_Point and Noncharacter_Code_Point, which the runtime does not tell.</summary>
    static bool IsIgnorable(int value) => value is 0xAD or 0x34F or 0x61C or 0x17B4 or 0x17B5 or 0x3164 or 0xFEFF or 0xFFA0
        or (>= 0x180B and <= 0x180F) or (>= 0x200B and <= 0x200F) or (>= 0x202A and <= 0x202E)
        or (>= 0x2060 and <= 0x206F) or (>= 0xFE00 and <= 0xFE0F) or (>= 0xFFF0 and <= 0xFFF8)
        or (>= 0x1BCA0 and <= 0x1BCA3) or (>= 0x1D173 and <= 0x1D17A) or (>= 0xE0000 and <= 0xE0FFF)
        || IsNoncharacter(value);

    public static bool IsNoncharacter(int value) => value is >= 0xFDD0 and <= 0xFDEF || (value & 0xFFFE) == 0xFFFE;

    /// <summary>§9.17: the code point is not its own NFKC.</summary>
    static bool HasCompatibility(Rune rune)
    {
        Span<char> text = stackalloc char[2];
        return !((ReadOnlySpan<char>)text[..rune.EncodeToUtf16(text)]).IsNormalized(NormalizationForm.FormKC);
    }

    public static bool IsMark(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark;
}
