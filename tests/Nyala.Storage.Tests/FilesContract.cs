namespace Nyala.Storage.Tests;

/// <summary>What is known of uploaded files, on every engine.</summary>
public abstract class FilesContract(StoreFixture fixture) : StoreContract(fixture)
{
    const long Quota = 1_000_000;

    [Fact]
    public async Task A_file_is_found_until_it_expires()
    {
        var file = File(await AccountAsync("juliet"), 200_000, TimeSpan.FromDays(1));
        Assert.Equal(AddFileResult.Added, await Store.Files.AddAsync(file, Quota));
        Assert.Equal(file, await Store.Files.FindAsync(file.Key, Time.GetUtcNow()));
        await Fixture.ReopenAsync();
        Assert.Equal(file, await Store.Files.FindAsync(file.Key, Time.GetUtcNow().AddDays(1).AddMilliseconds(-1)));
        Assert.Null(await Store.Files.FindAsync(file.Key, Time.GetUtcNow().AddDays(1)));
        Assert.Null(await Store.Files.FindAsync(FileKey.Create(), Time.GetUtcNow()));
    }

    [Fact]
    public async Task An_accounts_files_are_listed_until_they_expire()
    {
        var (juliet, romeo) = (await AccountAsync("juliet"), await AccountAsync("romeo"));
        var (first, second) = (File(juliet, 1, TimeSpan.FromDays(1)), File(juliet, 2));
        await Store.Files.AddAsync(first, Quota);
        Time.Advance(TimeSpan.FromMinutes(1));
        second = second with { CreatedAt = Time.GetUtcNow() };
        await Store.Files.AddAsync(second, Quota);
        await Store.Files.AddAsync(File(romeo, 3), Quota);
        Assert.Equal([first, second], await Store.Files.ListAsync(juliet, Time.GetUtcNow(), 10));
        Assert.Equal([first], await Store.Files.ListAsync(juliet, Time.GetUtcNow(), 1));
        Assert.Equal([second], await Store.Files.ListAsync(juliet, Time.GetUtcNow().AddDays(1), 10));
    }

    [Fact]
    public async Task A_key_is_used_once()
    {
        var file = File(await AccountAsync("juliet"), 1);
        Assert.Equal(AddFileResult.Added, await Store.Files.AddAsync(file, Quota));
        Assert.Equal(AddFileResult.Conflict, await Store.Files.AddAsync(file with { Name = "other" }, Quota));
        Assert.Equal("name", (await Store.Files.FindAsync(file.Key, Time.GetUtcNow()))!.Name);
    }

    [Fact]
    public async Task A_quota_holds_for_each_account_and_expired_files_do_not_count()
    {
        var (juliet, romeo) = (await AccountAsync("juliet"), await AccountAsync("romeo"));
        Assert.Equal(AddFileResult.Added, await Store.Files.AddAsync(File(juliet, 600_000, TimeSpan.FromHours(1)), Quota));
        Assert.Equal(AddFileResult.Full, await Store.Files.AddAsync(File(juliet, 400_001), Quota));
        Assert.Equal(AddFileResult.Added, await Store.Files.AddAsync(File(romeo, 400_001), Quota));
        Assert.Equal(600_000, await Store.Files.UsedAsync(juliet, FilePurpose.Message, Time.GetUtcNow()));
        Assert.Equal(0, await Store.Files.UsedAsync(juliet, FilePurpose.Profile, Time.GetUtcNow()));
        Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(AddFileResult.Added, await Store.Files.AddAsync(File(juliet, 1_000_000), Quota));
    }

    [Fact]
    public async Task Small_files_count_as_larger_ones_so_that_there_are_not_too_many()
    {
        var juliet = await AccountAsync("juliet");
        var quota = 3 * IFiles.LeastCharge;
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(AddFileResult.Added, await Store.Files.AddAsync(File(juliet, 1), quota));
        }

        Assert.Equal(quota, await Store.Files.UsedAsync(juliet, FilePurpose.Message, Time.GetUtcNow()));
        Assert.Equal(AddFileResult.Full, await Store.Files.AddAsync(File(juliet, 1), quota));
    }

    [Fact]
    public async Task When_there_is_room_again_is_known_unless_nothing_expires()
    {
        var (juliet, now) = (await AccountAsync("juliet"), Time.GetUtcNow());
        await Store.Files.AddAsync(File(juliet, 100_000, TimeSpan.FromHours(3)), Quota);
        await Store.Files.AddAsync(File(juliet, 200_000, TimeSpan.FromHours(1)), Quota);
        await Store.Files.AddAsync(File(juliet, 300_000, TimeSpan.FromHours(2)), Quota);
        await Store.Files.AddAsync(File(juliet, 400_000), Quota);
        Assert.Equal(now.AddHours(1), await Store.Files.FreeAtAsync(juliet, FilePurpose.Message, 200_000, now));
        Assert.Equal(now.AddHours(2), await Store.Files.FreeAtAsync(juliet, FilePurpose.Message, 200_001, now));
        Assert.Equal(now.AddHours(3), await Store.Files.FreeAtAsync(juliet, FilePurpose.Message, 600_000, now));
        Assert.Null(await Store.Files.FreeAtAsync(juliet, FilePurpose.Message, 600_001, now));
        Assert.Null(await Store.Files.FreeAtAsync(juliet, FilePurpose.Profile, 1, now));
    }

    [Fact]
    public async Task Files_of_a_profile_make_room_for_newer_ones()
    {
        var juliet = await AccountAsync("juliet");
        var other = File(juliet, 900_000);
        await Store.Files.AddAsync(other, Quota);
        var files = new List<StoredFile>();
        for (var i = 0; i < 4; i++)
        {
            var file = File(juliet, 300_000) with { Purpose = FilePurpose.Profile };
            Assert.Equal(AddFileResult.Added, await Store.Files.AddAsync(file, Quota));
            files.Add(file);
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Null(await Store.Files.FindAsync(files[0].Key, Time.GetUtcNow()));
        foreach (var file in (StoredFile[])[other, .. files[1..]])
        {
            Assert.NotNull(await Store.Files.FindAsync(file.Key, Time.GetUtcNow()));
        }

        Assert.Equal([files[0].Key], await Store.Files.ListGoneAsync(Time.GetUtcNow(), 10));
    }

    [Fact]
    public async Task With_an_account_its_files_are_gone_until_they_are_removed()
    {
        var (juliet, romeo) = (await AccountAsync("juliet"), await AccountAsync("romeo"));
        var (hers, his) = (File(juliet, 1), File(romeo, 1, TimeSpan.FromHours(1)));
        await Store.Files.AddAsync(hers, Quota);
        await Store.Files.AddAsync(his, Quota);
        await Store.Accounts.RemoveAsync(juliet);
        Assert.Null(await Store.Files.FindAsync(hers.Key, Time.GetUtcNow()));
        Assert.Equal([hers.Key], await Store.Files.ListGoneAsync(Time.GetUtcNow(), 10));
        Assert.Equal(AddFileResult.NoAccount, await Store.Files.AddAsync(File(juliet, 1), Quota));
        Assert.Equal(2, (await Store.Files.ListGoneAsync(Time.GetUtcNow().AddHours(1), 10)).Count);
        Assert.Single(await Store.Files.ListGoneAsync(Time.GetUtcNow().AddHours(1), 1));
        await Store.Files.RemoveAsync([hers.Key, FileKey.Create()]);
        Assert.Empty(await Store.Files.ListGoneAsync(Time.GetUtcNow(), 10));
        Assert.NotNull(await Store.Files.FindAsync(his.Key, Time.GetUtcNow()));
    }

    [Fact]
    public async Task Keys_are_listed_by_how_they_begin()
    {
        var juliet = await AccountAsync("juliet");
        var keys = (string[])["aa" + FileKey.Create()[2..], "aa" + FileKey.Create()[2..], "ab" + FileKey.Create()[2..]];
        foreach (var key in keys)
        {
            await Store.Files.AddAsync(File(juliet, 1) with { Key = key }, Quota);
        }

        Assert.Equal(keys[..2].Order(StringComparer.Ordinal), (await Store.Files.ListAsync("aa")).Keys.Order(StringComparer.Ordinal));
        Assert.Equal(Time.GetUtcNow(), (await Store.Files.ListAsync("ab"))[keys[2]]);
        Assert.Empty(await Store.Files.ListAsync("ff"));
    }

    StoredFile File(long account, long size, TimeSpan? lives = null) => new(
        FileKey.Create(), account, FilePurpose.Message, "name", "image/png", size, Time.GetUtcNow(), lives is { } time ? Time.GetUtcNow() + time : null);
}
