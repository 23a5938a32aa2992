using Nyala.Core.Routing;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Rooms;

/// <summary>Roles, lists, configuration and the end of rooms, by iq (XEP-0045 §8–10).</summary>
sealed class RoomAdministration(RoomOperations rooms)
{
    /// <summary>Changes in one request.</summary>
    const int MostItems = 500;

    /// <summary>§8.5, §9.2, §9.5, §9.8, §10.5, §10.8: a list.</summary>
    public static ValueTask<IqReply> ListAsync(IqRequest request, LiveRoom room)
    {
        if (request.Payload.Children.ToList() is not [var element] || !RoomItem.TryParse(element, out var wanted))
        {
            return (IqReply)StanzaError.BadRequest;
        }

        return RoomOperations.Look(room, rules =>
        {
            var actor = rules.ActorOf(request.From);
            return wanted.Role is { } role ? OfRole(rules, actor, role) : OfAffiliation(rules, actor, wanted.Affiliation!.Value);
        });
    }

    /// <summary>§8.2–8.5, §9, §10.3–10.8: changes, all or none.</summary>
    public async ValueTask<IqReply> ChangeAsync(IqRequest request, LiveRoom room)
    {
        List<RoomItem> items = [];
        foreach (var element in request.Payload.Children)
        {
            if (!RoomItem.TryParse(element, out var item))
            {
                return element["jid"] is { } jid && !Jid.TryParse(jid, out _) ? StanzaError.JidMalformed : StanzaError.BadRequest;
            }

            items.Add(item);
        }

        if (items.Count is 0 or > MostItems)
        {
            return items.Count == 0 ? StanzaError.BadRequest : StanzaError.PolicyViolation with { Text = $"At most {MostItems} changes at once." };
        }

        return Reply(await rooms.RuleAsync(room, request.From, items));
    }

    /// <summary>§10.2: the form.</summary>
    public static ValueTask<IqReply> OfferAsync(IqRequest request, LiveRoom room) => RoomOperations.Look<IqReply>(room, rules =>
        rules.ActorOf(request.From).IsOwner
            ? new Element("query", Ns.MucOwner).Add(RoomForm.Offer(rules.Config, rules.Members).ToElement())
            : StanzaError.Forbidden);

    /// <summary>§10.1, §10.2, §10.9: the form filled in, or the end.</summary>
    public async ValueTask<IqReply> ConfigureAsync(IqRequest request, LiveRoom room)
    {
        if (request.Payload.Child("destroy") is { } destroy)
        {
            return await DestroyAsync(request, room, destroy);
        }

        if (request.Payload.Child("x", Ns.DataForms) is not { } x || !DataForm.TryParse(x, out var form))
        {
            return StanzaError.BadRequest;
        }

        switch (form.Type)
        {
            case "submit":
                return Reply(await rooms.ConfigureAsync(room, request.From, form));
            case "cancel" when RoomOperations.Look(room, rules => rules.IsLocked):
                // §10.1.3: who cancels the first configuration wants no room.
                return Reply(await rooms.DestroyAsync(room, request.From, null));
            case "cancel":
                return RoomOperations.Look(room, rules => rules.ActorOf(request.From).IsOwner) ? IqReply.Done : StanzaError.Forbidden;
            default:
                return StanzaError.BadRequest;
        }
    }

    async ValueTask<IqReply> DestroyAsync(IqRequest request, LiveRoom room, Element destroy)
    {
        Jid? venue = null;
        if (destroy["jid"] is { } text && !Jid.TryParse(text, out venue))
        {
            return StanzaError.JidMalformed;
        }

        var farewell = new Element("destroy", Ns.MucUser).Set("jid", venue?.ToString());
        foreach (var name in (string[])["password", "reason"])
        {
            farewell.Add(destroy.Child(name)?.Text is { Length: > 0 } said ? new Element(name, Ns.MucUser).AddText(said) : null);
        }

        return Reply(await rooms.DestroyAsync(room, request.From, farewell));
    }

    static IqReply OfRole(Room rules, Actor actor, RoomRole role)
    {
        if (actor.Role != RoomRole.Moderator && !actor.IsAdmin)
        {
            return StanzaError.Forbidden;
        }

        if (role == RoomRole.Moderator && !actor.IsAdmin)
        {
            return StanzaError.Forbidden;
        }

        return new Element("query", Ns.MucAdmin).Add(rules.Occupants.Where(one => one.Role == role).Select(one => new RoomItem
        {
            Affiliation = one.Affiliation,
            Role = one.Role,
            Nick = one.Nick,
            Jid = one.Shown.Real,
        }.ToElement(Ns.MucAdmin)));
    }

    static IqReply OfAffiliation(Room rules, Actor actor, Affiliation affiliation)
    {
        // §9.5, §10.5: in a room that shows addresses members may know who belongs to it; who is banned is the admins' business.
        var role = actor.Seat is null && actor.Affiliation >= Affiliation.Member ? rules.Config.RoleOf(actor.Affiliation) : actor.Role;
        // Who rules a room that hides addresses is its owners' business alone (§10.5, §10.8).
        var mayKnow = affiliation >= Affiliation.Admin && !rules.Config.ShowsAddresses ? actor.IsOwner : actor.IsAdmin
            || (affiliation >= Affiliation.Member && (rules.Config.MemberList & role) != RoomRole.None && rules.SeesAddresses(role, actor.Affiliation));
        if (!mayKnow || affiliation == Affiliation.None)
        {
            return affiliation == Affiliation.None && mayKnow ? StanzaError.BadRequest : StanzaError.Forbidden;
        }

        return new Element("query", Ns.MucAdmin).Add(rules.Members.Where(member => member.Affiliation == affiliation)
            .OrderBy(member => member.Jid, StringComparer.Ordinal).Select(member => new RoomItem
        {
            Affiliation = member.Affiliation,
            Jid = Jid.Parse(member.Jid),
            Nick = member.Nick,
            Reason = member.Reason,
        }.ToElement(Ns.MucAdmin)));
    }

    static IqReply Reply(StanzaError? error) => error is null ? IqReply.Done : error;
}
