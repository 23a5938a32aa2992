using Nyala.Core.Routing;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Rooms;

/// <summary>
/// Links into groups (docs/groups.md): who opens one becomes a member, or asks the admins to be let in. They are invites with a
/// room, so that who has no account can make one with the same link. Safe from any thread.
/// </summary>
public sealed class RoomLinks
{
    readonly RoomOperations _rooms;
    readonly RoomRequests _requests;

    internal RoomLinks(RoomOperations rooms, RoomRequests requests) => (_rooms, _requests) = (rooms, requests);

    /// <summary>Whether somebody may make a link into a room: its prepared name, or why not.</summary>
    internal async ValueTask<(string? Name, StanzaError? Error)> CheckAsync(Jid address, Jid who)
    {
        if (address is not { Local: { } name, Resource: null } || address.Domain != _rooms.Directory.Host
            || await _rooms.Directory.LocateAsync(name) is not { } room)
        {
            return (null, StanzaError.ItemNotFound with { Text = "There is no such group here." });
        }

        return RoomOperations.Look(room, rules => !rules.IsLocked && rules.ActorOf(who).IsAdmin)
            ? (name, null)
            : (null, StanzaError.Forbidden with { Text = "Only admins of the group make its link." });
    }

    /// <summary>Whoever has made an account with a link is a member from the start, and every client hears of it by an invitation.</summary>
    /// <param name="invite">The link.</param>
    /// <param name="inviter">Who made it.</param>
    /// <param name="who">The new account.</param>
    internal async ValueTask AdmitAsync(Invite invite, Jid inviter, Jid who)
    {
        if (await _rooms.Directory.LocateAsync(invite.Room!) is { } room && await AdmitAsync(room, invite, who) is (null, false))
        {
            _rooms.Do(room, notices => notices.Add(new Sent(room.Rules.Invitation(new RoomInvitation(inviter, null, null)), who)));
        }
    }

    /// <summary>Somebody who has an account comes in by a link. Who belongs to the group already does not use it up.</summary>
    internal async ValueTask<IqReply> JoinAsync(IqRequest request, LiveRoom room)
    {
        var store = _rooms.Server.Store.Invites;
        var (who, now) = (request.From.Bare, _rooms.Server.Time.GetUtcNow());
        if (request.Payload["token"] is not { Length: > 0 } token || await store.FindAsync(token, now) is not { } invite
            || invite.Room != room.Rules.Address.Local)
        {
            return StanzaError.ItemNotFound with { Text = "The link is no good, or not any more." };
        }

        var uses = RoomOperations.Look(room, rules => rules.AffiliationOf(who)) == Affiliation.None;
        if (uses && !await store.ConsumeAsync(token, now))
        {
            return StanzaError.ItemNotFound with { Text = "The link was used by somebody else." };
        }

        var (error, asks) = await AdmitAsync(room, invite, who);
        if (error is null)
        {
            return new Element(asks ? "asked" : "joined", Ns.GroupLinks);
        }

        if (uses)
        {
            await store.GiveBackAsync(token);
        }

        return error;
    }

    async ValueTask<(StanzaError? Error, bool Asks)> AdmitAsync(LiveRoom room, Invite invite, Jid who)
    {
        switch (RoomOperations.Look(room, rules => rules.AffiliationOf(who)))
        {
            case Affiliation.Outcast:
                return (StanzaError.Forbidden with { Text = "You are banned from this group." }, false);
            case Affiliation.None when invite.NeedsApproval:
                _requests.AskToAdmit(room, who, who.Local ?? who.Domain);
                return (null, true);
            case Affiliation.None:
                var full = StanzaError.ResourceConstraint with { Text = "The group is full." };
                return (await _rooms.MakeAsync(room, new RoomMember(who.ToString(), Affiliation.Member), null,
                    rules => rules.Members.Count >= Room.MaxMembers ? full : null), false);
            default:
                return (null, false);
        }
    }
}
