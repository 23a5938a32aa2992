using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Nyala.Xmpp.Xml;

namespace Nyala.Xmpp.Payloads;

/// <summary>Which page of a result somebody wants (XEP-0059).</summary>
/// <param name="Max">How many items at most; 0 asks for the count alone; null leaves it to the responder.</param>
/// <param name="After">The page after this item, or null.</param>
/// <param name="Before">The page before this item, the empty string for the last page, or null.</param>
/// <param name="Index">The page that starts at this position, or null.</param>
public sealed record ResultSetRequest(int? Max = null, string? After = null, string? Before = null, int? Index = null)
{
    /// <summary>The <c>&lt;set/&gt;</c> element.</summary>
    public Element ToElement()
    {
        var set = new Element("set", Ns.Rsm);
        return set.Add(ResultSet.Text("max", Max?.ToString(CultureInfo.InvariantCulture)))
            .Add(ResultSet.Text("after", After))
            .Add(ResultSet.Text("before", Before))
            .Add(ResultSet.Text("index", Index?.ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>Reads one; false when a number is no number or <c>after</c> names nothing. A number too large for us is the largest.</summary>
    public static bool TryParse(Element set, [NotNullWhen(true)] out ResultSetRequest? request)
    {
        request = null;
        var after = set.Child("after")?.Text;
        if (!set.Is("set", Ns.Rsm) || after is ""
            || !ResultSet.TryNumber(set.Child("max"), out var max) || !ResultSet.TryNumber(set.Child("index"), out var index))
        {
            return false;
        }

        request = new ResultSetRequest(max, after, set.Child("before")?.Text, index);
        return true;
    }
}

/// <summary>Which page this is (XEP-0059).</summary>
/// <param name="First">The first item's id; null on an empty page.</param>
/// <param name="Last">The last item's id; null on an empty page.</param>
/// <param name="Count">How many items the whole result has, or null.</param>
/// <param name="Index">The first item's position in the whole result, or null.</param>
public sealed record ResultSet(string? First = null, string? Last = null, int? Count = null, int? Index = null)
{
    /// <summary>The <c>&lt;set/&gt;</c> element.</summary>
    public Element ToElement()
    {
        var first = Text("first", First)?.Set("index", Index?.ToString(CultureInfo.InvariantCulture));
        return new Element("set", Ns.Rsm).Add(first).Add(Text("last", Last)).Add(Text("count", Count?.ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>Reads one; false when a number is no number.</summary>
    public static bool TryParse(Element set, [NotNullWhen(true)] out ResultSet? result)
    {
        result = null;
        var first = set.Child("first");
        if (!set.Is("set", Ns.Rsm) || !TryNumber(set.Child("count"), out var count) || !TryNumber(first?["index"], out var index))
        {
            return false;
        }

        result = new ResultSet(first?.Text, set.Child("last")?.Text, count, index);
        return true;
    }

    internal static Element? Text(string name, string? text) => text is null ? null : new Element(name, Ns.Rsm).AddText(text);

    internal static bool TryNumber(Element? element, out int? number) => TryNumber(element?.Text, out number);

    internal static bool TryNumber(string? text, out int? number)
    {
        number = null;
        if (text is null)
        {
            return true;
        }

        var digits = text.AsSpan().Trim();
        if (digits.IsEmpty || digits.ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }

        number = int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : int.MaxValue;
        return true;
    }
}
