using System.Xml.Linq;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features.PubSub;

/// <summary>Options of subscriptions, what waits for approval, and what a change of access does to subscribers (XEP-0060 §6.3, §8.7, §12; XEP-0163).</summary>
public sealed class SubscriptionOptionScenes(SharedServer shared) : PubSubScene(shared)
{
    const string Service = "pubsub.localhost";

    [Fact]
    public async Task A_subscriber_switches_delivery_off_and_on()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await PublishAsync(romeo, "n", "a", options: [("access_model", "open"), ("send_last_published_item", "never")]);
        await AskAsync(juliet, "set", Asks($"<subscribe node='n' jid='{Juliet}'/>"), to: Romeo);
        await AskAsync(juliet, "get", Asks($"<options node='n' jid='{Juliet}'/>"), Shown("1"), Romeo);
        await AskAsync(juliet, "set", Chosen("0"), to: Romeo);
        await AskAsync(juliet, "get", Asks($"<options node='n' jid='{Juliet}'/>"), Shown("0"), Romeo);
        await PublishAsync(romeo, "n", "b");
        await SettleAsync(juliet);
        await juliet.ExpectNothingAsync();
        await AskAsync(juliet, "set", Chosen("1"), to: Romeo);
        await PublishAsync(romeo, "n", "c");
        await EventAsync(juliet, Romeo, "n", "<item id='c'/>");
        await AskAsync(juliet, "get", Asks("<default node='n'/>"), $"<pubsub xmlns='{PubSub}'><default node='n'><x xmlns='jabber:x:data' type='form'/></default></pubsub>", Romeo);
    }

    [Fact]
    public async Task A_subscription_may_be_configured_when_it_is_made()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await PublishAsync(romeo, "n", "a", options: ("access_model", "open"));
        await AskAsync(juliet, "set", Asks($"<subscribe node='n' jid='{Juliet}'/><options>{Form("subscribe_options", ("deliver", "0"))}</options>"), to: Romeo);
        await PublishAsync(romeo, "n", "b");
        await SettleAsync(juliet);
        await juliet.ExpectNothingAsync();
        await DeniedAsync(juliet, "set", Asks($"<subscribe node='n' jid='{Juliet}'/><options>{Form("subscribe_options", ("digest", "1"))}</options>"), "bad-request", "invalid-options", Romeo);
    }

    [Fact]
    public async Task Options_are_refused_where_they_do_not_belong()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await PublishAsync(romeo, "n", "a", options: ("access_model", "open"));
        await DeniedAsync(juliet, "get", Asks($"<options node='n' jid='{Juliet}'/>"), "unexpected-request", "not-subscribed", Romeo);
        await DeniedAsync(juliet, "get", Asks("<options node='n'/>"), "bad-request", "jid-required", Romeo);
        await DeniedAsync(juliet, "get", Asks($"<options jid='{Juliet}'/>"), "bad-request", "nodeid-required", Romeo);
        await RefusedAsync(juliet, "get", Asks($"<options node='n' jid='{Romeo}'/>"), "forbidden", Romeo);
        await AskAsync(juliet, "set", Asks($"<subscribe node='n' jid='{Juliet}'/>"), to: Romeo);
        await DeniedAsync(juliet, "set", Asks($"<options node='n' jid='{Juliet}'/>"), "bad-request", "invalid-options", Romeo);
        await DeniedAsync(juliet, "set", Chosen("perhaps"), "bad-request", "invalid-options", Romeo);
    }

    [Theory]
    [InlineData("digest", "1")]
    [InlineData("digest_frequency", "86400000")]
    [InlineData("expire", "2030-01-01T00:00:00Z")]
    [InlineData("include_body", "1")]
    [InlineData("show-values", "chat")]
    [InlineData("subscription_type", "items")]
    [InlineData("subscription_depth", "all")]
    public async Task What_is_not_offered_is_refused_and_changes_nothing(string option, string value)
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await PublishAsync(romeo, "n", "a", options: ("access_model", "open"));
        await DeniedAsync(juliet, "set", Asks($"<subscribe node='n' jid='{Juliet}'/><options>{Form("subscribe_options", (option, value))}</options>"), "bad-request", "invalid-options", Romeo);
        await AskAsync(juliet, "set", Asks($"<subscribe node='n' jid='{Juliet}'/>"), to: Romeo);
        await DeniedAsync(juliet, "set", Asks($"<options node='n' jid='{Juliet}'>{Form("subscribe_options", ("deliver", "0"), (option, value))}</options>"), "bad-request", "invalid-options", Romeo);
        await AskAsync(juliet, "get", Asks($"<options node='n' jid='{Juliet}'/>"), Shown("1"), Romeo);
    }

    [Fact]
    public async Task Collections_and_ids_of_subscriptions_are_refused_by_name()
    {
        var romeo = await ArriveAsync(Romeo);
        await RefusesAsync(Asks($"<create node='c'/><configure>{Form("node_config", ("node_type", "collection"))}</configure>"), "cancel", "feature-not-implemented", "unsupported");
        await RefusesAsync(Asks($"<create node='c'/><configure>{Form("node_config", ("collection", "top"))}</configure>"), "cancel", "feature-not-implemented", "unsupported");
        await RefusesAsync(Asks($"<create node='c'/><configure>{Form("node_config", ("access_model", "paid"))}</configure>"), "modify", "not-acceptable", "unsupported-access-model");
        await AskAsync(romeo, "set", Asks("<create node='c'/>"), to: Service);
        await RefusesAsync(Configure("c", ("access_model", "paid")), "modify", "not-acceptable", "unsupported-access-model");
        await RefusesAsync(Asks($"<unsubscribe node='c' jid='{Romeo}' subid='1'/>"), "modify", "not-acceptable", "invalid-subid");
        await RefusesAsync(Asks($"<unsubscribe node='c' jid='{Romeo}'/>"), "cancel", "unexpected-request", "not-subscribed");
        await RefusesAsync(Asks($"<options node='c' jid='{Romeo}'>{Form("subscribe_options", ("deliver", "0"))}</options>"), "modify", "unexpected-request", "not-subscribed");
        await AskAsync(romeo, "get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", "<query xmlns='http://jabber.org/protocol/disco#info'>"
            + $"<feature var='{PubSub}#subscription-options'/></query>", Service);
        var info = await AskAsync(romeo, "get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", "", Service);
        foreach (var absent in (string[])["collections", "leased-subscription", "multi-subscribe", "multi-collection"])
        {
            Assert.DoesNotContain(info.Descendants(), feature => feature.Attribute("var")?.Value == $"{PubSub}#{absent}");
        }

        async Task RefusesAsync(string request, string type, string condition, string own)
        {
            await romeo.SendAsync($"<iq type='set' id='r' to='{Service}'>{request}</iq>");
            await romeo.AwaitAsync($"<iq type='error' id='r'><error type='{type}'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><{own} xmlns='http://jabber.org/protocol/pubsub#errors'/></error></iq>");
        }
    }

    [Fact]
    public async Task An_owner_asks_for_what_waits_for_approval()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        var node = "n-" + Guid.NewGuid().ToString("N");
        const string command = "http://jabber.org/protocol/commands", pending = PubSub + "#get-pending";
        await RefusedAsync(juliet, "set", $"<command xmlns='{command}' node='{pending}' action='execute'/>", "forbidden", Service);
        await AskAsync(romeo, "set", Asks($"<create node='{node}'/><configure>{Form("node_config", ("access_model", "authorize"))}</configure>"), to: Service);
        await AskAsync(juliet, "set", Asks($"<subscribe node='{node}' jid='{Juliet}'/>"), to: Service);
        await romeo.AwaitAsync($"<message from='{Service}'><x xmlns='jabber:x:data' type='form'/></message>");
        await AskAsync(romeo, "set", $"<command xmlns='{command}' node='{pending}' action='execute'/>",
            $"<command xmlns='{command}' node='{pending}' status='executing'><x xmlns='jabber:x:data' type='form'><field var='pubsub#node'><option><value>{node}</value></option></field></x></command>", Service);
        await romeo.SendAsync($"<iq type='set' id='p' to='{Service}'><command xmlns='{command}' node='{pending}' action='execute'><x xmlns='jabber:x:data' type='submit'><field var='pubsub#node'><value>{node}</value></field></x></command></iq>");
        await romeo.AwaitAsync($"<message from='{Service}'><x xmlns='jabber:x:data' type='form'><field var='pubsub#subscriber_jid'><value>{Juliet}</value></field></x></message>");
        await RefusedAsync(romeo, "set", $"<command xmlns='{command}' node='{pending}'><x xmlns='jabber:x:data' type='submit'><field var='pubsub#node'><value>nowhere</value></field></x></command>", "item-not-found", Service);
        await RefusedAsync(juliet, "set", $"<command xmlns='{command}' node='{pending}'><x xmlns='jabber:x:data' type='submit'><field var='pubsub#node'><value>{node}</value></field></x></command>", "forbidden", Service);
    }

    [Fact]
    public async Task A_node_that_is_closed_loses_its_subscribers()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await PublishAsync(romeo, "n", "a", options: [("access_model", "open"), ("send_last_published_item", "never")]);
        await AskAsync(juliet, "set", Asks($"<subscribe node='n' jid='{Juliet}'/>"), to: Romeo);
        await AskAsync(romeo, "set", Configure("n", ("access_model", "whitelist")));
        await juliet.AwaitAsync($"<message from='{Romeo}'><event xmlns='{Event}'><subscription node='n' jid='{Juliet}' subscription='none'/></event></message>");
        await AskAsync(romeo, "get", Owns("<subscriptions node='n'/>"), $"<pubsub xmlns='{Owner}'><subscriptions node='n'><absent:subscription xmlns:absent='!{Owner}'/></subscriptions></pubsub>");
    }

    [Fact]
    public async Task A_node_that_is_opened_needs_no_approval_any_more()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await PublishAsync(romeo, "n", "a", options: ("access_model", "authorize"));
        await AskAsync(juliet, "set", Asks($"<subscribe node='n' jid='{Juliet}'/>"), $"<pubsub xmlns='{PubSub}'><subscription subscription='pending'/></pubsub>", Romeo);
        await AskAsync(romeo, "set", Configure("n", ("access_model", "open")));
        await juliet.AwaitAsync($"<message from='{Romeo}'><event xmlns='{Event}'><subscription node='n' jid='{Juliet}' subscription='subscribed'/></event></message>");
        await EventAsync(juliet, Romeo, "n", "<item id='a'/>");
    }

    [Fact]
    public async Task A_contact_that_gains_access_is_sent_the_last_item()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await InterestedAsync(Juliet, "balcony", "n");
        await SubscribeAsync(juliet, romeo);
        await PublishAsync(romeo, "n", "a", options: ("access_model", "whitelist"));
        await SettleAsync(juliet);
        await juliet.ExpectNothingAsync();
        await AskAsync(romeo, "set", Configure("n", ("access_model", "presence")));
        await EventAsync(juliet, Romeo, "n", "<item id='a'/>");
        await AskAsync(romeo, "set", Configure("n", ("title", "A title")));
        await SettleAsync(juliet);
        await juliet.ExpectNothingAsync();
    }

    [Fact]
    public async Task Groups_of_the_roster_give_access_and_take_it()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await InterestedAsync(Juliet, "balcony", "n");
        await SubscribeAsync(juliet, romeo);
        await PublishAsync(romeo, "n", "a", options: [("access_model", "roster"), ("roster_groups_allowed", "Friends")]);
        await GroupAsync(romeo, "<group>Friends</group>");
        await EventAsync(juliet, Romeo, "n", "<item id='a'/>");
        await AskAsync(juliet, "set", Asks($"<subscribe node='n' jid='{Juliet}'/>"), to: Romeo);
        await GroupAsync(romeo, "<group>Others</group>");
        await juliet.AwaitAsync($"<message from='{Romeo}'><event xmlns='{Event}'><subscription node='n' jid='{Juliet}' subscription='none'/></event></message>");
    }

    [Fact]
    public async Task Who_may_not_see_the_presence_any_more_is_no_subscriber()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await SubscribeAsync(juliet, romeo);
        await PublishAsync(romeo, "n", "a", options: ("send_last_published_item", "never"));
        await AskAsync(juliet, "set", Asks($"<subscribe node='n' jid='{Juliet}'/>"), to: Romeo);
        await romeo.SendAsync($"<presence type='unsubscribed' to='{Juliet}'/>");
        await juliet.AwaitAsync($"<message from='{Romeo}'><event xmlns='{Event}'><subscription node='n' jid='{Juliet}' subscription='none'/></event></message>");
    }

    [Fact]
    public async Task A_new_picture_is_seen_in_presence_at_once_and_so_is_its_end()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await SubscribeAsync(juliet, romeo);
        await romeo.SendAsync("<presence><show>away</show></presence>");
        await juliet.AwaitAsync($"<presence from='{romeo.Address}'><show>away</show></presence>");
        await AskAsync(romeo, "set", "<vCard xmlns='vcard-temp'><PHOTO><TYPE>image/png</TYPE><BINVAL>AQIDBAU=</BINVAL></PHOTO></vCard>");
        var seen = await juliet.AwaitAsync($"<presence from='{romeo.Address}'><show>away</show><x xmlns='vcard-temp:x:update'><photo/></x></presence>");
        Assert.NotEmpty(seen.Descendants(XName.Get("photo", "vcard-temp:x:update")).Single().Value);
        await AskAsync(romeo, "set", "<vCard xmlns='vcard-temp'/>");
        seen = await juliet.AwaitAsync($"<presence from='{romeo.Address}'><show>away</show><x xmlns='vcard-temp:x:update'><photo/></x></presence>");
        Assert.Empty(seen.Descendants(XName.Get("photo", "vcard-temp:x:update")).Single().Value);
    }

    string Shown(string value) =>
        $"<pubsub xmlns='{PubSub}'><options node='n' jid='{Juliet}'><x xmlns='jabber:x:data' type='form'><field var='pubsub#deliver'><value>{value}</value></field></x></options></pubsub>";

    string Chosen(string value) => Asks($"<options node='n' jid='{Juliet}'>{Form("subscribe_options", ("deliver", value))}</options>");

    Task<XElement> GroupAsync(Wire romeo, string groups) =>
        AskAsync(romeo, "set", $"<query xmlns='jabber:iq:roster'><item jid='{Juliet}'>{groups}</item></query>");
}
