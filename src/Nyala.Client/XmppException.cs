using Nyala.Xmpp.Xml;

namespace Nyala.Client;

/// <summary>The server refused or ended something: a stream error, a failed authentication, an error answer.</summary>
/// <param name="condition">The defined condition's element name, such as <c>not-authorized</c>; or what is missing, in a word.</param>
/// <param name="text">What to read.</param>
public sealed class XmppException(string condition, string text) : Exception(text)
{
    public string Condition { get; } = condition;

    /// <summary>An exception from an element that holds a condition (<c>failure</c>, <c>error</c>, <c>stream:error</c>).</summary>
    public static XmppException From(Element element)
    {
        var condition = element.Children.FirstOrDefault(child => child.Name != "text")?.Name ?? "undefined-condition";
        return new XmppException(condition, $"{condition}: {element}");
    }
}
