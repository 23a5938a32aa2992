using Nyala.Core.Routing;
using Nyala.Storage;
using Nyala.Xmpp;
using Xunit;

namespace Nyala.Server.Tests.Routing;

/// <summary>R8: what is pending, in flight and done, against a model that keeps every row.</summary>
public sealed class MailboxTests
{
    [Fact]
    public void A_row_that_nobody_got_is_pending()
    {
        var mailbox = New();

        Assert.Equal(0, mailbox.Dispatched(7, sessions: 0));

        Assert.True(mailbox.HasPending);
    }

    [Fact]
    public void A_row_that_was_acknowledged_raises_the_mark()
    {
        var mailbox = New();
        mailbox.Dispatched(7, sessions: 1);

        Assert.False(mailbox.HasPending);
        Assert.Equal(7, mailbox.Acknowledged(7));
    }

    [Fact]
    public void The_mark_stays_below_the_oldest_row_in_flight()
    {
        var mailbox = New();
        mailbox.Dispatched(1, sessions: 1);
        mailbox.Dispatched(2, sessions: 1);

        Assert.Equal(0, mailbox.Acknowledged(2));
        Assert.Equal(2, mailbox.Acknowledged(1));
    }

    [Fact]
    public void A_row_whose_last_session_ended_is_pending_again()
    {
        var mailbox = New();
        mailbox.Dispatched(5, sessions: 2);

        Assert.False(mailbox.Released(5));
        Assert.True(mailbox.Released(5));
        Assert.True(mailbox.HasPending);
        Assert.True(mailbox.TryTake(Row(5), onlyPending: true));
    }

    [Fact]
    public void A_row_that_one_device_acknowledged_is_done_when_the_other_ends()
    {
        var mailbox = New();
        mailbox.Dispatched(5, sessions: 2);
        mailbox.Acknowledged(5);

        Assert.False(mailbox.Released(5));
        Assert.False(mailbox.HasPending);
    }

    [Fact]
    public void Archived_rows_are_done_for_a_client_that_reads_the_archive()
    {
        var mailbox = New();
        mailbox.Dispatched(1, sessions: 0);
        mailbox.Dispatched(2, sessions: 0);
        mailbox.ArchivedAreDone();
        mailbox.Dispatched(3, sessions: 0);

        Assert.False(mailbox.TryTake(Row(1, RowFlags.Deliver | RowFlags.InRecipientArchive), onlyPending: true));
        Assert.True(mailbox.TryTake(Row(2, RowFlags.Deliver), onlyPending: true));
        Assert.True(mailbox.TryTake(Row(3, RowFlags.Deliver | RowFlags.InRecipientArchive), onlyPending: true));
    }

    [Fact]
    public void No_sequence_of_events_loses_a_row()
    {
        for (var seed = 0; seed < 400; seed++)
        {
            new Model(seed).Run(steps: 200);
        }
    }

    static Mailbox New() => new LocalAccount(1, Jid.FromPrepared("juliet", "capulet.example"), mark: 0, head: 0).Mailbox;

    static ArchiveRow Row(long position, RowFlags flags = RowFlags.Deliver) => new(position, 0, default, Outgoing: false, flags);

    /// <summary>Knows of every row whether it is done and how many sessions hold it, and that the mark may never pass one that is not.</summary>
    sealed class Model(int seed)
    {
        const RowFlags Archived = RowFlags.Deliver | RowFlags.InRecipientArchive;

        readonly Random _random = new(seed);
        readonly Mailbox _mailbox = New();
        readonly SortedDictionary<long, (int InFlight, bool Done, RowFlags Flags)> _rows = [];
        (long Cursor, int Releases)? _reader;
        long _next;
        long _mark;

        public void Run(int steps)
        {
            for (var i = 0; i < steps; i++)
            {
                Step(_random.Next(24));
                foreach (var (position, row) in _rows)
                {
                    Assert.True(row.Done || position > _mark, $"seed {seed}: the mark {_mark} passed row {position}");
                }
            }

            // The reader that is under way, and one for what became pending again meanwhile.
            Read(int.MaxValue);
            Read(int.MaxValue);
            foreach (var position in _rows.Keys.ToList())
            {
                Acknowledge(position);
            }

            Assert.False(_mailbox.HasPending, $"seed {seed}");
            Assert.All(_rows, row => Assert.True(row.Value.Done, $"seed {seed}: row {row.Key} was never delivered"));
            Assert.Equal(_next, _mark);
        }

        void Step(int what)
        {
            var inFlight = _rows.Where(row => row.Value.InFlight > 0).Select(row => row.Key).ToList();
            switch (what)
            {
                case < 8:
                    var sessions = _random.Next(3);
                    _next += 1 + _random.Next(2);
                    _rows[_next] = (sessions, Done: false, _random.Next(2) == 0 ? Archived : RowFlags.Deliver);
                    Rose(_mailbox.Dispatched(_next, sessions));
                    break;
                case < 13 when inFlight.Count > 0:
                    Acknowledge(inFlight[_random.Next(inFlight.Count)]);
                    break;
                case < 18 when inFlight.Count > 0:
                    Release(inFlight[_random.Next(inFlight.Count)]);
                    break;
                case < 23:
                    Read(_random.Next(4));
                    break;
                case 23:
                    ForgiveArchived();
                    break;
            }
        }

        void Acknowledge(long position)
        {
            if (_rows[position].InFlight > 0)
            {
                _rows[position] = _rows[position] with { Done = true };
                Rose(_mailbox.Acknowledged(position));
            }
        }

        void Release(long position)
        {
            _rows[position] = _rows[position] with { InFlight = _rows[position].InFlight - 1 };
            _mailbox.Released(position);
        }

        /// <summary>R9: what is pending and archived is done; what is in flight is not.</summary>
        void ForgiveArchived()
        {
            _mailbox.ArchivedAreDone();
            foreach (var (position, row) in _rows.Where(row => row.Value is { InFlight: 0, Flags: Archived }).ToList())
            {
                _rows[position] = row with { Done = true };
            }
        }

        /// <summary>A reader that goes on where it was, whatever happened meanwhile; at the end of all rows it is gone.</summary>
        void Read(int max)
        {
            var (cursor, releases) = _reader ?? (_mailbox.Cursor, _mailbox.Releases);
            var end = _mailbox.End;
            foreach (var position in _rows.Keys.Where(key => key > cursor && key <= end).Take(max).ToList())
            {
                if (_mailbox.TryTake(Row(position, _rows[position].Flags), onlyPending: true))
                {
                    Assert.Equal((0, false), (_rows[position].InFlight, _rows[position].Done));
                    _rows[position] = _rows[position] with { InFlight = 1 };
                }

                cursor = position;
                Rose(_mailbox.Passed(cursor, releases));
            }

            _reader = cursor < end ? (cursor, releases) : null;
        }

        void Rose(long mark) => _mark = mark == 0 ? _mark : mark;
    }
}
