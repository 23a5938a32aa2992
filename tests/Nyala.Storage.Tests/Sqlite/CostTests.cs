using Nyala.Storage.Sqlite;

namespace Nyala.Storage.Tests.Sqlite;

/// <summary>What must stay cheap: allocations of the log's thread, index use of archive reads, the size of the write-ahead log.</summary>
public sealed class CostTests : IAsyncLifetime
{
    // The fingerprint's place in a dictionary that grows, and the transaction of a batch shared by its rows.
    const long BytesPerEntry = 200;

    readonly SqliteFixture _fixture = new();

    public async ValueTask InitializeAsync() => await _fixture.OpenAsync();

    public async ValueTask DisposeAsync() => await _fixture.DisposeAsync();

    [Fact]
    public async Task An_append_allocates_little_on_the_logs_thread()
    {
        const int Count = 2000;
        await MeasureAsync(Count);

        var bytes = await MeasureAsync(Count);

        Assert.True(bytes / Count < BytesPerEntry, $"{bytes / Count} bytes per entry");

        async Task<long> MeasureAsync(int count)
        {
            using var gate = new ManualResetEventSlim();
            long begin = 0, end = 0;
            _fixture.Store.Log.Append(new Entry { OnComplete = _ => { gate.Wait(); begin = GC.GetAllocatedBytesForCurrentThread(); } });
            for (var i = 0; i < count; i++)
            {
                var entry = Entry.Message(1 + (i % 50), 2);
                (entry.Stream, entry.Handled, entry.Fingerprint) = (3, (uint)i, (UInt128)Random.Shared.NextInt64());
                _fixture.Store.Log.Append(entry);
            }

            var last = new Entry { OnComplete = _ => end = GC.GetAllocatedBytesForCurrentThread() };
            _fixture.Store.Log.Append(last);
            gate.Set();
            await last.Completed;
            return end - begin;
        }
    }

    [Fact]
    public async Task Pages_counts_and_filters_are_scans_of_an_index_without_sorting()
    {
        var plans = new List<string>();
        ArchiveQuery[] queries =
        [
            new(1), new(1) { FromEnd = true }, new(1) { With = "romeo@nyala.example" }, new(1) { With = "romeo@nyala.example/x", FromEnd = true },
        ];
        foreach (var query in queries)
        {
            foreach (var sql in SqliteArchive.ExamplesForPlans(query))
            {
                plans.Add(await PlanAsync(sql));
            }
        }

        Assert.NotEmpty(plans);
        Assert.All(plans, p =>
        {
            Assert.Contains("message_sender (sender=? AND position>? AND position<?)", p, StringComparison.Ordinal);
            Assert.Contains("message_recipient (recipient=? AND position>? AND position<?)", p, StringComparison.Ordinal);
            Assert.DoesNotContain("TEMP B-TREE", p, StringComparison.Ordinal);
            Assert.DoesNotContain("SCAN message", p, StringComparison.Ordinal);
        });

        async Task<string> PlanAsync(string sql) => string.Join('\n', await ((Sql.ISqlExecutor)_fixture.Sqlite).ReadAsync(
            db => db.QueryAsync("explain query plan " + sql, r => r.GetString(3)), StoreFixture.Cancellation));
    }

    [Fact]
    public async Task The_write_ahead_log_does_not_grow_without_bound()
    {
        for (var i = 0; i < 50; i++)
        {
            for (var n = 0; n < 200; n++)
            {
                _fixture.Store.Log.Append(Entry.Message(1, 2, new string('x', 10_000)));
            }

            await _fixture.Store.Log.FlushAsync();
        }

        var size = new FileInfo(Path.Combine(_fixture.Directory, SqliteFiles.Name + "-wal")).Length;
        Assert.InRange(size, 1, 80_000_000);
    }
}
