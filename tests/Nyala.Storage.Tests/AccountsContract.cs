namespace Nyala.Storage.Tests;

/// <summary>Accounts and their removal on every engine.</summary>
public abstract class AccountsContract(StoreFixture fixture) : StoreContract(fixture)
{
    static readonly Credential Scram = new("SCRAM-SHA-256", [1, 2, 3]);

    [Fact]
    public async Task An_account_is_found_by_name_and_id_and_with_its_credentials()
    {
        var now = Time.GetUtcNow();
        var (result, juliet) = await Store.Accounts.CreateAsync(
            "juliet", [Scram, new("SCRAM-SHA-1", [4])], AccountRole.Admin, null, now);

        Assert.Equal(CreateAccountResult.Created, result);
        Assert.Equal(("juliet", AccountRole.Admin, now), (juliet!.Username, juliet.Role, juliet.CreatedAt));
        Assert.Equal(juliet, await Store.Accounts.FindAsync("juliet"));
        Assert.Equal(juliet, await Store.Accounts.FindAsync(juliet.Id));
        var login = await Store.Accounts.LoadForLoginAsync("juliet");
        Assert.Equal(juliet, login!.Value.Account);
        Assert.Equal(["SCRAM-SHA-1", "SCRAM-SHA-256"], login.Value.Credentials.Select(c => c.Mechanism));
        Assert.Equal(Scram.Keys, login.Value.Credentials[1].Keys);
        Assert.Null(await Store.Accounts.FindAsync("Juliet"));
        Assert.Null(await Store.Accounts.LoadForLoginAsync("romeo"));
    }

    [Fact]
    public async Task A_name_is_given_once()
    {
        await AccountAsync("juliet");

        var (result, account) = await Store.Accounts.CreateAsync("juliet", [Scram], AccountRole.User, null, Time.GetUtcNow());

        Assert.Equal((CreateAccountResult.Conflict, null), (result, account));
        Assert.Equal(1, await Store.Accounts.CountAsync());
    }

    [Fact]
    public async Task An_invite_makes_as_many_accounts_as_it_has_uses_with_its_role()
    {
        var now = Time.GetUtcNow();
        await Store.Invites.CreateAsync(new Invite("token", null, CreatesAccount: true, AccountRole.Admin, 1, now, now.AddDays(1)));

        // A taken name costs no use.
        await AccountAsync("juliet");
        Assert.Equal(CreateAccountResult.Conflict, (await CreateAsync("juliet", "token", now)).Result);
        var (result, account) = await CreateAsync("romeo", "token", now);
        Assert.Equal((CreateAccountResult.Created, AccountRole.Admin), (result, account!.Role));
        Assert.Equal((CreateAccountResult.InvalidInvite, null), await CreateAsync("tybalt", "token", now));
        Assert.Null(await Store.Accounts.FindAsync("tybalt"));
    }

    [Fact]
    public async Task Invites_that_are_expired_unknown_or_for_contacts_make_no_account()
    {
        var now = Time.GetUtcNow();
        await Store.Invites.CreateAsync(new Invite("contact", null, CreatesAccount: false, AccountRole.User, 1, now, now.AddDays(1)));
        await Store.Invites.CreateAsync(new Invite("old", null, CreatesAccount: true, AccountRole.User, 1, now, now.AddDays(1)));

        Assert.Equal(CreateAccountResult.InvalidInvite, (await CreateAsync("a", "contact", now)).Result);
        Assert.Equal(CreateAccountResult.InvalidInvite, (await CreateAsync("a", "unknown", now)).Result);
        Assert.Equal(CreateAccountResult.InvalidInvite, (await CreateAsync("a", "old", now.AddDays(1))).Result);
    }

    [Fact]
    public async Task New_credentials_replace_the_old_ones_and_end_all_tokens()
    {
        var account = await AccountAsync("juliet");
        await Store.Accounts.SetCredentialsAsync(account, [Scram]);
        var now = Time.GetUtcNow();
        await Store.Tokens.AddAsync(new FastToken(account, "phone", "HT-SHA-256-NONE", [1], now, now.AddDays(9), 0));
        await Store.Accounts.SetCredentialsAsync(account, [new Credential("SCRAM-SHA-512", [9])]);

        Assert.Equal("SCRAM-SHA-512", Assert.Single((await Store.Accounts.LoadForLoginAsync("juliet"))!.Value.Credentials).Mechanism);
        Assert.Empty(await Store.Tokens.LoadAsync(account, "phone"));
    }

    [Fact]
    public async Task Accounts_are_listed_page_by_page_in_order_of_name()
    {
        foreach (var name in new[] { "romeo", "Zoe", "juliet", "ärger", "benvolio" })
        {
            await AccountAsync(name);
        }

        Assert.Equal(["Zoe", "benvolio", "juliet"], (await Store.Accounts.ListAsync(null, 3)).Select(a => a.Username));
        Assert.Equal(["romeo", "ärger"], (await Store.Accounts.ListAsync("juliet", 3)).Select(a => a.Username));
        Assert.Equal(5, await Store.Accounts.CountAsync());
    }

    [Fact]
    public async Task Everything_of_a_removed_account_goes_and_its_id_never_comes_back()
    {
        var now = Time.GetUtcNow();
        var account = await AccountAsync("juliet");
        await Store.Accounts.SetCredentialsAsync(account, [Scram]);
        await Store.Rosters.SaveAsync(account, new RosterItem("romeo@x", true, null, [], Subscription.Both, false, false, null));
        await Store.Blocklists.AddAsync(account, ["paris@x"]);
        await Store.Documents.SetAsync(account, "vcard", "", [1]);
        await Store.Tokens.AddAsync(new FastToken(account, "phone", "HT-SHA-256-NONE", [1], now, now.AddDays(9), 0));
        await Store.Invites.CreateAsync(new Invite("token", account, true, AccountRole.User, 1, now, now.AddDays(1)));

        Assert.True(await Store.Accounts.RemoveAsync(account));
        Assert.False(await Store.Accounts.RemoveAsync(account));

        Assert.Null(await Store.Accounts.FindAsync("juliet"));
        Assert.Empty((await Store.Rosters.LoadAsync(account)).Items);
        Assert.Empty(await Store.Blocklists.LoadAsync(account));
        Assert.Null(await Store.Documents.GetAsync(account, "vcard", ""));
        Assert.Empty(await Store.Tokens.LoadAsync(account, "phone"));
        Assert.Null(await Store.Invites.FindAsync("token", now));
        Assert.NotEqual(account, await AccountAsync("juliet"));
        Assert.Empty(await Store.CheckIntegrityAsync(Cancellation));
    }

    [Fact]
    public async Task Rows_a_removed_account_shares_stay_for_the_other_owner()
    {
        var (juliet, romeo) = (await AccountAsync("juliet"), await AccountAsync("romeo"));
        const int Many = 700;
        const long Elsewhere = -(1L << 59) - 3;
        for (var i = 0; i < Many; i++)
        {
            Store.Log.Append(Entry.Message(juliet, romeo));
            Store.Log.Append(Entry.Message(romeo, juliet));
            Store.Log.Append(Entry.Message(juliet, juliet));
            Store.Log.Append(Entry.Message(0, juliet));
            Store.Log.Append(Entry.Message(Elsewhere, juliet));
        }

        await Store.Log.FlushAsync();
        var head = Store.Log.Head;
        await Store.Accounts.RemoveAsync(juliet);
        await Fixture.MaintainAsync();

        Assert.Equal(2 * Many, (await Store.Archive.ReadAsync(new ArchiveQuery(romeo) { Max = 0, WithCount = true }, Cancellation)).Count);
        Assert.Equal(Many, await Store.Mailboxes.CountPendingAsync(romeo, 10_000));
        Assert.Empty((await Store.Archive.ReadAsync(new ArchiveQuery(juliet), Cancellation)).Rows);
        Assert.Empty((await Store.Archive.ReadAsync(new ArchiveQuery(Elsewhere), Cancellation)).Rows);
        Assert.Empty(await Store.CheckIntegrityAsync(Cancellation));
        await Store.Accounts.RemoveAsync(romeo);
        await Fixture.MaintainAsync();
        await Fixture.ReopenAsync();
        Assert.Null(await Store.Archive.MetadataAsync(romeo, Cancellation));
        // R6: the rows are gone, their positions are not free again.
        Assert.Equal(head, Store.Log.Head);
    }

    ValueTask<(CreateAccountResult Result, Account? Account)> CreateAsync(string name, string invite, DateTimeOffset now) =>
        Store.Accounts.CreateAsync(name, [], AccountRole.User, invite, now);
}
