using Xunit;

namespace Nyala.Server.Tests.Features.PubSub;

/// <summary>XEP-0060 §8.1 to §8.5, and what service discovery says of nodes.</summary>
public sealed class NodeScenes(SharedServer shared) : PubSubScene(shared)
{
    [Fact]
    public async Task Nodes_are_created_with_and_without_a_name()
    {
        var romeo = await LoginAsync(Romeo);
        await AskAsync(romeo, "set", Asks("<create node='n'/>"), $"<pubsub xmlns='{PubSub}'><create node='n'/></pubsub>");
        await RefusedAsync(romeo, "set", Asks("<create node='n'/>"), "conflict");
        var made = await AskAsync(romeo, "set", Asks("<create/><configure/>"), $"<pubsub xmlns='{PubSub}'><create/></pubsub>");
        var name = made.Descendants(System.Xml.Linq.XName.Get("create", PubSub)).Single().Attribute("node")!.Value;
        await PublishAsync(romeo, name);
        await RefusedAsync(romeo, "set", Asks($"<create node='m'/><configure node='m'>{Form("node_config")}</configure>"), "bad-request");
        await RefusedAsync(romeo, "set", Asks($"<create node='m'/><configure>{Form("node_config", ("access_model", "magic"))}</configure>"), "not-acceptable");
        await RefusedAsync(romeo, "set", Asks($"<create node='{new string('m', 600)}'/>"), "not-acceptable");
        await AskAsync(romeo, "set", Asks($"<create node='m'/><configure>{Form("node_config", ("access_model", "open"), ("title", "Mine"), ("unheard_of", "1"))}</configure>"));
        await AskAsync(romeo, "get", "<query xmlns='http://jabber.org/protocol/disco#info' node='m'/>",
            "<query xmlns='http://jabber.org/protocol/disco#info' node='m'><identity category='pubsub' type='leaf'/><x xmlns='jabber:x:data' type='result'>"
            + "<field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#meta-data</value></field><field var='pubsub#title'><value>Mine</value></field><field var='pubsub#access_model'><value>open</value></field></x></query>", Romeo);
    }

    [Fact]
    public async Task A_node_is_configured_with_a_form()
    {
        var phone = await InterestedAsync(Romeo, "phone", "n");
        var romeo = await LoginAsync(Romeo, "tablet");
        await AskAsync(romeo, "get", Owns("<default/>"), $"<pubsub xmlns='{Owner}'><default><x xmlns='jabber:x:data' type='form'><field var='pubsub#access_model' type='list-single'><value>presence</value><option><value>open</value></option></field></x></default></pubsub>");
        await PublishAsync(romeo, "n", "a");
        await EventAsync(phone, Romeo, "n", "<item id='a'/>");
        await AskAsync(romeo, "set", Configure("n", ("notify_config", "1"), ("title", "Moods")));
        await phone.AwaitAsync($"<message><event xmlns='{Event}'><configuration node='n'><x xmlns='jabber:x:data' type='result'><field var='pubsub#title'><value>Moods</value></field></x></configuration></event></message>");
        await AskAsync(romeo, "set", Owns("<configure node='n'><x xmlns='jabber:x:data' type='cancel'/></configure>"));
        await RefusedAsync(romeo, "set", Configure("n", ("max_items", "0")), "not-acceptable");
        await RefusedAsync(romeo, "set", Configure("n", ("persist_items", "perhaps")), "not-acceptable");
        await RefusedAsync(romeo, "set", Owns("<configure node='n'/>"), "bad-request");
        await RefusedAsync(romeo, "get", Owns("<configure node='m'/>"), "item-not-found");
        await DeniedAsync(romeo, "get", Owns("<configure/>"), "bad-request", "nodeid-required");
    }

    [Fact]
    public async Task A_node_is_purged_and_deleted()
    {
        var phone = await InterestedAsync(Romeo, "phone", "n");
        var romeo = await LoginAsync(Romeo, "tablet");
        await PublishAsync(romeo, "n", "a", options: ("max_items", "3"));
        await AskAsync(romeo, "set", Owns("<purge node='n'/>"));
        await phone.AwaitAsync($"<message><event xmlns='{Event}'><purge node='n'/></event></message>");
        Assert.Empty(await IdsAsync(romeo, "n"));
        await AskAsync(romeo, "set", Owns("<delete node='n'><redirect uri='xmpp:elsewhere@localhost?;node=n'/></delete>"));
        await phone.AwaitAsync($"<message><event xmlns='{Event}'><delete node='n'><redirect uri='xmpp:elsewhere@localhost?;node=n'/></delete></event></message>");
        await RefusedAsync(romeo, "get", Items("n"), "item-not-found");
        await RefusedAsync(romeo, "set", Owns("<delete node='n'/>"), "item-not-found");
        await PublishAsync(romeo, "n", "b");
        Assert.Equal(["b"], await IdsAsync(romeo, "n"));
    }

    [Fact]
    public async Task Nodes_are_found_by_those_who_may_use_them()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await PublishAsync(romeo, "seen");
        await PublishAsync(romeo, "hidden", options: ("access_model", "whitelist"));
        await SubscribeAsync(juliet, romeo);
        const string Query = "<query xmlns='http://jabber.org/protocol/disco#items'/>";
        var found = await AskAsync(juliet, "get", Query, $"<query xmlns='http://jabber.org/protocol/disco#items'><item jid='{Romeo}' node='seen'/></query>", Romeo);
        Assert.DoesNotContain("hidden", found.ToString(), StringComparison.Ordinal);
        await AskAsync(romeo, "get", Query, $"<query xmlns='http://jabber.org/protocol/disco#items'><item jid='{Romeo}' node='hidden'/><item jid='{Romeo}' node='seen'/></query>", Romeo);
        await AskAsync(juliet, "get", "<query xmlns='http://jabber.org/protocol/disco#items' node='seen'/>", $"<query xmlns='http://jabber.org/protocol/disco#items' node='seen'><item jid='{Romeo}' name='current'/></query>", Romeo);
        await RefusedAsync(juliet, "get", "<query xmlns='http://jabber.org/protocol/disco#info' node='hidden'/>", "item-not-found", Romeo);
        await RefusedAsync(juliet, "get", "<query xmlns='http://jabber.org/protocol/disco#info' node='none'/>", "item-not-found", Romeo);
        await AskAsync(juliet, "get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='pubsub' type='pep'/><feature var='http://jabber.org/protocol/pubsub#publish-options'/></query>", Romeo);
    }

    [Theory]
    [InlineData("get", "<pubsub xmlns='http://jabber.org/protocol/pubsub'/>")]
    [InlineData("set", "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='n'/></pubsub>")]
    [InlineData("get", "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='n'/></pubsub>")]
    [InlineData("set", "<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><default/></pubsub>")]
    [InlineData("get", "<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'/>")]
    public async Task What_is_no_request_is_refused(string type, string request) => await RefusedAsync(await LoginAsync(Romeo), type, request, "bad-request");
}
