using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Rooms;

/// <summary>Something a room has to tell. Told in the order they were noted, before the room changes again.</summary>
abstract record Notice;

/// <summary>A client that entered, or lost track, sees everybody else there is (XEP-0045 §7.2.2).</summary>
sealed record Overview(Seat To) : Notice;

/// <summary>History and subject, behind everything about presence (§7.2.13–15).</summary>
sealed record Introduction(Seat To, RoomEntry Entry) : Notice;

/// <summary>Presence of an occupant.</summary>
/// <param name="About">Whose.</param>
sealed record Seen(Occupant About) : Notice
{
    /// <summary>It has gone: then the clients it concerns are not in the room any more.</summary>
    public bool Gone { get; init; }

    /// <summary>Under which nickname.</summary>
    public string Nick { get; init; } = About.Nick;

    /// <summary>The nickname it has from now on (§7.6, status 303).</summary>
    public string? NewNick { get; init; }

    /// <summary>The client it is about.</summary>
    public Seat? Seat { get; init; }

    /// <summary>In whose words, or null for the room's own.</summary>
    public Stanza? Words { get; init; }

    /// <summary>Roles it has or had: who sees those is told (muc#roomconfig_presencebroadcast).</summary>
    public RoomRole Roles { get; init; } = About.Role;

    /// <summary>Status codes for everybody.</summary>
    public int[] Codes { get; init; } = [];

    /// <summary>Status codes for its own clients, beside 110.</summary>
    public int[] OwnCodes { get; init; } = [];

    public string? Reason { get; init; }

    /// <summary>Who did it, or null.</summary>
    public Actor? By { get; init; }

    /// <summary>The stanza it answers, or null.</summary>
    public string? StanzaId { get; init; }

    /// <summary>Only to these; null: to everybody in the room (and to <see cref="Leavers"/>).</summary>
    public Seat[]? Only { get; init; }

    /// <summary>To everybody except this one.</summary>
    public Seat? Except { get; init; }

    /// <summary>Clients that are told though they are no longer in the room.</summary>
    public Seat[] Leavers { get; init; } = [];

    /// <summary>What the destroyed room leaves behind (§10.9), or null.</summary>
    public Element? Destroyed { get; init; }
}

/// <summary>A message of the room itself.</summary>
/// <param name="Message">Without addresses.</param>
/// <param name="To">To these occupants' clients; null: to all.</param>
sealed record Said(Element Message, IReadOnlyCollection<Seat>? To = null) : Notice;

/// <summary>A message of the room to somebody who need not be there.</summary>
sealed record Sent(Element Message, Jid To) : Notice;

/// <summary>Somebody who does something to others, as the room sees it at that moment.</summary>
/// <param name="Jid">The bare address.</param>
/// <param name="Seat">Its client in the room, or null.</param>
/// <param name="Affiliation">What it is to the room.</param>
sealed record Actor(Jid Jid, Seat? Seat, Affiliation Affiliation)
{
    public RoomRole Role => Seat?.Occupant.Role ?? RoomRole.None;

    public string? Nick => Seat?.Occupant.Nick;

    public bool IsAdmin => Affiliation >= Affiliation.Admin;

    public bool IsOwner => Affiliation == Affiliation.Owner;
}
