using System.Data.Common;

namespace Nyala.Storage.Tests;

/// <summary>What every engine's message log must do (R2–R6).</summary>
public abstract class LogContract(StoreFixture fixture) : StoreContract(fixture)
{
    static readonly TimeSpan Day = TimeSpan.FromDays(1);

    [Fact]
    public async Task R6_positions_rise_and_times_never_fall()
    {
        var first = await AppendAsync(Entry.Message(1, 2));
        Time.Advance(TimeSpan.FromSeconds(5));
        var second = await AppendAsync(Entry.Message(2, 1));
        Time.AdjustTime(Time.GetUtcNow() - TimeSpan.FromHours(1));
        var third = await AppendAsync(Entry.Message(1, 2));

        Assert.Equal(LogOutcome.Committed, third.Outcome);
        Assert.True(0 < first.Position && first.Position < second.Position && second.Position < third.Position);
        Assert.Equal(5000, second.At - first.At);
        Assert.Equal(second.At, third.At);
        Assert.Equal(third.Position, Store.Log.Head);
    }

    [Fact]
    public async Task R6_positions_and_times_go_on_after_a_restart()
    {
        var before = await AppendAsync(Entry.Message(1, 2));
        Time.AdjustTime(Time.GetUtcNow() - TimeSpan.FromHours(1));
        await Fixture.ReopenAsync();
        Assert.Equal(before.Position, Store.Log.Head);

        var after = await AppendAsync(Entry.Message(1, 2));

        Assert.True(after.Position > before.Position);
        Assert.Equal(before.At, after.At);
    }

    [Fact]
    public async Task R6_positions_of_removed_rows_are_not_used_again()
    {
        var gone = Entry.Message(1, 2);
        gone.Flags = RowFlags.InSenderArchive;
        await AppendAsync(gone);
        Time.Advance(TimeSpan.FromDays(30));
        Assert.Equal(1, await Store.Archive.ExpireAsync(Time.GetUtcNow(), Cancellation));
        await Fixture.MaintainAsync();
        await Fixture.ReopenAsync();

        Assert.True((await AppendAsync(Entry.Message(1, 2))).Position > gone.Position);
    }

    [Fact]
    public async Task R4_entries_complete_in_the_order_they_were_appended_whatever_their_kind()
    {
        var completed = new List<int>();
        var entries = Enumerable.Range(0, 1000).Select(i =>
        {
            void Note(Entry _) => completed.Add(i);
            return (i % 3) switch
            {
                0 => new Entry { Kind = LogKind.PassThrough, OnComplete = Note },
                1 => new Entry { Kind = LogKind.Handled, Sender = 1, Stream = 7, Handled = (uint)i, OnComplete = Note },
                _ => new Entry { Kind = LogKind.Message, Sender = 1, From = "a@b", To = "c@d", Stanza = "x"u8.ToArray(), OnComplete = Note },
            };
        }).ToList();
        entries.ForEach(Store.Log.Append);
        await Store.Log.FlushAsync();

        Assert.Equal(Enumerable.Range(0, 1000), completed);
        Assert.All(entries, e => Assert.Equal(LogOutcome.Committed, e.Outcome));
        Assert.All(entries, e => Assert.Equal(e.Kind == LogKind.Message, e.Position > 0));
    }

    [Fact]
    public async Task R4_each_producer_keeps_its_order_among_many()
    {
        var seen = new List<(int Producer, int Number)>();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(producer => Task.Run(
            () =>
            {
                for (var i = 0; i < 500; i++)
                {
                    var number = i;
                    Store.Log.Append(new Entry { Kind = LogKind.PassThrough, OnComplete = _ => seen.Add((producer, number)) });
                }
            },
            Cancellation)));
        await Store.Log.FlushAsync();

        Assert.Equal(4000, seen.Count);
        Assert.All(seen.GroupBy(s => s.Producer), g => Assert.Equal(Enumerable.Range(0, 500), g.Select(s => s.Number)));
    }

    [Fact]
    public async Task A_committed_row_is_visible_to_readers_when_it_completes()
    {
        var head = 0L;
        Task<ArchivePage>? read = null;
        var entry = Entry.Message(1, 2);
        var watching = new Entry
        {
            Kind = LogKind.PassThrough,
            OnComplete = _ =>
            {
                head = Store.Log.Head;
                read = Store.Archive.ReadAsync(new ArchiveQuery(2), default).AsTask();
            },
        };
        Store.Log.Append(entry);
        await AppendAsync(watching);

        Assert.Equal(entry.Position, head);
        Assert.Equal(entry.Position, Assert.Single((await read!).Rows).Position);
    }

    [Fact]
    public async Task The_end_of_a_batch_is_told_after_its_completions()
    {
        var told = new List<string>();
        Store.Log.BatchCompleted = () => told.Add("batch");
        await AppendAsync(new Entry { Kind = LogKind.PassThrough, OnComplete = _ => told.Add("entry") });
        await Store.Log.FlushAsync();

        Assert.Equal(["entry", "batch"], told.Take(2));
    }

    [Fact]
    public async Task A_completion_that_throws_does_not_stop_the_log()
    {
        var entry = Entry.Message(1, 2);
        await AppendAsync(new Entry { Kind = LogKind.PassThrough, OnComplete = _ => throw new InvalidOperationException("of the test") });

        Assert.Equal(LogOutcome.Committed, (await AppendAsync(entry)).Outcome);
    }

    [Fact]
    public async Task A_joined_write_commits_with_its_message()
    {
        var entry = Entry.Message(1, 2);
        entry.Joined = new Join("joined", fails: false);
        await AppendAsync(entry);

        Assert.Equal(LogOutcome.Committed, entry.Outcome);
        Assert.Equal("joined"u8.ToArray(), await Store.Secrets.GetOrCreateAsync("joined", 1));
    }

    [Fact]
    public async Task A_joined_write_that_throws_takes_back_its_entry_alone()
    {
        var gate = new ManualResetEventSlim();
        var hold = new Entry { Kind = LogKind.PassThrough, OnComplete = _ => gate.Wait() };
        var good = Entry.Message(1, 2);
        var bad = Entry.Message(1, 2);
        bad.Joined = new Join("bad", fails: true);
        bad.Stream = 9;
        bad.Handled = 4;
        var better = Entry.Message(1, 2);
        better.Joined = new Join("better", fails: false);
        foreach (var entry in new[] { hold, good, bad, better })
        {
            Store.Log.Append(entry);
        }

        gate.Set();
        await Store.Log.FlushAsync();

        Assert.Equal((LogOutcome.Failed, LogFailure.Error, 0L), (bad.Outcome, bad.Failure, bad.Position));
        Assert.Equal((LogOutcome.Committed, LogOutcome.Committed), (good.Outcome, better.Outcome));
        Assert.Equal([good.Position, better.Position], (await Store.Archive.ReadAsync(new ArchiveQuery(2), Cancellation)).Rows.Select(r => r.Position));
        Assert.NotEqual("bad"u8.ToArray(), await Store.Secrets.GetOrCreateAsync("bad", 3));
        Assert.Equal("better"u8.ToArray(), await Store.Secrets.GetOrCreateAsync("better", 1));
        // R2: a stanza that is answered with an error is handled.
        Assert.Equal(4u, await Store.Log.FindHandledAsync(1, 9));
        Assert.Null(Store.Trouble);
    }

    [Fact]
    public async Task R3_the_highest_committed_count_of_a_stream_is_found()
    {
        var message = Entry.Message(1, 2);
        (message.Stream, message.Handled) = (5, 10);
        await AppendAsync(message);
        Assert.Equal(10u, await Store.Log.FindHandledAsync(1, 5));

        await AppendAsync(Entry.OfStream(1, 5, 12));
        await AppendAsync(Entry.Message(1, 2));
        Assert.Equal(12u, await Store.Log.FindHandledAsync(1, 5));

        var last = Entry.Message(1, 2);
        (last.Stream, last.Handled) = (5, uint.MaxValue);
        await AppendAsync(last);
        await Fixture.ReopenAsync();
        Assert.Equal(uint.MaxValue, await Store.Log.FindHandledAsync(1, 5));
    }

    [Fact]
    public async Task R3_only_its_own_account_learns_a_count()
    {
        var message = Entry.Message(1, 2);
        (message.Stream, message.Handled) = (5, 10);
        await AppendAsync(message);
        await AppendAsync(Entry.OfStream(1, 6, 3));

        Assert.Null(await Store.Log.FindHandledAsync(2, 5));
        Assert.Null(await Store.Log.FindHandledAsync(2, 6));
        Assert.Null(await Store.Log.FindHandledAsync(1, 7));
    }

    [Fact]
    public async Task R3_a_count_that_may_be_outdated_is_not_told()
    {
        await AppendAsync(Entry.OfStream(1, 5, 12));
        Time.Advance(TimeSpan.FromDays(4));
        await Fixture.MaintainAsync();

        Assert.Null(await Store.Log.FindHandledAsync(1, 5));
    }

    [Fact]
    public async Task R3_a_count_outlives_the_removal_of_its_delivered_row()
    {
        var alice = await AccountAsync("alice");
        var bob = await AccountAsync("bob");
        var message = Entry.Message(alice, bob);
        message.Flags = RowFlags.Deliver;
        (message.Stream, message.Handled) = (5, 10);
        await AppendAsync(message);
        Store.Mailboxes.SetMark(bob, message.Position);
        await Store.Log.FlushAsync();
        Time.Advance(TimeSpan.FromHours(47));
        await Fixture.MaintainAsync();

        Assert.Equal(10u, await Store.Log.FindHandledAsync(alice, 5));
    }

    [Fact]
    public async Task R3_stream_numbers_are_never_handed_out_twice()
    {
        var numbers = new List<long>();
        for (var round = 0; round < 3; round++)
        {
            numbers.AddRange(Enumerable.Range(0, 100).Select(_ => Store.Log.NextStream()));
            await Fixture.ReopenAsync();
        }

        Assert.Equal(300, numbers.Distinct().Count());
        Assert.All(numbers, n => Assert.True(n > 0));
    }

    [Fact]
    public async Task R5_a_resend_on_another_stream_is_a_duplicate_of_the_stored_original()
    {
        var original = await AppendAsync(Sent(stream: 1, handled: 3));
        Time.Advance(Day - TimeSpan.FromMinutes(1));
        var resend = await AppendAsync(Sent(stream: 2, handled: 1));

        Assert.Equal((LogOutcome.Duplicate, original.Position, original.At), (resend.Outcome, resend.Position, resend.At));
        Assert.Equal(original.Position, Store.Log.Head);
        Assert.Single((await Store.Archive.ReadAsync(new ArchiveQuery(2), Cancellation)).Rows);
        // It counts in the h of the stream it came on, durably.
        Assert.Equal(1u, await Store.Log.FindHandledAsync(1, 2));
    }

    [Fact]
    public async Task R5_a_resend_is_recognised_after_a_restart()
    {
        var original = await AppendAsync(Sent(stream: 1, handled: 3));
        await Fixture.ReopenAsync();

        Assert.Equal((LogOutcome.Duplicate, original.Position), Outcome(await AppendAsync(Sent(stream: 2, handled: 1))));
    }

    [Fact]
    public async Task R5_a_resend_in_the_same_batch_is_recognised()
    {
        var gate = new ManualResetEventSlim();
        Store.Log.Append(new Entry { Kind = LogKind.PassThrough, OnComplete = _ => gate.Wait() });
        var original = Sent(stream: 1, handled: 3);
        var resend = Sent(stream: 2, handled: 1);
        Store.Log.Append(original);
        Store.Log.Append(resend);
        gate.Set();
        await resend.Completed;

        Assert.Equal((LogOutcome.Duplicate, original.Position), Outcome(resend));
    }

    [Fact]
    public async Task R5_the_same_id_again_on_the_same_stream_is_the_clients_own_business()
    {
        await AppendAsync(Sent(stream: 1, handled: 3));

        Assert.Equal(LogOutcome.Committed, (await AppendAsync(Sent(stream: 1, handled: 4))).Outcome);
    }

    [Fact]
    public async Task R5_after_a_day_it_is_a_new_message()
    {
        await AppendAsync(Sent(stream: 1, handled: 3));
        Time.Advance(Day + TimeSpan.FromSeconds(1));

        Assert.Equal(LogOutcome.Committed, (await AppendAsync(Sent(stream: 2, handled: 1))).Outcome);
    }

    [Fact]
    public async Task R5_another_account_or_another_id_is_another_message()
    {
        await AppendAsync(Sent(stream: 1, handled: 3));
        var other = Sent(stream: 2, handled: 1);
        other.Sender = 3;
        var next = Sent(stream: 2, handled: 2);
        next.Fingerprint = 78;
        var nameless = Sent(stream: 2, handled: 3);
        nameless.Fingerprint = default;
        var nameless2 = Sent(stream: 4, handled: 3);
        nameless2.Fingerprint = default;

        foreach (var entry in new[] { other, next, nameless, nameless2 })
        {
            Assert.Equal(LogOutcome.Committed, (await AppendAsync(entry)).Outcome);
        }
    }

    [Fact]
    public async Task R5_a_message_that_was_refused_is_not_a_resend_when_it_comes_again()
    {
        var refused = Sent(stream: 1, handled: 3);
        refused.Joined = new Join("x", fails: true);
        Assert.Equal(LogOutcome.Failed, (await AppendAsync(refused)).Outcome);

        Assert.Equal(LogOutcome.Committed, (await AppendAsync(Sent(stream: 2, handled: 1))).Outcome);
    }

    [Fact]
    public async Task A_flush_completes_after_everything_before_it()
    {
        var entries = Enumerable.Range(0, 500).Select(i => Entry.Message(i % 7, i % 5)).ToList();
        entries.ForEach(Store.Log.Append);
        await Store.Log.FlushAsync();

        Assert.All(entries, e => Assert.True(e.Completed.IsCompletedSuccessfully));
    }

    [Fact]
    public async Task Closing_commits_what_was_appended()
    {
        var entries = Enumerable.Range(0, 300).Select(i => Entry.Message(1, 2, $"{i}")).ToList();
        entries.ForEach(Store.Log.Append);
        await Fixture.ReopenAsync();

        Assert.Equal(300, (await Store.Archive.ReadAsync(new ArchiveQuery(2) { Max = 0, WithCount = true }, Cancellation)).Count);
    }

    [Fact]
    public async Task After_closing_entries_fail_instead_of_hanging()
    {
        var log = Store.Log;
        await Store.DisposeAsync();
        var late = Entry.Message(1, 2);
        log.Append(late);
        await late.Completed;

        Assert.Equal(LogOutcome.Failed, late.Outcome);
    }

    [Fact]
    public async Task A_full_log_makes_readers_wait_until_there_is_room()
    {
        var gate = new ManualResetEventSlim();
        Store.Log.Append(new Entry { Kind = LogKind.PassThrough, OnComplete = _ => gate.Wait() });
        Assert.False(Store.Log.IsFull);
        Assert.True(Store.Log.WaitForRoomAsync().AsTask().IsCompleted);
        for (var i = 0; !Store.Log.IsFull; i++)
        {
            Assert.True(i < 1_000_000, "the log has no bound");
            Store.Log.Append(new Entry { Kind = LogKind.PassThrough });
        }

        var room = Store.Log.WaitForRoomAsync().AsTask();
        Assert.False(room.IsCompleted);
        gate.Set();
        await room;
        await Store.Log.FlushAsync();
        Assert.False(Store.Log.IsFull);
    }

    static Entry Sent(long stream, uint handled)
    {
        var entry = Entry.Message(1, 2);
        (entry.Stream, entry.Handled, entry.Fingerprint) = (stream, handled, 77);
        return entry;
    }

    static (LogOutcome, long) Outcome(Entry entry) => (entry.Outcome, entry.Position);

    /// <summary>Writes a secret with the message, where it can be looked up.</summary>
    sealed class Join(string name, bool fails) : IJoinedWrite
    {
        public void Write(DbConnection connection, DbTransaction transaction, LogEntry entry)
        {
            using var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = "insert into secret (name, value) values (@name, @value)";
            foreach (var (parameter, value) in new (string, object)[] { ("@name", name), ("@value", System.Text.Encoding.UTF8.GetBytes(name)) })
            {
                var bound = command.CreateParameter();
                (bound.ParameterName, bound.Value) = (parameter, value);
                command.Parameters.Add(bound);
            }

            command.ExecuteNonQuery();
            if (fails)
            {
                throw new InvalidOperationException("of the test");
            }
        }
    }
}
