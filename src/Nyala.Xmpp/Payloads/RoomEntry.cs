using System.Diagnostics.CodeAnalysis;
using Nyala.Xmpp.Xml;

namespace Nyala.Xmpp.Payloads;

/// <summary>What a client says when it enters a room (XEP-0045 §7.2): the <c>&lt;x/&gt;</c> of its presence.</summary>
/// <param name="Password">The room's password, or null.</param>
/// <param name="MaxChars">At most so many characters of history (§7.2.14), or null.</param>
/// <param name="MaxStanzas">At most so many messages of history, or null.</param>
/// <param name="Seconds">Only history of so many last seconds, or null.</param>
/// <param name="Since">Only history from then on, or null.</param>
public sealed record RoomEntry(string? Password = null, int? MaxChars = null, int? MaxStanzas = null, int? Seconds = null, DateTimeOffset? Since = null)
{
    /// <summary>Reads one; false when a limit is no number or no time. A number too large for us is the largest.</summary>
    public static bool TryParse(Element x, [NotNullWhen(true)] out RoomEntry? entry)
    {
        entry = null;
        if (!x.Is("x", Ns.Muc))
        {
            return false;
        }

        var password = x.Child("password")?.Text;
        if (x.Child("history") is not { } history)
        {
            entry = new RoomEntry(password);
            return true;
        }

        DateTimeOffset since = default;
        if (!ResultSet.TryNumber(history["maxchars"], out var characters) || !ResultSet.TryNumber(history["maxstanzas"], out var stanzas)
            || !ResultSet.TryNumber(history["seconds"], out var seconds)
            || (history["since"] is { } text && !DateTimeProfile.TryParse(text, out since)))
        {
            return false;
        }

        entry = new RoomEntry(password, characters, stanzas, seconds, history["since"] is null ? null : since);
        return true;
    }
}

/// <summary>A mediated invitation, or its refusal (XEP-0045 §7.8.2): an <c>&lt;invite/&gt;</c> or <c>&lt;decline/&gt;</c> of muc#user.</summary>
/// <param name="Peer">Whom it is for, or in what a room sends, whom it is from.</param>
/// <param name="Reason">For people, or null.</param>
/// <param name="Continue">The <c>&lt;continue/&gt;</c> of a chat that becomes a room's (§7.9), or null.</param>
public sealed record RoomInvitation(Jid Peer, string? Reason, Element? Continue)
{
    /// <summary>Reads what a client sends; false when it says nobody, or no address.</summary>
    public static bool TryParse(Element element, [NotNullWhen(true)] out RoomInvitation? invitation)
    {
        invitation = Jid.TryParse(element["to"], out var to)
            ? new(to, element.Child("reason")?.Text is { Length: > 0 } reason ? reason : null, element.Child("continue"))
            : null;
        return invitation is not null;
    }

    /// <summary>What the room sends on.</summary>
    /// <param name="name"><c>invite</c> or <c>decline</c>.</param>
    public Element ToElement(string name) => new Element(name, Ns.MucUser).Set("from", Peer.ToString())
        .Add(Reason is null ? null : new Element("reason", Ns.MucUser).AddText(Reason))
        .Add(Continue);
}
