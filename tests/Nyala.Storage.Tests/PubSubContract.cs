namespace Nyala.Storage.Tests;

/// <summary>PubSub nodes on every engine.</summary>
public abstract class PubSubContract(StoreFixture fixture) : StoreContract(fixture)
{
    [Fact]
    public async Task Nodes_of_accounts_and_of_the_service_are_apart()
    {
        var account = await AccountAsync("juliet");
        var own = await CreateAsync(account, "n");
        var other = await CreateAsync(null, "n", "romeo@x");
        Assert.Null(await Store.PubSub.CreateAsync(account, "n", [1], null, Time.GetUtcNow()));
        Assert.Null(await Store.PubSub.CreateAsync(null, "n", [1], "romeo@x", Time.GetUtcNow()));
        Assert.Equal([own.Id], (await Store.PubSub.LoadAsync(account)).Select(node => node.Id));
        var loaded = Assert.Single(await Store.PubSub.LoadAsync(null));
        Assert.Equal(other.Id, loaded.Id);
        Assert.Equal(PubSubAffiliation.Owner, loaded.Affiliations["romeo@x"]);
        Assert.Equal((byte[])[1], loaded.Configuration);
        Assert.Equal(Time.GetUtcNow(), loaded.CreatedAt);
        await Store.PubSub.ConfigureAsync(own.Id, [2, 3]);
        Assert.Equal((byte[])[2, 3], Assert.Single(await Store.PubSub.LoadAsync(account)).Configuration);
        Assert.True(await Store.PubSub.DeleteAsync(own.Id));
        Assert.False(await Store.PubSub.DeleteAsync(own.Id));
        Assert.Empty(await Store.PubSub.LoadAsync(account));
    }

    [Fact]
    public async Task Items_come_newest_first_and_the_sums_are_right()
    {
        var node = await CreateAsync(await AccountAsync("juliet"), "n");
        await PublishAsync(node, "a", 10, max: 3);
        await PublishAsync(node, "b", 20, max: 3);
        await PublishAsync(node, "c", 30, max: 3);
        var again = await PublishAsync(node, "a", 5, max: 3);
        Assert.Equal((3, 55L), (again.Items, again.Bytes));
        Assert.Empty(again.Dropped);
        var dropping = await PublishAsync(node, "d", 1, max: 2);
        Assert.Equal(["b", "c"], dropping.Dropped.Order());
        Assert.Equal((2, 6L), (dropping.Items, dropping.Bytes));
        Assert.Equal(["d", "a"], await IdsAsync(node, new(10)));
        Assert.Equal((1, 5L), await Store.PubSub.RetractAsync(node.Id, "d"));
        Assert.Null(await Store.PubSub.RetractAsync(node.Id, "d"));
        await Store.PubSub.PurgeAsync(node.Id);
        Assert.Empty(await IdsAsync(node, new(10)));
        Assert.Equal((1, 7L), await PublishAsync(node, "e", 7, max: 2) is var last ? (last.Items, last.Bytes) : default);
    }

    [Fact]
    public async Task A_full_node_may_reject_and_items_may_be_kept_by_their_publisher()
    {
        var node = await CreateAsync(await AccountAsync("juliet"), "n");
        await PublishAsync(node, "a", 1, max: 1, reject: true);
        Assert.Equal(PubSubPublishOutcome.Full, (await PublishAsync(node, "b", 1, max: 1, reject: true)).Outcome);
        Assert.Equal(PubSubPublishOutcome.Published, (await PublishAsync(node, "a", 2, max: 1, reject: true)).Outcome);
        Assert.Equal(PubSubPublishOutcome.NotTheirs, (await PublishAsync(node, "a", 3, max: 1, keptBy: "romeo@x")).Outcome);
        Assert.Equal(PubSubPublishOutcome.Published, (await PublishAsync(node, "a", 3, max: 1, keptBy: "juliet@x")).Outcome);
        Assert.Null(await Store.PubSub.PublishAsync(new(404, new("a", "x", Time.GetUtcNow(), []), 1, false, null, null)));
    }

    [Fact]
    public async Task Pages_begin_anywhere_and_expired_items_are_not_seen()
    {
        var node = await CreateAsync(await AccountAsync("juliet"), "n");
        foreach (var id in (string[])["0", "1", "2", "3", "4"])
        {
            await PublishAsync(node, id, 1, max: 100);
            Time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(["4", "3"], await IdsAsync(node, new(2), 5, 0));
        Assert.Equal(["2", "1"], await IdsAsync(node, new(2, After: "3"), 5, 2));
        Assert.Equal(["3", "2"], await IdsAsync(node, new(2, Before: "1"), 5, 1));
        Assert.Equal(["1", "0"], await IdsAsync(node, new(2, Before: ""), 5, 3));
        Assert.Equal(["3", "2"], await IdsAsync(node, new(2, Index: 1), 5, 1));
        Assert.Equal(["1", "3"], await IdsAsync(node, new(9, ["1", "9", "3"])));
        Assert.Empty(await IdsAsync(node, new(0), 5));
        Assert.Null(await Store.PubSub.ReadAsync(node.Id, new(2, After: "9")));
        Assert.Null(await Store.PubSub.ReadAsync(node.Id, new(2, Before: "9")));
        var since = Time.GetUtcNow().AddMinutes(-2);
        Assert.Equal(["4", "3"], await IdsAsync(node, new(9, Since: since), 2, 0));
        Assert.Empty(await IdsAsync(node, new(9, ["1"], Since: since)));
        var published = await Store.PubSub.PublishAsync(new(node.Id, new("5", "juliet@x/a", Time.GetUtcNow(), [1]), 100, false, since, null));
        Assert.Equal((3, 3L), (published!.Items, published.Bytes));
    }

    [Fact]
    public async Task The_newest_of_several_nodes_are_read_at_once()
    {
        var account = await AccountAsync("juliet");
        var (one, two) = (await CreateAsync(account, "one"), await CreateAsync(account, "two"));
        await PublishAsync(one, "a", 1);
        await PublishAsync(one, "b", 2, max: 2);
        var newest = await Store.PubSub.NewestAsync([one.Id, two.Id]);
        Assert.Equal("b", Assert.Single(newest).Value.Id);
        Assert.Equal("b", (await Store.PubSub.NewestAsync(account, "one"))!.Value.Item.Id);
        Assert.Null(await Store.PubSub.NewestAsync(account, "two"));
        Assert.Null(await Store.PubSub.NewestAsync(account, "three"));
        await AccountAsync("romeo");
        Assert.Equal(["juliet"], await Store.PubSub.FindPublishersAsync(["romeo", "juliet", "nobody"], new HashSet<string> { "two", "x" }));
        Assert.Empty(await Store.PubSub.FindPublishersAsync(["romeo", "juliet"], new HashSet<string> { "x" }));
    }

    [Fact]
    public async Task Lists_are_kept_and_an_entity_leaves_all_of_them()
    {
        var account = await AccountAsync("juliet");
        var (own, shared, orphan) = (await CreateAsync(account, "n"), await CreateAsync(null, "shared", "romeo@x"), await CreateAsync(null, "orphan", "romeo@x"));
        await Store.PubSub.AffiliateAsync(own.Id, new Dictionary<string, PubSubAffiliation?> { ["romeo@x"] = PubSubAffiliation.Member, ["paris@x"] = PubSubAffiliation.Outcast });
        await Store.PubSub.AffiliateAsync(own.Id, new Dictionary<string, PubSubAffiliation?> { ["paris@x"] = null, ["nurse@x"] = PubSubAffiliation.Publisher });
        await Store.PubSub.AffiliateAsync(shared.Id, new Dictionary<string, PubSubAffiliation?> { ["juliet@x"] = PubSubAffiliation.Owner });
        await Store.PubSub.SubscribeAsync(own.Id, new Dictionary<string, PubSubSubscription?> { ["romeo@x/a"] = new("romeo@x/a", true), ["nurse@x"] = new("nurse@x", true) });
        await Store.PubSub.SubscribeAsync(own.Id, new Dictionary<string, PubSubSubscription?> { ["nurse@x"] = new("nurse@x", false) });
        var loaded = Assert.Single(await Store.PubSub.LoadAsync(account));
        Assert.Equal(["nurse@x", "romeo@x"], loaded.Affiliations.Keys.Order());
        Assert.Equal([new("nurse@x", false), new("romeo@x/a", true)], loaded.Subscriptions.OrderBy(subscription => subscription.Jid));

        Assert.Equal([own.Id, shared.Id, orphan.Id], (await Store.PubSub.ForgetAsync("romeo@x")).Order());
        loaded = Assert.Single(await Store.PubSub.LoadAsync(account));
        Assert.Equal(["nurse@x"], loaded.Affiliations.Keys);
        Assert.Equal(["nurse@x"], loaded.Subscriptions.Select(subscription => subscription.Jid));
        Assert.Equal(["shared"], (await Store.PubSub.LoadAsync(null)).Select(node => node.Name));
    }

    [Fact]
    public async Task With_the_account_go_its_nodes()
    {
        var account = await AccountAsync("juliet");
        var node = await CreateAsync(account, "n");
        await PublishAsync(node, "a", 1);
        await Store.PubSub.SubscribeAsync(node.Id, new Dictionary<string, PubSubSubscription?> { ["romeo@x"] = new("romeo@x", false) });
        await Store.Accounts.RemoveAsync(account);
        Assert.Empty(await Store.PubSub.LoadAsync(account));
        Assert.Empty((await Store.PubSub.ReadAsync(node.Id, new(1)))!.Items);
        Assert.Empty(await Store.PubSub.ForgetAsync("romeo@x"));
    }

    [Fact]
    public async Task What_was_published_is_there_after_reopening()
    {
        var account = await AccountAsync("juliet");
        await PublishAsync(await CreateAsync(account, "n"), "a", 3);
        await Fixture.ReopenAsync();
        var node = Assert.Single(await Store.PubSub.LoadAsync(account));
        Assert.Equal((1, 3L), (node.Items, node.Bytes));
        Assert.Equal(["a"], await IdsAsync(node, new(9)));
    }

    async Task<PubSubNode> CreateAsync(long? account, string name, string? owner = null) =>
        (await Store.PubSub.CreateAsync(account, name, [1], owner, Time.GetUtcNow()))!;

    async Task<PubSubPublished> PublishAsync(PubSubNode node, string id, int bytes, int max = 1, bool reject = false, string? keptBy = null) =>
        (await Store.PubSub.PublishAsync(new(node.Id, new(id, "juliet@x/a", Time.GetUtcNow(), new byte[bytes]), max, reject, null, keptBy)))!;

    async Task<string[]> IdsAsync(PubSubNode node, PubSubQuery query, int? count = null, int? index = null)
    {
        var page = (await Store.PubSub.ReadAsync(node.Id, query))!;
        Assert.Equal(count ?? page.Count, page.Count);
        Assert.Equal(index ?? page.Index, page.Index);
        return [.. page.Items.Select(item => item.Id)];
    }
}
