using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Nyala.Xmpp;

/// <summary>
/// The PRECIS profiles that XMPP uses (RFC 8264, RFC 8265), as far as the Unicode data of .NET carries them;
/// docs/decisions/005-precis.md lists the differences. Safe from any thread.
/// </summary>
public static class Precis
{
    /// <summary>No part of an address is longer (RFC 7622 §3.1), and nothing longer is looked at.</summary>
    const int MaxLength = 3071;

    /// <summary>How often a profile is applied until its result is stable (RFC 8264 §7: otherwise the string is refused).</summary>
    const int MaxRounds = 4;

    static readonly SearchValues<char> PlainUsername = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");
    static readonly SearchValues<char> PlainOpaque = SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(value => (char)value)]);

    /// <summary>UsernameCaseMapped (RFC 8265 §3.3): width-mapped, lower-cased, NFC, of the IdentifierClass, keeping the Bidi Rule.</summary>
    /// <returns>False when the text is empty, malformed UTF-16 or has a code point the class does not allow.</returns>
    public static bool TryUsernameCaseMapped(ReadOnlySpan<char> text, [NotNullWhen(true)] out string? prepared)
    {
        prepared = null;
        if (text.IsEmpty || text.Length > MaxLength)
        {
            return false;
        }

        if (!text.ContainsAnyExcept(PlainUsername))
        {
            prepared = text.ToString();
            return true;
        }

        return TryStable(text.ToString(), static round => Lower(WidthMap.Apply(round)), out prepared)
            && Conforms(prepared, freeform: false, bidi: true, out prepared);
    }

    /// <summary>OpaqueString (RFC 8265 §4.2), for passwords and resourceparts: other spaces become U+0020, NFC, of the FreeformClass.</summary>
    /// <returns>False when the text is empty, malformed UTF-16 or has a code point the class does not allow.</returns>
    public static bool TryOpaqueString(ReadOnlySpan<char> text, [NotNullWhen(true)] out string? prepared)
    {
        prepared = null;
        if (text.IsEmpty || text.Length > MaxLength)
        {
            return false;
        }

        if (!text.ContainsAnyExcept(PlainOpaque))
        {
            prepared = text.ToString();
            return true;
        }

        return TryStable(text.ToString(), Spaces, out prepared)
            && Conforms(prepared, freeform: true, bidi: false, out prepared);
    }

    /// <summary>Proves that this process has Unicode's data: without them addresses would silently be compared wrongly.</summary>
    /// <exception cref="InvalidOperationException">Globalization is invariant or its data are broken.</exception>
    public static void SelfTest()
    {
        var works = "e\u0301".Normalize(NormalizationForm.FormC) == "\u00E9"
            && !"\uFB01".IsNormalized(NormalizationForm.FormKC)
            && Lower("\u00C9\u0416\U00010400") == "\u00E9\u0436\U00010428"
            && TryUsernameCaseMapped("E\u0301\uFF21", out var name) && name == "\u00E9a"
            && Jid.TryParse("x@XN--Bcher-kva.example", out var jid) && jid.Domain == "b\u00FCcher.example";
        if (!works)
        {
            throw new InvalidOperationException(
                "Unicode normalisation or casing does not work in this process, so addresses cannot be compared. "
                + "Unset DOTNET_SYSTEM_GLOBALIZATION_INVARIANT and install ICU (Debian: libicu).");
        }
    }

    /// <summary>A label of a domain name: no PRECIS profile, but its class and Bidi Rule are what IDNA 2008 allows, too.</summary>
    internal static bool IsIdentifier(string label) => Conforms(label, freeform: false, bidi: true, out _);

    /// <summary>Lower-cased with Unicode's full mapping, but without the final-sigma context.</summary>
    internal static string Lower(string text)
    {
        // The runtime leaves U+0130 alone because its lower case is two characters.
        var lower = text.ToLowerInvariant();
        return lower.Contains('\u0130') ? lower.Replace("\u0130", "i\u0307", StringComparison.Ordinal) : lower;
    }

    static string Spaces(string text)
    {
        if (text.All(c => c < 0x80 || char.GetUnicodeCategory(c) != UnicodeCategory.SpaceSeparator))
        {
            return text;
        }

        return string.Create(text.Length, text, static (output, source) =>
        {
            for (var i = 0; i < output.Length; i++)
            {
                output[i] = char.GetUnicodeCategory(source[i]) == UnicodeCategory.SpaceSeparator ? ' ' : source[i];
            }
        });
    }

    /// <summary>Maps and normalises until nothing changes.</summary>
    static bool TryStable(string text, Func<string, string> map, [NotNullWhen(true)] out string? stable)
    {
        stable = null;
        if (!IsWellFormed(text))
        {
            return false;
        }

        for (var round = 0; round < MaxRounds; round++)
        {
            var next = map(text).Normalize(NormalizationForm.FormC);
            if (next == text)
            {
                stable = text;
                return true;
            }

            text = next;
        }

        return false;
    }

    /// <summary>Whether every surrogate has its other half, and nothing is a noncharacter the normaliser throws at.</summary>
    static bool IsWellFormed(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(text, out var rune, out var consumed) != OperationStatus.Done
                || CodePoints.IsNoncharacter(rune.Value))
            {
                return false;
            }

            text = text[consumed..];
        }

        return true;
    }

    static bool Conforms(string text, bool freeform, bool bidi, [NotNullWhen(true)] out string? same)
    {
        same = null;
        var runes = text.EnumerateRunes().ToArray();
        for (var i = 0; i < runes.Length; i++)
        {
            var allowed = CodePoints.Property(runes[i]) switch
            {
                PrecisProperty.Valid => true,
                PrecisProperty.FreeformOnly => freeform,
                PrecisProperty.Contextual => ContextRules.Allows(runes, i),
                _ => false,
            };
            if (!allowed)
            {
                return false;
            }
        }

        if (runes.Length == 0 || (bidi && !BidiRule.Holds(runes)))
        {
            return false;
        }

        same = text;
        return true;
    }
}
