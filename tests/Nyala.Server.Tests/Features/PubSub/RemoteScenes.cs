using Nyala.Server.Tests.Routing;
using Nyala.Testing;
using Nyala.Xmpp.Payloads;
using Xunit;

namespace Nyala.Server.Tests.Features.PubSub;

/// <summary>Nodes, and those on other servers who have to do with them.</summary>
public sealed class RemoteScenes
{
    const string Juliet = "juliet@example.com";
    const string Namespace = "http://jabber.org/protocol/pubsub";
    const string Item = "<item id='i'><a xmlns='urn:a'/></item>";

    [Fact]
    public async Task A_contact_elsewhere_tells_what_it_wants_and_hears_of_it()
    {
        await using var world = await FakeWorld.StartAsync();
        await using var romeo = await world.RomeoAsync();
        await world.Others.SendAsync($"<presence from='{Juliet}' to='romeo@localhost' type='subscribe'/>");
        await romeo.AwaitAsync($"<presence from='{Juliet}' type='subscribe'/>");
        await romeo.SendAsync($"<presence to='{Juliet}' type='subscribed'/>");
        await UntilAsync(world, $"<presence from='romeo@localhost/orchard' to='{Juliet}'");
        await PublishAsync(romeo, "first");

        var info = new DiscoInfo([new DiscoIdentity("client", "phone", "Elsewhere")], ["n+notify"], []);
        await world.Others.SendAsync($"<presence from='{Juliet}/b' to='romeo@localhost'><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:c' ver='{Caps.Ver(info)}'/></presence>");
        var question = await UntilAsync(world, "<iq type='get' id='caps-");
        var id = question.Split(" id='")[1].Split('\'')[0];
        await world.Others.SendAsync($"<iq from='{Juliet}/b' to='localhost' type='result' id='{id}'>{info.ToElement()}</iq>");
        Assert.Contains("<item id='first'>", await UntilAsync(world, $"<message from='romeo@localhost' to='{Juliet}/b'"), StringComparison.Ordinal);

        await PublishAsync(romeo, "second");
        Assert.Contains("<item id='second'>", await UntilAsync(world, $"<message from='romeo@localhost' to='{Juliet}/b'"), StringComparison.Ordinal);
        await world.Others.SendAsync($"<presence from='{Juliet}/b' to='romeo@localhost' type='unavailable'/>");
        await PublishAsync(romeo, "third");
        Assert.True(world.Others.HasNothing);
        await world.Others.SendAsync($"<iq from='{Juliet}/b' to='romeo@localhost' type='get' id='r'><pubsub xmlns='{Namespace}'><items node='n'/></pubsub></iq>");
        Assert.Contains("<item id='third'>", await UntilAsync(world, $"<iq from='romeo@localhost' to='{Juliet}/b' type='result' id='r'"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stranger_elsewhere_follows_an_open_node_until_it_is_gone()
    {
        await using var world = await FakeWorld.StartAsync();
        await using var romeo = await world.RomeoAsync();
        await AskAsync(romeo, $"<pubsub xmlns='{Namespace}'><create node='n'/></pubsub>", "pubsub.localhost");
        await world.Others.SendAsync($"<iq from='{Juliet}/b' to='pubsub.localhost' type='set' id='c'><pubsub xmlns='{Namespace}'><create node='mine'/></pubsub></iq>");
        Assert.Contains("<forbidden", await UntilAsync(world, $"<iq from='pubsub.localhost' to='{Juliet}/b' type='error' id='c'"), StringComparison.Ordinal);
        await world.Others.SendAsync($"<iq from='{Juliet}/b' to='pubsub.localhost' type='set' id='s'><pubsub xmlns='{Namespace}'><subscribe node='n' jid='{Juliet}'/></pubsub></iq>");
        await UntilAsync(world, $"<iq from='pubsub.localhost' to='{Juliet}/b' type='result' id='s'");
        await AskAsync(romeo, $"<pubsub xmlns='{Namespace}'><publish node='n'>{Item}</publish></pubsub>", "pubsub.localhost");
        await UntilAsync(world, $"<message from='pubsub.localhost' to='{Juliet}'");
        await world.Others.SendAsync($"<message from='{Juliet}' to='pubsub.localhost' type='error'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
        await AskAsync(romeo, $"<pubsub xmlns='{Namespace}'><publish node='n'>{Item}</publish></pubsub>", "pubsub.localhost");
        Assert.True(world.Others.HasNothing);
    }

    static Task PublishAsync(Wire wire, string id) =>
        AskAsync(wire, $"<pubsub xmlns='{Namespace}'><publish node='n'><item id='{id}'><a xmlns='urn:a'/></item></publish></pubsub>", "romeo@localhost");

    static async Task AskAsync(Wire wire, string request, string to)
    {
        var id = Guid.NewGuid().ToString("N");
        await wire.SendAsync($"<iq type='set' id='{id}' to='{to}'>{request}</iq>");
        await wire.AwaitAsync($"<iq type='result' id='{id}'/>");
    }

    /// <summary>The next stanza for elsewhere that begins so.</summary>
    static async Task<string> UntilAsync(FakeWorld world, string start)
    {
        string taken;
        do
        {
            taken = await world.Others.NextAsync();
        }
        while (!taken.StartsWith(start, StringComparison.Ordinal));
        return taken;
    }
}
