using System.Xml.Linq;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features.PubSub;

/// <summary>Nothing about nodes grows without a bound.</summary>
public sealed class LimitTests
{
    const string Namespace = "http://jabber.org/protocol/pubsub";

    [Theory]
    [InlineData("")]
    [InlineData("pubsub.localhost")]
    public async Task Nodes_items_bytes_and_lists_have_bounds(string to)
    {
        await using var server = await TestServer.StartAsync(
            null, null, "Limits:PubSubNodes=2", "Limits:PubSubItems=3", "Limits:PubSubBytes=400", "Limits:PubSubListEntries=1");
        await server.AddUserAsync("romeo");
        await using var romeo = await server.LoginAsync("romeo", "a");
        var options = $"<publish-options><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>{Namespace}#publish-options</value></field><field var='pubsub#max_items'><value>max</value></field></x></publish-options>";
        for (var i = 0; i < 5; i++)
        {
            Assert.Empty(await AskAsync(romeo, to, $"<publish node='n'><item id='{i}'><a xmlns='x'/></item></publish>{options}"));
        }

        await romeo.SendAsync($"<iq type='get' id='items' to='{(to.Length == 0 ? "romeo@localhost" : to)}'><pubsub xmlns='{Namespace}'><items node='n'/></pubsub></iq>");
        var items = await romeo.AwaitAsync("<iq type='result' id='items'/>");
        Assert.Equal(["4", "3", "2"], items.Descendants(XName.Get("item", Namespace)).Select(item => item.Attribute("id")!.Value));

        Assert.Empty(await AskAsync(romeo, to, $"<publish node='m'><item id='big'><a xmlns='x'>{new string('x', 300)}</a></item></publish>"));
        Assert.Equal(["resource-constraint"], await AskAsync(romeo, to, $"<publish node='n'><item id='big'><a xmlns='x'>{new string('x', 100)}</a></item></publish>"));
        Assert.Equal(["not-acceptable", "max-nodes-exceeded"], await AskAsync(romeo, to, "<create node='o'/>"));
        Assert.Equal(["not-acceptable", "max-nodes-exceeded"], await AskAsync(romeo, to, "<publish node='o'><item><a xmlns='x'/></item></publish>"));
        Assert.Empty(await AskAsync(romeo, to, "<subscribe node='n' jid='romeo@localhost'/>"));
        Assert.Equal(["policy-violation", "too-many-subscriptions"], await AskAsync(romeo, to, "<subscribe node='n' jid='romeo@localhost/a'/>"));
    }

    /// <summary>The conditions of the error, or nothing.</summary>
    static async Task<string[]> AskAsync(Wire wire, string to, string request)
    {
        var id = Guid.NewGuid().ToString("N");
        await wire.SendAsync($"<iq type='set' id='{id}'{(to.Length == 0 ? "" : $" to='{to}'")}><pubsub xmlns='{Namespace}'>{request}</pubsub></iq>");
        var answer = await wire.AwaitAsync($"<iq id='{id}'/>");
        return [.. answer.Elements(XName.Get("error", "jabber:client")).Elements().Where(element => element.Name.LocalName != "text").Select(element => element.Name.LocalName)];
    }
}
