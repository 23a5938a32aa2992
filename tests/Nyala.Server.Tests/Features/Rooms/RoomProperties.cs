using FsCheck;
using FsCheck.Fluent;
using Nyala.Features.Rooms;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Xunit;

namespace Nyala.Server.Tests.Features.Rooms;

/// <summary>Random lives of a room: whatever people do, what each of them was told is what is.</summary>
public sealed class RoomProperties
{
    static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(600);
    static readonly Jid[] People = [.. ((string[])["romeo", "juliet", "mercutio", "tybalt"]).Select(name => Jid.Parse(name + "@verona.example"))];
    static readonly string[] Devices = ["phone", "desk"];
    static readonly string[] Nicks = ["Romeo", "romeo", "Juliet", "Mab"];
    static readonly Affiliation[] Affiliations = Enum.GetValues<Affiliation>();
    static readonly RoomRole[] Roles = [RoomRole.None, RoomRole.Visitor, RoomRole.Participant, RoomRole.Moderator];

    static Arbitrary<int[][]> Lives { get; } = Gen.Choose(1, 60)
        .SelectMany(length => Gen.Choose(0, 1_000).ArrayOf(6).ArrayOf(length))
        .ToArbitrary();

    [Fact]
    public void Everybody_knows_what_is() => Prop.ForAll(Lives, life =>
    {
        var world = new World();
        foreach (var step in life)
        {
            world.Act(step);
            world.Verify();
        }

        return true;
    }).Check(Many);

    /// <summary>A room, and what each client in it believes.</summary>
    sealed class World
    {
        readonly Room _room = new(
            1, Jid.Parse("square@rooms.verona.example"), new RoomConfig(), [1], [new RoomMember(People[0].ToString(), Affiliation.Owner)], isLocked: false);

        readonly Dictionary<Jid, Dictionary<string, Belief>> _beliefs = [];
        readonly HashSet<Jid> _inside = [];

        public void Act(int[] step)
        {
            List<Notice> notices = [];
            var who = People[step[1] % People.Length];
            var real = Jid.FromPrepared(who.Local, who.Domain, Devices[step[2] % Devices.Length]);
            var nick = Nicks[step[3] % Nicks.Length];
            switch (step[0] % 8)
            {
                case 0 or 1 or 2:
                    Enter(real, nick, notices);
                    break;
                case 3 when _room.SeatOf(real) is { } seat:
                    _room.Update(seat, nick, Presence(step[4]), notices);
                    break;
                case 4 when _room.SeatOf(real) is { } seat:
                    _room.Leave(seat, null, step[4] % 2 == 0, notices);
                    break;
                case 5:
                    Rule(real, new RoomItem { Jid = People[step[4] % People.Length], Affiliation = Affiliations[step[5] % Affiliations.Length] }, notices);
                    break;
                case 6:
                    Rule(real, new RoomItem { Nick = nick, Role = Roles[step[5] % Roles.Length] }, notices);
                    break;
                case 7:
                    _room.Configure(_room.Config with { MembersOnly = step[4] % 2 == 0, Moderated = step[5] % 2 == 0 }, notices);
                    break;
            }

            foreach (var seen in notices)
            {
                Hear(seen);
            }
        }

        public void Verify()
        {
            Assert.Contains(_room.Members, member => member.Affiliation == Affiliation.Owner);
            Assert.Equal(_room.Seats.Select(seat => seat.Real).ToHashSet(), _inside);
            foreach (var occupant in _room.Occupants)
            {
                var affiliation = _room.AffiliationOf(occupant.Account);
                Assert.Equal(affiliation, occupant.Affiliation);
                Assert.NotEqual(Affiliation.Outcast, affiliation);
                Assert.False(_room.Config.MembersOnly && affiliation == Affiliation.None);
                Assert.False(affiliation >= Affiliation.Admin && occupant.Role != RoomRole.Moderator);
                Assert.NotEmpty(occupant.Seats);
                Assert.All(occupant.Seats, seat => Assert.Same(occupant, seat.Occupant));
                Assert.All(occupant.Seats, seat => Assert.Equal(occupant.Account, seat.Real.Bare));
            }

            Assert.Equal(_room.Occupants.Count, _room.Occupants.Select(one => Nicknames.KeyOf(one.Nick)).Distinct().Count());
            var truth = _room.Occupants.ToDictionary(one => one.Nick, one => new Belief(one.Role, one.Affiliation, one.Shown.Real));
            foreach (var seat in _room.Seats)
            {
                Assert.Equal(truth.OrderBy(one => one.Key), _beliefs[seat.Real].OrderBy(one => one.Key));
            }
        }

        void Enter(Jid real, string nick, List<Notice> notices)
        {
            var was = _room.SeatOf(real);
            var error = _room.Enter(real, null, nick, Presence(0), new RoomEntry(), most: 3, created: false, notices);
            Assert.True(error is null == (_room.SeatOf(real) is not null && (was is null || notices.Count > 0)));
            if (error is null && was is null)
            {
                _inside.Add(real);
                _beliefs[real] = [];
            }
        }

        void Rule(Jid real, RoomItem item, List<Notice> notices)
        {
            var actor = _room.ActorOf(real);
            if (item.Role is not null)
            {
                var target = _room.Find(item.Nick!);
                if (_room.CheckRoles(actor, [item]) is null)
                {
                    Assert.True(actor.Role == RoomRole.Moderator || actor.IsAdmin);
                    Assert.True(target!.Affiliation <= actor.Affiliation || item.Role == target.Role);
                    _room.ChangeRoles(actor, [item], notices);
                }

                return;
            }

            var before = _room.AffiliationOf(item.Jid!);
            var (changes, error) = _room.CheckAffiliations(actor, [item]);
            if (error is null)
            {
                Assert.True(actor.IsOwner || (actor.IsAdmin && (before < Affiliation.Admin || item.Jid!.Equals(actor.Jid) || before == item.Affiliation) && (item.Affiliation < Affiliation.Admin || before == item.Affiliation)));
                _room.ChangeAffiliations(changes, actor, invites: false, notices);
            }
        }

        void Hear(Notice notice)
        {
            switch (notice)
            {
                case Overview overview:
                    _beliefs[overview.To.Real].Clear();
                    foreach (var occupant in _room.Occupants.Where(one => one != overview.To.Occupant))
                    {
                        _beliefs[overview.To.Real][occupant.Nick] = new(occupant.Role, occupant.Affiliation, occupant.Shown.Real);
                    }

                    break;
                case Seen seen:
                    foreach (var seat in (seen.Only ?? [.. _room.Seats]).Where(seat => seat != seen.Except))
                    {
                        Hear(seat, seen);
                    }

                    foreach (var seat in seen.Leavers)
                    {
                        Assert.Null(_room.SeatOf(seat.Real));
                        Hear(seat, seen);
                    }

                    break;
            }
        }

        void Hear(Seat seat, Seen seen)
        {
            var isOwn = seat == seen.Seat || (seen.Seat is null && seat.Occupant == seen.About) || seen.Leavers.Contains(seat);
            if (!seen.Gone)
            {
                _beliefs[seat.Real][seen.Nick] = new(seen.About.Role, seen.About.Affiliation, seen.About.Shown.Real);
            }
            else
            {
                _beliefs[seat.Real].Remove(seen.Nick);
                if (isOwn && seen.NewNick is null)
                {
                    // Whoever sees itself go is outside.
                    _inside.Remove(seat.Real);
                }
            }
        }

        static Stanza Presence(int number) => Stanza.Parse(System.Text.Encoding.UTF8.GetBytes($"<presence><status>{number}</status></presence>"));

        sealed record Belief(RoomRole Role, Affiliation Affiliation, Jid Real);
    }
}
