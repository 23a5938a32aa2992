using System.Xml.Linq;
using Xunit;

namespace Nyala.Server.Tests.Features.PubSub;

/// <summary>XEP-0060 §7 at one's own account (XEP-0163).</summary>
public sealed class PublishingScenes(SharedServer shared) : PubSubScene(shared)
{
    [Fact]
    public async Task What_is_published_is_kept_and_read_again()
    {
        var romeo = await LoginAsync(Romeo);
        await PublishAsync(romeo, "urn:example:mood");
        var items = await AskAsync(romeo, "get", Items("urn:example:mood"),
            $"<pubsub xmlns='{PubSub}'><items node='urn:example:mood'><item id='current'>{Mood}</item></items></pubsub>");
        Assert.Single(items.Descendants(XName.Get("item", PubSub)));
    }

    [Fact]
    public async Task An_item_without_an_id_gets_one()
    {
        var romeo = await LoginAsync(Romeo);
        var answer = await PublishAsync(romeo, "n", id: null);
        var id = answer.Descendants(XName.Get("item", PubSub)).Single().Attribute("id")!.Value;
        Assert.Equal([id], await IdsAsync(romeo, "n"));
    }

    [Fact]
    public async Task A_node_of_an_account_keeps_one_item_unless_it_is_configured_otherwise()
    {
        var romeo = await LoginAsync(Romeo);
        await PublishAsync(romeo, "n", "a");
        await PublishAsync(romeo, "n", "b");
        Assert.Equal(["b"], await IdsAsync(romeo, "n"));
        await AskAsync(romeo, "set", Configure("n", ("max_items", "2")));
        await PublishAsync(romeo, "n", "c");
        await PublishAsync(romeo, "n", "d");
        Assert.Equal(["d", "c"], await IdsAsync(romeo, "n"));
    }

    [Fact]
    public async Task Publishing_an_id_again_makes_it_the_newest()
    {
        var romeo = await LoginAsync(Romeo);
        foreach (var id in (string[])["a", "b", "c", "a"])
        {
            await PublishAsync(romeo, "n", id, options: ("max_items", "max"));
        }

        Assert.Equal(["a", "c", "b"], await IdsAsync(romeo, "n"));
    }

    [Fact]
    public async Task Options_make_the_node_and_are_conditions_from_then_on()
    {
        var romeo = await LoginAsync(Romeo);
        (string, string)[] options = [("access_model", "whitelist"), ("persist_items", "true"), ("max_items", "max"), ("send_last_published_item", "never")];
        await PublishAsync(romeo, "n", options: options);
        await AskAsync(romeo, "get", Owns("<configure node='n'/>"), $"<pubsub xmlns='{Owner}'><configure node='n'><x xmlns='jabber:x:data' type='form'>"
            + "<field var='pubsub#access_model'><value>whitelist</value></field><field var='pubsub#max_items'><value>max</value></field>"
            + "<field var='pubsub#send_last_published_item'><value>never</value></field></x></configure></pubsub>");
        await PublishAsync(romeo, "n", options: options);
        await PublishAsync(romeo, "n", options: ("max_items", "4000000000"));
        await DeniedAsync(romeo, "set", Publish("n", options: ("access_model", "open")), "conflict", "precondition-not-met");
        await DeniedAsync(romeo, "set", Publish("n", options: ("unheard_of", "1")), "conflict", "precondition-not-met");
        await DeniedAsync(romeo, "set", Publish("other", options: ("unheard_of", "1")), "conflict", "precondition-not-met");
        await RefusedAsync(romeo, "get", Items("other"), "item-not-found");
        Assert.Single(await IdsAsync(romeo, "n"));
    }

    [Fact]
    public async Task Own_devices_hear_what_they_want_to_hear_of()
    {
        var phone = await InterestedAsync(Romeo, "phone", "n");
        var tablet = await InterestedAsync(Romeo, "tablet", "n", "other");
        var watch = await ArriveAsync(Romeo, "watch");
        await PublishAsync(watch, "n");
        await EventAsync(phone, Romeo, "n", $"<item id='current'>{Mood}</item>");
        await EventAsync(tablet, Romeo, "n", $"<item id='current'>{Mood}</item>");
        await PublishAsync(watch, "other");
        await EventAsync(tablet, Romeo, "other", "<item id='current'/>");
        await watch.ExpectNothingAsync();
        await SettleAsync(phone);
        await phone.ExpectNothingAsync();
    }

    [Fact]
    public async Task Items_are_taken_back_and_those_concerned_hear_of_it()
    {
        var phone = await InterestedAsync(Romeo, "phone", "n");
        await PublishAsync(phone, "n", "a", options: ("max_items", "3"));
        await PublishAsync(phone, "n", "b");
        await AskAsync(phone, "set", Asks("<retract node='n' notify='true'><item id='a'/></retract>"));
        await SettleAsync(phone);
        await AskAsync(phone, "set", Asks("<retract node='n' notify='0'><item id='b'/></retract>"));
        await phone.ExpectNothingAsync();
        Assert.Empty(await IdsAsync(phone, "n"));
        await RefusedAsync(phone, "set", Asks("<retract node='n'><item id='a'/></retract>"), "item-not-found");
        await RefusedAsync(phone, "set", Asks("<retract node='m'><item id='a'/></retract>"), "item-not-found");
        await DeniedAsync(phone, "set", Asks("<retract><item id='a'/></retract>"), "bad-request", "nodeid-required");
        await DeniedAsync(phone, "set", Asks("<retract node='n'/>"), "bad-request", "item-required");
        await DeniedAsync(phone, "set", Asks("<retract node='n'><item/></retract>"), "bad-request", "item-required");
    }

    [Fact]
    public async Task A_retraction_names_the_item()
    {
        var phone = await InterestedAsync(Romeo, "phone", "n");
        var tablet = await LoginAsync(Romeo, "tablet");
        await PublishAsync(tablet, "n", "a");
        await EventAsync(phone, Romeo, "n", "<item id='a'/>");
        await AskAsync(tablet, "set", Asks("<retract node='n'><item id='a'/></retract>"));
        await EventAsync(phone, Romeo, "n", "<retract id='a'/>");
    }

    [Theory]
    [InlineData("<publish><item id='a'><a xmlns='x'/></item></publish>", "bad-request", "nodeid-required")]
    [InlineData("<publish node='n'/>", "bad-request", "item-required")]
    [InlineData("<publish node='n'><item id='a'/></publish>", "bad-request", "payload-required")]
    [InlineData("<publish node='n'><item id='a'><a xmlns='x'/><b xmlns='x'/></item></publish>", "bad-request", "invalid-payload")]
    [InlineData("<publish node='n'><item id='a'><a xmlns='x'/></item><item id='b'><a xmlns='x'/></item></publish>", "bad-request", "invalid-payload")]
    [InlineData("<publish node='n'><item id='a'><a xmlns='x'/></item></publish><publish-options/>", "bad-request", "invalid-options")]
    public async Task A_publication_that_makes_no_sense_is_refused(string publish, string condition, string own) =>
        await DeniedAsync(await LoginAsync(Romeo), "set", Asks(publish), condition, own);

    [Fact]
    public async Task A_node_that_keeps_nothing_only_tells()
    {
        var phone = await InterestedAsync(Romeo, "phone", "n");
        var tablet = await LoginAsync(Romeo, "tablet");
        await AskAsync(tablet, "set", Asks($"<create node='n'/><configure>{Form("node_config", ("persist_items", "0"), ("deliver_payloads", "0"))}</configure>"));
        await AskAsync(tablet, "set", Asks("<publish node='n'/>"));
        await phone.AwaitAsync($"<message><event xmlns='{Event}'><items node='n'/></event></message>");
        await DeniedAsync(tablet, "set", Publish("n"), "bad-request", "item-forbidden");
        await DeniedAsync(tablet, "get", Items("n"), "feature-not-implemented", "unsupported");
        await DeniedAsync(tablet, "set", Asks("<retract node='n'><item id='a'/></retract>"), "feature-not-implemented", "unsupported");
        await DeniedAsync(tablet, "set", Owns("<purge node='n'/>"), "feature-not-implemented", "unsupported");
    }

    [Fact]
    public async Task A_node_may_insist_on_its_payloads_namespace_and_size()
    {
        var romeo = await LoginAsync(Romeo);
        await PublishAsync(romeo, "n", payload: "<a xmlns='urn:a'/>", options: [("type", "urn:a"), ("max_payload_size", "40")]);
        await DeniedAsync(romeo, "set", Publish("n", payload: "<a xmlns='urn:b'/>"), "bad-request", "invalid-payload");
        await DeniedAsync(romeo, "set", Publish("n", payload: $"<a xmlns='urn:a'>{new string('x', 40)}</a>"), "not-acceptable", "payload-too-big");
        await DeniedAsync(romeo, "set", Publish("m", payload: $"<a xmlns='urn:a'>{new string('x', 262_144)}</a>"), "not-acceptable", "payload-too-big");
    }

    [Theory]
    [InlineData("retract-oldest", true)]
    [InlineData("discard-oldest", false)]
    public async Task A_full_node_gives_up_its_oldest_item(string behaviour, bool tells)
    {
        var phone = await InterestedAsync(Romeo, "phone", "n");
        var tablet = await LoginAsync(Romeo, "tablet");
        foreach (var id in (string[])["a", "b", "c"])
        {
            await PublishAsync(tablet, "n", id, options: [("max_items", "2"), ("publish_node_full", behaviour)]);
        }

        await EventAsync(phone, Romeo, "n", "<item id='b'/>");
        if (tells)
        {
            await EventAsync(phone, Romeo, "n", "<retract id='a'/>");
        }

        await EventAsync(phone, Romeo, "n", "<item id='c'/>");
        await phone.ExpectNothingAsync();
        Assert.Equal(["c", "b"], await IdsAsync(tablet, "n"));
    }

    [Fact]
    public async Task A_full_node_may_refuse_what_is_new_but_never_what_replaces()
    {
        var romeo = await LoginAsync(Romeo);
        await PublishAsync(romeo, "n", "a", options: [("max_items", "1"), ("publish_node_full", "reject")]);
        await DeniedAsync(romeo, "set", Publish("n", "b"), "conflict", "node-full");
        await PublishAsync(romeo, "n", "a");
        Assert.Equal(["a"], await IdsAsync(romeo, "n"));
    }

    [Fact]
    public async Task Events_come_in_the_order_of_publication_and_before_the_next_answer()
    {
        var phone = await InterestedAsync(Romeo, "phone", "n");
        var tablet = await LoginAsync(Romeo, "tablet");
        for (var i = 0; i < 30; i++)
        {
            await tablet.SendAsync($"<iq type='set' id='p{i}'>{Publish("n", $"i{i}")}</iq>");
        }

        for (var i = 0; i < 30; i++)
        {
            await phone.ExpectAsync($"<message from='{Romeo}'><event xmlns='{Event}'><items node='n'><item id='i{i}'/></items></event></message>");
            await tablet.ExpectAsync($"<iq type='result' id='p{i}'/>");
        }
    }

    [Fact]
    public async Task Nothing_of_it_is_ever_history()
    {
        var phone = await InterestedAsync(Romeo, "phone", "n");
        await PublishAsync(phone, "n", options: ("notification_type", "chat"));
        await PublishAsync(phone, "n");
        var fin = await AskAsync(phone, "set", "<query xmlns='urn:xmpp:mam:2'/>", "<fin xmlns='urn:xmpp:mam:2'/>");
        Assert.Equal("0", fin.Descendants(XName.Get("count", "http://jabber.org/protocol/rsm")).Single().Value);
    }
}
