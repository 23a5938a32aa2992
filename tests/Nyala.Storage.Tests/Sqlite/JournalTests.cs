using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Nyala.Storage.Sqlite;

namespace Nyala.Storage.Tests.Sqlite;

/// <summary>What was acknowledged out of the journal is there after a crash, once and in order, whatever the crash left in the file.</summary>
public sealed class JournalTests : IAsyncDisposable
{
    const int IoError = 10;

    readonly SqliteFixture _fixture;
    Action? _beforeCommit;
    Action? _afterCommit;

    public JournalTests() => _fixture = new SqliteFixture
    {
        Options = new()
        {
            JournalBytes = 1024 * 1024,
            BeforeCommit = () => Interlocked.Exchange(ref _beforeCommit, null)?.Invoke(),
            AfterCommit = () => Interlocked.Exchange(ref _afterCommit, null)?.Invoke(),
        },
    };

    public async ValueTask DisposeAsync() => await _fixture.DisposeAsync();

    [Fact]
    public async Task Messages_that_only_the_journal_has_survive_a_crash_with_their_counts()
    {
        await _fixture.OpenAsync();
        var sent = await AppendAsync(5, stream: 7);
        var copy = Copy();

        Assert.Empty(InDatabase(copy));
        Assert.Equal(sent.Select(entry => entry.Position), await PositionsAsync(copy));
        await using var again = await OpenCopyAsync(copy);
        Assert.Equal(5u, await again.Log.FindHandledAsync(1, 7));
        Assert.Equal(sent[^1].Position, again.Log.Head);
        var row = (await again.Archive.ReadAsync(new ArchiveQuery(2), StoreFixture.Cancellation)).Rows[^1];
        Assert.Equal(sent[^1].At, row.At);
        Assert.Equal(sent[^1].Stanza.ToArray(), row.Stanza.ToArray());
    }

    [Fact]
    public async Task A_resend_after_the_crash_is_recognised()
    {
        await _fixture.OpenAsync();
        var original = await AppendAsync(stream: 7, fingerprint: 99);
        await using var again = await OpenCopyAsync(Copy());
        var resend = Message(stream: 8, fingerprint: 99);
        again.Log.Append(resend);
        await resend.Completed;

        Assert.Equal((LogOutcome.Duplicate, original.Position), (resend.Outcome, resend.Position));
    }

    [Fact]
    public async Task Readers_see_what_is_durable()
    {
        await _fixture.OpenAsync();
        for (var i = 0; i < 50; i++)
        {
            var sent = await AppendAsync(stream: 7);
            Assert.Equal(sent.Position, (await _fixture.Store.Archive.MetadataAsync(2, StoreFixture.Cancellation))!.Value.Last.Position);
        }

        await AppendAsync(1, stream: 7);
        Assert.Equal(51, await _fixture.Store.Mailboxes.CountPendingAsync(2, 100));
    }

    [Fact]
    public async Task A_crash_at_any_moment_loses_nothing_and_doubles_nothing()
    {
        await _fixture.OpenAsync();
        var account = (await _fixture.Store.Accounts.CreateAsync("juliet", [], AccountRole.User, null, _fixture.Time.GetUtcNow())).Account!.Id;
        var acknowledged = new List<long>();
        for (var i = 0; i < 60; i++)
        {
            acknowledged.AddRange((await AppendAsync(1 + (i % 4), stream: 7)).Select(entry => entry.Position));
            // Now and then the database catches up, in both ways, and a change that is no message comes in between.
            if (i % 9 == 4)
            {
                await _fixture.Store.Archive.MetadataAsync(2, StoreFixture.Cancellation);
            }

            if (i % 13 == 7)
            {
                await _fixture.Store.Documents.SetAsync(account, "kind", "key", [(byte)i]);
            }

            if (i % 5 == 2)
            {
                Assert.Equal(acknowledged, await PositionsAsync(Copy()));
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_crash_while_the_database_catches_up_loses_nothing(bool afterTrouble)
    {
        await _fixture.OpenAsync();
        var sent = (await AppendAsync(3, stream: 7)).ConvertAll(entry => entry.Position);
        if (afterTrouble)
        {
            _beforeCommit = () => throw new SqliteException("disk I/O error", IoError);
            await Assert.ThrowsAsync<StoreException>(async () => await _fixture.Store.Archive.MetadataAsync(2, StoreFixture.Cancellation));
            sent.Add((await AppendAsync(stream: 7)).Position);
            sent.Add((await AppendAsync(stream: 7)).Position);
        }

        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var goOn = new ManualResetEventSlim();
        _beforeCommit = () =>
        {
            begun.SetResult();
            goOn.Wait(StoreFixture.Cancellation);
        };
        var reading = _fixture.Store.Archive.MetadataAsync(2, StoreFixture.Cancellation);
        await begun.Task;
        sent.Add((await AppendAsync(stream: 7)).Position);
        var during = Copy();
        goOn.Set();
        await reading;

        Assert.Equal(sent, await PositionsAsync(during));
        Assert.Equal(sent, await PositionsAsync(Copy()));
    }

    [Fact]
    public async Task Half_a_block_is_as_good_as_none_and_those_before_it_count()
    {
        await _fixture.OpenAsync();
        var first = await AppendAsync(stream: 7);
        var second = await AppendAsync(stream: 7);
        var random = new Random(4);
        for (var i = 0; i < 20; i++)
        {
            var copy = Copy();
            // Each block begins on a page of its own; the second is damaged, and what comes behind it too.
            using (var file = File.OpenHandle(Path.Combine(copy, Journal.Name), FileMode.Open, FileAccess.ReadWrite))
            {
                var noise = new byte[random.Next(1, 300)];
                random.NextBytes(noise);
                foreach (var half in (long[])[0, 512 * 1024])
                {
                    RandomAccess.Write(file, noise, half + 4096 + random.Next(4, 200));
                }
            }

            var positions = await PositionsAsync(copy);
            Assert.Equal(first.Position, positions[0]);
            Assert.True(positions.Count == 1 || positions[1] == second.Position);
            Assert.True(positions.Count <= 2);
        }
    }

    [Fact]
    public async Task What_an_earlier_generation_left_behind_is_not_written_again()
    {
        await _fixture.OpenAsync();
        var sent = await AppendAsync(3, stream: 7);
        await _fixture.Store.Log.FlushAsync();
        var hidden = await _fixture.Store.Archive.ExpireAsync(_fixture.Time.GetUtcNow().AddDays(1), StoreFixture.Cancellation);
        Assert.Equal(sent.Count, hidden);

        Assert.Empty(await PositionsAsync(Copy()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Catching_up_that_fails_loses_nothing(bool afterwards)
    {
        await _fixture.OpenAsync();
        var sent = (await AppendAsync(4, stream: 7)).ConvertAll(entry => entry.Position);
        Action fail = () => throw new SqliteException("disk I/O error", IoError);
        (_beforeCommit, _afterCommit) = afterwards ? (null, fail) : (fail, (Action?)null);
        if (afterwards)
        {
            await _fixture.Store.Archive.MetadataAsync(2, StoreFixture.Cancellation);
        }
        else
        {
            await Assert.ThrowsAsync<StoreException>(async () => await _fixture.Store.Archive.MetadataAsync(2, StoreFixture.Cancellation));
            Assert.NotNull(_fixture.Store.Trouble);
        }

        Assert.Equal(sent, await PositionsAsync(Copy()));
        sent.Add((await AppendAsync(stream: 7)).Position);
        Assert.Null(_fixture.Store.Trouble);
        Assert.Equal(sent, await PositionsAsync(Copy()));
        Assert.Equal(sent, (await _fixture.Store.Archive.ReadAsync(new ArchiveQuery(2), StoreFixture.Cancellation)).Rows.Select(row => row.Position));
        sent.Add((await AppendAsync(stream: 7)).Position);
        await _fixture.ReopenAsync();
        Assert.Equal(sent, (await _fixture.Store.Archive.ReadAsync(new ArchiveQuery(2), StoreFixture.Cancellation)).Rows.Select(row => row.Position));
    }

    [Fact]
    public async Task A_message_too_large_for_the_journal_goes_to_the_database()
    {
        await _fixture.OpenAsync();
        var small = await AppendAsync(stream: 7);
        var large = Entry.Message(1, 2, new string('x', 900_000));
        _fixture.Store.Log.Append(large);
        await large.Completed;

        Assert.Equal([small.Position, large.Position], InDatabase(Copy()));
    }

    [Fact]
    public async Task Closing_leaves_nothing_in_the_journal()
    {
        await _fixture.OpenAsync();
        var sent = await AppendAsync(3, stream: 7);
        await _fixture.Store.DisposeAsync();
        Assert.Equal(sent.Select(entry => entry.Position), InDatabase(Copy()));
        await _fixture.OpenAsync();
    }

    static Entry Message(long stream, UInt128 fingerprint = default)
    {
        var entry = Entry.Message(1, 2);
        (entry.Stream, entry.Handled, entry.Fingerprint) = (stream, 1, fingerprint);
        return entry;
    }

    async Task<Entry> AppendAsync(long stream, UInt128 fingerprint = default)
    {
        var entry = Message(stream, fingerprint);
        _fixture.Store.Log.Append(entry);
        await entry.Completed;
        Assert.Equal(LogOutcome.Committed, entry.Outcome);
        return entry;
    }

    async Task<List<Entry>> AppendAsync(int count, long stream)
    {
        var entries = Enumerable.Range(1, count).Select(n =>
        {
            var entry = Message(stream);
            entry.Handled = (uint)n;
            return entry;
        }).ToList();
        entries.ForEach(_fixture.Store.Log.Append);
        await Task.WhenAll(entries.Select(entry => entry.Completed));
        Assert.All(entries, entry => Assert.Equal(LogOutcome.Committed, entry.Outcome));
        return entries;
    }

    /// <summary>The data directory as a kill would leave it now.</summary>
    string Copy()
    {
        var copy = Path.Combine(_fixture.Directory, "copy-" + Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(copy);
        foreach (var name in (string[])["nyala.db", "nyala.db-wal", Journal.Name])
        {
            var path = Path.Combine(_fixture.Directory, name);
            if (File.Exists(path))
            {
                File.Copy(path, Path.Combine(copy, name));
            }
        }

        return copy;
    }

    static List<long> InDatabase(string directory)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(directory, "nyala.db")};Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "select position from message order by position";
        using var reader = command.ExecuteReader();
        var positions = new List<long>();
        while (reader.Read())
        {
            positions.Add(reader.GetInt64(0));
        }

        return positions;
    }

    async Task<SqliteStore> OpenCopyAsync(string directory) =>
        await SqliteStore.OpenAsync(directory, _fixture.Time, NullLogger.Instance, new() { JournalBytes = 1024 * 1024 });

    async Task<List<long>> PositionsAsync(string directory)
    {
        await using var store = await OpenCopyAsync(directory);
        return (await store.Archive.ReadAsync(new ArchiveQuery(2) { Max = 10_000 }, StoreFixture.Cancellation)).Rows.Select(row => row.Position).ToList();
    }
}
