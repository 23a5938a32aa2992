using System.Security.Cryptography;
using System.Text;
using Nyala.Core.Sessions;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Rooms;

// Coming, going, and what an occupant says of itself (XEP-0045 §7).
sealed partial class Room
{
    /// <summary>Admins and owners beyond the maximum of occupants (§7.2.9).</summary>
    const int ReservedPlaces = 10;

    /// <summary>§7.2: enters, or sees everything again when it is there already.</summary>
    /// <param name="real">The client's full address.</param>
    /// <param name="session">Its session, if it is here.</param>
    /// <param name="nick">The nickname it wants.</param>
    /// <param name="presence">What it says of itself.</param>
    /// <param name="entry">What it says to the room.</param>
    /// <param name="most">How many occupants the server allows.</param>
    /// <param name="created">The room was made for it.</param>
    /// <param name="notices">What is to be told.</param>
    public StanzaError? Enter(
        Jid real, Session? session, string nick, Stanza presence, RoomEntry entry, int most, bool created, List<Notice> notices)
    {
        // §7.2.1: whoever must go by another nickname is let in with that.
        var wanted = nick;
        nick = LockedNick(real) ?? nick;
        if (_seats.TryGetValue(real, out var present))
        {
            return Again(present, nick, nick != wanted, presence, entry, notices);
        }

        var affiliation = AffiliationOf(real);
        if (CheckEntry(affiliation, entry) is { } refusal)
        {
            return refusal;
        }

        var (occupant, error) = Place(real, nick);
        error ??= occupant is null ? CheckRoom(affiliation, most) : null;
        if (error is not null)
        {
            return error;
        }

        if (occupant is null)
        {
            occupant = new Occupant(real.Bare, nick, OccupantIdOf(real));
            occupant.Become(affiliation, RoleOnEntry(real.Bare, affiliation));
            _byNick.Add(occupant.Key, occupant);
        }

        var seat = new Seat(real, session, ++_lastSeat) { Occupant = occupant };
        _seats.Add(real, seat);
        occupant.Show(seat, presence);
        notices.Add(new Seen(occupant) { Except = seat });
        notices.Add(new Overview(seat));
        notices.Add(new Seen(occupant) { Only = [seat], OwnCodes = EntryCodes(occupant.Nick != wanted, created), StanzaId = presence.Id });
        notices.Add(new Introduction(seat, entry));
        return null;
    }

    /// <summary>§7.7: a change of state, or of the nickname (§7.6).</summary>
    public StanzaError? Update(Seat seat, string nick, Stanza presence, List<Notice> notices)
    {
        var occupant = seat.Occupant;
        if (occupant.Nick == nick)
        {
            occupant.Show(seat, presence);
            notices.Add(new Seen(occupant) { StanzaId = presence.Id });
            return null;
        }

        return Rename(seat, nick, presence, notices);
    }

    /// <summary>§7.14: one client leaves; the occupant stays while it has another.</summary>
    /// <param name="seat">Whose.</param>
    /// <param name="words">The unavailable presence it sent, or null.</param>
    /// <param name="isFault">It did not choose to (status 333).</param>
    /// <param name="notices">What is to be told.</param>
    /// <param name="reason">For people, or null.</param>
    public void Leave(Seat seat, Stanza? words, bool isFault, List<Notice> notices, string? reason = null)
    {
        if (!_seats.Remove(seat.Real))
        {
            return;
        }

        var occupant = seat.Occupant;
        var wasShown = occupant.Shown == seat;
        occupant.Seats.Remove(seat);
        int[] codes = isFault ? [333] : [];
        if (occupant.Seats.Count > 0)
        {
            notices.Add(new Seen(occupant) { Gone = true, Seat = seat, Words = words, Codes = codes, Only = [seat], Reason = reason, StanzaId = words?.Id });
            if (wasShown)
            {
                occupant.Changed();
                notices.Add(new Seen(occupant));
            }

            return;
        }

        _byNick.Remove(occupant.Key);
        notices.Add(new Seen(occupant)
        {
            Gone = true,
            Seat = seat,
            Words = words,
            Codes = codes,
            Leavers = [seat],
            Reason = reason,
            StanzaId = words?.Id,

            // §10.1.3: who goes without having configured it leaves no room.
            Destroyed = IsLocked ? new Element("destroy", Ns.MucUser) : null,
        });
    }

    StanzaError? Again(Seat seat, string nick, bool renamed, Stanza presence, RoomEntry entry, List<Notice> notices)
    {
        // §7.2.1, §17.3: a client that says it enters has lost track; the others only see what changed.
        var occupant = seat.Occupant;
        if (occupant.Nick != nick)
        {
            if (Rename(seat, nick, presence, notices) is { } error)
            {
                return error;
            }

            occupant = seat.Occupant;
        }
        else if (occupant.Shown != seat || !presence.Content.Span.SequenceEqual(seat.Presence.Content.Span))
        {
            occupant.Show(seat, presence);
            notices.Add(new Seen(occupant) { Except = seat });
        }

        notices.Add(new Overview(seat));
        notices.Add(new Seen(occupant) { Only = [seat], OwnCodes = EntryCodes(renamed, created: false), StanzaId = presence.Id });
        notices.Add(new Introduction(seat, entry));
        return null;
    }

    /// <summary>§7.6. With other clients under the old nickname only this one moves.</summary>
    StanzaError? Rename(Seat seat, string nick, Stanza presence, List<Notice> notices)
    {
        var occupant = seat.Occupant;
        var key = Nicknames.KeyOf(nick);
        if (!Nicknames.IsGood(nick))
        {
            return StanzaError.NotAcceptable with { Text = "This is no good nickname." };
        }

        if (LockedNick(occupant.Account) is { } locked && Nicknames.KeyOf(locked) != key)
        {
            return StanzaError.NotAcceptable with { Type = "cancel", Text = "You have a nickname of your own here, and nicknames are locked down." };
        }

        if (_byNick.TryGetValue(key, out var other) ? !other.Account.Equals(occupant.Account) : IsReserved(key, occupant.Account))
        {
            return StanzaError.Conflict;
        }

        if (other is null || other == occupant)
        {
            if (occupant.Seats.Count > 1 && other is null)
            {
                return Split(seat, nick, presence, notices);
            }

            _byNick.Remove(occupant.Key);
            notices.Add(new Seen(occupant) { Gone = true, NewNick = nick, Codes = [303], StanzaId = presence.Id });
            occupant.Rename(nick);
            _byNick.Add(occupant.Key, occupant);
            occupant.Show(seat, presence);
            notices.Add(new Seen(occupant) { StanzaId = presence.Id });
            return null;
        }

        Move(seat, other, presence, notices);
        return null;
    }

    StanzaError? Split(Seat seat, string nick, Stanza presence, List<Notice> notices)
    {
        var old = seat.Occupant;
        var occupant = new Occupant(old.Account, nick, old.Id);
        occupant.Become(old.Affiliation, old.Role);
        _byNick.Add(occupant.Key, occupant);
        Move(seat, occupant, presence, notices);
        return null;
    }

    /// <summary>A client goes over to another occupant of the same account.</summary>
    void Move(Seat seat, Occupant to, Stanza presence, List<Notice> notices)
    {
        var from = seat.Occupant;
        from.Seats.Remove(seat);
        from.Changed();
        var isLast = from.Seats.Count == 0;
        if (isLast)
        {
            _byNick.Remove(from.Key);
        }

        notices.Add(new Seen(from) { Gone = true, Seat = seat, NewNick = to.Nick, Codes = [303], Only = isLast ? null : [seat], StanzaId = presence.Id });
        if (!isLast)
        {
            notices.Add(new Seen(from));
        }

        seat.Occupant = to;
        to.Show(seat, presence);
        notices.Add(new Seen(to) { StanzaId = presence.Id });
    }

    /// <summary>The occupant whose place the client takes beside other clients of the same account, if the nickname is its own.</summary>
    (Occupant? Occupant, StanzaError? Error) Place(Jid real, string nick)
    {
        if (!Nicknames.IsGood(nick))
        {
            return (null, StanzaError.NotAcceptable with { Text = "This is no good nickname." });
        }

        var key = Nicknames.KeyOf(nick);
        if (_byNick.TryGetValue(key, out var occupant))
        {
            return occupant.Account.Equals(real.Bare) ? (occupant, null) : (null, StanzaError.Conflict);
        }

        return (null, IsReserved(key, real.Bare) ? StanzaError.Conflict : null);
    }

    /// <summary>Who may not enter learns nothing about nicknames.</summary>
    StanzaError? CheckEntry(Affiliation affiliation, RoomEntry entry)
    {
        if (affiliation == Affiliation.Outcast)
        {
            return StanzaError.Forbidden;
        }

        if (IsLocked && affiliation != Affiliation.Owner)
        {
            return StanzaError.ItemNotFound;
        }

        if (Config.MembersOnly && affiliation == Affiliation.None)
        {
            return StanzaError.RegistrationRequired;
        }

        return Config.PasswordProtected && !IsPassword(entry.Password) ? StanzaError.NotAuthorized : null;
    }

    bool IsPassword(string? password) => password is not null
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(password), Encoding.UTF8.GetBytes(Config.Password));

    StanzaError? CheckRoom(Affiliation affiliation, int most)
    {
        var max = Config.MaxUsers > 0 ? Math.Min(Config.MaxUsers, most) : most;
        return _byNick.Count >= max + (affiliation >= Affiliation.Admin ? ReservedPlaces : 0)
            ? StanzaError.ServiceUnavailable with { Type = "wait", Text = "The room is full." }
            : null;
    }

    /// <summary>The only nickname somebody may go by, or null.</summary>
    string? LockedNick(Jid real) => Config.LocksNicknames ? MemberOf(real)?.Nick : null;

    bool IsReserved(string key, Jid account) => _members.Values.Any(member =>
        member.Nick is { } nick && Nicknames.KeyOf(nick) == key && member.Jid != account.ToString());

    int[] EntryCodes(bool renamed, bool created)
    {
        List<int> codes = [];
        if (Config.ShowsAddresses)
        {
            codes.Add(100);
        }

        if (Config.IsPublicRecord)
        {
            codes.Add(170);
        }

        if (created)
        {
            codes.Add(201);
        }

        if (renamed)
        {
            codes.Add(210);
        }

        return [.. codes];
    }
}
