using Xunit;

namespace Nyala.Server.Tests.Features.PubSub;

/// <summary>The PubSub service on its own domain.</summary>
public sealed class ServiceScenes(SharedServer shared) : PubSubScene(shared)
{
    const string Service = "pubsub.localhost";

    static int Nodes;

    readonly string _node = $"news{Interlocked.Increment(ref Nodes)}";

    [Fact]
    public async Task The_service_is_found_and_says_what_it_can()
    {
        var romeo = await LoginAsync(Romeo);
        await AskAsync(romeo, "get", "<query xmlns='http://jabber.org/protocol/disco#items'/>", $"<query xmlns='http://jabber.org/protocol/disco#items'><item jid='{Service}'/></query>", "localhost");
        await AskAsync(romeo, "get", "<query xmlns='http://jabber.org/protocol/disco#info'/>",
            "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='pubsub' type='service'/><feature var='http://jabber.org/protocol/pubsub#create-nodes'/></query>", Service);
        await AskAsync(romeo, "get", "<ping xmlns='urn:xmpp:ping'/>", to: Service);
        await RefusedAsync(romeo, "get", "<query xmlns='jabber:iq:last'/>", "service-unavailable", Service);
        await RefusedAsync(romeo, "get", "<ping xmlns='urn:xmpp:ping'/>", "service-unavailable", "somebody@" + Service);
    }

    [Fact]
    public async Task Who_creates_a_node_owns_it_and_others_follow_it()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await AskAsync(romeo, "set", Asks($"<create node='{_node}'/><configure>{Form("node_config", ("title", "News"), ("notification_type", "normal"))}</configure>"), to: Service);
        await AskAsync(juliet, "get", "<query xmlns='http://jabber.org/protocol/disco#items'/>", $"<query xmlns='http://jabber.org/protocol/disco#items'><item jid='{Service}' node='{_node}' name='News'/></query>", Service);
        await AskAsync(juliet, "set", Asks($"<subscribe node='{_node}' jid='{Juliet}'/>"), to: Service);
        await PublishAsync(romeo, _node, "1", to: Service);
        await EventAsync(juliet, Service, _node, $"<item id='1'>{Mood}</item>", "normal");
        await RefusedAsync(juliet, "set", Publish(_node), "forbidden", Service);
        await RefusedAsync(juliet, "set", Owns($"<delete node='{_node}'/>"), "forbidden", Service);
        await AskAsync(romeo, "get", Asks("<affiliations/>"), $"<pubsub xmlns='{PubSub}'><affiliations><affiliation node='{_node}' affiliation='owner'/></affiliations></pubsub>", Service);
        await RefusedAsync(romeo, "set", Owns($"<affiliations node='{_node}'><affiliation jid='{Romeo}' affiliation='none'/></affiliations>"), "not-acceptable", Service);
        await AskAsync(romeo, "set", Owns($"<delete node='{_node}'/>"), to: Service);
        await juliet.AwaitAsync($"<message from='{Service}'><event xmlns='{Event}'><delete node='{_node}'/></event></message>");
    }

    [Fact]
    public async Task Publishing_makes_a_node_and_an_approval_goes_to_the_service()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await PublishAsync(romeo, _node, "1", Mood, Service, ("access_model", "authorize"));
        await AskAsync(juliet, "set", Asks($"<subscribe node='{_node}' jid='{Juliet}'/>"), $"<pubsub xmlns='{PubSub}'><subscription subscription='pending'/></pubsub>", Service);
        await romeo.AwaitAsync($"<message from='{Service}'><x xmlns='jabber:x:data' type='form'/></message>");
        var answer = Form("subscribe_authorization", ("node", _node), ("subscriber_jid", Juliet), ("allow", "1"));
        await juliet.SendAsync($"<message to='{Service}'>{answer}</message>");
        await SettleAsync(juliet);
        await RefusedAsync(juliet, "get", Items(_node), "not-authorized", Service);
        await romeo.SendAsync($"<message to='{Service}'>{answer}</message>");
        await juliet.AwaitAsync($"<message from='{Service}'><event xmlns='{Event}'><subscription node='{_node}' subscription='subscribed'/></event></message>");
        await EventAsync(juliet, Service, _node, "<item id='1'/>");
        await romeo.SendAsync($"<message to='{Service}' id='chat'><body>Hello?</body></message>");
        await romeo.AwaitAsync("<message type='error' id='chat'><error><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
    }

    [Fact]
    public async Task A_presence_node_of_the_service_goes_by_its_owners_roster()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await PublishAsync(romeo, _node, "1", Mood, Service, ("access_model", "presence"));
        await DeniedAsync(juliet, "get", Items(_node), "not-authorized", "presence-subscription-required", Service);
        await SubscribeAsync(juliet, romeo);
        Assert.Equal(["1"], await IdsAsync(juliet, _node, Service));
    }

    [Fact]
    public async Task With_its_last_owner_a_node_goes()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await PublishAsync(romeo, _node, "1", to: Service);
        await romeo.SendAsync("<iq type='set' id='bye'><query xmlns='jabber:iq:register'><remove/></query></iq>");
        await romeo.ExpectStreamErrorAsync("not-authorized");
        await RefusedAsync(juliet, "get", Items(_node), "item-not-found", Service);
    }
}
