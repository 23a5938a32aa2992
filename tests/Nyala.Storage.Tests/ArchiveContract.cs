using System.Text;

namespace Nyala.Storage.Tests;

/// <summary>Reading archives and what waits for delivery, on every engine.</summary>
public abstract class ArchiveContract(StoreFixture fixture) : StoreContract(fixture)
{
    [Fact]
    public async Task An_archive_is_what_its_account_sent_and_received()
    {
        var sent = await AppendAsync(Entry.Message(1, 2, "to two"));
        var received = await AppendAsync(Entry.Message(2, 1, "from two"));
        await AppendAsync(Entry.Message(2, 3, "none of one's business"));
        var remote = Entry.Message(0, 1);
        remote.From = "juliet@other.example/x";
        remote.Stanza = "<message/>"u8.ToArray();
        await AppendAsync(remote);

        var page = await ReadAsync(new ArchiveQuery(1));

        Assert.Equal([sent.Position, received.Position, remote.Position], page.Rows.Select(r => r.Position));
        Assert.Equal([true, false, false], page.Rows.Select(r => r.Outgoing));
        Assert.Equal([sent.At, received.At, remote.At], page.Rows.Select(r => r.At));
        Assert.Equal("<message><body>to two</body></message>", Encoding.UTF8.GetString(page.Rows[0].Stanza.Span));
        Assert.All(page.Rows, r => Assert.Equal(sent.Flags, r.Flags));
        Assert.True(page.Complete);
    }

    [Fact]
    public async Task R7_a_row_is_only_in_the_archives_its_flags_name()
    {
        var hidden = Entry.Message(1, 2);
        hidden.Flags = RowFlags.Deliver;
        await AppendAsync(hidden);
        var half = Entry.Message(1, 2);
        half.Flags = RowFlags.InRecipientArchive;
        await AppendAsync(half);

        Assert.Empty((await ReadAsync(new ArchiveQuery(1))).Rows);
        Assert.Equal(half.Position, Assert.Single((await ReadAsync(new ArchiveQuery(2))).Rows).Position);
        Assert.True((await ReadAsync(new ArchiveQuery(2) { After = hidden.Position })).UnknownPosition);
    }

    [Fact]
    public async Task R7_a_message_to_oneself_is_in_the_archive_once()
    {
        var note = await AppendAsync(Entry.Message(1, 1, "note"));
        var page = await ReadAsync(new ArchiveQuery(1) { WithCount = true });

        var row = Assert.Single(page.Rows);
        Assert.Equal((note.Position, false, note.Flags), (row.Position, row.Outgoing, row.Flags));
        Assert.Equal(1, page.Count);
        Assert.Single(await Store.Archive.ReadForDeliveryAsync(1, 0, long.MaxValue, sent: true, 10, Cancellation));
    }

    [Fact]
    public async Task Metadata_names_the_ends_of_the_archive()
    {
        Assert.Null(await Store.Archive.MetadataAsync(1, Cancellation));
        var first = await AppendAsync(Entry.Message(1, 2));
        await AppendAsync(Entry.Message(2, 1));
        var last = await AppendAsync(Entry.Message(1, 3));
        await AppendAsync(Entry.Message(2, 3));

        var metadata = await Store.Archive.MetadataAsync(1, Cancellation);

        Assert.Equal((first.Position, last.Position), (metadata!.Value.First.Position, metadata.Value.Last.Position));
    }

    [Fact]
    public async Task A_bare_address_matches_its_resources_and_nobody_else()
    {
        string[] senders =
        [
            "romeo@nyala.example", "romeo@nyala.example/phone", "romeo@nyala.example/a/b", "romeo@nyala.example.org", "xromeo@nyala.example",
            "röméo@nyala.example/phone", "nyala.example", "nyala.example/romeo@nyala.example",
        ];
        foreach (var sender in senders)
        {
            var entry = Entry.Message(0, 1);
            entry.From = sender;
            await AppendAsync(entry);
        }

        Assert.Equal([1, 2, 3], await WithAsync("romeo@nyala.example"));
        Assert.Equal([2], await WithAsync("romeo@nyala.example/phone"));
        Assert.Equal([3], await WithAsync("romeo@nyala.example/a/b"));
        Assert.Equal([6], await WithAsync("röméo@nyala.example"));
        Assert.Equal([7, 8], await WithAsync("nyala.example"));
        Assert.Empty(await WithAsync("romeo@nyala.example/Phone"));
        Assert.Empty(await WithAsync("%@nyala.example"));

        async Task<IEnumerable<long>> WithAsync(string with)
        {
            var page = await ReadAsync(new ArchiveQuery(1) { With = with, WithCount = true });
            Assert.Equal(page.Rows.Count, page.Count);
            return page.Rows.Select(r => r.Position);
        }
    }

    [Fact]
    public async Task Start_and_end_are_inclusive_to_the_millisecond()
    {
        var entries = new List<Entry>();
        for (var i = 0; i < 4; i++)
        {
            entries.Add(await AppendAsync(Entry.Message(1, 2)));
            Time.Advance(TimeSpan.FromMilliseconds(1));
        }

        var second = DateTimeOffset.FromUnixTimeMilliseconds(entries[1].At);

        Assert.Equal([2, 3, 4], await BetweenAsync(second, null));
        Assert.Equal([3, 4], await BetweenAsync(second.AddTicks(1), null));
        Assert.Equal([1, 2], await BetweenAsync(null, second));
        Assert.Equal([1, 2], await BetweenAsync(null, second.AddTicks(1)));
        Assert.Equal([1], await BetweenAsync(null, second.AddTicks(-1)));
        Assert.Empty(await BetweenAsync(second.AddDays(1), null));
        Assert.Empty(await BetweenAsync(null, second.AddDays(-1)));
        Assert.Equal([1, 2, 3, 4], await BetweenAsync(DateTimeOffset.MinValue, DateTimeOffset.MaxValue));

        async Task<IEnumerable<int>> BetweenAsync(DateTimeOffset? start, DateTimeOffset? end) =>
            (await ReadAsync(new ArchiveQuery(1) { Start = start, End = end })).Rows
                .Select(r => entries.FindIndex(e => e.Position == r.Position) + 1);
    }

    [Fact]
    public async Task Ids_of_another_account_or_of_rows_that_are_not_there_are_unknown()
    {
        var theirs = await AppendAsync(Entry.Message(2, 3));
        var mine = await AppendAsync(Entry.Message(1, 2));

        Assert.True((await ReadAsync(new ArchiveQuery(1) { Before = theirs.Position })).UnknownPosition);
        Assert.True((await ReadAsync(new ArchiveQuery(1) { AfterId = mine.Position + 1 })).UnknownPosition);
        Assert.True((await ReadAsync(new ArchiveQuery(1) { Only = [mine.Position, theirs.Position] })).UnknownPosition);
        Assert.False((await ReadAsync(new ArchiveQuery(1) { Only = [mine.Position, mine.Position] })).UnknownPosition);
        Assert.Empty((await ReadAsync(new ArchiveQuery(1) { Only = [] })).Rows);
    }

    [Fact]
    public async Task R8_delivery_reads_what_is_to_be_delivered_up_to_a_bound()
    {
        var first = await AppendAsync(Entry.Message(2, 1));
        var kept = Entry.Message(2, 1);
        kept.Flags = RowFlags.InRecipientArchive;
        await AppendAsync(kept);
        var own = await AppendAsync(Entry.Message(1, 2));
        var transient = Entry.Message(0, 1);
        transient.Flags = RowFlags.Deliver;
        await AppendAsync(transient);
        var last = await AppendAsync(Entry.Message(2, 1));

        Assert.Equal([first.Position, transient.Position, last.Position], await DeliveryAsync(0, last.Position, sent: false, 10));
        Assert.Equal([first.Position, own.Position, transient.Position, last.Position], await DeliveryAsync(0, last.Position, sent: true, 10));
        Assert.Equal([own.Position, transient.Position], await DeliveryAsync(first.Position, transient.Position, sent: true, 10));
        Assert.Equal([first.Position, own.Position], await DeliveryAsync(0, last.Position, sent: true, 2));
        var rows = await Store.Archive.ReadForDeliveryAsync(1, 0, last.Position, sent: true, 10, Cancellation);
        Assert.Equal([false, true, false, false], rows.Select(r => r.Outgoing));

        async Task<IEnumerable<long>> DeliveryAsync(long after, long upTo, bool sent, int max) =>
            (await Store.Archive.ReadForDeliveryAsync(1, after, upTo, sent, max, Cancellation)).Select(r => r.Position);
    }

    [Fact]
    public async Task Expired_rows_leave_the_archives_but_not_before_they_are_delivered()
    {
        var alice = await AccountAsync("alice");
        var bob = await AccountAsync("bob");
        var delivered = await AppendAsync(Entry.Message(alice, bob));
        var waiting = await AppendAsync(Entry.Message(alice, bob));
        Store.Mailboxes.SetMark(bob, delivered.Position);
        await Store.Log.FlushAsync();
        Time.Advance(TimeSpan.FromHours(1));
        var young = await AppendAsync(Entry.Message(alice, bob));

        Assert.Equal(1, await Store.Archive.ExpireAsync(Time.GetUtcNow(), Cancellation));
        Assert.Equal([waiting.Position, young.Position], (await ReadAsync(new ArchiveQuery(bob))).Rows.Select(r => r.Position));
        Assert.True((await ReadAsync(new ArchiveQuery(bob) { After = delivered.Position })).UnknownPosition);

        Store.Mailboxes.SetMark(bob, young.Position);
        await Store.Log.FlushAsync();
        Time.Advance(TimeSpan.FromDays(10));
        Assert.Equal(2, await Store.Archive.ExpireAsync(Time.GetUtcNow(), Cancellation));
        Assert.Equal(0, await Store.Archive.ExpireAsync(Time.GetUtcNow(), Cancellation));
        Assert.Empty((await ReadAsync(new ArchiveQuery(alice))).Rows);
        Assert.Null(await Store.Archive.MetadataAsync(bob, Cancellation));
        Assert.Empty(await Store.CheckIntegrityAsync(Cancellation));
    }

    [Fact]
    public async Task R8_rows_in_no_archive_wait_for_their_delivery_and_then_go()
    {
        var alice = await AccountAsync("alice");
        var bob = await AccountAsync("bob");
        var entries = new List<Entry>();
        for (var i = 0; i < 3; i++)
        {
            var entry = Entry.Message(alice, bob);
            entry.Flags = RowFlags.Deliver;
            entries.Add(await AppendAsync(entry));
        }

        Store.Mailboxes.SetMark(bob, entries[1].Position);
        await Store.Log.FlushAsync();
        Time.Advance(TimeSpan.FromDays(10));
        await Fixture.MaintainAsync();

        Assert.Equal(
            [entries[2].Position],
            (await Store.Archive.ReadForDeliveryAsync(bob, 0, long.MaxValue, false, 10, Cancellation)).Select(r => r.Position));
    }

    [Fact]
    public async Task A_read_that_is_cancelled_before_it_begins_does_not_happen()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Store.Archive.ReadAsync(new ArchiveQuery(1), cancelled.Token));
    }

    [Fact]
    public async Task R6_ids_are_opaque_and_lead_back_to_their_row_for_their_owner_only()
    {
        var entry = await AppendAsync(Entry.Message(1, 2));
        var ids = Store.Archive.Ids;
        var mine = ids.Encode(1, entry.Position);
        var theirs = ids.Encode(2, entry.Position);

        Assert.NotEqual(mine, theirs);
        Assert.Equal(ArchiveIds.Length, mine.Length);
        Assert.True(ids.TryDecode(1, mine, out var position));
        Assert.Equal(entry.Position, position);
        Assert.False(ids.TryDecode(1, theirs, out _));
        await Fixture.ReopenAsync();
        Assert.True(Store.Archive.Ids.TryDecode(1, mine, out _));
    }

    ValueTask<ArchivePage> ReadAsync(ArchiveQuery query) => Store.Archive.ReadAsync(query, Cancellation);
}
