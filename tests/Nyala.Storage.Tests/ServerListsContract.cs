namespace Nyala.Storage.Tests;

/// <summary>Rules about peers, notices and the directory on every engine; and what administrators do to accounts.</summary>
public abstract class ServerListsContract(StoreFixture fixture) : StoreContract(fixture)
{
    [Fact]
    public async Task Rules_about_peers_are_replaced_each_by_itself()
    {
        await Store.PeerRules.ReplaceAsync(["b.example", "a.example", "a.example"], ["friend@c.example"]);
        await Store.PeerRules.ReplaceAsync(null, []);
        await Fixture.ReopenAsync();
        var rules = await Store.PeerRules.LoadAsync();
        Assert.Equal(["a.example", "b.example"], rules.Blocked);
        Assert.Empty(rules.Allowed);
        await Store.PeerRules.ReplaceAsync(["b.example"], ["b.example"]);
        rules = await Store.PeerRules.LoadAsync();
        Assert.Equal(["b.example"], rules.Blocked);
        Assert.Equal(["b.example"], rules.Allowed);
    }

    [Fact]
    public async Task A_notice_gets_a_number_that_no_other_text_had()
    {
        Assert.Null(await Store.Notices.FindAsync("motd"));
        var first = await Store.Notices.SetAsync("motd", "one");
        Assert.Equal(first, await Store.Notices.FindAsync("motd"));
        Assert.True(await Store.Notices.RemoveAsync("motd"));
        Assert.False(await Store.Notices.RemoveAsync("motd"));
        Assert.Null(await Store.Notices.FindAsync("motd"));
        var second = await Store.Notices.SetAsync("motd", "two");
        Assert.True(second.Number > first.Number);
        Assert.True((await Store.Notices.SetAsync("motd", "two")).Number > second.Number);
        Assert.Null(await Store.Notices.FindAsync("welcome"));
    }

    [Fact]
    public async Task The_directory_finds_parts_of_names_whatever_their_case()
    {
        var (juliet, romeo) = (await AccountAsync("juliet"), await AccountAsync("romeo"));
        Assert.Null(await Store.Directory.FindAsync(juliet));
        await Store.Directory.SetAsync(juliet, new("Juliet", "Capulet", "Ünï_100%"));
        await Store.Directory.SetAsync(romeo, new("Romeo", "Montague", "!"));
        Assert.Equal(new("Juliet", "Capulet", "Ünï_100%"), await Store.Directory.FindAsync(juliet));
        Assert.Equal(["juliet"], await SearchAsync("", "APUL", ""));
        Assert.Equal(["juliet"], await SearchAsync("", "", "ünï_100%"));
        Assert.Equal(["juliet", "romeo"], await SearchAsync("", "", ""));
        Assert.Empty(await SearchAsync("", "", "x_1"));
        Assert.Empty(await SearchAsync("jul", "montague", ""));
        Assert.Equal(["romeo"], await SearchAsync("", "", "!"));
        await Store.Directory.SetAsync(juliet, new("J", "", ""));
        Assert.Empty(await SearchAsync("", "capulet", ""));
        await Store.Directory.SetAsync(romeo, null);
        Assert.Equal(["juliet"], await SearchAsync("", "", ""));
        await Store.Accounts.SetDisabledAsync(juliet, disabled: true);
        Assert.Empty(await SearchAsync("", "", ""));
    }

    [Fact]
    public async Task The_directory_is_read_page_by_page()
    {
        foreach (var name in (string[])["a", "b", "c"])
        {
            await Store.Directory.SetAsync(await AccountAsync(name), new(name, "", ""));
        }

        var page = await Store.Directory.SearchAsync(new("", "", "", "a", 1));
        Assert.Equal(("b", 3, 1), (Assert.Single(page.Found).Username, page.Count, page.Index));
    }

    [Fact]
    public async Task An_account_is_disabled_enabled_and_made_an_administrator()
    {
        var now = Time.GetUtcNow();
        var juliet = await AccountAsync("juliet");
        await AccountAsync("romeo");
        await Store.Tokens.AddAsync(new(juliet, "phone", "HT-SHA-256-NONE", [1], now, now.AddDays(1), 0));
        await Store.Accounts.SetDisabledAsync(juliet, disabled: true);
        await Store.Accounts.SetRoleAsync(juliet, AccountRole.Admin);
        await Fixture.ReopenAsync();
        var stored = (await Store.Accounts.LoadForLoginAsync("juliet"))!.Value.Account;
        Assert.True(stored is { IsDisabled: true, Role: AccountRole.Admin, Origin: AccountOrigin.Provisioned });
        Assert.Empty(await Store.Tokens.LoadAsync(juliet, "phone"));
        Assert.Equal((1, 1, 2), (await Store.Accounts.CountAsync(AccountFilter.Disabled), await Store.Accounts.CountAsync(AccountFilter.Admins), await Store.Accounts.CountAsync()));
        Assert.Equal("juliet", Assert.Single(await Store.Accounts.ListAsync(null, 10, AccountFilter.Disabled)).Username);
        Assert.Empty(await Store.Accounts.ListAsync("juliet", 10, AccountFilter.Admins));
        await Store.Accounts.SetDisabledAsync(juliet, disabled: false);
        Assert.False((await Store.Accounts.FindAsync(juliet))!.IsDisabled);
    }

    [Fact]
    public async Task How_an_account_came_to_be_is_kept()
    {
        var now = Time.GetUtcNow();
        await Store.Invites.CreateAsync(new Invite("t", null, true, AccountRole.User, 1, now, now.AddHours(1)));
        Assert.Equal(AccountOrigin.Invited, (await Store.Accounts.CreateAsync("a", [], AccountRole.User, "t", now, AccountOrigin.SelfRegistered)).Account!.Origin);
        Assert.Equal(AccountOrigin.SelfRegistered, (await Store.Accounts.CreateAsync("b", [], AccountRole.User, null, now, AccountOrigin.SelfRegistered)).Account!.Origin);
    }

    async Task<string[]> SearchAsync(string first, string last, string nick) =>
        [.. (await Store.Directory.SearchAsync(new(DirectoryQuery.Fold(first), DirectoryQuery.Fold(last), DirectoryQuery.Fold(nick), null, 10))).Found.Select(found => found.Username)];
}
