using Xunit;

namespace Nyala.Server.Tests.Features.PubSub;

/// <summary>Who may read, subscribe and publish, and who is told (XEP-0060 §4, §9; XEP-0163 §4).</summary>
public sealed class AccessScenes(SharedServer shared) : PubSubScene(shared)
{
    [Fact]
    public async Task A_contact_hears_and_reads_and_a_stranger_finds_nobody()
    {
        var juliet = await InterestedAsync(Juliet, "balcony", "n");
        var romeo = await ArriveAsync(Romeo);
        await PublishAsync(romeo, "n");
        await juliet.ExpectNothingAsync();
        await DeniedAsync(juliet, "get", Items("n"), "not-authorized", "presence-subscription-required", Romeo);
        await RefusedAsync(juliet, "get", Items("m"), "service-unavailable", Romeo);
        await SubscribeAsync(juliet, romeo);
        await PublishAsync(romeo, "n");
        await EventAsync(juliet, Romeo, "n", $"<item id='current'>{Mood}</item>");
        Assert.Equal(["current"], await IdsAsync(juliet, "n", Romeo));
        await RefusedAsync(juliet, "get", Items("m"), "item-not-found", Romeo);
        await RefusedAsync(juliet, "set", Publish("n"), "forbidden", Romeo);
        await RefusedAsync(juliet, "set", Publish("new"), "item-not-found", Romeo);
        await RefusedAsync(juliet, "set", Asks("<retract node='n'><item id='current'/></retract>"), "forbidden", Romeo);
        await RefusedAsync(juliet, "set", Asks("<create node='new'/>"), "forbidden", Romeo);
        foreach (var (type, request) in ((string, string)[])
            [("get", "<configure node='n'/>"), ("set", "<purge node='n'/>"), ("set", "<delete node='n'/>"), ("get", "<affiliations node='n'/>"), ("get", "<subscriptions node='n'/>")])
        {
            await RefusedAsync(juliet, type, Owns(request), "forbidden", Romeo);
        }
    }

    [Fact]
    public async Task Who_comes_is_sent_the_last_item_of_each_contact_once()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await SubscribeAsync(juliet, romeo);
        await PublishAsync(romeo, "n", "a", options: ("max_items", "5"));
        await PublishAsync(romeo, "n", "b");
        await PublishAsync(romeo, "quiet", options: ("send_last_published_item", "never"));
        await TellInterestAsync(juliet, "n", "quiet");
        await juliet.AwaitAsync($"<message type='headline' from='{Romeo}'><event xmlns='{Event}'><items node='n'><item id='b'>{Mood}</item></items></event><delay xmlns='urn:xmpp:delay' from='{Romeo}'/></message>");
        await juliet.SendAsync("<presence><show>away</show></presence>");
        await SettleAsync(juliet);
        await juliet.ExpectNothingAsync();
    }

    [Fact]
    public async Task Who_is_let_in_while_interested_is_sent_the_last_item()
    {
        var romeo = await ArriveAsync(Romeo);
        await PublishAsync(romeo, "n", "a");
        var juliet = await InterestedAsync(Juliet, "balcony", "n");
        await juliet.SendAsync($"<presence type='subscribe' to='{Romeo}'/>");
        await romeo.AwaitAsync($"<presence type='subscribe' from='{Juliet}'/>");
        await romeo.SendAsync($"<presence type='subscribed' to='{Juliet}'/>");
        await EventAsync(juliet, Romeo, "n", "<item id='a'/>");
    }

    [Fact]
    public async Task A_hash_that_does_not_fit_holds_only_for_who_says_so()
    {
        var romeo = await ArriveAsync(Romeo);
        var phone = await LoginAsync(Romeo, "liar");
        var honest = await LoginAsync(Romeo, "honest");
        const string Presence = "<presence><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:example:poison' ver='q07IKJEyjvHSyhy//CH0CxmKi8w='/></presence>";
        const string Question = "<iq type='get' from='localhost'><query xmlns='http://jabber.org/protocol/disco#info' node='urn:example:poison#q07IKJEyjvHSyhy//CH0CxmKi8w='/></iq>";
        await phone.SendAsync(Presence);
        var asked = await phone.AwaitAsync(Question);
        await honest.SendAsync(Presence);
        await SettleAsync(honest);
        await phone.SendAsync($"<iq type='result' id='{asked.Attribute("id")!.Value}' to='localhost'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='client' type='pc'/><feature var='n+notify'/></query></iq>");
        await SettleAsync(phone);
        await honest.AwaitAsync(Question);
        await PublishAsync(romeo, "n");
        await EventAsync(phone, Romeo, "n", "<item id='current'/>");
        await SettleAsync(honest);
        await honest.ExpectNothingAsync();
    }

    [Fact]
    public async Task Who_blocks_and_who_is_blocked_hear_nothing()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await InterestedAsync(Juliet, "balcony", "n");
        await SubscribeAsync(juliet, romeo);
        await PublishAsync(romeo, "n", options: ("access_model", "open"));
        await EventAsync(juliet, Romeo, "n", "<item/>");
        await AskAsync(romeo, "set", Asks($"<subscribe node='n' jid='{Romeo}'/>"));
        await AskAsync(romeo, "set", $"<block xmlns='urn:xmpp:blocking'><item jid='{Juliet}'/></block>");
        await SettleAsync(juliet);
        await PublishAsync(romeo, "n");
        await SettleAsync(juliet);
        await juliet.ExpectNothingAsync();
        await RefusedAsync(juliet, "get", Items("n"), "service-unavailable", Romeo);
        await AskAsync(romeo, "set", "<unblock xmlns='urn:xmpp:blocking'/>");
        await AskAsync(juliet, "set", $"<block xmlns='urn:xmpp:blocking'><item jid='{Romeo}'/></block>");
        await SettleAsync(juliet);
        await PublishAsync(romeo, "n");
        await juliet.ExpectNothingAsync();
    }

    [Fact]
    public async Task A_roster_node_is_for_its_groups()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await InterestedAsync(Juliet, "balcony", "n");
        await SubscribeAsync(juliet, romeo);
        await PublishAsync(romeo, "n", options: [("access_model", "roster"), ("roster_groups_allowed", "Friends"), ("roster_groups_allowed", "Family")]);
        await juliet.ExpectNothingAsync();
        await DeniedAsync(juliet, "get", Items("n"), "not-authorized", "not-in-roster-group", Romeo);
        await DeniedAsync(juliet, "set", Asks($"<subscribe node='n' jid='{Juliet}'/>"), "not-authorized", "not-in-roster-group", Romeo);
        await AskAsync(romeo, "set", $"<query xmlns='jabber:iq:roster'><item jid='{Juliet}'><group>Family</group></item></query>");
        await AskAsync(romeo, "get", Owns("<configure node='n'/>"),
            $"<pubsub xmlns='{Owner}'><configure><x xmlns='jabber:x:data'><field var='pubsub#roster_groups_allowed'><value>Friends</value><value>Family</value><option><value>Family</value></option></field></x></configure></pubsub>");
        await PublishAsync(romeo, "n");
        await EventAsync(juliet, Romeo, "n", "<item/>");
        Assert.Single(await IdsAsync(juliet, "n", Romeo));
    }

    [Fact]
    public async Task A_whitelist_is_for_its_members()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await InterestedAsync(Juliet, "balcony", "n");
        await SubscribeAsync(juliet, romeo);
        await PublishAsync(romeo, "n", options: ("access_model", "whitelist"));
        await juliet.ExpectNothingAsync();
        await DeniedAsync(juliet, "get", Items("n"), "not-allowed", "closed-node", Romeo);
        await DeniedAsync(juliet, "set", Asks($"<subscribe node='n' jid='{Juliet}'/>"), "not-allowed", "closed-node", Romeo);
        await AskAsync(romeo, "set", Owns($"<affiliations node='n'><affiliation jid='{Juliet}' affiliation='member'/></affiliations>"));
        await PublishAsync(romeo, "n");
        await EventAsync(juliet, Romeo, "n", "<item/>");
        Assert.Single(await IdsAsync(juliet, "n", Romeo));
        await RefusedAsync(juliet, "set", Publish("n"), "forbidden", Romeo);
    }

    [Fact]
    public async Task Affiliations_say_what_somebody_may_do()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await PublishAsync(romeo, "n", "his", options: [("access_model", "open"), ("max_items", "9")]);
        await AffiliateAsync("outcast");
        await RefusedAsync(juliet, "get", Items("n"), "forbidden", Romeo);
        await RefusedAsync(juliet, "set", Asks($"<subscribe node='n' jid='{Juliet}'/>"), "forbidden", Romeo);
        await AffiliateAsync("publish-only");
        await PublishAsync(juliet, "n", "hers", to: Romeo);
        await RefusedAsync(juliet, "set", Publish("n", "his"), "forbidden", Romeo);
        await RefusedAsync(juliet, "set", Asks("<retract node='n'><item id='his'/></retract>"), "forbidden", Romeo);
        await AskAsync(juliet, "set", Asks("<retract node='n'><item id='hers'/></retract>"), to: Romeo);
        await RefusedAsync(juliet, "get", Items("n"), "forbidden", Romeo);
        await AffiliateAsync("publisher");
        await PublishAsync(juliet, "n", "his", to: Romeo);
        Assert.Equal(["his"], await IdsAsync(juliet, "n", Romeo));
        await RefusedAsync(juliet, "set", Owns("<purge node='n'/>"), "forbidden", Romeo);
        await AskAsync(juliet, "get", Asks("<affiliations/>"), $"<pubsub xmlns='{PubSub}'><affiliations><affiliation node='n' affiliation='publisher'/></affiliations></pubsub>", Romeo);
        await AffiliateAsync("owner");
        await AskAsync(juliet, "set", Owns("<purge node='n'/>"), to: Romeo);
        await AffiliateAsync("none");
        await AskAsync(romeo, "get", Owns("<affiliations node='n'/>"), $"<pubsub xmlns='{Owner}'><affiliations node='n'><affiliation jid='{Romeo}' affiliation='owner'/></affiliations></pubsub>");
        await RefusedAsync(juliet, "set", Publish("n"), "forbidden", Romeo);
        await RefusedAsync(romeo, "set", Owns($"<affiliations node='n'><affiliation jid='{Romeo}' affiliation='none'/></affiliations>"), "not-acceptable");
        await RefusedAsync(romeo, "set", Owns($"<affiliations node='n'><affiliation jid='{Juliet}' affiliation='king'/></affiliations>"), "bad-request");
        await RefusedAsync(romeo, "set", Owns($"<affiliations node='n'><affiliation jid='{Juliet}' affiliation='member'/><affiliation jid='{Juliet}/x' affiliation='owner'/></affiliations>"), "bad-request");

        Task AffiliateAsync(string affiliation) =>
            AskAsync(romeo, "set", Owns($"<affiliations node='n'><affiliation jid='{Juliet}' affiliation='{affiliation}'/></affiliations>"));
    }

    [Fact]
    public async Task Everybody_may_publish_where_the_node_says_so_and_each_keeps_to_its_own()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await PublishAsync(romeo, "n", "his", options: [("access_model", "open"), ("publish_model", "subscribers"), ("max_items", "9"), ("itemreply", "publisher")]);
        await RefusedAsync(juliet, "set", Publish("n", "hers"), "forbidden", Romeo);
        await AskAsync(juliet, "set", Asks($"<subscribe node='n' jid='{Juliet}'/>"), to: Romeo);
        await PublishAsync(juliet, "n", "hers", to: Romeo);
        await RefusedAsync(juliet, "set", Publish("n", "his"), "forbidden", Romeo);
        await AskAsync(juliet, "get", Items("n"), $"<pubsub xmlns='{PubSub}'><items><item id='hers' publisher='{juliet.Address}'/><item id='his' publisher='{romeo.Address}'/></items></pubsub>", Romeo);
        await AskAsync(romeo, "set", Configure("n", ("publish_model", "open")));
        await AskAsync(juliet, "set", Asks($"<unsubscribe node='n' jid='{Juliet}'/>"), to: Romeo);
        await PublishAsync(juliet, "n", "hers", to: Romeo);
        await AskAsync(juliet, "set", Asks("<retract node='n'><item id='hers'/></retract>"), to: Romeo);
    }
}
