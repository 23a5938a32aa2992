using System.Globalization;
using Nyala.Core.Diagnostics;
using Nyala.Core.Routing;
using Nyala.Features.Push;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Features.Rooms;

/// <summary>
/// Whom of a room's people what is said there concerns (R11, R13): whoever is mentioned, and in a small private group everybody. Their
/// devices are woken unless they are in the room and acknowledge it.
/// </summary>
sealed class RoomPushes
{
    /// <summary>After a start at most so many rooms of an account are looked at, and of each so many messages.</summary>
    const int MostRooms = 50;
    const int MostRows = 50;

    readonly RoomOperations _rooms;
    readonly PushEngine _engine;

    public RoomPushes(RoomOperations rooms, PushEngine engine)
    {
        _rooms = rooms;
        _engine = engine;
        engine.RoomsBehind = BehindAsync;
    }

    /// <summary>Something was stored in a room's archive and is about to be shown. On the log's thread.</summary>
    public void Said(LiveRoom room, MessageEntry entry)
    {
        if (entry.Position == 0 || !_engine.HasAny || MessagePolicy.PushOfRoom(entry.Message) is var kind && kind == PushKind.None)
        {
            return;
        }

        var said = Saying.Of(room, entry.Message, entry.FromJid.Bare, entry.Position, kind, _engine.Now + _engine.Options.GiveUpAfter);
        var (seated, people) = RoomOperations.Look(room, rules => (Wake(room, said), People(rules)));
        if (people.Count > 0)
        {
            // Accounts may have to be loaded first. Until then no device counts as told of this.
            _engine.Consider(entry.Position);
            _ = TellAbsentAsync(room, said, seated, people);
        }
    }

    /// <summary>
    /// Devices that are in the room, before anything is shown to them: their acknowledgement finds it. Returns them, as they are named in
    /// each account. Under the room's gate.
    /// </summary>
    HashSet<(Jid Account, string Device)> Wake(LiveRoom room, Saying said)
    {
        HashSet<(Jid, string)> seated = [];
        var isWhole = IsWhole(room.Rules);
        foreach (var seat in room.Rules.Seats)
        {
            if (seat.Session?.Watcher is SessionWatcher watcher && seated.Add((watcher.Account.Jid, watcher.Device))
                && Concerns(said, seat.Session.Account, isWhole, seat.Occupant.Nick))
            {
                foreach (var target in watcher.Targets)
                {
                    target.Add(said.For(_engine.DueOf(seat.Session.Account, watcher.Device, said.Kind)));
                }
            }
        }

        return seated;
    }

    /// <summary>Members and occupants who have an account here, with the nickname they are known by, if any. Under the room's gate.</summary>
    Dictionary<Jid, string?> People(Room rules)
    {
        var people = new Dictionary<Jid, string?>();
        foreach (var member in rules.Members)
        {
            if (member.Affiliation >= Affiliation.Member && Jid.TryParse(member.Jid, out var jid) && IsHere(jid))
            {
                people[jid] = member.Nick;
            }
        }

        foreach (var occupant in rules.Occupants)
        {
            if (IsHere(occupant.Account))
            {
                people[occupant.Account] = occupant.Nick;
            }
        }

        return people;
    }

    bool IsHere(Jid jid) => jid.Local is not null && jid.Domain == _engine.Server.Options.Domain;

    async Task TellAbsentAsync(LiveRoom room, Saying said, HashSet<(Jid Account, string Device)> seated, Dictionary<Jid, string?> people)
    {
        await Task.Yield();
        try
        {
            var isWhole = RoomOperations.Look(room, IsWhole);
            foreach (var (jid, nick) in people)
            {
                if ((isWhole || said.Mentions(jid, nick)) && await _engine.Server.Accounts.LocateAsync(jid.Local!) is { } account
                    && PushEngine.Of(account) is { } push && Concerns(said, account, isWhole, nick))
                {
                    Tell(account, push, said, seated);
                }
            }
        }
        catch (Exception e)
        {
            _engine.Server.Log.BackgroundFailed("push of a room", e);
        }
        finally
        {
            _engine.ConsideredIt(said.Position);
        }
    }

    void Tell(LocalAccount account, PushAccount push, Saying said, HashSet<(Jid Account, string Device)>? seated)
    {
        foreach (var target in push.Targets)
        {
            if (seated?.Contains((account.Jid, target.Registration.Device)) != true)
            {
                target.Add(said.For(_engine.DueOf(account, target.Registration.Device, said.Kind)));
            }
        }
    }

    /// <summary>After a start: what was said behind the marks of an account's devices.</summary>
    async ValueTask BehindAsync(LocalAccount account, PushAccount push)
    {
        var server = _engine.Server;
        var mark = push.Targets.Min(target => (long?)target.Mark) ?? long.MaxValue;
        foreach (var name in await server.Store.Push.RoomsBehindAsync(account.Jid.ToString(), mark, MostRooms))
        {
            if (await _rooms.Directory.LocateAsync(name) is not { } room)
            {
                continue;
            }

            var (isWhole, nick) = RoomOperations.Look(room, rules => (IsWhole(rules), rules.MemberOf(account.Jid)?.Nick));
            var page = await server.Store.Archive.ReadAsync(
                new ArchiveQuery(room.Owner) { Start = server.Time.GetUtcNow() - _engine.Options.GiveUpAfter, FromEnd = true, Max = MostRows }, CancellationToken.None);
            foreach (var row in page.Rows)
            {
                var message = Stanza.Parse(row.Stanza);
                var kind = MessagePolicy.PushOfRoom(message);
                if (row.Position > mark && kind != PushKind.None && Jid.TryParse(row.From, out var sender))
                {
                    var said = Saying.Of(room, message, sender.Bare, row.Position, kind, _engine.ExpiryOf(row.At));
                    if (Concerns(said, account, isWhole, nick))
                    {
                        Tell(account, push, said, seated: null);
                    }
                }
            }
        }
    }

    bool IsWhole(Room rules) => rules.Config.MembersOnly && rules.Members.Count <= _engine.Options.WholeGroups;

    bool Concerns(Saying said, LocalAccount account, bool isWhole, string? nick) =>
        !said.Sender.Equals(account.Jid) && !_engine.Server.Features.IsBlocked(account, said.Room) && (isWhole || said.Mentions(account.Jid, nick));

    /// <summary>What was said.</summary>
    /// <param name="Room">Where.</param>
    /// <param name="Sender">The real bare address.</param>
    /// <param name="Shown">The sender as the room shows it.</param>
    /// <param name="Text">What can be read of it without keys.</param>
    sealed record Saying(Jid Room, Jid Sender, string Shown, string Text, long Position, PushKind Kind, TimeSpan Expires)
    {
        public static Saying Of(LiveRoom room, Stanza message, Jid sender, long position, PushKind kind, TimeSpan expires) => new(
            room.Rules.Address, sender, (message.From ?? room.Rules.Address).ToString(), message.Child("body", Ns.Client)?.Text ?? "", position, kind, expires);

        public WaitingRow For(TimeSpan due) => new(Position, Room.ToString(), Kind, Shown, due, Expires);

        /// <summary>By nickname, by the name in the address where no nickname is known, or by the address.</summary>
        public bool Mentions(Jid account, string? nick) => Names(nick ?? account.Local!) || Names(account.ToString());

        /// <summary>As a word of its own.</summary>
        bool Names(string name)
        {
            var compare = CultureInfo.InvariantCulture.CompareInfo;
            for (var at = 0; name.Length > 0 && at < Text.Length;)
            {
                var found = compare.IndexOf(Text.AsSpan(at), name, CompareOptions.IgnoreCase, out var length);
                if (found < 0)
                {
                    return false;
                }

                var (start, end) = (at + found, at + found + length);
                if ((start == 0 || !char.IsLetterOrDigit(Text[start - 1])) && (end == Text.Length || !char.IsLetterOrDigit(Text[end])))
                {
                    return true;
                }

                at = start + 1;
            }

            return false;
        }
    }
}
