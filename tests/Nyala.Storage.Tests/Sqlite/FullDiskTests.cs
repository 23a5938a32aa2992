using System.Diagnostics;

namespace Nyala.Storage.Tests.Sqlite;

/// <summary>A full disk refuses messages, loses none, and is forgotten when there is space again.</summary>
public sealed class FullDiskTests
{
    [Fact]
    public async Task A_database_at_its_limit_refuses_messages_as_full()
    {
        await using var fixture = new SqliteFixture { Options = new() { MaxDatabaseBytes = 512 * 1024 } };
        await fixture.OpenAsync();
        var stored = await FillAsync(fixture);

        Assert.Contains("full", fixture.Store.Trouble, StringComparison.Ordinal);
        // What only the journal has is safe and cannot be read; a gap would look like the end of the archive.
        var refused = await Assert.ThrowsAsync<StoreException>(() => AssertHoldsExactlyAsync(fixture, stored));
        Assert.Equal(LogFailure.Full, refused.Failure);

        fixture.Options = new();
        await fixture.ReopenAsync();
        await AssertHoldsExactlyAsync(fixture, stored);
    }

    [Fact]
    public async Task A_full_disk_refuses_messages_and_recovers_when_space_is_back()
    {
        var directory = SqliteFixture.NewDirectory();
        Directory.CreateDirectory(directory);
        Assert.SkipUnless(await RunAsync("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", directory), "needs the right to mount a small disk");
        try
        {
            var ballast = Path.Combine(directory, "ballast");
            await File.WriteAllBytesAsync(ballast, new byte[2 * 1024 * 1024], StoreFixture.Cancellation);
            var fixture = new SqliteFixture { Directory = Path.Combine(directory, "data"), Options = new() { JournalBytes = 128 * 1024 } };
            await fixture.OpenAsync();
            var stored = await FillAsync(fixture);
            Assert.Contains("full", fixture.Store.Trouble, StringComparison.Ordinal);
            await Assert.ThrowsAsync<StoreException>(
                async () => await fixture.Store.Accounts.CreateAsync("x", [new("m", new byte[300_000])], AccountRole.User, null, fixture.Time.GetUtcNow()));

            // The probe finds the space although nobody sends.
            File.Delete(ballast);
            fixture.Time.Advance(TimeSpan.FromSeconds(10));
            for (var i = 0; i < 10_000 && fixture.Store.Trouble is not null; i++)
            {
                await fixture.Store.Log.FlushAsync();
            }

            Assert.Null(fixture.Store.Trouble);
            stored.Add((await AppendAsync(fixture, Entry.Message(1, 2))).Position);
            await fixture.ReopenAsync();
            await AssertHoldsExactlyAsync(fixture, stored);
            Assert.Empty(await fixture.Store.CheckIntegrityAsync(StoreFixture.Cancellation));
            await fixture.DisposeAsync();
        }
        finally
        {
            Assert.True(await RunAsync("umount", directory));
            Directory.Delete(directory);
        }
    }

    /// <summary>Appends until nothing fits; returns the positions that were acknowledged.</summary>
    static async Task<List<long>> FillAsync(SqliteFixture fixture)
    {
        var stored = new List<long>();
        var refused = 0;
        for (var i = 0; refused < 20; i++)
        {
            Assert.True(i < 10_000, "the disk never got full");
            // Some batches of several.
            var batch = Enumerable.Range(0, 1 + (i % 3)).Select(n => Entry.Message(1, 2, new string('x', 3000))).ToList();
            batch.ForEach(fixture.Store.Log.Append);
            foreach (var entry in batch)
            {
                await entry.Completed;
                if (entry.Outcome == LogOutcome.Committed)
                {
                    stored.Add(entry.Position);
                }
                else
                {
                    Assert.Equal((LogOutcome.Failed, LogFailure.Full), (entry.Outcome, entry.Failure));
                    refused++;
                }
            }
        }

        Assert.NotEmpty(stored);
        return stored;
    }

    static async Task AssertHoldsExactlyAsync(SqliteFixture fixture, List<long> stored) => Assert.Equal(
        stored,
        (await fixture.Store.Archive.ReadAsync(new ArchiveQuery(2) { Max = 100_000 }, StoreFixture.Cancellation)).Rows.Select(r => r.Position));

    static async Task<Entry> AppendAsync(SqliteFixture fixture, Entry entry)
    {
        fixture.Store.Log.Append(entry);
        await entry.Completed;
        Assert.Equal(LogOutcome.Committed, entry.Outcome);
        return entry;
    }

    static async Task<bool> RunAsync(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true })!;
            await process.WaitForExitAsync();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
