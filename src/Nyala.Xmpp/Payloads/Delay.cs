using System.Diagnostics.CodeAnalysis;
using Nyala.Xmpp.Xml;

namespace Nyala.Xmpp.Payloads;

/// <summary>When a stanza was first sent (XEP-0203).</summary>
/// <param name="Stamp">The time.</param>
/// <param name="From">Who says so, or null.</param>
/// <param name="Reason">For people, or null.</param>
public sealed record Delay(DateTimeOffset Stamp, Jid? From = null, string? Reason = null)
{
    /// <summary>The <c>&lt;delay/&gt;</c> element.</summary>
    public Element ToElement() =>
        new Element("delay", Ns.Delay).Set("from", From?.ToString()).Set("stamp", DateTimeProfile.Format(Stamp)).AddText(Reason);

    /// <summary>Reads one; false when it has no valid stamp or an invalid address.</summary>
    public static bool TryParse(Element element, [NotNullWhen(true)] out Delay? delay)
    {
        delay = null;
        Jid? from = null;
        if (!element.Is("delay", Ns.Delay) || !DateTimeProfile.TryParse(element["stamp"], out var stamp)
            || (element["from"] is { } text && !Jid.TryParse(text, out from)))
        {
            return false;
        }

        delay = new Delay(stamp, from, element.Text is "" ? null : element.Text);
        return true;
    }
}
