namespace Nyala.Storage.Tests;

/// <summary>Blocklists, documents, invites, tokens and secrets on every engine.</summary>
public abstract class SmallStoresContract(StoreFixture fixture) : StoreContract(fixture)
{
    [Fact]
    public async Task A_blocklist_gains_and_loses_addresses()
    {
        var account = await AccountAsync("juliet");
        await Store.Blocklists.AddAsync(account, ["paris@x", "tybalt@x/y"]);
        await Store.Blocklists.AddAsync(account, ["tybalt@x/y", "x"]);
        Assert.Equal(["paris@x", "tybalt@x/y", "x"], await Store.Blocklists.LoadAsync(account));
        await Store.Blocklists.RemoveAsync(account, ["x", "never@there"]);
        Assert.Equal(["paris@x", "tybalt@x/y"], await Store.Blocklists.LoadAsync(account));
        await Store.Blocklists.RemoveAsync(account, []);
        Assert.Equal(2, (await Store.Blocklists.LoadAsync(account)).Count);
        await Store.Blocklists.RemoveAsync(account, null);
        Assert.Empty(await Store.Blocklists.LoadAsync(account));
    }

    [Fact]
    public async Task Documents_are_kept_by_kind_and_key()
    {
        var account = await AccountAsync("juliet");
        Assert.Null(await Store.Documents.GetAsync(account, "private", "a"));
        await Store.Documents.SetAsync(account, "private", "a", [1]);
        await Store.Documents.SetAsync(account, "private", "a", [1, 2, 3]);
        await Store.Documents.SetAsync(account, "private", "b", []);
        await Store.Documents.SetAsync(account, "vcard", "a", [9]);

        Assert.Equal((byte[])[1, 2, 3], await Store.Documents.GetAsync(account, "private", "a"));
        Assert.Empty((await Store.Documents.GetAsync(account, "private", "b"))!);
        await Store.Documents.RemoveAsync(account, "private", "a");
        await Store.Documents.RemoveAsync(account, "private", "a");
        Assert.Null(await Store.Documents.GetAsync(account, "private", "a"));
        Assert.Equal((byte[])[9], await Store.Documents.GetAsync(account, "vcard", "a"));
    }

    [Fact]
    public async Task Documents_are_set_together_or_not_at_all()
    {
        var account = await AccountAsync("juliet");
        await Store.Documents.SetAsync(account, "vcard", "a", [9]);
        Assert.True(await Store.Documents.SetAsync(account, "private", new Dictionary<string, byte[]> { ["a"] = [1], ["b"] = [1] }, max: 3));
        Assert.False(await Store.Documents.SetAsync(account, "private", new Dictionary<string, byte[]> { ["a"] = [2], ["c"] = [2], ["d"] = [2] }, max: 3));
        Assert.Equal((byte[])[1], await Store.Documents.GetAsync(account, "private", "a"));
        Assert.Null(await Store.Documents.GetAsync(account, "private", "c"));
        Assert.True(await Store.Documents.SetAsync(account, "private", new Dictionary<string, byte[]> { ["a"] = [3], ["c"] = [3] }, max: 3));
        Assert.True(await Store.Documents.SetAsync(account, "private", new Dictionary<string, byte[]> { ["a"] = [4] }, max: 1));
        Assert.Equal((byte[])[4], await Store.Documents.GetAsync(account, "private", "a"));
    }

    [Fact]
    public async Task One_document_of_many_accounts_is_set_for_those_that_are_there()
    {
        var (romeo, juliet) = (await AccountAsync("romeo"), await AccountAsync("juliet"));
        await Store.Documents.SetAsync(romeo, "last", "", [0]);
        await Store.Documents.SetAsync("last", "", new Dictionary<long, byte[]> { [romeo] = [1], [404] = [2], [juliet] = [3] });

        Assert.Equal((byte[])[1], await Store.Documents.GetAsync(romeo, "last", ""));
        Assert.Equal((byte[])[3], await Store.Documents.GetAsync(juliet, "last", ""));
        Assert.Null(await Store.Documents.GetAsync(404, "last", ""));
    }

    [Fact]
    public async Task Reads_together_see_one_moment()
    {
        var account = await AccountAsync("juliet");
        await Store.Documents.SetAsync(account, "vcard", "", [1]);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var written = new ManualResetEventSlim();
        var reading = Store.ReadTogetherAsync(async () =>
        {
            var first = await Store.Documents.GetAsync(account, "vcard", "");
            begun.SetResult();
            written.Wait();
            return (first, await Store.Documents.GetAsync(account, "vcard", ""));
        });
        await begun.Task;
        await Store.Documents.SetAsync(account, "vcard", "", [2]);
        written.Set();
        var (before, after) = await reading;

        Assert.Equal((byte[])[1], before);
        Assert.Equal((byte[])[1], after);
        Assert.Equal((byte[])[2], await Store.Documents.GetAsync(account, "vcard", ""));
    }

    [Fact]
    public async Task A_read_that_fails_among_others_fails_them_all()
    {
        await Assert.ThrowsAsync<FormatException>(async () => await Store.ReadTogetherAsync<int>(async () =>
        {
            await Store.Accounts.CountAsync();
            throw new FormatException();
        }));
        Assert.Equal(0, await Store.Accounts.CountAsync());
    }

    [Fact]
    public async Task Writing_for_an_account_that_is_gone_is_refused()
    {
        var error = await Assert.ThrowsAsync<StoreException>(async () => await Store.Documents.SetAsync(404, "vcard", "", [1]));

        Assert.Equal(LogFailure.Error, error.Failure);
        Assert.Null(Store.Trouble);
    }

    [Fact]
    public async Task An_invite_is_usable_until_used_up_expired_or_revoked()
    {
        var now = Time.GetUtcNow();
        var account = await AccountAsync("juliet");
        var invite = new Invite("t1", account, true, AccountRole.User, 2, now, now.AddHours(1));
        await Store.Invites.CreateAsync(invite);
        await Store.Invites.CreateAsync(invite with { Token = "t2", Inviter = null, CreatedAt = now.AddMinutes(1) });

        Assert.Equal(invite, await Store.Invites.FindAsync("t1", now));
        Assert.Equal(["t2", "t1"], (await Store.Invites.ListAsync(now, 10)).Select(i => i.Token));
        Assert.Equal(1, await Store.Invites.CountByInviterAsync(account, now));
        Assert.True(await Store.Invites.ConsumeAsync("t1", now));
        Assert.Equal(1, (await Store.Invites.FindAsync("t1", now))!.Uses);
        Assert.True(await Store.Invites.ConsumeAsync("t1", now));
        Assert.False(await Store.Invites.ConsumeAsync("t1", now));
        Assert.Null(await Store.Invites.FindAsync("t1", now));
        await Store.Invites.GiveBackAsync("t1");
        Assert.True(await Store.Invites.ConsumeAsync("t1", now));
        Assert.False(await Store.Invites.ConsumeAsync("t1", now));
        Assert.Equal(0, await Store.Invites.CountByInviterAsync(account, now));
        Assert.Null(await Store.Invites.FindAsync("t2", now.AddHours(1)));
        Assert.False(await Store.Invites.ConsumeAsync("t2", now.AddHours(1)));
        Assert.True(await Store.Invites.RevokeAsync("t2"));
        Assert.False(await Store.Invites.RevokeAsync("t2"));
    }

    [Fact]
    public async Task One_use_is_not_given_to_two_who_ask_at_once()
    {
        var now = Time.GetUtcNow();
        await Store.Invites.CreateAsync(new Invite("t", null, true, AccountRole.User, 1, now, now.AddHours(1)));

        var results = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Store.Invites.ConsumeAsync("t", now).AsTask()));

        Assert.Single(results, r => r);
    }

    [Fact]
    public async Task A_device_holds_its_current_token_and_one_new_one()
    {
        var account = await AccountAsync("juliet");
        await Store.Tokens.AddAsync(Token(account, 1));
        Assert.True(await Store.Tokens.UseAsync(Token(account, 1), 0));
        await Store.Tokens.AddAsync(Token(account, 2));
        await Store.Tokens.AddAsync(Token(account, 3));
        Assert.Equal([3, 1], await SecretsAsync(account));

        Assert.True(await Store.Tokens.UseAsync(Token(account, 3), 0));
        Assert.Equal([3], await SecretsAsync(account));
        Assert.False(await Store.Tokens.UseAsync(Token(account, 1), 0));
    }

    [Fact]
    public async Task A_token_never_used_stays_until_its_successor_is()
    {
        var account = await AccountAsync("juliet");
        await Store.Tokens.AddAsync(Token(account, 1));
        await Store.Tokens.AddAsync(Token(account, 2));
        Assert.Equal([2, 1], await SecretsAsync(account));
        var (device, since, until) = Assert.Single(await Store.Tokens.DevicesAsync(account));
        Assert.Equal((Token(account, 1).Device, true), (device, since < until));
        await Store.Tokens.AddAsync(Token(account, 3));
        Assert.Equal([3, 2], await SecretsAsync(account));
    }

    [Fact]
    public async Task A_counter_that_does_not_rise_is_a_replay()
    {
        var account = await AccountAsync("juliet");
        var token = Token(account, 1);
        await Store.Tokens.AddAsync(token);

        Assert.False(Assert.Single(await Store.Tokens.LoadAsync(token.Account, token.Device)).IsUsed);
        Assert.True(await Store.Tokens.UseAsync(token, 0));
        Assert.True(Assert.Single(await Store.Tokens.LoadAsync(token.Account, token.Device)).IsUsed);
        Assert.True(await Store.Tokens.UseAsync(token, 0));
        Assert.True(await Store.Tokens.UseAsync(token, 5));
        Assert.False(await Store.Tokens.UseAsync(token, 5));
        Assert.False(await Store.Tokens.UseAsync(token, 4));
        Assert.False(await Store.Tokens.UseAsync(token, 0));
        Assert.True(await Store.Tokens.UseAsync(token, 6));
        Assert.Equal(6, (await Store.Tokens.LoadAsync(account, "phone")).Single().Counter);
    }

    [Fact]
    public async Task Tokens_end_with_their_device_or_all_at_once()
    {
        var account = await AccountAsync("juliet");
        var token = Token(account, 1);
        await Store.Tokens.AddAsync(token);
        await Store.Tokens.AddAsync(token with { Device = "tablet" });
        var loaded = Assert.Single(await Store.Tokens.LoadAsync(account, "phone"));
        Assert.Equivalent(token, loaded, strict: true);

        await Store.Tokens.RemoveAsync(account, "phone");
        Assert.Empty(await SecretsAsync(account));
        Assert.Single(await Store.Tokens.LoadAsync(account, "tablet"));
        await Store.Tokens.RemoveAsync(account, null);
        Assert.Empty(await Store.Tokens.LoadAsync(account, "tablet"));
    }

    [Fact]
    public async Task A_secret_is_made_once()
    {
        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Store.Secrets.GetOrCreateAsync("key", 32).AsTask()));
        await Fixture.ReopenAsync();

        Assert.Equal(32, made[0].Length);
        Assert.All(made, s => Assert.Equal(made[0], s));
        Assert.Equal(made[0], await Store.Secrets.GetOrCreateAsync("key", 32));
        Assert.NotEqual(made[0], await Store.Secrets.GetOrCreateAsync("other", 32));
    }

    async Task<IEnumerable<byte>> SecretsAsync(long account) =>
        (await Store.Tokens.LoadAsync(account, "phone")).Select(t => t.Secret[0]);

    FastToken Token(long account, byte secret) =>
        new(account, "phone", "HT-SHA-256-NONE", [secret], Time.GetUtcNow(), Time.GetUtcNow().AddDays(1), 0);
}
