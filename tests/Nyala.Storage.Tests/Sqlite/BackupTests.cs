using Microsoft.Data.Sqlite;
using Nyala.Storage.Sqlite;

namespace Nyala.Storage.Tests.Sqlite;

/// <summary>Backup while in use, and what a restore must and must not do.</summary>
public sealed class BackupTests : IAsyncLifetime
{
    readonly SqliteFixture _fixture = new();
    readonly string _elsewhere = SqliteFixture.NewDirectory();

    string BackupFile => Path.Combine(_elsewhere, "backup.db");

    string Target => Path.Combine(_elsewhere, "target");

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(_elsewhere);
        await _fixture.OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _fixture.DisposeAsync();
        Directory.Delete(_elsewhere, recursive: true);
    }

    [Fact]
    public async Task A_backup_under_load_holds_what_was_committed_when_it_began_and_no_half_message()
    {
        var before = Enumerable.Range(0, 500).Select(_ => Entry.Message(1, 2)).ToList();
        before.ForEach(_fixture.Store.Log.Append);
        await _fixture.Store.Log.FlushAsync();
        var during = Task.Run(
            () =>
            {
                for (var i = 0; i < 2000; i++)
                {
                    _fixture.Store.Log.Append(Entry.Message(1, 2));
                }
            },
            StoreFixture.Cancellation);
        await _fixture.Store.BackupAsync(BackupFile, StoreFixture.Cancellation);
        await during;
        await _fixture.Store.Log.FlushAsync();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(BackupFile));
        Assert.Equal([BackupFile], Directory.GetFiles(_elsewhere));
        await using var restored = await RestoredAsync();
        Assert.Empty(await restored.CheckIntegrityAsync(StoreFixture.Cancellation));
        var rows = (await restored.Archive.ReadAsync(new ArchiveQuery(1) { Max = 10_000 }, StoreFixture.Cancellation)).Rows;
        Assert.InRange(rows.Count, 500, 2500);
        Assert.Equal(before.Select(e => e.Position), rows.Take(500).Select(r => r.Position));
    }

    [Fact]
    public async Task A_backup_never_overwrites()
    {
        await File.WriteAllTextAsync(BackupFile, "precious", StoreFixture.Cancellation);

        await Assert.ThrowsAsync<IOException>(() => _fixture.Store.BackupAsync(BackupFile, StoreFixture.Cancellation));
        await Assert.ThrowsAnyAsync<IOException>(() => _fixture.Store.BackupAsync(Path.Combine(_elsewhere, "no", "such", "place"), StoreFixture.Cancellation));
        Assert.Equal("precious", await File.ReadAllTextAsync(BackupFile, StoreFixture.Cancellation));
    }

    [Fact]
    public async Task R6_after_a_restore_old_ids_still_lead_to_their_rows_and_lost_ones_to_none()
    {
        var kept = await AppendAsync(_fixture.Store);
        await _fixture.Store.BackupAsync(BackupFile, StoreFixture.Cancellation);
        var lost = await AppendAsync(_fixture.Store);
        var (keptId, lostId) = (_fixture.Store.Archive.Ids.Encode(1, kept), _fixture.Store.Archive.Ids.Encode(1, lost));
        await using var restored = await RestoredAsync();
        var next = await AppendAsync(restored);

        Assert.True(restored.Archive.Ids.TryDecode(1, keptId, out var position));
        Assert.Equal(kept, position);
        Assert.True(next > lost);
        Assert.NotEqual(lostId, restored.Archive.Ids.Encode(1, next));
        var page = restored.Archive.Ids.TryDecode(1, lostId, out position)
            ? await restored.Archive.ReadAsync(new ArchiveQuery(1) { After = position }, StoreFixture.Cancellation)
            : new ArchivePage([], true) { UnknownPosition = true };
        Assert.True(page.UnknownPosition);
        // An id under the new key is not one the installation could have made before.
        Assert.False(_fixture.Store.Archive.Ids.TryDecode(1, restored.Archive.Ids.Encode(1, next), out _));
        Assert.True(restored.Archive.Ids.TryDecode(1, restored.Archive.Ids.Encode(1, next), out _));
    }

    [Fact]
    public async Task R3_after_a_restore_stream_numbers_roster_versions_and_account_ids_of_the_lost_time_do_not_come_back()
    {
        var now = _fixture.Time.GetUtcNow();
        var account = (await _fixture.Store.Accounts.CreateAsync("juliet", [], AccountRole.User, null, now)).Account!.Id;
        var item = new RosterItem("romeo@x", true, null, [], Subscription.Both, false, false, null);
        await _fixture.Store.Rosters.SaveAsync(account, item);
        await _fixture.Store.BackupAsync(BackupFile, StoreFixture.Cancellation);
        var lostStream = _fixture.Store.Log.NextStream();
        var lostVersion = await _fixture.Store.Rosters.SaveAsync(account, item with { Name = "lost" });
        var lostAccount = (await _fixture.Store.Accounts.CreateAsync("paris", [], AccountRole.User, null, now)).Account!.Id;
        await using var restored = await RestoredAsync();

        Assert.True(restored.Log.NextStream() > lostStream + StreamNumbers.Block);
        Assert.True((await restored.Rosters.LoadAsync(account)).Version > lostVersion);
        Assert.Null(await restored.Rosters.ChangesSinceAsync(account, lostVersion));
        Assert.NotEqual(lostAccount, (await restored.Accounts.CreateAsync("nurse", [], AccountRole.User, null, now)).Account!.Id);
    }

    [Fact]
    public async Task A_restore_replaces_data_only_with_force_and_keeps_what_it_replaced()
    {
        await AppendAsync(_fixture.Store);
        await _fixture.Store.BackupAsync(BackupFile, StoreFixture.Cancellation);
        var second = await AppendAsync(_fixture.Store);
        await _fixture.Store.DisposeAsync();

        var refused = await Assert.ThrowsAsync<StoreException>(
            () => SqliteStore.RestoreAsync(BackupFile, _fixture.Directory, force: false, _fixture.Time));
        Assert.Contains("holds data", refused.Message, StringComparison.Ordinal);
        await SqliteStore.RestoreAsync(BackupFile, _fixture.Directory, force: true, _fixture.Time);

        Assert.Empty(Directory.GetFiles(_fixture.Directory, "*.restoring*"));
        var replaced = Assert.Single(Directory.GetFiles(_fixture.Directory, "*.replaced-*"));
        using (var old = SqliteFiles.Open(replaced, SqliteOpenMode.ReadOnly))
        {
            Assert.Equal(second, SqliteFiles.Number(old, "select max(position) from message"));
        }

        await _fixture.OpenAsync();
        Assert.Single((await _fixture.Store.Archive.ReadAsync(new ArchiveQuery(1), StoreFixture.Cancellation)).Rows);
    }

    [Fact]
    public async Task A_restore_refuses_a_running_server_and_files_that_are_no_sound_backup()
    {
        await AppendAsync(_fixture.Store);
        await _fixture.Store.BackupAsync(BackupFile, StoreFixture.Cancellation);

        await RefusedAsync(BackupFile, _fixture.Directory, "Another nyala process");
        await RefusedAsync(Path.Combine(_elsewhere, "none"), Target, "no file");

        var text = Path.Combine(_elsewhere, "text");
        await File.WriteAllTextAsync(text, new string('x', 5000), StoreFixture.Cancellation);
        await RefusedAsync(text, Target, "cannot be restored");

        var foreign = Path.Combine(_elsewhere, "foreign");
        using (var connection = SqliteFiles.Open(foreign, SqliteOpenMode.ReadWriteCreate))
        {
            SqliteFiles.Execute(connection, "create table t (x)");
        }

        await RefusedAsync(foreign, Target, "not a backup of Nyala");

        var damaged = await File.ReadAllBytesAsync(BackupFile, StoreFixture.Cancellation);
        damaged.AsSpan(SqliteFiles.PageSize * 3, SqliteFiles.PageSize * 6).Fill(0xA5);
        await File.WriteAllBytesAsync(text, damaged, StoreFixture.Cancellation);
        await RefusedAsync(text, Target, text);
        Assert.DoesNotContain(Directory.GetFiles(Target), f => Path.GetFileName(f).StartsWith(SqliteFiles.Name, StringComparison.Ordinal));

        async Task RefusedAsync(string file, string directory, string why) => Assert.Contains(
            why,
            (await Assert.ThrowsAsync<StoreException>(() => SqliteStore.RestoreAsync(file, directory, force: true, _fixture.Time))).Message,
            StringComparison.Ordinal);
    }

    async Task<SqliteStore> RestoredAsync()
    {
        await SqliteStore.RestoreAsync(BackupFile, Target, force: false, _fixture.Time);
        return await SqliteStore.OpenAsync(Target, _fixture.Time, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
    }

    static async Task<long> AppendAsync(IStore store)
    {
        var entry = Entry.Message(1, 2);
        store.Log.Append(entry);
        await entry.Completed;
        Assert.Equal(LogOutcome.Committed, entry.Outcome);
        return entry.Position;
    }
}
