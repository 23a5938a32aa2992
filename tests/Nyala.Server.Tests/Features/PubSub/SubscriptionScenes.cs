using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features.PubSub;

/// <summary>XEP-0060 §6.1, §6.2, §8.6, §8.8.</summary>
public sealed class NodeSubscriptionScenes(SharedServer shared) : PubSubScene(shared)
{
    [Fact]
    public async Task A_stranger_subscribes_to_an_open_node_and_leaves_again()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await PublishAsync(romeo, "n", "a", options: ("access_model", "open"));
        await juliet.SendAsync($"<iq type='set' id='s' to='{Romeo}'>{Asks($"<subscribe node='n' jid='{Juliet}'/>")}</iq>");
        await EventAsync(juliet, Romeo, "n", "<item id='a'/>");
        await PublishAsync(romeo, "n", "b");
        await EventAsync(juliet, Romeo, "n", "<item id='b'/>");
        await AskAsync(juliet, "set", Asks($"<subscribe node='n' jid='{Juliet}'/>"),
            $"<pubsub xmlns='{PubSub}'><subscription node='n' jid='{Juliet}' subscription='subscribed'/></pubsub>", Romeo);
        await AskAsync(juliet, "get", Asks("<subscriptions/>"), $"<pubsub xmlns='{PubSub}'><subscriptions><subscription node='n' jid='{Juliet}' subscription='subscribed'/></subscriptions></pubsub>", Romeo);
        await AskAsync(romeo, "get", Owns("<subscriptions node='n'/>"), $"<pubsub xmlns='{Owner}'><subscriptions node='n'><subscription jid='{Juliet}' subscription='subscribed'/></subscriptions></pubsub>");
        await AskAsync(juliet, "set", Asks($"<unsubscribe node='n' jid='{Juliet}'/>"), to: Romeo);
        await PublishAsync(romeo, "n", "c");
        await SettleAsync(juliet);
        await juliet.ExpectNothingAsync();
        await DeniedAsync(juliet, "set", Asks($"<unsubscribe node='n' jid='{Juliet}'/>"), "unexpected-request", "not-subscribed", Romeo);
    }

    [Fact]
    public async Task One_resource_may_subscribe_for_itself()
    {
        var romeo = await ArriveAsync(Romeo);
        var balcony = await ArriveAsync(Juliet, "balcony");
        var chamber = await ArriveAsync(Juliet, "chamber");
        await PublishAsync(romeo, "n", "a", options: [("access_model", "open"), ("send_last_published_item", "never")]);
        await AskAsync(balcony, "set", Asks($"<subscribe node='n' jid='{balcony.Address}'/>"), to: Romeo);
        await PublishAsync(romeo, "n", "b");
        await EventAsync(balcony, Romeo, "n", "<item id='b'/>");
        await SettleAsync(chamber);
        await chamber.ExpectNothingAsync();
    }

    [Fact]
    public async Task Who_subscribes_and_is_interested_hears_everything_once()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await InterestedAsync(Juliet, "balcony", "n");
        await SubscribeAsync(juliet, romeo);
        await PublishAsync(romeo, "n", "a", options: ("access_model", "open"));
        await EventAsync(juliet, Romeo, "n", "<item id='a'/>");
        await AskAsync(juliet, "set", Asks($"<subscribe node='n' jid='{Juliet}'/>"), to: Romeo);
        await SettleAsync(juliet);
        await PublishAsync(romeo, "n", "b");
        await EventAsync(juliet, Romeo, "n", "<item id='b'/>");
        await SettleAsync(juliet);
        await juliet.ExpectNothingAsync();
    }

    [Fact]
    public async Task A_request_waits_for_the_owner()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await PublishAsync(romeo, "n", "a", options: ("access_model", "authorize"));
        await DeniedAsync(juliet, "get", Items("n"), "not-authorized", "not-subscribed", Romeo);
        await AskAsync(juliet, "set", Asks($"<subscribe node='n' jid='{Juliet}'/>"), $"<pubsub xmlns='{PubSub}'><subscription node='n' jid='{Juliet}' subscription='pending'/></pubsub>", Romeo);
        await ApprovalAsync(romeo, "0");
        await juliet.AwaitAsync($"<message from='{Romeo}'><event xmlns='{Event}'><subscription node='n' jid='{Juliet}' subscription='none'/></event></message>");
        await AskAsync(juliet, "set", Asks($"<subscribe node='n' jid='{Juliet}'/>"), to: Romeo);
        await DeniedAsync(juliet, "set", Asks($"<subscribe node='n' jid='{Juliet}'/>"), "not-authorized", "pending-subscription", Romeo);
        await DeniedAsync(juliet, "get", Items("n"), "not-authorized", "not-subscribed", Romeo);
        await ApprovalAsync(romeo, "true");
        await juliet.AwaitAsync($"<message from='{Romeo}'><event xmlns='{Event}'><subscription node='n' jid='{Juliet}' subscription='subscribed'/></event></message>");
        await EventAsync(juliet, Romeo, "n", "<item id='a'/>");
        Assert.Single(await IdsAsync(juliet, "n", Romeo));
        await romeo.ExpectNothingAsync();
    }

    [Fact]
    public async Task An_affiliation_settles_what_is_waiting()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await PublishAsync(romeo, "n", "a", options: [("access_model", "authorize"), ("send_last_published_item", "never")]);
        await AskAsync(juliet, "set", Asks($"<subscribe node='n' jid='{Juliet}'/>"), to: Romeo);
        await AskAsync(romeo, "set", Owns($"<affiliations node='n'><affiliation jid='{Juliet}' affiliation='member'/></affiliations>"));
        await juliet.AwaitAsync($"<message><event xmlns='{Event}'><subscription node='n' jid='{Juliet}' subscription='subscribed'/></event></message>");
        await AskAsync(romeo, "set", Owns($"<affiliations node='n'><affiliation jid='{Juliet}' affiliation='outcast'/></affiliations>"));
        await juliet.AwaitAsync($"<message><event xmlns='{Event}'><subscription node='n' jid='{Juliet}' subscription='none'/></event></message>");
    }

    [Fact]
    public async Task An_owner_subscribes_and_unsubscribes_others()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await PublishAsync(romeo, "n", "a", options: ("access_model", "open"));
        await AskAsync(romeo, "set", Owns($"<subscriptions node='n'><subscription jid='{Juliet}' subscription='subscribed'/></subscriptions>"));
        await juliet.AwaitAsync($"<message><event xmlns='{Event}'><subscription node='n' jid='{Juliet}' subscription='subscribed'/></event></message>");
        await PublishAsync(romeo, "n", "b");
        await EventAsync(juliet, Romeo, "n", "<item id='b'/>");
        await AskAsync(romeo, "set", Owns($"<subscriptions node='n'><subscription jid='{Juliet}' subscription='none'/></subscriptions>"));
        await juliet.AwaitAsync($"<message><event xmlns='{Event}'><subscription node='n' jid='{Juliet}' subscription='none'/></event></message>");
        await RefusedAsync(romeo, "set", Owns($"<subscriptions node='n'><subscription jid='{Juliet}' subscription='perhaps'/></subscriptions>"), "not-acceptable");
        await RefusedAsync(romeo, "set", Owns("<subscriptions node='n'><subscription jid='@' subscription='none'/></subscriptions>"), "bad-request");
    }

    [Fact]
    public async Task Subscribing_wrongly_is_refused()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await PublishAsync(romeo, "n", options: ("access_model", "open"));
        await DeniedAsync(juliet, "set", Asks($"<subscribe node='n' jid='{Romeo}'/>"), "bad-request", "invalid-jid", Romeo);
        await DeniedAsync(juliet, "set", Asks("<subscribe node='n' jid='@'/>"), "bad-request", "invalid-jid", Romeo);
        await DeniedAsync(juliet, "set", Asks("<subscribe node='n'/>"), "bad-request", "jid-required", Romeo);
        await DeniedAsync(juliet, "set", Asks($"<subscribe jid='{Juliet}'/>"), "bad-request", "nodeid-required", Romeo);
        await RefusedAsync(juliet, "set", Asks($"<unsubscribe node='n' jid='{Romeo}'/>"), "forbidden", Romeo);
        await PublishAsync(romeo, "closed", options: ("subscribe", "0"));
        await DeniedAsync(romeo, "set", Asks($"<subscribe node='closed' jid='{Romeo}'/>"), "feature-not-implemented", "unsupported");
        await RefusedAsync(romeo, "set", Asks($"<subscribe node='none' jid='{Romeo}'/>"), "item-not-found");
    }

    [Fact]
    public async Task Who_is_removed_leaves_nothing_behind()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await PublishAsync(romeo, "n", options: ("access_model", "open"));
        await AskAsync(juliet, "set", Asks($"<subscribe node='n' jid='{Juliet}'/>"), to: Romeo);
        await AskAsync(romeo, "set", Owns($"<affiliations node='n'><affiliation jid='{Juliet}' affiliation='member'/></affiliations>"));
        await juliet.SendAsync("<iq type='set' id='bye'><query xmlns='jabber:iq:register'><remove/></query></iq>");
        await juliet.ExpectStreamErrorAsync("not-authorized");
        var left = await AskAsync(romeo, "get", Owns("<subscriptions node='n'/>"), $"<pubsub xmlns='{Owner}'><subscriptions node='n'/></pubsub>");
        Assert.DoesNotContain(Juliet, left.ToString(), StringComparison.Ordinal);
        left = await AskAsync(romeo, "get", Owns("<affiliations node='n'/>"), $"<pubsub xmlns='{Owner}'><affiliations node='n'/></pubsub>");
        Assert.DoesNotContain(Juliet, left.ToString(), StringComparison.Ordinal);
    }

    async Task ApprovalAsync(Wire owner, string allow)
    {
        var form = await owner.AwaitAsync($"<message><x xmlns='jabber:x:data' type='form'><field var='FORM_TYPE'><value>{PubSub}#subscribe_authorization</value></field><field var='pubsub#node'><value>n</value></field><field var='pubsub#subscriber_jid'><value>{Juliet}</value></field><field var='pubsub#allow' type='boolean'/></x></message>");
        await owner.SendAsync($"<message to='{Romeo}' id='{form.Attribute("id")!.Value}'>{Form("subscribe_authorization", ("node", "n"), ("subscriber_jid", Juliet), ("allow", allow))}</message>");
    }
}
