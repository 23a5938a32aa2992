using Nyala.Core.Routing;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Rooms;

/// <summary>The picture of a room, in its vCard (XEP-0486).</summary>
sealed class RoomCards(RoomOperations rooms)
{
    public static ValueTask<IqReply> GetAsync(IqRequest request, LiveRoom room) => RoomOperations.Look<IqReply>(room, rules =>
    {
        var asker = rules.ActorOf(request.From);
        if (!rules.Config.Public && asker.Seat is null && asker.Affiliation <= Xmpp.Payloads.Affiliation.None)
        {
            return StanzaError.Forbidden;
        }

        return room.Card is { } card ? Stanza.Parse(card).ToElement() : new Element("vCard", Ns.VCard);
    });

    public async ValueTask<IqReply> SetAsync(IqRequest request, LiveRoom room)
    {
        var card = request.Payload.Children.Any() ? request.Payload.ToUtf8() : null;
        if (card?.Length > rooms.Server.Options.Limits.DocumentBytes)
        {
            return StanzaError.ResourceConstraint with { Text = "The card is too large." };
        }

        var error = await rooms.StoreAsync(
            room,
            rules => rules.ActorOf(request.From).IsOwner ? null : StanzaError.Forbidden with { Text = "Only owners set the picture of a room." },
            () => rooms.Server.Store.Rooms.SetCardAsync(room.Rules.Id, card),
            notices =>
            {
                room.SetCard(card);
                notices.Add(new Said(Room.Status(104)));
            });
        return error is null ? IqReply.Done : error;
    }
}
