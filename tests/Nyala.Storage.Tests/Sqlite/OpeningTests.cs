using Microsoft.Data.Sqlite;
using Nyala.Storage.Sqlite;

namespace Nyala.Storage.Tests.Sqlite;

/// <summary>What opening a data directory makes, and what it refuses.</summary>
public sealed class OpeningTests : IAsyncDisposable
{
    readonly SqliteFixture _fixture = new();

    string Database => Path.Combine(_fixture.Directory, SqliteFiles.Name);

    [Fact]
    public async Task Only_its_owner_can_read_the_data()
    {
        await _fixture.OpenAsync();
        _fixture.Store.Log.Append(Entry.Message(1, 2));
        await _fixture.Store.Log.FlushAsync();

        const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(Private | UnixFileMode.UserExecute, File.GetUnixFileMode(_fixture.Directory));
        Assert.All(Directory.GetFiles(_fixture.Directory), f => Assert.Equal(Private, File.GetUnixFileMode(f)));
        Assert.Contains(Database + "-wal", Directory.GetFiles(_fixture.Directory));
    }

    [Fact]
    public async Task A_second_process_is_refused_with_a_clear_sentence()
    {
        await _fixture.OpenAsync();

        Assert.True(DataDirectoryLock.IsHeld(_fixture.Directory));
        var refused = await Assert.ThrowsAsync<StoreException>(() => new SqliteFixture { Directory = _fixture.Directory }.OpenAsync());
        Assert.Contains("Another nyala process", refused.Message, StringComparison.Ordinal);
        await _fixture.Store.DisposeAsync();
        Assert.False(DataDirectoryLock.IsHeld(_fixture.Directory));
        await _fixture.OpenAsync();
    }

    [Fact]
    public async Task Every_commit_waits_for_stable_storage()
    {
        await _fixture.OpenAsync();
        using var connection = SqliteFiles.OpenWriter(Database, new());

        // 2 is FULL: the write-ahead log is synced at each commit.
        Assert.Equal(2, SqliteFiles.Number(connection, "pragma synchronous"));
        Assert.Equal("wal", new SqliteCommand("pragma journal_mode", connection).ExecuteScalar());
        Assert.Equal(1, SqliteFiles.Number(connection, "pragma foreign_keys"));
    }

    [Fact]
    public async Task R8_a_mark_reaches_the_disk_within_a_second_by_itself()
    {
        await _fixture.OpenAsync();
        using var connection = SqliteFiles.OpenReader(Database);
        _fixture.Store.Mailboxes.SetMark(1, 5);
        Assert.Equal(0, SqliteFiles.Number(connection, "select count(*) from mailbox"));
        _fixture.Time.Advance(TimeSpan.FromSeconds(1));

        // The log's thread was woken; nothing else makes it write.
        Assert.True(SpinWait.SpinUntil(() => SqliteFiles.Number(connection, "select mark from mailbox where account = 1") == 5, TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_refused()
    {
        await _fixture.OpenAsync();
        await _fixture.Store.DisposeAsync();
        Execute("insert into migration (number, title, oldest_reader, applied_at) values (900, '900-future', 900, 0)");

        var refused = await Assert.ThrowsAsync<StoreException>(_fixture.OpenAsync);

        Assert.Contains("schema 900", refused.Message, StringComparison.Ordinal);
        Assert.False(DataDirectoryLock.IsHeld(_fixture.Directory));
        // A newer schema that this version can still read is no reason to refuse (rolling upgrades).
        Execute("update migration set oldest_reader = 1 where number = 900");
        await _fixture.OpenAsync();
    }

    [Fact]
    public async Task Files_of_other_programs_are_refused_and_left_alone()
    {
        Directory.CreateDirectory(_fixture.Directory);
        using (var connection = SqliteFiles.Open(Database, SqliteOpenMode.ReadWriteCreate))
        {
            SqliteFiles.Execute(connection, "create table precious (x)");
        }

        Assert.Contains("another program", (await Assert.ThrowsAsync<StoreException>(_fixture.OpenAsync)).Message, StringComparison.Ordinal);
        await File.WriteAllTextAsync(Database, new string('x', 10_000), StoreFixture.Cancellation);
        Assert.Contains("cannot be opened", (await Assert.ThrowsAsync<StoreException>(_fixture.OpenAsync)).Message, StringComparison.Ordinal);
        Assert.StartsWith("xxx", await File.ReadAllTextAsync(Database, StoreFixture.Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restore_that_was_cut_short_is_not_mistaken_for_a_new_installation()
    {
        Directory.CreateDirectory(_fixture.Directory);
        await File.WriteAllTextAsync(Path.Combine(_fixture.Directory, SqliteFiles.RestoringName), "x", StoreFixture.Cancellation);

        Assert.Contains("cut short", (await Assert.ThrowsAsync<StoreException>(_fixture.OpenAsync)).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Database));
    }

    [Fact]
    public async Task Damage_is_found()
    {
        await _fixture.OpenAsync();
        for (var i = 0; i < 300; i++)
        {
            _fixture.Store.Log.Append(Entry.Message(1, 2, new string('x', 500)));
        }

        Assert.Empty(await _fixture.Store.CheckIntegrityAsync(StoreFixture.Cancellation));
        await _fixture.Store.DisposeAsync();
        Execute("update message set at = 5 where position = 200; insert into mailbox (account, mark) values (1, 999)");
        await _fixture.OpenAsync();

        var problems = await _fixture.Store.CheckIntegrityAsync(StoreFixture.Cancellation);
        Assert.Equal(2, problems.Count);
        Assert.Contains(problems, p => p.Contains("times decrease", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.Contains("marks", StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        if (_fixture.Store is not null)
        {
            await _fixture.DisposeAsync();
        }
        else if (Directory.Exists(_fixture.Directory))
        {
            Directory.Delete(_fixture.Directory, recursive: true);
        }
    }

    void Execute(string sql)
    {
        using var connection = SqliteFiles.Open(Database, SqliteOpenMode.ReadWrite);
        SqliteFiles.Execute(connection, sql);
    }
}
