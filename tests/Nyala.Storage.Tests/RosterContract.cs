namespace Nyala.Storage.Tests;

/// <summary>Rosters and roster versions (RFC 6121 §2) on every engine.</summary>
public abstract class RosterContract(StoreFixture fixture) : StoreContract(fixture)
{
    static readonly RosterItem Romeo = new("romeo@x", true, "Romeo", ["Friends", "ünïcode \"quoted\""], Subscription.Both, false, true, null);

    [Fact]
    public async Task An_item_comes_back_as_it_was_saved()
    {
        var account = await AccountAsync("juliet");
        var pending = new RosterItem("paris@x", false, null, [], Subscription.None, true, false, [1, 2, 3]);
        await Store.Rosters.SaveAsync(account, Romeo);
        await Store.Rosters.SaveAsync(account, pending);
        await Fixture.ReopenAsync();

        var items = (await Store.Rosters.LoadAsync(account)).Items;

        Assert.Equal(["paris@x", "romeo@x"], items.Select(i => i.Jid));
        Assert.Equivalent(pending, items[0], strict: true);
        Assert.Equivalent(Romeo, items[1], strict: true);
        Assert.Empty((await Store.Rosters.LoadAsync(await AccountAsync("nurse"))).Items);
    }

    [Fact]
    public async Task Changes_of_several_rosters_happen_together_or_not_at_all()
    {
        var (juliet, nurse) = (await AccountAsync("juliet"), await AccountAsync("nurse"));
        var versions = await Store.Rosters.ChangeAsync([new(juliet, "a@x", Listed("a@x")), new(nurse, "b@x", Unlisted("b@x")), new(juliet, "a@x", null)]);
        Assert.Equal([1, 0, 2], versions);

        await Assert.ThrowsAsync<StoreException>(async () => await Store.Rosters.ChangeAsync([new(juliet, "a@x", Listed("a@x")), new(404, "b@x", Listed("b@x"))]));

        Assert.Empty((await Store.Rosters.LoadAsync(juliet)).Items);
        Assert.Equal(2, (await Store.Rosters.LoadAsync(juliet)).Version);
        Assert.Single((await Store.Rosters.LoadAsync(nurse)).Items);
    }

    [Fact]
    public async Task The_version_rises_with_the_listed_view_only()
    {
        var account = await AccountAsync("juliet");
        Assert.Equal(0, (await Store.Rosters.LoadAsync(account)).Version);
        Assert.Equal(1, await Store.Rosters.SaveAsync(account, Romeo));
        Assert.Equal(1, await Store.Rosters.SaveAsync(account, Romeo with { Groups = [.. Romeo.Groups] }));
        Assert.Equal(1, await Store.Rosters.SaveAsync(account, Romeo with { Request = [1] }));
        Assert.Equal(2, await Store.Rosters.SaveAsync(account, Romeo with { Groups = [] }));
        Assert.Equal(3, await Store.Rosters.SaveAsync(account, Romeo with { Subscription = Subscription.To }));
        Assert.Equal(3, await Store.Rosters.SaveAsync(account, Unlisted("paris@x")));
        Assert.Equal(3, await Store.Rosters.RemoveAsync(account, "paris@x"));
        Assert.Equal(4, await Store.Rosters.RemoveAsync(account, "romeo@x"));
        Assert.Equal(4, await Store.Rosters.RemoveAsync(account, "romeo@x"));
        Assert.Equal(4, (await Store.Rosters.LoadAsync(account)).Version);
    }

    [Fact]
    public async Task Changes_since_a_version_are_items_as_they_are_now_and_addresses_that_left()
    {
        var account = await AccountAsync("juliet");
        await Store.Rosters.SaveAsync(account, Romeo);
        var version = await Store.Rosters.SaveAsync(account, Listed("nurse@x"));
        await Store.Rosters.SaveAsync(account, Listed("tybalt@x"));
        await Store.Rosters.SaveAsync(account, Listed("tybalt@x") with { Name = "T" });
        await Store.Rosters.RemoveAsync(account, "romeo@x");
        await Store.Rosters.SaveAsync(account, Unlisted("nurse@x"));
        await Store.Rosters.SaveAsync(account, Unlisted("paris@x"));

        var changes = await Store.Rosters.ChangesSinceAsync(account, version);

        Assert.Equal([("tybalt@x", "T"), ("romeo@x", null), ("nurse@x", null)], changes!.Steps.Select(step => (step.Jid, step.Item?.Name)));
        Assert.Equal((await Store.Rosters.LoadAsync(account)).Version, changes.Version);
        Assert.Empty((await Store.Rosters.ChangesSinceAsync(account, changes.Version))!.Steps);
    }

    [Fact]
    public async Task Changes_come_in_the_order_in_which_they_were_made_with_the_version_each_led_to()
    {
        var account = await AccountAsync("juliet");
        var version = await Store.Rosters.SaveAsync(account, Romeo);
        var nurse = await Store.Rosters.SaveAsync(account, Listed("nurse@x"));
        var romeo = await Store.Rosters.RemoveAsync(account, "romeo@x");
        var benvolio = await Store.Rosters.SaveAsync(account, Listed("benvolio@x"));

        var changes = await Store.Rosters.ChangesSinceAsync(account, version);

        Assert.Equal(
            [(nurse, "nurse@x", true), (romeo, "romeo@x", false), (benvolio, "benvolio@x", true)],
            changes!.Steps.Select(step => (step.Version, step.Jid, step.Item is not null)));
    }

    [Fact]
    public async Task An_address_that_came_back_is_changed_and_not_removed()
    {
        var account = await AccountAsync("juliet");
        var version = await Store.Rosters.SaveAsync(account, Romeo);
        await Store.Rosters.RemoveAsync(account, "romeo@x");
        await Store.Rosters.SaveAsync(account, Romeo);

        var changes = await Store.Rosters.ChangesSinceAsync(account, version);

        Assert.Equal("romeo@x", changes!.Steps.Single().Item?.Jid);
    }

    [Fact]
    public async Task Versions_from_nowhere_or_too_long_ago_are_unknown()
    {
        var account = await AccountAsync("juliet");
        await Store.Rosters.SaveAsync(account, Romeo);
        Assert.Null(await Store.Rosters.ChangesSinceAsync(account, 2));
        Assert.Null(await Store.Rosters.ChangesSinceAsync(account, -1));
        for (var i = 0; i < 250; i++)
        {
            await Store.Rosters.SaveAsync(account, Listed($"a{i}@x"));
            await Store.Rosters.RemoveAsync(account, $"a{i}@x");
        }

        Assert.Null(await Store.Rosters.ChangesSinceAsync(account, 1));
        var recent = await Store.Rosters.ChangesSinceAsync(account, 400);
        Assert.Equal(51, recent!.Steps.Count);
    }

    static RosterItem Listed(string jid) => new(jid, true, null, [], Subscription.None, false, false, null);

    static RosterItem Unlisted(string jid) => Listed(jid) with { Listed = false };
}
