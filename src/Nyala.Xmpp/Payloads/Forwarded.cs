using System.Diagnostics.CodeAnalysis;
using Nyala.Xmpp.Xml;

namespace Nyala.Xmpp.Payloads;

/// <summary>A stanza inside another (XEP-0297).</summary>
/// <param name="Stanza">The stanza, in its own namespace.</param>
/// <param name="Delay">When it was first sent, or null.</param>
public sealed record Forwarded(Element Stanza, Delay? Delay = null)
{
    /// <summary>The <c>&lt;forwarded/&gt;</c> element.</summary>
    public Element ToElement() => new Element("forwarded", Ns.Forward).Add(Delay?.ToElement()).Add(Stanza);

    /// <summary>Reads one; false unless it holds exactly one stanza, and at most a valid delay beside it.</summary>
    public static bool TryParse(Element element, [NotNullWhen(true)] out Forwarded? forwarded)
    {
        forwarded = null;
        if (!element.Is("forwarded", Ns.Forward))
        {
            return false;
        }

        Element? stanza = null;
        Delay? delay = null;
        foreach (var child in element.Children)
        {
            if (child.Is("delay", Ns.Delay))
            {
                if (delay is not null || !Delay.TryParse(child, out delay))
                {
                    return false;
                }
            }
            else if (child.Namespace == Ns.Client && child.Name is "message" or "presence" or "iq")
            {
                if (stanza is not null)
                {
                    return false;
                }

                stanza = child;
            }
        }

        forwarded = stanza is null ? null : new Forwarded(stanza, delay);
        return forwarded is not null;
    }
}
