using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Nyala.Xmpp;

/// <summary>Domainparts (RFC 7622 §3.2): host names of U-labels and letters-digits-hyphen labels, and IP literals.</summary>
static class DomainPart
{
    const int MaxLabel = 63;
    const int Shared = 256;

    static readonly SearchValues<char> Plain = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-.");
    static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true };

    /// <summary>Domains that were seen lately: nearly every address here has one of a few. Racy, and losing one costs a string.</summary>
    static readonly string?[] Seen = new string?[Shared];

    public static bool TryPrepare(ReadOnlySpan<char> text, [NotNullWhen(true)] out string? domain)
    {
        domain = null;
        if (text is ['[', .. var literal, ']'])
        {
            return TryLiteral(literal, out domain);
        }

        if (text is [.. var rooted, '.'])
        {
            text = rooted; // §3.2: the dot of the DNS root is stripped before anything else
        }

        if (text.IsEmpty || text.Length > 1023)
        {
            return false;
        }

        if (text.ContainsAnyExcept(Plain) || text.Contains("xn--", StringComparison.Ordinal))
        {
            return TryInternational(text.ToString(), out domain);
        }

        if (!HasLabels(text))
        {
            return false;
        }

        domain = Share(text);
        return true;
    }

    /// <summary>An IPv6 address, in its one canonical spelling so that comparing works (RFC 5952).</summary>
    static bool TryLiteral(ReadOnlySpan<char> text, [NotNullWhen(true)] out string? domain)
    {
        domain = null;
        if (text.Contains('%') || !IPAddress.TryParse(text, out var address) || address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return false;
        }

        domain = $"[{address}]";
        return true;
    }

    static bool TryInternational(string text, [NotNullWhen(true)] out string? domain)
    {
        domain = null;
        string unicode;
        try
        {
            // To U-labels, with the mapping of UTS 46; its way back proves the lengths that the DNS allows.
            unicode = Idn.GetUnicode(Precis.Lower(text)).Normalize(NormalizationForm.FormC);
            Idn.GetAscii(unicode);
        }
        catch (ArgumentException)
        {
            return false;
        }

        foreach (var label in unicode.Split('.'))
        {
            if (!Precis.IsIdentifier(label) || !IsLabel(label))
            {
                return false;
            }
        }

        domain = unicode;
        return Jid.Fits(unicode);
    }

    static bool HasLabels(ReadOnlySpan<char> text)
    {
        for (var dot = text.IndexOf('.'); dot >= 0; dot = text.IndexOf('.'))
        {
            if (!IsLabel(text[..dot]))
            {
                return false;
            }

            text = text[(dot + 1)..];
        }

        return IsLabel(text);
    }

    /// <summary>Whether what is ASCII in the label is letters, digits and inner hyphens.</summary>
    static bool IsLabel(ReadOnlySpan<char> label)
    {
        if (label.Length is 0 or > MaxLabel || label[0] == '-' || label[^1] == '-')
        {
            return false;
        }

        foreach (var c in label)
        {
            if (c < 0x80 && !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-')
            {
                return false;
            }
        }

        return true;
    }

    static string Share(ReadOnlySpan<char> text)
    {
        ref var slot = ref Seen[string.GetHashCode(text, StringComparison.Ordinal) & (Shared - 1)];
        var kept = Volatile.Read(ref slot);
        if (kept is not null && text.SequenceEqual(kept))
        {
            return kept;
        }

        var domain = text.ToString();
        Volatile.Write(ref slot, domain);
        return domain;
    }
}
