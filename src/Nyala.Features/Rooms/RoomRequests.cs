using Nyala.Core.Routing;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Rooms;

/// <summary>
/// What is asked of a room by messages: invitations and their refusals (XEP-0045 §7.8.2), voice (§7.13, §8.6), and the approval
/// of registrations (§9.9). Requests live in the forms that moderators get; the room keeps none.
/// </summary>
sealed class RoomRequests(RoomOperations rooms)
{
    /// <summary>Invitations in one message.</summary>
    const int MostInvitations = 50;

    public async ValueTask<StanzaError?> TakeAsync(MessageEntry entry, LiveRoom room)
    {
        var message = entry.Message;
        entry.IsDropped = true;
        if (RoomOperations.Look(room, rules => rules.IsDestroyed || (rules.IsLocked && !rules.ActorOf(entry.FromJid).IsOwner)))
        {
            return StanzaError.ItemNotFound;
        }

        if (message.Child("x", Ns.MucUser) is { } x)
        {
            return await TakeAsync(x, entry.FromJid, room);
        }

        if (message.Child("x", Ns.DataForms) is { } element && DataForm.TryParse(element, out var form) && form.Type == "submit")
        {
            return form.FormType switch
            {
                Ns.MucRequest => await VoiceAsync(form, entry.FromJid, room),
                Ns.MucRegister => await AdmitAsync(form, entry.FromJid, room),
                _ => StanzaError.BadRequest,
            };
        }

        // §7.4, §17.2
        return StanzaError.BadRequest with { Text = "What is said to all has the type groupchat." };
    }

    /// <summary>§9.9: those who may admit somebody are asked to.</summary>
    public void AskToAdmit(LiveRoom room, Jid who, string nick) => rooms.Do(room, notices =>
    {
        var form = new DataForm("form", Ns.MucRegister) { Title = "Registration request" }
            .Instruct("Somebody wants to become a member of the room.")
            .Add(new DataFormField("muc#register_jid", "jid-single", [who.ToString()]) { Label = "Address" })
            .Add(new DataFormField("muc#register_roomnick", "text-single", [nick]) { Label = "Nickname" })
            .Add(new DataFormField("muc#register_allow", "boolean", ["0"]) { Label = "Admit this person?" });
        var message = new Element("message", Ns.Client).Add(form.ToElement());
        List<Seat> admins = [.. room.Rules.Seats.Where(seat => seat.Occupant.Affiliation >= Affiliation.Admin)];
        if (admins.Count > 0)
        {
            notices.Add(new Said(message, admins));
            return;
        }

        foreach (var owner in room.Rules.Members.Where(member => member.Affiliation == Affiliation.Owner))
        {
            notices.Add(new Sent(message, Jid.Parse(owner.Jid)));
        }
    });

    /// <summary>§7.8.2, §7.9: all invitations of a message, or an error and none.</summary>
    async ValueTask<StanzaError?> TakeAsync(Element x, Jid real, LiveRoom room)
    {
        List<(bool Invites, RoomInvitation Invitation)> asked = [];
        foreach (var child in x.Children.Where(child => child.Name is "invite" or "decline"))
        {
            if (asked.Count == MostInvitations)
            {
                return StanzaError.PolicyViolation with { Text = $"At most {MostInvitations} invitations in one message." };
            }

            if (!RoomInvitation.TryParse(child, out var invitation))
            {
                return child["to"] is null ? StanzaError.BadRequest : StanzaError.JidMalformed;
            }

            var invites = child.Name == "invite";
            if (invites && await CheckInvitationAsync(invitation.Peer, real, room) is { } refusal)
            {
                return refusal;
            }

            asked.Add((invites, invitation));
        }

        foreach (var (invites, invitation) in asked)
        {
            if ((invites ? await InviteAsync(invitation, real, room) : Decline(invitation, real, room)) is { } error)
            {
                return error;
            }
        }

        return asked.Count > 0 ? null : StanzaError.BadRequest;
    }

    async ValueTask<StanzaError?> CheckInvitationAsync(Jid invitee, Jid real, LiveRoom room)
    {
        if (RoomOperations.Look(room, rules => rules.CheckInvitation(rules.ActorOf(real), invitee)).Error is { } error)
        {
            return error;
        }

        var server = rooms.Server;
        return invitee.Local is null || (invitee.Domain == server.Options.Domain && await server.Accounts.LocateAsync(invitee.Local) is null)
            ? StanzaError.ItemNotFound
            : null;
    }

    async ValueTask<StanzaError?> InviteAsync(RoomInvitation invitation, Jid real, LiveRoom room)
    {
        var invitee = invitation.Peer;
        var (error, makesMember) = RoomOperations.Look(room, rules => rules.CheckInvitation(rules.ActorOf(real), invitee));
        if (error is not null)
        {
            return error;
        }

        if (makesMember && await rooms.MakeAsync(room, new RoomMember(invitee.Bare.ToString(), Affiliation.Member), real) is { } refusal)
        {
            return refusal;
        }

        rooms.Do(room, notices =>
        {
            // Where addresses are hidden the inviter's stays so, too.
            var seat = room.Rules.SeatOf(real);
            var inviter = room.Rules.Config.ShowsAddresses || seat is null ? real.Bare : room.Rules.AddressOf(seat.Occupant.Nick);
            notices.Add(new Sent(room.Rules.Invitation(invitation with { Peer = inviter }), invitee));
        });
        return null;
    }

    /// <summary>Only to somebody of the room, so that rooms carry no messages for strangers.</summary>
    StanzaError? Decline(RoomInvitation decline, Jid real, LiveRoom room) => rooms.Do<StanzaError?>(room, notices =>
    {
        var to = decline.Peer;
        if (to.IsFull && to.Bare.Equals(room.Rules.Address))
        {
            to = room.Rules.Find(to.Resource!)?.Shown.Real;
        }
        else if (room.Rules.AffiliationOf(to) <= Affiliation.None && !room.Rules.Occupants.Any(one => one.Account.Equals(to.Bare)))
        {
            to = null;
        }

        if (to is null)
        {
            return StanzaError.ItemNotFound;
        }

        var x = new Element("x", Ns.MucUser).Add((decline with { Peer = real.Bare }).ToElement("decline"));
        notices.Add(new Sent(new Element("message", Ns.Client).Add(x), to));
        return null;
    });

    async ValueTask<StanzaError?> VoiceAsync(DataForm form, Jid real, LiveRoom room)
    {
        if (form["muc#request_allow"] is { } decision)
        {
            return decision.AsBoolean() is { } allows ? await DecideAsync(form, allows, real, room) : StanzaError.BadRequest;
        }

        return form["muc#role"]?.Value == "participant" ? AskForVoice(real, room) : StanzaError.BadRequest;
    }

    /// <summary>§8.6: a moderator's answer. Who it is for may go by another nickname by now, may have gone, or may have voice already.</summary>
    async ValueTask<StanzaError?> DecideAsync(DataForm form, bool allows, Jid real, LiveRoom room)
    {
        var nick = form["muc#roomnick"]?.Value;
        var hasAddress = Jid.TryParse(form["muc#jid"]?.Value, out var jid);
        if (nick is null && !hasAddress)
        {
            return StanzaError.BadRequest;
        }

        var (actor, who) = RoomOperations.Look(room, rules =>
            (rules.ActorOf(real), hasAddress ? rules.SeatOf(jid!)?.Occupant : rules.Find(nick!)));
        if (actor is not ({ Role: RoomRole.Moderator } or { IsAdmin: true }))
        {
            return StanzaError.Forbidden;
        }

        if (!allows)
        {
            return null;
        }

        return who is null ? StanzaError.ItemNotFound
            : who.Role == RoomRole.Visitor ? await rooms.RuleAsync(room, real, [new RoomItem { Nick = who.Nick, Role = RoomRole.Participant }])
            : null;
    }

    StanzaError? AskForVoice(Jid real, LiveRoom room) => rooms.Do<StanzaError?>(room, notices =>
    {
        if (room.Rules.SeatOf(real) is not { } seat)
        {
            return StanzaError.NotAcceptable with { Type = "cancel", Text = "You are not in the room." };
        }

        if (seat.Occupant.Role != RoomRole.Visitor)
        {
            return StanzaError.BadRequest with { Text = "You have voice already." };
        }

        var form = new DataForm("form", Ns.MucRequest) { Title = "Voice request" }
            .Instruct("To approve this request for voice, select the “Grant voice” checkbox and submit.")
            .Add(new DataFormField("muc#role", "list-single", ["participant"]) { Label = "Requested role", Options = [("Participant", "participant")] })
            .Add(new DataFormField("muc#jid", "jid-single", [seat.Real.ToString()]) { Label = "Address" })
            .Add(new DataFormField("muc#roomnick", "text-single", [seat.Occupant.Nick]) { Label = "Nickname" })
            .Add(new DataFormField("muc#request_allow", "boolean", ["0"]) { Label = "Grant voice to this person?" });
        notices.Add(new Said(
            new Element("message", Ns.Client).Add(form.ToElement()),
            [.. room.Rules.Seats.Where(one => one.Occupant.Role == RoomRole.Moderator)]));
        return null;
    });

    async ValueTask<StanzaError?> AdmitAsync(DataForm form, Jid real, LiveRoom room)
    {
        if (form["muc#register_allow"]?.AsBoolean() is not { } allows || !Jid.TryParse(form["muc#register_jid"]?.Value, out var who))
        {
            return StanzaError.BadRequest;
        }

        if (!allows)
        {
            return RoomOperations.Look(room, rules => rules.ActorOf(real).IsAdmin) ? null : StanzaError.Forbidden;
        }

        var isNew = RoomOperations.Look(room, rules => rules.AffiliationOf(who) == Affiliation.None);
        return isNew
            ? await rooms.RuleAsync(room, real, [new RoomItem { Jid = who.Bare, Affiliation = Affiliation.Member, Nick = form["muc#register_roomnick"]?.Value }])
            : RoomOperations.Look(room, rules => rules.ActorOf(real).IsAdmin) ? null : StanzaError.Forbidden;
    }
}
