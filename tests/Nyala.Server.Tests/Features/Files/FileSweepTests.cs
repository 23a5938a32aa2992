using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Nyala.Features.Files;
using Nyala.Storage;
using Nyala.Storage.Sqlite;
using Xunit;

namespace Nyala.Server.Tests.Features.Files;

/// <summary>What is removed, and what is not although it looks lost.</summary>
public sealed class FileSweepTests : IAsyncLifetime
{
    readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("nyala-sweep-");
    readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());
    IStore _store = null!;
    FileSweep _sweep = null!;
    long _account;

    public async ValueTask InitializeAsync()
    {
        _store = await SqliteStore.OpenAsync(_directory.FullName, _time, NullLogger.Instance);
        _sweep = new(_store, _time, NullLogger.Instance);
        _account = (await _store.Accounts.CreateAsync("romeo", [], AccountRole.User, null, _time.GetUtcNow())).Account!.Id;
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task What_has_expired_goes_with_its_bytes()
    {
        var (brief, lasting) = (await AddAsync(TimeSpan.FromHours(1)), await AddAsync());
        await _sweep.RunAsync();
        Assert.True(HasBytes(brief));
        _time.Advance(TimeSpan.FromHours(1));
        await _sweep.RunAsync();
        Assert.False(HasBytes(brief));
        Assert.Empty(await _store.Files.ListGoneAsync(_time.GetUtcNow(), 10));
        Assert.True(HasBytes(lasting));
    }

    [Fact]
    public async Task More_files_than_one_slice_go_at_once()
    {
        for (var i = 0; i < 201; i++)
        {
            await AddRowAsync(FileKey.Create(), TimeSpan.FromHours(1));
        }

        _time.Advance(TimeSpan.FromHours(1));
        await _sweep.RunAsync();
        Assert.Empty(await _store.Files.ListGoneAsync(_time.GetUtcNow(), 10));
    }

    [Fact]
    public async Task Bytes_that_nobody_knows_of_go_after_a_day()
    {
        var (known, unknown, young) = (await AddAsync(), FileKey.Create(), FileKey.Create());
        await SaveAsync(unknown);
        await SaveAsync(young);
        File.SetLastWriteTimeUtc(PathOf(unknown), _time.GetUtcNow().UtcDateTime.AddDays(-2));
        File.SetLastWriteTimeUtc(PathOf(known), _time.GetUtcNow().UtcDateTime.AddDays(-2));
        await _sweep.RunAsync();
        Assert.False(HasBytes(unknown));
        Assert.True(HasBytes(young));
        Assert.True(HasBytes(known));
    }

    [Fact]
    public async Task Files_without_bytes_are_forgotten_unless_most_of_them_are()
    {
        var (one, two, three) = (await AddAsync(), await AddAsync(), await AddAsync());
        _time.Advance(TimeSpan.FromDays(3));
        var young = FileKey.Create();
        await AddRowAsync(young);
        File.Move(PathOf(one), PathOf(one) + ".away");
        File.Move(PathOf(two), PathOf(two) + ".away");
        await _sweep.RunAsync();
        Assert.NotNull(await FindAsync(one));
        File.Move(PathOf(two) + ".away", PathOf(two));
        _time.Advance(TimeSpan.FromDays(1));
        await AddRowAsync(young = FileKey.Create());
        await _sweep.RunAsync();
        Assert.Null(await FindAsync(one));
        Assert.NotNull(await FindAsync(two));
        Assert.NotNull(await FindAsync(three));
        Assert.NotNull(await FindAsync(young));
    }

    async Task<string> AddAsync(TimeSpan? lives = null)
    {
        var key = FileKey.Create();
        await SaveAsync(key);
        await AddRowAsync(key, lives);
        return key;
    }

    async Task AddRowAsync(string key, TimeSpan? lives = null) => await _store.Files.AddAsync(
        new(key, _account, FilePurpose.Message, "a", MediaTypes.Unknown, 1, _time.GetUtcNow(), lives is { } time ? _time.GetUtcNow() + time : null), 1L << 40);

    Task<bool> SaveAsync(string key)
    {
        var left = 1;
        return _store.FileContents.SaveAsync(key, 1, (_, _) => new(left-- > 0 ? 1 : 0), default);
    }

    ValueTask<StoredFile?> FindAsync(string key) => _store.Files.FindAsync(key, _time.GetUtcNow());

    bool HasBytes(string key) => File.Exists(PathOf(key));

    string PathOf(string key) => Path.Combine(_directory.FullName, "files", key[..2], key);
}
