using System.Xml.Linq;

namespace Nyala.Testing;

/// <summary>
/// An element written as XML in which only what is written counts: name and namespace, each attribute given, each child
/// given in this order (others may stand between), and the text when there is some. <c>*</c> stands for anything in
/// attributes and text; an attribute of <c>-</c> must be absent, a child <c>&lt;absent:name xmlns:absent='!namespace'/&gt;</c> too.
/// </summary>
public sealed class ElementPattern
{
    readonly XElement _pattern;

    ElementPattern(XElement pattern) => _pattern = pattern;

    /// <summary>Reads a pattern. Without an xmlns the namespace is <c>jabber:client</c>, as on the wire.</summary>
    public static ElementPattern Parse(string pattern) =>
        new((XElement)XElement.Parse($"<wire xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>{pattern}</wire>").FirstNode!);

    /// <exception cref="InvalidOperationException">The element does not match; the message says where.</exception>
    public void Require(XElement element)
    {
        if (Mismatch(element) is { } problem)
        {
            throw new InvalidOperationException($"{problem}\nExpected: {_pattern}\nReceived: {element}");
        }
    }

    /// <summary>What does not match, in words; null when all does.</summary>
    public string? Mismatch(XElement element) => Mismatch(_pattern, element);

    static string? Mismatch(XElement pattern, XElement actual)
    {
        if (pattern.Name != actual.Name)
        {
            return $"The element is {actual.Name}, not {pattern.Name}.";
        }

        foreach (var attribute in pattern.Attributes().Where(attribute => !attribute.IsNamespaceDeclaration))
        {
            var value = (string?)actual.Attribute(attribute.Name);
            if (attribute.Value == "-" ? value is not null : value is null || !Matches(attribute.Value, value))
            {
                return $"The attribute {attribute.Name} of {actual.Name} is {value ?? "absent"}.";
            }
        }

        var text = pattern.Nodes().OfType<XText>().Aggregate("", (all, part) => all + part.Value).Trim();
        if (text.Length > 0 && !Matches(text, actual.Value))
        {
            return $"The text of {actual.Name} is '{actual.Value}'.";
        }

        return MismatchOfChildren(pattern, actual);
    }

    static string? MismatchOfChildren(XElement pattern, XElement actual)
    {
        var rest = actual.Elements().ToList();
        foreach (var child in pattern.Elements())
        {
            if (child.Name.NamespaceName.StartsWith('!'))
            {
                var unwanted = XName.Get(child.Name.LocalName, child.Name.NamespaceName[1..]);
                if (actual.Element(unwanted) is not null)
                {
                    return $"{actual.Name} has a {unwanted}.";
                }

                continue;
            }

            var found = rest.FindIndex(candidate => Mismatch(child, candidate) is null);
            if (found < 0)
            {
                var near = rest.Find(candidate => candidate.Name == child.Name);
                return near is null ? $"{actual.Name} has no {child.Name} (any more)." : Mismatch(child, near);
            }

            rest.RemoveRange(0, found + 1);
        }

        return null;
    }

    static bool Matches(string pattern, string value)
    {
        var parts = pattern.Split('*');
        if (parts.Length == 1)
        {
            return pattern == value;
        }

        if (!value.StartsWith(parts[0], StringComparison.Ordinal))
        {
            return false;
        }

        var at = parts[0].Length;
        foreach (var part in parts[1..^1])
        {
            var next = value.IndexOf(part, at, StringComparison.Ordinal);
            if (next < 0)
            {
                return false;
            }

            at = next + part.Length;
        }

        return value.Length - at >= parts[^1].Length && value.EndsWith(parts[^1], StringComparison.Ordinal);
    }
}
