using System.Security.Cryptography;
using System.Text;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Rooms;

/// <summary>
/// A room: who is something to it, who is in it, and what follows from what they do, as rules without input or output.
/// Operations check, change, and note what is to be told; what must be stored first is checked and changed in two steps.
/// Everything under <see cref="Gate"/>.
/// </summary>
sealed partial class Room
{
    readonly Dictionary<string, RoomMember> _members = new(StringComparer.Ordinal);
    readonly Dictionary<string, Occupant> _byNick = new(StringComparer.Ordinal);
    readonly Dictionary<Jid, Seat> _seats = [];
    readonly byte[] _secret;
    int _lastSeat;

    public Room(long id, Jid address, RoomConfig config, byte[] secret, IEnumerable<RoomMember> members, bool isLocked)
    {
        Id = id;
        Address = address;
        Config = config;
        _secret = secret;
        IsLocked = isLocked;
        foreach (var member in members)
        {
            _members[member.Jid] = member;
        }
    }

    public long Id { get; }

    /// <summary>The bare address.</summary>
    public Jid Address { get; }

    public RoomConfig Config { get; private set; }

    /// <summary>Nobody but its creator may enter until it is configured (XEP-0045 §10.1).</summary>
    public bool IsLocked { get; private set; }

    /// <summary>It is gone; whoever holds it must look for another one.</summary>
    public bool IsDestroyed { get; private set; }

    public Lock Gate { get; } = new();

    public IReadOnlyCollection<RoomMember> Members => _members.Values;

    public Dictionary<string, Occupant>.ValueCollection Occupants => _byNick.Values;

    public Dictionary<Jid, Seat>.ValueCollection Seats => _seats.Values;

    /// <summary>The occupant of that nickname, or null.</summary>
    public Occupant? Find(string nick) => _byNick.GetValueOrDefault(Nicknames.KeyOf(nick)) is { } found && found.Nick == nick ? found : null;

    /// <summary>The client of that full address, or null.</summary>
    public Seat? SeatOf(Jid real) => _seats.GetValueOrDefault(real);

    /// <summary>§9.2: what is said of an address itself counts, else what is said of its domain.</summary>
    public Affiliation AffiliationOf(Jid jid) =>
        (_members.GetValueOrDefault(jid.Bare.ToString()) ?? _members.GetValueOrDefault(jid.Domain))?.Affiliation ?? Affiliation.None;

    public bool IsOwned => _members.Values.Any(member => member.Affiliation == Affiliation.Owner);

    public RoomMember? MemberOf(Jid jid) => _members.GetValueOrDefault(jid.Bare.ToString());

    /// <summary>Who is known by a nickname: who is there with it, or has reserved it; null: nobody.</summary>
    public Jid? AccountOf(string nick)
    {
        var key = Nicknames.KeyOf(nick);
        return _byNick.GetValueOrDefault(key)?.Account
            ?? (_members.Values.FirstOrDefault(member => member.Nick is { } reserved && Nicknames.KeyOf(reserved) == key) is { } found ? Jid.Parse(found.Jid) : null);
    }

    public Actor ActorOf(Jid real) => new(real.Bare, SeatOf(real), AffiliationOf(real));

    /// <summary>The same for the same account and room, and of no use to find out the account (XEP-0421 §3.1).</summary>
    public string OccupantIdOf(Jid account)
    {
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_secret, Encoding.UTF8.GetBytes(account.Bare.ToString()), mac);
        return Convert.ToHexStringLower(mac[..20]);
    }

    public Jid AddressOf(string nick) => Jid.FromPrepared(Address.Local, Address.Domain, nick);

    /// <summary>Whether somebody may see real addresses.</summary>
    public bool SeesAddresses(RoomRole role, Affiliation affiliation) =>
        Config.ShowsAddresses || role == RoomRole.Moderator || affiliation >= Affiliation.Admin;

    /// <summary>XEP-0313 §5.1.2: who may enter may read.</summary>
    public bool MayRead(Actor actor) => !IsLocked && actor.Affiliation switch
    {
        Affiliation.Outcast => false,
        Affiliation.None => actor.Seat is not null || (!Config.MembersOnly && !Config.PasswordProtected),
        _ => true,
    };

    /// <summary>§7.5: whether somebody may send a private message.</summary>
    public StanzaError? CheckPrivate(Seat? seat, string nick)
    {
        if (seat is null)
        {
            return StanzaError.NotAcceptable with { Type = "cancel", Text = "You are not in the room." };
        }

        if (Find(nick) is null)
        {
            return StanzaError.ItemNotFound;
        }

        return Config.PrivateMessages.HasFlag(seat.Occupant.Role)
            ? null
            : StanzaError.Forbidden with { Text = "Private messages are not allowed here." };
    }

    /// <summary>§7.4, §8.1: whether somebody may say this to all.</summary>
    public StanzaError? CheckMessage(Seat? seat, bool changesSubject, bool isSign)
    {
        if (seat is null)
        {
            return StanzaError.NotAcceptable with { Type = "cancel", Text = "You are not in the room." };
        }

        var role = seat.Occupant.Role;
        if (role == RoomRole.Visitor && !(isSign && Config.AdminsOnly))
        {
            return StanzaError.Forbidden with { Text = "You have no voice here." };
        }

        return changesSubject && role != RoomRole.Moderator && !Config.ParticipantsChangeSubject
            ? StanzaError.Forbidden with { Text = "Only moderators may change the subject." }
            : null;
    }

    /// <summary>§7.8.2: whether somebody may invite somebody; true beside no error: that makes a member.</summary>
    public (StanzaError? Error, bool MakesMember) CheckInvitation(Actor actor, Jid invitee)
    {
        if (actor.Seat is null && actor.Affiliation < Affiliation.Member)
        {
            return (StanzaError.NotAcceptable with { Type = "cancel", Text = "You are not in the room." }, false);
        }

        var makesMember = Config.MembersOnly && AffiliationOf(invitee) == Affiliation.None;
        if (AffiliationOf(invitee) == Affiliation.Outcast && !actor.IsAdmin)
        {
            return (StanzaError.Forbidden with { Text = "That address is banned here." }, false);
        }

        if (Config.MembersOnly && !actor.IsAdmin && !Config.MembersInvite)
        {
            return (StanzaError.Forbidden with { Text = "You may not invite others here." }, false);
        }

        return (null, makesMember);
    }

    /// <summary>§10.9: everybody is told once, and the room is no more.</summary>
    public void Destroy(Element? farewell, List<Notice> notices)
    {
        IsDestroyed = true;
        foreach (var seat in _seats.Values)
        {
            notices.Add(new Seen(seat.Occupant) { Gone = true, Seat = seat, Only = [seat], Destroyed = farewell ?? new Element("destroy", Ns.MucUser) });
        }

        Clear();
    }

    /// <summary>§11.2: the service goes down; everybody is told once.</summary>
    public void ShutDown(List<Notice> notices)
    {
        foreach (var seat in _seats.Values)
        {
            notices.Add(new Seen(seat.Occupant) { Gone = true, Seat = seat, Only = [seat], Codes = [332] });
        }

        Clear();
    }

    /// <summary>Nobody is in it and it does not stay: whoever comes next makes another one.</summary>
    public void Vanish() => IsDestroyed = true;

    void Clear()
    {
        _seats.Clear();
        _byNick.Clear();
    }
}
