using System.Diagnostics.CodeAnalysis;
using System.Text;
using Nyala.Xmpp.Xml;

namespace Nyala.Xmpp.Payloads;

/// <summary>What goes with the blocking of an address (XEP-0377 §3).</summary>
/// <param name="Reason">A URN such as urn:xmpp:reporting:spam.</param>
/// <param name="Text">In the reporter's words; cut off where it is too long.</param>
/// <param name="Stanzas">Messages by archive and id (XEP-0359).</param>
/// <param name="ToOrigin">It may be passed to the server of the reported address.</param>
/// <param name="ToOthers">It may be passed to those who collect reports.</param>
public sealed record AbuseReport(string Reason, string Text, IReadOnlyList<(string By, string Id)> Stanzas, bool ToOrigin, bool ToOthers)
{
    /// <summary>Characters of text that are kept.</summary>
    public const int MostText = 4_000;

    /// <summary>Messages that are kept.</summary>
    public const int MostStanzas = 50;

    const int LongestReason = 256;
    const int LongestId = 256;

    /// <summary>Reads one; false where it has no reason, or one that is no URN, or names a message by nothing.</summary>
    public static bool TryParse(Element element, [NotNullWhen(true)] out AbuseReport? report)
    {
        report = null;
        if (!element.Is("report", Ns.Reporting)
            || element["reason"] is not { Length: <= LongestReason } reason || !reason.StartsWith("urn:", StringComparison.Ordinal))
        {
            return false;
        }

        var text = new StringBuilder();
        var stanzas = new List<(string, string)>();
        foreach (var child in element.Children)
        {
            if (child.Is("text", Ns.Reporting))
            {
                // One for each language.
                text.Append(text.Length > 0 ? "\n" : "").Append(child.Text.AsSpan(0, Math.Min(child.Text.Length, MostText)));
            }
            else if (child.Is("stanza-id", Ns.StanzaIds))
            {
                if (child["id"] is not { Length: > 0 and <= LongestId } id || !Jid.TryParse(child["by"], out var by))
                {
                    return false;
                }

                if (stanzas.Count < MostStanzas)
                {
                    stanzas.Add((by.ToString(), id));
                }
            }
        }

        report = new(
            reason, text.ToString(0, Math.Min(text.Length, MostText)), stanzas,
            element.Child("report-origin") is not null, element.Child("third-party") is not null);
        return true;
    }
}
