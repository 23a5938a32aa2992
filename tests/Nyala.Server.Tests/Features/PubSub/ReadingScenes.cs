using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features.PubSub;

/// <summary>XEP-0060 §6.5: reading items, the newest first.</summary>
public sealed class ReadingScenes(SharedServer shared) : PubSubScene(shared)
{
    const string Rsm = "http://jabber.org/protocol/rsm";

    [Fact]
    public async Task Items_are_read_page_by_page_from_either_end()
    {
        var romeo = await FilledAsync(7);
        Assert.Equal(["6", "5", "4"], await PageAsync(romeo, "<max>3</max>", "<first index='0'>6</first><last>4</last><count>7</count>"));
        Assert.Equal(["3", "2", "1"], await PageAsync(romeo, "<max>3</max><after>4</after>", "<first index='3'>3</first><last>1</last><count>7</count>"));
        Assert.Equal(["0"], await PageAsync(romeo, "<max>3</max><after>1</after>", "<first index='6'>0</first><last>0</last><count>7</count>"));
        Assert.Empty(await PageAsync(romeo, "<max>3</max><after>0</after>", "<count>7</count>"));
        Assert.Equal(["2", "1", "0"], await PageAsync(romeo, "<max>3</max><before/>", "<first index='4'>2</first><last>0</last><count>7</count>"));
        Assert.Equal(["5", "4", "3"], await PageAsync(romeo, "<max>3</max><before>2</before>", "<first index='1'>5</first><last>3</last><count>7</count>"));
        Assert.Equal(["4", "3"], await PageAsync(romeo, "<max>2</max><index>2</index>", "<first index='2'>4</first><last>3</last><count>7</count>"));
        Assert.Empty(await PageAsync(romeo, "<max>0</max>", "<count>7</count>"));
        await RefusedAsync(romeo, "get", Asks($"<items node='n'/><set xmlns='{Rsm}'><after>nothing</after></set>"), "item-not-found");
        await RefusedAsync(romeo, "get", Asks($"<items node='n'/><set xmlns='{Rsm}'><max>many</max></set>"), "bad-request");
    }

    [Fact]
    public async Task The_most_recent_and_particular_items_can_be_asked_for()
    {
        var romeo = await FilledAsync(4);
        Assert.Equal(["3", "2"], await IdsAsync(romeo, "n", attributes: "max_items='2'"));
        Assert.Equal(["3", "2", "1", "0"], await IdsAsync(romeo, "n", attributes: "max_items='200000'"));
        Assert.Equal(["1", "3"], await IdsAsync(romeo, "n", content: "<item id='1'/><item id='nothing'/><item id='3'/><item id='1'/>"));
        Assert.Empty(await IdsAsync(romeo, "n", content: "<item id='nothing'/>"));
        await RefusedAsync(romeo, "get", Items("n", attributes: "max_items='0'"), "bad-request");
        await RefusedAsync(romeo, "get", Items("n", attributes: "max_items='-1'"), "bad-request");
        await RefusedAsync(romeo, "get", Items("n", content: "<item/>"), "bad-request");
        await RefusedAsync(romeo, "get", Items("m"), "item-not-found");
        await DeniedAsync(romeo, "get", Asks("<items/>"), "bad-request", "nodeid-required");
    }

    [Fact]
    public async Task An_answer_is_never_too_large_and_says_where_it_ends()
    {
        var romeo = await LoginAsync(Romeo);
        for (var i = 0; i < 4; i++)
        {
            await PublishAsync(romeo, "n", $"{i}", $"<a xmlns='x'>{new string('x', 150_000)}</a>", options: ("max_items", "max"));
        }

        Assert.Equal(["3", "2"], await PageAsync(romeo, "", "<first index='0'>3</first><last>2</last><count>4</count>"));
        Assert.Equal(["1", "0"], await PageAsync(romeo, "<after>2</after>", "<first index='2'>1</first><last>0</last><count>4</count>"));
    }

    async Task<Wire> FilledAsync(int items)
    {
        var romeo = await LoginAsync(Romeo);
        for (var i = 0; i < items; i++)
        {
            await PublishAsync(romeo, "n", $"{i}", options: ("max_items", "max"));
        }

        return romeo;
    }

    static async Task<string[]> PageAsync(Wire wire, string set, string answer)
    {
        var page = await AskAsync(wire, "get", Asks($"<items node='n'/><set xmlns='{Rsm}'>{set}</set>"), $"<pubsub xmlns='{PubSub}'><set xmlns='{Rsm}'>{answer}</set></pubsub>");
        return [.. page.Descendants(System.Xml.Linq.XName.Get("item", PubSub)).Select(item => item.Attribute("id")!.Value)];
    }
}
