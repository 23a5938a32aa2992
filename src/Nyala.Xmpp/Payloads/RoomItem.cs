using System.Diagnostics.CodeAnalysis;
using Nyala.Xmpp.Xml;

namespace Nyala.Xmpp.Payloads;

/// <summary>What an address is to a room, also while it is not there (XEP-0045 §5.2). Ordered by rank.</summary>
public enum Affiliation
{
    Outcast = -1,
    None = 0,
    Member = 1,
    Admin = 2,
    Owner = 3,
}

/// <summary>What an occupant may do while it is there (XEP-0045 §5.1). Ordered by rank; flags, so that sets of them can be named.</summary>
[Flags]
public enum RoomRole
{
    None = 0,
    Visitor = 1,
    Participant = 2,
    Moderator = 4,
}

/// <summary>An <c>&lt;item/&gt;</c> of muc#admin or muc#user (XEP-0045 §18): somebody, and what it is or shall be.</summary>
public sealed record RoomItem
{
    public Affiliation? Affiliation { get; init; }

    public RoomRole? Role { get; init; }

    public Jid? Jid { get; init; }

    /// <summary>The nickname; empty unsets a reserved one (§9.5).</summary>
    public string? Nick { get; init; }

    public string? Reason { get; init; }

    /// <summary>Reads one. False: a value that is none, an address that is none, or neither affiliation nor role, or both (§9).</summary>
    public static bool TryParse(Element element, [NotNullWhen(true)] out RoomItem? item)
    {
        item = null;
        Jid? jid = null;
        if (element.Name != "item" || (element["jid"] is { } address && !Jid.TryParse(address, out jid))
            || !TryAffiliation(element["affiliation"], out var affiliation) || !TryRole(element["role"], out var role)
            || affiliation is null == role is null)
        {
            return false;
        }

        item = new RoomItem
        {
            Affiliation = affiliation,
            Role = role,
            Jid = jid,
            Nick = element["nick"],
            Reason = element.Child("reason")?.Text is { Length: > 0 } reason ? reason : null,
        };
        return true;
    }

    /// <summary>The element in one of the two namespaces.</summary>
    public Element ToElement(string ns) => new Element("item", ns)
        .Set("affiliation", Affiliation is { } affiliation ? Text(affiliation) : null)
        .Set("role", Role is { } role ? Text(role) : null)
        .Set("jid", Jid?.ToString())
        .Set("nick", Nick)
        .Add(Reason is null ? null : new Element("reason", ns).AddText(Reason));

    public static string Text(Affiliation affiliation) => affiliation switch
    {
        Payloads.Affiliation.Owner => "owner",
        Payloads.Affiliation.Admin => "admin",
        Payloads.Affiliation.Member => "member",
        Payloads.Affiliation.Outcast => "outcast",
        _ => "none",
    };

    public static string Text(RoomRole role) => role switch
    {
        RoomRole.Moderator => "moderator",
        RoomRole.Participant => "participant",
        RoomRole.Visitor => "visitor",
        _ => "none",
    };

    static bool TryAffiliation(string? text, out Affiliation? affiliation)
    {
        affiliation = text switch
        {
            "owner" => Payloads.Affiliation.Owner,
            "admin" => Payloads.Affiliation.Admin,
            "member" => Payloads.Affiliation.Member,
            "outcast" => Payloads.Affiliation.Outcast,
            "none" => Payloads.Affiliation.None,
            _ => null,
        };
        return text is null || affiliation is not null;
    }

    static bool TryRole(string? text, out RoomRole? role)
    {
        role = text switch
        {
            "moderator" => RoomRole.Moderator,
            "participant" => RoomRole.Participant,
            "visitor" => RoomRole.Visitor,
            "none" => RoomRole.None,
            _ => null,
        };
        return text is null || role is not null;
    }
}
