// HOT PATH
using System.Buffers;
using System.Globalization;
using System.Text;
using Nyala.Core;
using Nyala.Core.Sessions;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Rooms;

/// <summary>
/// Tells what a room has to tell: writes each stanza once per shape (with the real address or without, to oneself or to others)
/// and gives those bytes to every client, whose session writes its own <c>to</c>. Under the room's gate.
/// </summary>
sealed class Announcer(NyalaServer server)
{
    [ThreadStatic]
    static ArrayBufferWriter<byte>? Spare;

    /// <summary>Sessions that were given something and not flushed yet: who enters a full room gets all of it at once.</summary>
    [ThreadStatic]
    static List<Session>? Given;

    static ArrayBufferWriter<byte> Output
    {
        get
        {
            var output = Spare ??= new(1_024);
            output.ResetWrittenCount();
            return output;
        }
    }

    public void Tell(LiveRoom room, List<Notice> notices)
    {
        foreach (var notice in notices)
        {
            switch (notice)
            {
                case Seen seen:
                    Tell(room, seen);
                    break;
                case Overview overview:
                    Tell(room, overview.To);
                    break;
                case Introduction introduction:
                    Introduce(room, introduction.To, introduction.Entry);
                    break;
                case Said said:
                    Tell(room, said);
                    break;
                case Sent sent:
                    server.Router.Send(Stanza.Of(sent.Message), room.Rules.Address, sent.To);
                    break;
            }
        }

        foreach (var session in Given ?? [])
        {
            session.Outbox.Flush();
        }

        Given?.Clear();
    }

    /// <summary>A message of an occupant to all; those whose sessions did not take it.</summary>
    /// <param name="room">Where.</param>
    /// <param name="from">The occupant's address there, or the room's.</param>
    /// <param name="message">Complete with stanza-id, without <c>to</c>.</param>
    /// <param name="position">Of its row in the room's archive; 0: it has none.</param>
    /// <param name="isUrgent">Inactive clients see it at once (R12).</param>
    public List<Seat>? Spread(LiveRoom room, Jid from, byte[] message, long position, bool isUrgent)
    {
        var outbound = new Outbound(message, StanzaKind.Message, position) { IsAddressed = true, IsUrgent = isUrgent, BesideMailbox = true };
        List<Seat>? lost = null;
        Stanza? parsed = null;
        foreach (var seat in room.Rules.Seats)
        {
            if (!(seat.Session is { } session ? Pass(seat, session, from, outbound) : Relay(seat, from, parsed ??= Stanza.Parse(message))))
            {
                (lost ??= []).Add(seat);
            }
        }

        return lost;
    }

    /// <summary>Of what an occupant says to another nothing that the room tells must overtake anything (RFC 6120 §10.1). False: it cannot take it.</summary>
    public bool Relay(Seat seat, Jid from, Stanza stanza) => seat.Sender(server.Router).Send(stanza, from, seat.Real);

    /// <summary>A stanza to one client.</summary>
    public void Show(Seat seat, Jid from, byte[] stanza, StanzaKind kind)
    {
        Give(seat, from, stanza, kind);
        seat.Session?.Outbox.Flush();
    }

    /// <summary>The same while there is more to come, see <see cref="Given"/>.</summary>
    void Give(Seat seat, Jid from, byte[] stanza, StanzaKind kind, bool isUrgent = true)
    {
        if (seat.Session is not { } session)
        {
            Relay(seat, from, Stanza.Parse(stanza));
        }
        else if (seat.IsBusy)
        {
            Pass(seat, session, from, new Outbound(stanza, kind) { IsAddressed = true, IsUrgent = isUrgent, IsAnswer = true });
        }
        else if (!server.Features.IsBlocked(session.Account, from))
        {
            session.Outbox.Send(new Outbound(stanza, kind) { IsAddressed = true, IsUrgent = isUrgent, IsAnswer = true });
            var given = Given ??= [];
            if (given.Count == 0 || given[^1] != session)
            {
                given.Add(session);
            }
        }
    }

    /// <summary>§7.2.2: everybody else, straight from the bytes that are there already.</summary>
    void Tell(LiveRoom room, Seat to)
    {
        foreach (var occupant in room.Rules.Occupants)
        {
            if (occupant != to.Occupant && (room.Rules.Config.PresenceBroadcast & occupant.Role) != 0)
            {
                Give(to, room.Rules.AddressOf(occupant.Nick), Shape(room, occupant, Sees(room, to)), StanzaKind.Presence, isUrgent: false);
            }
        }
    }

    void Tell(LiveRoom room, Seen seen)
    {
        var from = room.Rules.AddressOf(seen.Nick);
        var isShape = seen is { Gone: false, Codes.Length: 0, By: null, Reason: null };
        byte[]? veiled = null, revealed = null, own = null;
        var shown = (room.Rules.Config.PresenceBroadcast & seen.Roles) != 0;
        foreach (var seat in seen.Only ?? (IEnumerable<Seat>)room.Rules.Seats)
        {
            if (seat == seen.Except)
            {
                continue;
            }

            if (seat.Occupant == seen.About || seat == seen.Seat)
            {
                Give(seat, from, own ??= Write(room, seen, isRevealed: true, isOwn: true), StanzaKind.Presence);
            }
            else if (shown)
            {
                ref var bytes = ref Sees(room, seat) ? ref revealed : ref veiled;
                bytes ??= isShape ? Shape(room, seen.About, Sees(room, seat)) : Write(room, seen, Sees(room, seat), isOwn: false);
                Pass(seat, from, bytes);
            }
        }

        foreach (var seat in seen.Leavers)
        {
            Give(seat, from, own ??= Write(room, seen, isRevealed: true, isOwn: true), StanzaKind.Presence);
        }
    }

    /// <summary>Presence of others: what an overloaded client misses of it, it sees when it enters again.</summary>
    void Pass(Seat seat, Jid from, byte[] presence)
    {
        if (seat.Session is { } session)
        {
            Pass(seat, session, from, new Outbound(presence, StanzaKind.Presence) { IsAddressed = true });
        }
        else
        {
            Relay(seat, from, Stanza.Parse(presence));
        }
    }

    /// <summary>To a session here, behind what is on its way to it. False: it does not take it.</summary>
    bool Pass(Seat seat, Session session, Jid from, Outbound outbound) => server.Features.IsBlocked(session.Account, from)
        || (seat.IsBusy ? PassLater(seat, session, outbound) : session.Send(outbound));

    // Apart, so that the closure is not made for those that need not wait.
    bool PassLater(Seat seat, Session session, Outbound outbound) => seat.Sender(server.Router).After(() => session.Send(outbound));

    void Tell(LiveRoom room, Said said)
    {
        var bytes = said.Message.Set("from", room.Rules.Address.ToString()).ToUtf8();
        foreach (var seat in said.To ?? (IEnumerable<Seat>)room.Rules.Seats)
        {
            Give(seat, room.Rules.Address, bytes, StanzaKind.Message);
        }
    }

    /// <summary>§7.2.13–15: as much history as is wanted and there is, then the subject.</summary>
    void Introduce(LiveRoom room, Seat to, RoomEntry entry)
    {
        foreach (var message in Wanted(room, to, entry))
        {
            Give(to, room.Rules.Address, message.Shown, StanzaKind.Message);
        }

        var subject = room.Subject is { } set
            ? Delayed(room, set, room.SubjectAt)
            : new Element("message", Ns.Client).Set("type", "groupchat").Set("from", room.Rules.Address.ToString()).Add(new Element("subject", Ns.Client)).ToUtf8();
        Give(to, room.Rules.Address, subject, StanzaKind.Message);
    }

    /// <summary>As many of the last messages as every limit allows, oldest first. Characters are those of the whole stanzas (§7.2.13).</summary>
    List<(RoomHistory.Entry Entry, byte[] Shown)> Wanted(LiveRoom room, Seat to, RoomEntry entry)
    {
        var since = entry.Since?.ToUnixTimeMilliseconds() ?? long.MinValue;
        if (entry.Seconds is { } seconds)
        {
            since = Math.Max(since, server.Time.GetUtcNow().ToUnixTimeMilliseconds() - (seconds * 1_000L));
        }

        var most = Math.Min(entry.MaxStanzas ?? int.MaxValue, room.Rules.Config.MaxHistory);
        var characters = (long)(entry.MaxChars ?? int.MaxValue);
        var address = " to=''".Length + to.Real.ToString().Length;
        List<(RoomHistory.Entry, byte[])> wanted = [];
        foreach (var message in room.History.Entries.Reverse())
        {
            if (wanted.Count >= most || message.At < since)
            {
                break;
            }

            var shown = Shown(room, message);
            characters -= address + Encoding.UTF8.GetCharCount(shown);
            if (characters < 0)
            {
                break;
            }

            wanted.Add((message, shown));
        }

        wanted.Reverse();
        return wanted;
    }

    /// <summary>§7.9: what an owner has brought along keeps the time and the origin that he gave it.</summary>
    static byte[] Shown(LiveRoom room, RoomHistory.Entry message) =>
        Stanza.Parse(message.Stanza).Has("delay", Ns.Delay) ? message.Stanza : Delayed(room, message.Stanza, message.At);

    /// <summary>With the time it was said (XEP-0203), before the end tag.</summary>
    static byte[] Delayed(LiveRoom room, byte[] message, long at)
    {
        const int EndTag = 10; // </message>
        var output = Output;
        output.Write(message.AsSpan(..^EndTag));
        XmlOut.Raw(output, "<delay xmlns='urn:xmpp:delay'");
        XmlOut.Attribute(output, "from", room.Rules.Address.ToString());
        XmlOut.Attribute(output, "stamp", DateTimeProfile.Format(DateTimeOffset.FromUnixTimeMilliseconds(at)));
        XmlOut.Raw(output, "/></message>");
        return output.WrittenSpan.ToArray();
    }

    static bool Sees(LiveRoom room, Seat seat) => room.Rules.SeesAddresses(seat.Occupant.Role, seat.Occupant.Affiliation);

    /// <summary>The presence of an occupant as others see it while nothing changes.</summary>
    static byte[] Shape(LiveRoom room, Occupant occupant, bool isRevealed) => isRevealed
        ? occupant.Revealed ??= Write(room, new Seen(occupant), isRevealed, isOwn: false)
        : occupant.Veiled ??= Write(room, new Seen(occupant), isRevealed, isOwn: false);

    static byte[] Write(LiveRoom room, Seen seen, bool isRevealed, bool isOwn)
    {
        var output = Output;
        XmlOut.Raw(output, "<presence");
        XmlOut.Attribute(output, "from", room.Rules.AddressOf(seen.Nick).ToString());
        if (isOwn && seen.StanzaId is { } id)
        {
            XmlOut.Attribute(output, "id", id);
        }

        XmlOut.Raw(output, seen.Gone ? " type='unavailable'>" : ">");
        WriteWords(output, seen.Gone ? seen.Words : seen.About.Shown.Presence);
        XmlOut.Raw(output, "<x xmlns='http://jabber.org/protocol/muc#user'>");
        WriteItem(output, seen, isRevealed, room.Rules.Config.ShowsAddresses);
        if (seen.Destroyed is { } destroyed)
        {
            XmlOut.Write(output, destroyed, Ns.MucUser);
        }

        WriteCodes(output, isOwn ? [110, .. seen.OwnCodes] : []);
        WriteCodes(output, seen.Codes);
        XmlOut.Raw(output, "</x><occupant-id xmlns='urn:xmpp:occupant-id:0' id='");
        XmlOut.Raw(output, seen.About.Id);
        XmlOut.Raw(output, "'/>");
        if (!seen.Gone && room.Hats.Of(seen.About.Account) is { } hats)
        {
            XmlOut.Write(output, hats, Ns.Client);
        }

        XmlOut.Raw(output, "</presence>");
        return output.WrittenSpan.ToArray();
    }

    /// <summary>What the client says of itself, but nothing in the room's name (§17.3, XEP-0421 §3).</summary>
    static void WriteWords(ArrayBufferWriter<byte> output, Stanza? words)
    {
        for (var i = 0; i < (words?.ChildCount ?? 0); i++)
        {
            if (words!.ChildName(i).Namespace is not (Ns.Muc or Ns.MucUser or Ns.OccupantId or Ns.Hats))
            {
                output.Write(words.ChildBytes(i).Span);
            }
        }
    }

    static void WriteItem(ArrayBufferWriter<byte> output, Seen seen, bool isRevealed, bool showsAddresses)
    {
        var about = seen.About;
        var isOut = seen.Gone && seen.NewNick is null;
        XmlOut.Raw(output, "<item");
        XmlOut.Attribute(output, "affiliation", RoomItem.Text(seen.Destroyed is null ? about.Affiliation : Affiliation.None));
        XmlOut.Attribute(output, "role", RoomItem.Text(isOut ? RoomRole.None : about.Role));
        if (isRevealed && seen.Destroyed is null)
        {
            XmlOut.Attribute(output, "jid", (seen.Seat ?? about.Shown).Real.ToString());
        }

        if (seen.NewNick is { } nick)
        {
            XmlOut.Attribute(output, "nick", nick);
        }

        if (seen is { By: null, Reason: null })
        {
            XmlOut.Raw(output, "/>");
            return;
        }

        XmlOut.Raw(output, ">");
        if (seen.By is { } by && (by.Nick is not null || showsAddresses))
        {
            XmlOut.Raw(output, "<actor");
            XmlOut.Attribute(output, by.Nick is null ? "jid" : "nick", by.Nick ?? by.Jid.ToString());
            XmlOut.Raw(output, "/>");
        }

        if (seen.Reason is { } reason)
        {
            XmlOut.Raw(output, "<reason>");
            XmlOut.Escaped(output, reason);
            XmlOut.Raw(output, "</reason>");
        }

        XmlOut.Raw(output, "</item>");
    }

    static void WriteCodes(ArrayBufferWriter<byte> output, ReadOnlySpan<int> codes)
    {
        foreach (var code in codes)
        {
            XmlOut.Raw(output, "<status code='");
            XmlOut.Raw(output, code.ToString(CultureInfo.InvariantCulture));
            XmlOut.Raw(output, "'/>");
        }
    }
}
