using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Nyala.Xmpp.Payloads;

/// <summary>Points in time on the wire (XEP-0082 §3.2). Always written in UTC with milliseconds.</summary>
public static class DateTimeProfile
{
    /// <summary>How many bytes <see cref="Write"/> fills.</summary>
    public const int Size = 24;

    const string Shape = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary>For example <c>1969-07-21T02:56:15.000Z</c>.</summary>
    public static string Format(DateTimeOffset time) => time.UtcDateTime.ToString(Shape, CultureInfo.InvariantCulture);

    /// <summary>The same as bytes, without garbage.</summary>
    /// <param name="utf8">At least <see cref="Size"/> bytes.</param>
    /// <param name="time">The time.</param>
    public static void Write(Span<byte> utf8, DateTimeOffset time)
    {
        if (!time.UtcDateTime.TryFormat(utf8, out _, Shape, CultureInfo.InvariantCulture))
        {
            throw new ArgumentException("There is no room for the time.", nameof(utf8));
        }
    }

    /// <summary>Reads <c>CCYY-MM-DDThh:mm:ss[.sss]TZD</c> with TZD <c>Z</c> or <c>(+|-)hh:mm</c>; nothing else. Digits beyond 100 ns are dropped.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out DateTimeOffset time)
    {
        time = default;
        if (text is null || text.Length is < 20 or > 64
            || !DateTime.TryParseExact(
                text.AsSpan(0, 19), "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var local))
        {
            return false;
        }

        var rest = text.AsSpan(19);
        if (!TryFraction(ref rest, out var fraction) || !TryZone(rest, out var offset))
        {
            return false;
        }

        var ticks = local.Ticks + fraction - offset.Ticks;
        if (ticks < DateTime.MinValue.Ticks || ticks > DateTime.MaxValue.Ticks)
        {
            return false;
        }

        time = new DateTimeOffset(ticks, TimeSpan.Zero);
        return true;
    }

    static bool TryFraction(ref ReadOnlySpan<char> rest, out long ticks)
    {
        ticks = 0;
        if (rest is not ['.', ..])
        {
            return true;
        }

        rest = rest[1..];
        var unit = TimeSpan.TicksPerSecond;
        var digits = 0;
        while (digits < rest.Length && char.IsAsciiDigit(rest[digits]))
        {
            unit /= 10;
            ticks += (rest[digits++] - '0') * unit;
        }

        rest = rest[digits..];
        return digits > 0;
    }

    static bool TryZone(ReadOnlySpan<char> text, out TimeSpan offset)
    {
        offset = default;
        if (text is "Z")
        {
            return true;
        }

        if (text is not [var sign and ('+' or '-'), .. { Length: 5 } rest]
            || !TimeSpan.TryParseExact(rest, @"hh\:mm", CultureInfo.InvariantCulture, out var ahead) || ahead > TimeSpan.FromHours(14))
        {
            return false;
        }

        offset = sign == '-' ? -ahead : ahead;
        return true;
    }
}
