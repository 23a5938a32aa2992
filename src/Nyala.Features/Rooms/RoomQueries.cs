using System.Globalization;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Features.Rooms;

/// <summary>
/// Requests between occupants (XEP-0045 §6.6, §17.4): passed on under their addresses in the room. The id a request is passed
/// on with says which client its answer is for, so the room remembers nothing. Self-pings are answered here (XEP-0410 §3).
/// </summary>
sealed class RoomQueries(RoomOperations rooms)
{
    public async ValueTask<StanzaError?> TakeAsync(Stanza iq)
    {
        var to = iq.To!;
        if (to.Local is not { } name || to.Resource is not { } nick)
        {
            return StanzaError.ServiceUnavailable;
        }

        if (iq.Type is not (StanzaType.Get or StanzaType.Set))
        {
            Return(iq, name, nick);
            return null;
        }

        return await rooms.Directory.LocateAsync(name) is { } room ? Pass(iq, room, nick) : StanzaError.ItemNotFound;
    }

    StanzaError? Pass(Stanza iq, LiveRoom room, string nick)
    {
        var (payload, ns) = iq.ChildName(0);
        var (asker, asked) = RoomOperations.Look(room, rules => (rules.SeatOf(iq.From!), rules.Find(nick)));
        if (asker is null)
        {
            // XEP-0410 §3.1; §6.6 for service discovery.
            return ns is Ns.DiscoInfo or Ns.DiscoItems
                ? StanzaError.BadRequest
                : StanzaError.NotAcceptable with { Type = "cancel", Text = "You are not in the room." };
        }

        if (asked is null)
        {
            return StanzaError.ItemNotFound;
        }

        if (asked == asker.Occupant && payload == "ping" && ns == Ns.Ping)
        {
            rooms.Server.Router.Send(Answer(iq.Id!), iq.To!, iq.From!);
            return null;
        }

        var from = room.Rules.AddressOf(asker.Occupant.Nick);
        var id = string.Create(CultureInfo.InvariantCulture, $"{asker.Number}.{iq.Id}");

        // The card of a person is at the account (XEP-0054), which answers for all its clients.
        RoomOperations.Look(room, _ =>
        {
            if (ns == Ns.VCard || asked.Seats.Count == 0)
            {
                rooms.Server.Router.Send(WithId(iq, id), from, asked.Account);
                return true;
            }

            return rooms.Announcer.Relay(asked.Shown, from, WithId(iq, id));
        });
        return null;
    }

    /// <summary>A result or an error for somebody in the room.</summary>
    void Return(Stanza iq, string name, string nick)
    {
        var id = iq.Id ?? "";
        var dot = id.IndexOf('.', StringComparison.Ordinal);
        if (dot < 1 || !rooms.Directory.TryGet(name, out var room)
            || !int.TryParse(id.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return;
        }

        var (asker, from) = RoomOperations.Look(room, rules => (
            rules.Find(nick)?.Seats.Find(seat => seat.Number == number),
            rules.SeatOf(iq.From!)?.Occupant ?? rules.Occupants.FirstOrDefault(one => one.Account.Equals(iq.From!.Bare))));
        if (asker is not null && from is not null)
        {
            RoomOperations.Look(room, rules => rooms.Announcer.Relay(asker, rules.AddressOf(from.Nick), WithId(iq, id[(dot + 1)..])));
        }
    }

    static Stanza Answer(string id) => Stanza.Of(new Xmpp.Xml.Element("iq", Ns.Client).Set("type", "result").Set("id", id));

    static Stanza WithId(Stanza iq, string id) => Stanza.Of(iq.ToElement().Set("id", id));
}
