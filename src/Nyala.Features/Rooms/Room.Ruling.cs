using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Rooms;

// Affiliations and configuration (XEP-0045 §9, §10).
sealed partial class Room
{
    /// <summary>Addresses that may be something to one room.</summary>
    public const int MaxMembers = 10_000;

    /// <summary>§9.1–9.5, §10.3–10.8: what these changes of affiliation come to, or an error and nothing.</summary>
    public (List<RoomMember> Changes, StanzaError? Error) CheckAffiliations(Actor actor, IEnumerable<RoomItem> items)
    {
        if (!actor.IsAdmin)
        {
            return ([], StanzaError.Forbidden);
        }

        var changes = new Dictionary<string, RoomMember>(StringComparer.Ordinal);
        foreach (var item in items)
        {
            if (AddressOf(item) is not { } jid)
            {
                return ([], item.Nick is null ? StanzaError.BadRequest : StanzaError.ItemNotFound);
            }

            var (member, error) = Check(actor, item, jid, changes);
            if (error is not null)
            {
                return ([], error);
            }

            changes[member!.Jid] = member;
        }

        var owners = _members.Values.Count(member => member.Affiliation == Affiliation.Owner && !changes.ContainsKey(member.Jid))
            + changes.Values.Count(member => member.Affiliation == Affiliation.Owner);
        if (owners == 0)
        {
            return ([], StanzaError.Conflict with { Text = "A room needs an owner." });
        }

        var added = changes.Values.Count(member => member.Affiliation != Affiliation.None && !_members.ContainsKey(member.Jid));
        return added > 0 && _members.Count + added > MaxMembers
            ? ([], StanzaError.ResourceConstraint with { Text = "The room's lists are full." })
            : ([.. changes.Values], null);
    }

    /// <summary>Carries out what was checked and stored.</summary>
    /// <param name="changes">From <see cref="CheckAffiliations"/>.</param>
    /// <param name="actor">Who does it, or null for the server.</param>
    /// <param name="invites">Who is made a member of a members-only room is invited (§9.5).</param>
    /// <param name="notices">What is to be told.</param>
    public void ChangeAffiliations(IEnumerable<RoomMember> changes, Actor? actor, bool invites, List<Notice> notices)
    {
        foreach (var change in changes)
        {
            var before = _members.GetValueOrDefault(change.Jid)?.Affiliation ?? Affiliation.None;
            ForgetVoice(change.Jid);
            if (change.Affiliation == Affiliation.None)
            {
                _members.Remove(change.Jid);
            }
            else
            {
                _members[change.Jid] = change;
            }

            var present = false;
            foreach (var occupant in _byNick.Values.Where(one => one.Account.ToString() == change.Jid || one.Account.Domain == change.Jid).ToList())
            {
                present = true;
                Apply(occupant, actor, change.Reason, notices);
            }

            if (!present && before != change.Affiliation)
            {
                Announce(change, before, actor, invites, notices);
            }
        }
    }

    /// <summary>§10.2: a new configuration, which was stored; opens a locked room.</summary>
    public void Configure(RoomConfig config, List<Notice> notices)
    {
        var old = Config;
        var wasLocked = IsLocked;
        (Config, IsLocked) = (config, false);
        if (config.MembersOnly)
        {
            // §10.2.1
            foreach (var stranger in _byNick.Values.Where(one => one.Affiliation == Affiliation.None).ToList())
            {
                Remove(stranger, 322, null, null, notices);
            }
        }

        if ((old.Moderated && !config.Moderated) || old.AdminsOnly != config.AdminsOnly)
        {
            _voices.Clear();
            foreach (var occupant in _byNick.Values.Where(one => one.Role is RoomRole.Visitor or RoomRole.Participant).ToList())
            {
                Become(occupant, occupant.Affiliation, config.RoleOf(occupant.Affiliation), null, null, notices);
            }
        }

        List<int> codes = [];
        if (old.ShowsAddresses != config.ShowsAddresses)
        {
            codes.Add(config.ShowsAddresses ? 172 : 173);
        }

        if (old.IsPublicRecord != config.IsPublicRecord)
        {
            codes.Add(config.IsPublicRecord ? 170 : 171);
        }

        if ((codes.Count == 0 && old != config) || old with { ShowsAddresses = config.ShowsAddresses } != config)
        {
            codes.Insert(0, 104);
        }

        if (codes.Count > 0 && !wasLocked)
        {
            notices.Add(new Said(Status([.. codes])));
        }
    }

    /// <summary>A message of the room with status codes.</summary>
    public static Element Status(params ReadOnlySpan<int> codes)
    {
        var x = new Element("x", Ns.MucUser);
        foreach (var code in codes)
        {
            x.Add(new Element("status", Ns.MucUser).Set("code", code.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        }

        return new Element("message", Ns.Client).Set("type", "groupchat").Add(x);
    }

    /// <summary>What an invitation of the room looks like (§7.8.2).</summary>
    public Element Invitation(RoomInvitation invitation) => new Element("message", Ns.Client).Add(new Element("x", Ns.MucUser)
        .Add(invitation.ToElement("invite"))
        .Add(Config.PasswordProtected ? new Element("password", Ns.MucUser).AddText(Config.Password) : null));

    Jid? AddressOf(RoomItem item) => item.Jid?.Bare ?? (item.Nick is { } nick ? Find(nick)?.Account : null);

    (RoomMember? Member, StanzaError? Error) Check(Actor actor, RoomItem item, Jid jid, Dictionary<string, RoomMember> changes)
    {
        var (wanted, present) = (item.Affiliation!.Value, AffiliationOf(jid));
        var name = jid.ToString();
        if (wanted == Affiliation.Outcast && jid.Equals(actor.Jid))
        {
            return (null, StanzaError.Conflict with { Text = "Nobody bans himself." });
        }

        if (jid.Local is null && wanted is not (Affiliation.Outcast or Affiliation.None))
        {
            return (null, StanzaError.NotAcceptable with { Text = "A domain can only be banned." });
        }

        if (!actor.IsOwner && (wanted >= Affiliation.Admin || present >= Affiliation.Admin) && wanted != present
            && !(jid.Equals(actor.Jid) && wanted < present && wanted >= Affiliation.None))
        {
            // §9.1: not-allowed for a ban from below; the lists of owners and admins are the owners' (§10.3–10.8).
            return (null, wanted == Affiliation.Outcast ? StanzaError.NotAllowed : StanzaError.Forbidden);
        }

        var nick = ReservedNick(item, wanted, name);
        if (nick is not null && (!Nicknames.IsGood(nick) || !Jid.TryResource(nick, out nick)))
        {
            return (null, StanzaError.NotAcceptable with { Text = "This is no good nickname." });
        }

        return nick is not null && IsTaken(nick, jid, changes)
            ? (null, StanzaError.Conflict)
            : (new RoomMember(name, wanted, nick, wanted == Affiliation.Outcast ? item.Reason : null), null);
    }

    /// <summary>§9.5: an empty one unsets it, none leaves it, and outcasts have none.</summary>
    string? ReservedNick(RoomItem item, Affiliation wanted, string name) => wanted is Affiliation.Outcast or Affiliation.None || item.Nick is ""
        ? null
        : (item.Jid is null ? null : item.Nick) ?? _members.GetValueOrDefault(name)?.Nick;

    /// <summary>Whether a nickname could be reserved for somebody.</summary>
    public bool IsFree(string nick, Jid jid)
    {
        var key = Nicknames.KeyOf(nick);
        return !IsReserved(key, jid) && (!_byNick.TryGetValue(key, out var occupant) || occupant.Account.Equals(jid));
    }

    bool IsTaken(string nick, Jid jid, Dictionary<string, RoomMember> changes)
    {
        var key = Nicknames.KeyOf(nick);
        return !IsFree(nick, jid)
            || changes.Values.Any(change => change.Jid != jid.ToString() && change.Nick is { } other && Nicknames.KeyOf(other) == key);
    }

    /// <summary>What a changed list makes of somebody who is there.</summary>
    void Apply(Occupant occupant, Actor? actor, string? reason, List<Notice> notices)
    {
        var affiliation = AffiliationOf(occupant.Account);
        if (affiliation == Affiliation.Outcast)
        {
            Remove(occupant, 301, actor, reason, notices, affiliation);
        }
        else if (affiliation == Affiliation.None && Config.MembersOnly)
        {
            // §9.4: only the removal, not the loss before it.
            Remove(occupant, 321, actor, reason, notices, affiliation);
        }
        else if (affiliation != occupant.Affiliation)
        {
            Become(occupant, affiliation, RoleAfter(occupant, affiliation), actor, reason, notices);
        }
    }

    /// <summary>§5.1.3: what an affiliation brings is certain; of what it brought before, moderation goes with an admin's or owner's.</summary>
    RoomRole RoleAfter(Occupant occupant, Affiliation affiliation)
    {
        var brought = Config.RoleOf(affiliation);
        return affiliation > occupant.Affiliation || occupant.Affiliation >= Affiliation.Admin
            ? (affiliation > occupant.Affiliation && occupant.Role > brought ? occupant.Role : brought)
            : occupant.Role;
    }

    /// <summary>§5.2.2, §9: those who may know hear of what becomes of somebody absent, and so does the one concerned (status 101).</summary>
    void Announce(RoomMember change, Affiliation before, Actor? actor, bool invites, List<Notice> notices)
    {
        var jid = Jid.Parse(change.Jid);
        var item = new RoomItem { Affiliation = change.Affiliation, Role = RoomRole.None, Jid = jid, Nick = change.Nick };
        var knowing = _seats.Values.Where(seat => SeesAddresses(seat.Occupant.Role, seat.Occupant.Affiliation)).ToList();
        if (knowing.Count > 0)
        {
            notices.Add(new Said(
                new Element("message", Ns.Client).Add(new Element("x", Ns.MucUser).Add(item.ToElement(Ns.MucUser))), knowing));
        }

        if (actor is null || jid.Local is null || change.Affiliation == Affiliation.Outcast || IsLocked)
        {
            return;
        }

        var wasOut = before is Affiliation.None or Affiliation.Outcast;
        if (invites && Config.MembersOnly && wasOut && change.Affiliation != Affiliation.None)
        {
            notices.Add(new Sent(Invitation(new RoomInvitation(actor.Jid, null, null)), jid));
        }
        else if (!wasOut)
        {
            var message = Status(101).Set("type", null);
            message.Child("x", Ns.MucUser)!.Add(item.ToElement(Ns.MucUser));
            notices.Add(new Sent(message, jid));
        }
    }

    void Become(Occupant occupant, Affiliation affiliation, RoomRole role, Actor? actor, string? reason, List<Notice> notices)
    {
        if (occupant.Affiliation == affiliation && occupant.Role == role)
        {
            return;
        }

        var roles = occupant.Role | role;
        occupant.Become(affiliation, role);
        notices.Add(new Seen(occupant) { Roles = roles, By = actor, Reason = reason });
    }

    /// <summary>Somebody is put out, with all its clients.</summary>
    void Remove(Occupant occupant, int code, Actor? actor, string? reason, List<Notice> notices, Affiliation? affiliation = null)
    {
        Seat[] seats = [.. occupant.Seats];
        var role = occupant.Role;
        foreach (var seat in seats)
        {
            _seats.Remove(seat.Real);
        }

        _byNick.Remove(occupant.Key);
        if (affiliation is { } left)
        {
            occupant.Become(left, role);
        }

        occupant.Seats.Clear();
        notices.Add(new Seen(occupant) { Gone = true, Seat = seats[0], Codes = [code], By = actor, Reason = reason, Leavers = seats, Roles = role });
    }
}
