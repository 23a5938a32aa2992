using Microsoft.Data.Sqlite;

namespace Nyala.Storage.Tests.Sqlite;

/// <summary>A commit of the database that raises an error may or may not have happened: it is asked, nothing is retried blindly.</summary>
public sealed class FailedCommitTests : IAsyncDisposable
{
    const int IoError = 10;

    readonly SqliteFixture _fixture;
    bool _failBefore;
    bool _failAfter;

    public FailedCommitTests() => _fixture = new SqliteFixture
    {
        Options = new()
        {
            JournalBytes = 0,
            BeforeCommit = () => Fail(ref _failBefore),
            AfterCommit = () => Fail(ref _failAfter),
        },
    };

    [Fact]
    public async Task A_commit_that_did_not_happen_fails_its_messages_and_nothing_of_them_appears()
    {
        await _fixture.OpenAsync();
        var first = await AppendAsync(Sent(stream: 1));
        _failBefore = true;
        var lost = Sent(stream: 2);
        lost.Fingerprint = 8;
        await AppendAsync(lost);

        Assert.Equal((LogOutcome.Failed, LogFailure.Error, 0L), (lost.Outcome, lost.Failure, lost.Position));
        Assert.Contains("cannot be written", _fixture.Store.Trouble, StringComparison.Ordinal);
        Assert.Equal(first.Position, _fixture.Store.Log.Head);
        // R3: with a commit in doubt no count is told.
        Assert.Null(await _fixture.Store.Log.FindHandledAsync(1, 1));

        // R5: it was not stored, so when it comes again it is no resend.
        var again = Sent(stream: 3);
        again.Fingerprint = 8;
        await AppendAsync(again);
        Assert.Equal(LogOutcome.Committed, again.Outcome);
        Assert.Null(_fixture.Store.Trouble);
        Assert.Equal(7u, await _fixture.Store.Log.FindHandledAsync(1, 1));
        Assert.Equal([first.Position, again.Position], await PositionsAsync());
        await _fixture.ReopenAsync();
        Assert.Equal([first.Position, again.Position], await PositionsAsync());
    }

    [Fact]
    public async Task What_was_stored_before_and_comes_again_is_a_resend_also_while_nothing_can_be_written()
    {
        await _fixture.OpenAsync();
        var original = await AppendAsync(Sent(stream: 1));
        _failBefore = true;
        var again = await AppendAsync(Sent(stream: 2));

        Assert.Equal((LogOutcome.Duplicate, original.Position, original.At), (again.Outcome, again.Position, again.At));

        // R3: the count it carries is not durable, and whoever tells counts must see that.
        Assert.Equal(LogFailure.Error, again.Failure);
        Assert.Null(await _fixture.Store.Log.FindHandledAsync(1, 2));
        Assert.NotNull(_fixture.Store.Trouble);
        _failBefore = true;
        var other = Sent(stream: 2);
        other.Fingerprint = 8;
        Assert.Equal(LogOutcome.Failed, (await AppendAsync(other)).Outcome);
    }

    [Fact]
    public async Task A_commit_that_happened_although_it_raised_an_error_counts()
    {
        await _fixture.OpenAsync();
        _failAfter = true;
        var stored = await AppendAsync(Sent(stream: 1));

        Assert.Equal(LogOutcome.Committed, stored.Outcome);
        Assert.Null(_fixture.Store.Trouble);
        Assert.Equal([stored.Position], await PositionsAsync());
        Assert.Equal(LogOutcome.Duplicate, (await AppendAsync(Sent(stream: 2))).Outcome);
        Assert.Equal([stored.Position], await PositionsAsync());
    }

    [Fact]
    public async Task Cold_writes_and_counts_are_looked_up_too()
    {
        await _fixture.OpenAsync();
        var (_, account) = await _fixture.Store.Accounts.CreateAsync("juliet", [], AccountRole.User, null, _fixture.Time.GetUtcNow());
        _failAfter = true;
        await _fixture.Store.Documents.SetAsync(account!.Id, "kind", "key", [1]);
        _failBefore = true;
        await Assert.ThrowsAsync<StoreException>(async () => await _fixture.Store.Documents.SetAsync(account.Id, "kind", "key", [2]));
        _failBefore = true;
        var count = await AppendAsync(Entry.OfStream(account.Id, 3, 4));

        Assert.Equal(LogOutcome.Failed, count.Outcome);
        Assert.Equal((byte[])[1], await _fixture.Store.Documents.GetAsync(account.Id, "kind", "key"));
    }

    [Fact]
    public async Task Marks_that_could_not_be_written_are_written_later()
    {
        await _fixture.OpenAsync();
        _fixture.Store.Mailboxes.SetMark(1, 5);
        _failBefore = true;
        await _fixture.Store.Log.FlushAsync();
        Assert.Equal(5, await _fixture.Store.Mailboxes.LoadMarkAsync(1));
        await _fixture.ReopenAsync();

        Assert.Equal(5, await _fixture.Store.Mailboxes.LoadMarkAsync(1));
    }

    [Fact]
    public async Task With_nothing_to_store_the_trouble_clears_by_itself()
    {
        await _fixture.OpenAsync();
        _failBefore = true;
        await AppendAsync(Sent(stream: 1));
        Assert.NotNull(_fixture.Store.Trouble);

        _fixture.Time.Advance(TimeSpan.FromSeconds(10));
        // The probe ran on the log's thread before this passes.
        await _fixture.Store.Log.FlushAsync();
        for (var i = 0; i < 1000 && _fixture.Store.Trouble is not null; i++)
        {
            await _fixture.Store.Log.FlushAsync();
        }

        Assert.Null(_fixture.Store.Trouble);
    }

    [Fact]
    public async Task What_passes_through_is_not_held_up_by_a_disk_that_fails()
    {
        await _fixture.OpenAsync();
        var gate = new ManualResetEventSlim();
        var passing = new Entry { Kind = LogKind.PassThrough };
        var failing = Sent(stream: 1);
        _fixture.Store.Log.Append(new Entry { Kind = LogKind.PassThrough, OnComplete = _ => gate.Wait() });
        _fixture.Store.Log.Append(failing);
        _fixture.Store.Log.Append(passing);
        _failBefore = true;
        gate.Set();
        await passing.Completed;

        Assert.Equal((LogOutcome.Failed, LogOutcome.Committed), (failing.Outcome, passing.Outcome));
    }

    public async ValueTask DisposeAsync() => await _fixture.DisposeAsync();

    static void Fail(ref bool fail)
    {
        if (fail)
        {
            fail = false;
            throw new SqliteException("disk I/O error", IoError);
        }
    }

    static Entry Sent(long stream)
    {
        var entry = Entry.Message(1, 2);
        (entry.Stream, entry.Handled, entry.Fingerprint) = (stream, 7, 77);
        return entry;
    }

    async Task<Entry> AppendAsync(Entry entry)
    {
        _fixture.Store.Log.Append(entry);
        await entry.Completed;
        return entry;
    }

    async Task<IEnumerable<long>> PositionsAsync() =>
        (await _fixture.Store.Archive.ReadAsync(new ArchiveQuery(2), StoreFixture.Cancellation)).Rows.Select(r => r.Position);
}
