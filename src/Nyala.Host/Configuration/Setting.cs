using System.Globalization;

namespace Nyala.Host.Configuration;

/// <summary>One thing an operator may set: a row of the table that documentation, validation and <c>nyala config</c> share.</summary>
/// <param name="Key">Such as <c>Listen:Xmpp</c>; not case-sensitive when read.</param>
/// <param name="Allowed">What values are possible, in words that end the sentence "allowed is …".</param>
/// <param name="Meaning">One sentence for the documentation.</param>
/// <param name="Default">The text in force when nobody sets the key.</param>
abstract record Setting(string Key, string Allowed, string Meaning, string Default)
{
    /// <summary>Shown as dots.</summary>
    public bool IsSecret { get; init; }

    /// <summary>The default in words, for the documentation, where it is not the same on every machine.</summary>
    public string? DefaultInWords { get; init; }

    /// <summary>A path: relative ones in a file are relative to that file.</summary>
    public bool IsPath { get; init; }

    /// <summary>What is in force once everything is known, where that differs from the text that was set.</summary>
    public Func<NyalaOptions, string>? Effective { get; init; }

    /// <summary>The name of the environment variable.</summary>
    public string Variable => "NYALA__" + Key.Replace(":", "__", StringComparison.Ordinal);

    /// <summary>The value, or null when the text is not a possible one.</summary>
    public abstract object? Parse(string text);
}

/// <summary>A setting with a type.</summary>
sealed record Setting<T>(string Key, string Allowed, string Meaning, string Default, TryParse<T> Reader) : Setting(Key, Allowed, Meaning, Default)
{
    public override object? Parse(string text) => Reader(text.Trim(), out var value) ? value : null;
}

/// <summary>Reads a value; false when the text is impossible.</summary>
delegate bool TryParse<T>(string text, out T value);

/// <summary>How texts become values.</summary>
static class Values
{
    public const string SwitchAllowed = "true, false, on or off";
    public const string TimeAllowed = "a time such as 30s, 10m, 2h or 1d";
    public const string SizeAllowed = "a size such as 500K, 100M or 10G";

    public static bool Switch(string text, out bool value)
    {
        value = text.ToUpperInvariant() is "TRUE" or "ON";
        return value || text.ToUpperInvariant() is "FALSE" or "OFF";
    }

    public static bool Text(string text, out string value)
    {
        value = text;
        return true;
    }

    public static TryParse<int> Between(int least, int most) =>
        (string text, out int value) =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= least && value <= most;

    /// <summary>A positive time with a unit; a number alone is seconds.</summary>
    public static bool Time(string text, out TimeSpan value)
    {
        value = default;
        if (text.Length == 0)
        {
            return false;
        }

        var seconds = char.ToUpperInvariant(text[^1]) switch { 'S' => 1, 'M' => 60, 'H' => 3_600, 'D' => 86_400, _ => 0 };
        var digits = seconds == 0 ? text : text[..^1];
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is 0 or > 1_000_000)
        {
            return false;
        }

        value = TimeSpan.FromSeconds((long)count * Math.Max(1, seconds));
        return true;
    }

    /// <summary>A positive number of bytes, with K, M, G or T (of 1,024) behind it or not.</summary>
    public static bool Size(string text, out long value)
    {
        value = 0;
        if (text.Length == 0)
        {
            return false;
        }

        var shift = char.ToUpperInvariant(text[^1]) switch { 'K' => 10, 'M' => 20, 'G' => 30, 'T' => 40, _ => 0 };
        if (!int.TryParse(shift == 0 ? text : text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is 0 or > 1_000_000_000
            || count > (1L << 50) >> shift)
        {
            return false;
        }

        value = (long)count << shift;
        return true;
    }

    /// <summary>The inverse of <see cref="Time"/>.</summary>
    public static string Show(TimeSpan time) => time.TotalSeconds switch
    {
        var s when s % 86_400 == 0 => Number(s / 86_400) + "d",
        var s when s % 3_600 == 0 => Number(s / 3_600) + "h",
        var s when s % 60 == 0 => Number(s / 60) + "m",
        var s => Number(s) + "s",
    };

    /// <summary>One of a few names, not case-sensitive.</summary>
    public static TryParse<T> OneOf<T>(params (string Name, T Value)[] choices) =>
        (string text, out T value) =>
        {
            foreach (var choice in choices)
            {
                if (choice.Name.Equals(text, StringComparison.OrdinalIgnoreCase))
                {
                    value = choice.Value;
                    return true;
                }
            }

            value = default!;
            return false;
        };

    static string Number(double value) => value.ToString("0", CultureInfo.InvariantCulture);
}
