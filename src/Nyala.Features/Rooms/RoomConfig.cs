using Nyala.Xmpp.Payloads;

namespace Nyala.Features.Rooms;

/// <summary>
/// How a room is configured. As it stands it is what people know as a private group: for members only, everybody's address
/// known to all (what end-to-end encryption needs), kept, and in no list.
/// </summary>
sealed record RoomConfig
{
    /// <summary>Open, semi-anonymous and listed: what a new room is, and its form offers, until its owner says otherwise (§10.1).</summary>
    public static RoomConfig PublicGroup { get; } = new() { Public = true, MembersOnly = false, ShowsAddresses = false };

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    public string Language { get; init; } = "";

    /// <summary>The address of a PubSub node that belongs to the room (muc#roomconfig_pubsub), or nothing.</summary>
    public string Node { get; init; } = "";

    public bool Persistent { get; init; } = true;

    public bool Public { get; init; }

    public bool MembersOnly { get; init; } = true;

    public bool Moderated { get; init; }

    /// <summary>Only admins and owners have voice; everybody else may still say that something was read, and react to it.</summary>
    public bool AdminsOnly { get; init; }

    public bool PasswordProtected { get; init; }

    public string Password { get; init; } = "";

    /// <summary>Everybody sees real addresses (non-anonymous); else moderators only (semi-anonymous).</summary>
    public bool ShowsAddresses { get; init; } = true;

    /// <summary>Occupants of these roles may send private messages.</summary>
    public RoomRole PrivateMessages { get; init; } = AllRoles;

    /// <summary>Members may invite into a members-only room, which makes members (XEP-0045 §9.5).</summary>
    public bool MembersInvite { get; init; }

    /// <summary>Participants may change the subject.</summary>
    public bool ParticipantsChangeSubject { get; init; }

    /// <summary>The comings, goings and states of occupants of these roles are told to others.</summary>
    public RoomRole PresenceBroadcast { get; init; } = AllRoles;

    /// <summary>Occupants of these roles may read the lists of members, admins and owners, where they may see addresses (muc#roomconfig_getmemberlist).</summary>
    public RoomRole MemberList { get; init; } = AllRoles;

    /// <summary>Who has a nickname of its own here goes by no other (XEP-0045 §7.2.1, §7.6, §7.10).</summary>
    public bool LocksNicknames { get; init; }

    /// <summary>Messages are kept and can be read again (XEP-0313).</summary>
    public bool Archived { get; init; } = true;

    /// <summary>Occupants at most; 0: as many as the server allows.</summary>
    public int MaxUsers { get; init; }

    /// <summary>Messages of history on entering at most.</summary>
    public int MaxHistory { get; init; } = 20;

    /// <summary>Seconds between two messages of somebody who is neither admin nor owner (XEP-0500); 0: off.</summary>
    public int SlowMode { get; init; }

    public const RoomRole AllRoles = RoomRole.Visitor | RoomRole.Participant | RoomRole.Moderator;

    /// <summary>Anybody can read what is said there without being let in (XEP-0045 §7.2.12).</summary>
    public bool IsPublicRecord => Archived && !MembersOnly && !PasswordProtected;

    /// <summary>The role somebody has on entering (XEP-0045 §5.1.2).</summary>
    public RoomRole RoleOf(Affiliation affiliation) => affiliation switch
    {
        Affiliation.Owner or Affiliation.Admin => RoomRole.Moderator,
        Affiliation.Member => AdminsOnly ? RoomRole.Visitor : RoomRole.Participant,
        _ => Moderated || AdminsOnly ? RoomRole.Visitor : RoomRole.Participant,
    };
}
