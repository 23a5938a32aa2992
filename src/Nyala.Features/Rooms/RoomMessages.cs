using Nyala.Core.Diagnostics;
using Nyala.Core.Routing;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Rooms;

/// <summary>What is said in rooms: to all, in private, and to the room itself (XEP-0045 §7.4, §7.5, §8.1; DELIVERY R5, R11).</summary>
sealed class RoomMessages(RoomOperations rooms, RoomPresence presence, RoomRequests requests, RoomModeration moderation, RoomPushes pushes)
{
    /// <summary>In the sender's order, before anything is stored.</summary>
    public async ValueTask<StanzaError?> CheckAsync(MessageEntry entry)
    {
        var (message, to) = (entry.Message, entry.ToJid);
        if (message.Type == StanzaType.Error)
        {
            presence.Bounced(message);
            entry.IsDropped = true;
            return null;
        }

        if (to.Local is not { } name)
        {
            return StanzaError.ServiceUnavailable;
        }

        if (await rooms.Directory.LocateAsync(name) is not { } room)
        {
            return StanzaError.ItemNotFound;
        }

        if (message.Bytes.Length > rooms.Server.Options.Limits.RoomMessageBytes)
        {
            return StanzaError.PolicyViolation with { Text = "The message is too large for a room." };
        }

        return (to.Resource, message.Type) switch
        {
            (null, StanzaType.Groupchat) => await CheckPublicAsync(entry, room),
            (null, _) => await requests.TakeAsync(entry, room),
            (_, StanzaType.Groupchat) => StanzaError.BadRequest with { Text = "A message to one occupant is no message to all." },
            _ => CheckPrivate(entry, room, to.Resource),
        };
    }

    /// <summary>In the order of the log, on its thread: what is durable goes to everybody.</summary>
    public void Deliver(MessageEntry entry)
    {
        if (!rooms.Directory.TryGet(entry.ToJid.Local!, out var room))
        {
            return;
        }

        if (entry.Message.Type != StanzaType.Groupchat)
        {
            DeliverPrivate(entry, room);
            return;
        }

        pushes.Said(room, entry);
        var message = room.WithId(entry.Message, entry.Position, rooms.Server.Store.Archive.Ids);
        rooms.Do(room, notices => Spread(rooms, room, entry.Message, message, entry.Position, entry.At, notices));
        if (entry.Position != 0 && entry.Message.Child("retract", Ns.Retraction)?["id"] is { } id)
        {
            moderation.RetractSoon(room, id, entry);
        }
    }

    /// <summary>Shows a message to everybody in the room and to those who come later.</summary>
    public static void Spread(RoomOperations rooms, LiveRoom room, Stanza message, byte[] complete, long position, long at, List<Notice> notices)
    {
        if (position != 0 && RoomDirectory.IsShownOnEntry(message))
        {
            room.History.Add(new(position, at, complete));
        }
        else if (IsSubject(message))
        {
            room.SetSubject(complete, at != 0 ? at : rooms.Server.Time.GetUtcNow().ToUnixTimeMilliseconds());
        }

        foreach (var seat in rooms.Announcer.Spread(room, message.From!, complete, position, IsUrgent(message)) ?? [])
        {
            // R11: who could not be given it is told that it is outside, and finds it in the archive.
            room.Rules.Leave(seat, null, isFault: true, notices, "You did not read what was said.");
        }
    }

    /// <summary>R5: the sender alone sees its message again, as it was stored.</summary>
    public void Repeated(MessageEntry entry)
    {
        if (entry.Message.Type == StanzaType.Groupchat && rooms.Directory.TryGet(entry.ToJid.Local!, out var room))
        {
            _ = ReflectAsync(room, entry.FromJid, entry.Position);
        }
    }

    async Task ReflectAsync(LiveRoom room, Jid real, long position)
    {
        try
        {
            var archive = rooms.Server.Store.Archive;
            var page = await archive.ReadAsync(new ArchiveQuery(room.Owner) { Only = [position], Max = 1 }, CancellationToken.None);
            if (page.Rows.Count == 1)
            {
                var message = Stanza.Parse(page.Rows[0].Stanza);
                var complete = room.WithId(message, position, archive.Ids);
                rooms.Do(room, _ =>
                {
                    if (room.Rules.SeatOf(real) is { } seat)
                    {
                        rooms.Announcer.Show(seat, message.From ?? room.Rules.Address, complete, StanzaKind.Message);
                    }
                });
            }
        }
        catch (Exception e)
        {
            rooms.Server.Log.HandlerFailed("room", e);
        }
    }

    async ValueTask<StanzaError?> CheckPublicAsync(MessageEntry entry, LiveRoom room)
    {
        var isSubject = IsSubject(entry.Message);
        var error = RoomOperations.Look(room, rules =>
        {
            if (rules.IsDestroyed || (rules.IsLocked && rules.SeatOf(entry.FromJid) is null))
            {
                return StanzaError.ItemNotFound;
            }

            var seat = rules.SeatOf(entry.FromJid);
            if (rules.CheckMessage(seat, isSubject, IsSign(entry.Message)) is { } refusal)
            {
                return refusal;
            }

            var isKept = rules.Config.Archived && MessagePolicy.IsRoomHistory(entry.Message);
            if (entry.Message.Has("body", Ns.Client)
                && room.MustWait(entry, seat!.Occupant.Affiliation, isKept, rooms.Server.Time.GetUtcNow().ToUnixTimeMilliseconds()) is > 0 and var wait)
            {
                // XEP-0500 §5
                return StanzaError.PolicyViolation with
                {
                    Type = "wait",
                    Text = $"In this room there are {rules.Config.SlowMode} seconds between two messages; wait {wait} more.",
                };
            }

            entry.Replace(AsSaid(entry.Message, rules, seat!.Occupant));
            entry.Flags = isKept ? RowFlags.InRecipientArchive : RowFlags.None;
            entry.Recipient = entry.Flags == RowFlags.None ? 0 : room.Owner;
            return null;
        });
        if (error is null && isSubject)
        {
            // On disk before anybody is told: whoever enters after a crash sees it.
            await rooms.Server.Store.Rooms.SetSubjectAsync(room.Rules.Id, entry.Message.Bytes.ToArray(), rooms.Server.Time.GetUtcNow());
        }

        return error;
    }

    /// <summary>As everybody will see it: from the occupant, with its id, and nothing in the room's name that the room did not put there.</summary>
    static Stanza AsSaid(Stanza message, Room rules, Occupant occupant)
    {
        // §7.9: an owner may bring the history of a chat along.
        var mayDelay = occupant.Affiliation == Affiliation.Owner;
        return message.Rewrite(
            rules.AddressOf(occupant.Nick), null,
            (_, ns) => ns is Ns.Muc or Ns.MucUser or Ns.OccupantId || (ns == Ns.Delay && !mayDelay),
            new Element("occupant-id", Ns.OccupantId).Set("id", occupant.Id).ToUtf8());
    }

    StanzaError? CheckPrivate(MessageEntry entry, LiveRoom room, string nick) => RoomOperations.Look(room, rules =>
    {
        var error = rules.CheckPrivate(rules.SeatOf(entry.FromJid), nick);
        if (error is null && !entry.Message.Has("x", Ns.MucUser))
        {
            // §7.5: so that the sender's other clients know what it is.
            entry.Replace(entry.Message.Rewrite(entry.FromJid, entry.ToJid, append: "<x xmlns='http://jabber.org/protocol/muc#user'/>"u8));
        }

        return error;
    });

    /// <summary>To all clients of the occupant (§7.2.8).</summary>
    void DeliverPrivate(MessageEntry entry, LiveRoom room)
    {
        var passed = RoomOperations.Look(room, rules =>
            rules.SeatOf(entry.FromJid)?.Occupant is { } from && rules.Find(entry.ToJid.Resource!) is { Seats.Count: > 0 } to && Pass(entry, room, from, to));
        if (!passed)
        {
            rooms.Server.Router.Answer(entry.Message, StanzaError.ItemNotFound);
        }
    }

    bool Pass(MessageEntry entry, LiveRoom room, Occupant from, Occupant to)
    {
        var address = room.Rules.AddressOf(from.Nick);
        var message = entry.Message.Rewrite(
            address, null, (name, ns) => ns is Ns.Muc or Ns.MucUser or Ns.OccupantId or Ns.Delay or Ns.StanzaIds && name != "origin-id",
            new Element("x", Ns.MucUser).ToUtf8().Concat(new Element("occupant-id", Ns.OccupantId).Set("id", from.Id).ToUtf8()).ToArray());
        var passed = false;
        foreach (var seat in to.Seats)
        {
            passed |= rooms.Announcer.Relay(seat, address, message);
        }

        return passed;
    }

    /// <summary>Nothing but that something was received, read, or liked.</summary>
    static bool IsSign(Stanza message)
    {
        for (var i = 0; i < message.ChildCount; i++)
        {
            if (message.ChildName(i).Namespace is not (Ns.ChatMarkers or Ns.Receipts or Ns.Reactions or Ns.StanzaIds or Ns.Hints))
            {
                return false;
            }
        }

        return message.ChildCount > 0;
    }

    /// <summary>§8.1: a subject and neither body nor thread.</summary>
    static bool IsSubject(Stanza message) =>
        message.Has("subject", Ns.Client) && !message.Has("body", Ns.Client) && !message.Has("thread", Ns.Client);

    /// <summary>R12: of what is said in rooms an inactive client can wait for typing states alone.</summary>
    static bool IsUrgent(Stanza message)
    {
        for (var i = 0; i < message.ChildCount; i++)
        {
            if (message.ChildName(i).Namespace is not (Ns.ChatStates or Ns.OccupantId or Ns.StanzaIds or Ns.Hints))
            {
                return true;
            }
        }

        return false;
    }
}
