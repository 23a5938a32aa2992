using Nyala.Core.Routing;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Rooms;

/// <summary>
/// Becoming a member, with a nickname of one's own, and ceasing to be one (XEP-0045 §7.10, XEP-0077). An open room takes whoever
/// asks, a listed one for members asks its admins (§9.9), and a private group is joined by invitation.
/// </summary>
sealed class RoomRegistration(RoomOperations rooms, RoomRequests requests)
{
    public static ValueTask<IqReply> OfferAsync(IqRequest request, LiveRoom room) => RoomOperations.Look<IqReply>(room, rules =>
    {
        var affiliation = rules.AffiliationOf(request.From);
        if (affiliation > Affiliation.None)
        {
            return new Element("query", Ns.Register).Add(new Element("registered", Ns.Register))
                .Add(rules.MemberOf(request.From)?.Nick is { } nick ? new Element("username", Ns.Register).AddText(nick) : null);
        }

        return MayAsk(rules, affiliation) ? new Element("query", Ns.Register).Add("instructions", "To become a member of the room, choose a nickname.").Add(new DataForm("form", Ns.MucRegister)
        {
            Title = "Become a member",
        }.Add(new DataFormField("muc#register_roomnick", "text-single", []) { Label = "Nickname", Required = true }).ToElement()) : StanzaError.NotAllowed;
    });

    public async ValueTask<IqReply> RegisterAsync(IqRequest request, LiveRoom room)
    {
        var who = request.From.Bare;
        if (request.Payload.Child("remove") is not null)
        {
            return await LeaveAsync(room, who);
        }

        if (request.Payload.Child("x", Ns.DataForms) is not { } x || !DataForm.TryParse(x, out var form) || form.Type != "submit"
            || form.FormType != Ns.MucRegister || form["muc#register_roomnick"]?.Value is not { } wanted)
        {
            return StanzaError.BadRequest;
        }

        if (!Nicknames.IsGood(wanted) || !Jid.TryResource(wanted, out var nick))
        {
            return StanzaError.NotAcceptable with { Text = "This is no good nickname." };
        }

        var (affiliation, error, asks) = RoomOperations.Look(room, rules =>
        {
            var present = rules.AffiliationOf(who);
            return (present, present <= Affiliation.None && !MayAsk(rules, present)
                ? StanzaError.NotAllowed
                : rules.IsFree(nick, who) ? null : StanzaError.Conflict, rules.Config.MembersOnly && present == Affiliation.None);
        });
        if (error is not null)
        {
            return error;
        }

        if (asks)
        {
            requests.AskToAdmit(room, who, nick);
            return IqReply.Done;
        }

        var member = new RoomMember(who.ToString(), affiliation == Affiliation.None ? Affiliation.Member : affiliation, nick);
        return await rooms.MakeAsync(room, member, null, rules => rules.IsFree(nick, who) ? null : StanzaError.Conflict) is { } refusal ? refusal : IqReply.Done;
    }

    /// <summary>Somebody gives up what it is to the room, as only it may without being an admin.</summary>
    async ValueTask<IqReply> LeaveAsync(LiveRoom room, Jid who)
    {
        var error = await rooms.MakeAsync(room, new RoomMember(who.ToString(), Affiliation.None), null, rules => rules.AffiliationOf(who) switch
        {
            Affiliation.Outcast => StanzaError.NotAllowed,
            Affiliation.None => StanzaError.RegistrationRequired,
            Affiliation.Owner when rules.Members.Count(member => member.Affiliation == Affiliation.Owner) == 1 =>
                StanzaError.Conflict with { Text = "A room needs an owner." },
            _ => null,
        });
        return error is null ? IqReply.Done : error;
    }

    static bool MayAsk(Room rules, Affiliation affiliation) =>
        affiliation == Affiliation.None && !rules.IsLocked && (!rules.Config.MembersOnly || rules.Config.Public);
}
