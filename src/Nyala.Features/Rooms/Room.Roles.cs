using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Features.Rooms;

// Roles (XEP-0045 §5.1, §8.2–8.6, §9.6–9.8).
sealed partial class Room
{
    /// <summary>Voices remembered beyond a visit.</summary>
    const int MostVoices = 1_000;

    /// <summary>
    /// §5.1: who has been given voice, or has lost it, finds it so when it comes back. By bare address; as long as the room is in memory.
    /// </summary>
    readonly Dictionary<string, RoomRole> _voices = new(StringComparer.Ordinal);

    /// <summary>§8.2–8.5, §9.6–9.8: all of these changes of role, or an error and none.</summary>
    public StanzaError? CheckRoles(Actor actor, IReadOnlyCollection<RoomItem> items)
    {
        if (items.Count > 0 && actor.Role != RoomRole.Moderator && !actor.IsAdmin)
        {
            return StanzaError.Forbidden;
        }

        foreach (var item in items)
        {
            if (Target(item) is not { } occupant)
            {
                return item.Nick is null && item.Jid is not { IsFull: true } ? StanzaError.BadRequest : StanzaError.ItemNotFound;
            }

            if (CheckRole(actor, occupant, item.Role!.Value) is { } error)
            {
                return error;
            }
        }

        return null;
    }

    public void ChangeRoles(Actor actor, IEnumerable<RoomItem> items, List<Notice> notices)
    {
        foreach (var item in items)
        {
            if (Target(item) is not { } occupant)
            {
                continue;
            }

            if (item.Role == RoomRole.None)
            {
                Remove(occupant, 307, actor, item.Reason, notices);
            }
            else
            {
                Become(occupant, occupant.Affiliation, item.Role!.Value, actor, item.Reason, notices);
                RememberVoice(occupant);
            }
        }
    }

    /// <summary>What was remembered of an address is not meant for whoever has it next.</summary>
    public bool ForgetVoice(string jid) => _voices.Remove(jid);

    /// <summary>§5.1: by nickname, or by the full address of one of its clients.</summary>
    Occupant? Target(RoomItem item) => item.Nick is { } nick ? Find(nick) : item.Jid is { IsFull: true } real ? SeatOf(real)?.Occupant : null;

    /// <summary>§5.1.2, and what moderators have decided since.</summary>
    RoomRole RoleOnEntry(Jid account, Affiliation affiliation) =>
        affiliation < Affiliation.Admin && _voices.TryGetValue(account.ToString(), out var voice) ? voice : Config.RoleOf(affiliation);

    void RememberVoice(Occupant occupant)
    {
        var account = occupant.Account.ToString();
        if (occupant.Role == Config.RoleOf(occupant.Affiliation))
        {
            _voices.Remove(account);
        }
        else if (occupant.Role is RoomRole.Visitor or RoomRole.Participant && (_voices.Count < MostVoices || _voices.ContainsKey(account)))
        {
            _voices[account] = occupant.Role;
        }
    }

    static StanzaError? CheckRole(Actor actor, Occupant occupant, RoomRole role)
    {
        var needsAdmin = role == RoomRole.Moderator || (occupant.Role == RoomRole.Moderator && role != RoomRole.Moderator && actor.Seat?.Occupant != occupant);
        if (role == RoomRole.None)
        {
            // §8.2: not by somebody of lower rank, and moderators only by admins.
            return occupant.Affiliation > actor.Affiliation || (needsAdmin && !actor.IsAdmin) ? StanzaError.NotAllowed : null;
        }

        if (role == RoomRole.Moderator)
        {
            return actor.IsAdmin ? null : StanzaError.Forbidden;
        }

        if (occupant.Affiliation >= Affiliation.Admin)
        {
            // §8.4, §9.7: from admins and owners neither voice nor moderator status is taken.
            return StanzaError.NotAllowed;
        }

        if (needsAdmin && !actor.IsAdmin)
        {
            return StanzaError.Forbidden;
        }

        // §8.4 means ranks: a moderator who is nothing else could not take voice from anybody otherwise.
        return role == RoomRole.Visitor && occupant.Affiliation > Affiliation.None && occupant.Affiliation >= actor.Affiliation
            ? StanzaError.NotAllowed
            : null;
    }
}
