using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features;

/// <summary>XEP-0191 on the wire.</summary>
public sealed class BlockingScenes(SharedServer shared) : Scene(shared)
{
    [Fact]
    public async Task The_list_is_changed_before_the_eyes_of_those_who_asked_for_it()
    {
        var phone = await LoginAsync(Romeo);
        var tablet = await LoginAsync(Romeo, "tablet");
        var indifferent = await LoginAsync(Romeo, "watch");
        var list = await AskAsync(tablet, "get", "<blocklist xmlns='urn:xmpp:blocking'/>", "<blocklist xmlns='urn:xmpp:blocking'/>");
        Assert.Empty(list.Elements().Single().Elements());
        await BlockAsync(phone, Juliet, "tybalt@localhost/sword");
        await tablet.ExpectAsync($"<iq type='set' to='{tablet.Address}'><block xmlns='urn:xmpp:blocking'><item jid='{Juliet}'/><item jid='tybalt@localhost/sword'/></block></iq>");
        await AskAsync(phone, "set", $"<unblock xmlns='urn:xmpp:blocking'><item jid='{Juliet}'/></unblock>");
        await tablet.ExpectAsync($"<iq type='set'><unblock xmlns='urn:xmpp:blocking'><item jid='{Juliet}'/></unblock></iq>");
        await AskAsync(tablet, "get", "<blocklist xmlns='urn:xmpp:blocking'/>", "<blocklist xmlns='urn:xmpp:blocking'><item jid='tybalt@localhost/sword'/></blocklist>");
        await AskAsync(phone, "set", "<unblock xmlns='urn:xmpp:blocking'/>");
        var all = await tablet.ExpectAsync("<iq type='set'><unblock xmlns='urn:xmpp:blocking'/></iq>");
        Assert.Empty(all.Elements().Single().Elements());
        await indifferent.ExpectNothingAsync();
    }

    [Theory]
    [InlineData("<block xmlns='urn:xmpp:blocking'/>", "bad-request")]
    [InlineData("<block xmlns='urn:xmpp:blocking'><item/></block>", "bad-request")]
    [InlineData("<block xmlns='urn:xmpp:blocking'><item jid='@'/></block>", "jid-malformed")]
    public async Task A_list_that_makes_no_sense_is_refused(string block, string condition) =>
        await RefusedAsync(await LoginAsync(Romeo), "set", block, condition);

    [Fact]
    public async Task The_list_is_bounded()
    {
        var romeo = await LoginAsync(Romeo);
        await BlockAsync(romeo, [.. Enumerable.Range(0, 5).Select(i => $"b{i}@localhost")]);
        await BlockAsync(romeo, "b4@localhost");
        await RefusedAsync(romeo, "set", "<block xmlns='urn:xmpp:blocking'><item jid='b5@localhost'/></block>", "resource-constraint");
    }

    [Fact]
    public async Task Who_is_blocked_sees_the_contact_go_and_come_back()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await SubscribeAsync(romeo, juliet);
        await BlockAsync(juliet, Romeo);
        await romeo.ExpectAsync($"<presence type='unavailable' from='{juliet.Address}'/>");
        await juliet.SendAsync("<presence><show>away</show></presence>");
        await SettleAsync(juliet);
        await romeo.ExpectNothingAsync();
        await romeo.SendAsync("<presence><show>dnd</show></presence>");
        await romeo.ExpectAsync($"<presence from='{romeo.Address}'/>");
        await juliet.ExpectNothingAsync();
        await AskAsync(juliet, "set", "<unblock xmlns='urn:xmpp:blocking'/>");
        await romeo.ExpectAsync($"<presence from='{juliet.Address}'><show>away</show></presence>");
        await romeo.SendAsync($"<message type='chat' to='{Juliet}'><body>again</body></message>");
        await juliet.ExpectAsync($"<message from='{romeo.Address}'><body>again</body></message>");
        await romeo.ExpectNothingAsync();
    }

    [Fact]
    public async Task A_stranger_does_not_learn_that_it_was_blocked()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await BlockAsync(juliet, Romeo);
        await AskAsync(juliet, "set", "<unblock xmlns='urn:xmpp:blocking'/>");
        await romeo.ExpectNothingAsync();
    }

    [Fact]
    public async Task Who_is_blocked_finds_an_account_that_is_not_there()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await BlockAsync(juliet, Romeo);
        foreach (var to in (string[])[Juliet, "nobody@localhost"])
        {
            await romeo.SendAsync($"<message type='chat' id='m' to='{to}'><body>Hi</body></message>");
            await romeo.AwaitAsync($"<message type='error' id='m' from='{to}'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
            await romeo.SendAsync($"<message type='headline' to='{to}'><body>Hi</body></message>");
            await RefusedAsync(romeo, "get", "<ping xmlns='urn:xmpp:ping'/>", "service-unavailable", to + "/phone");
            await RefusedAsync(romeo, "get", "<vCard xmlns='vcard-temp'/>", "service-unavailable", to);
            await RefusedAsync(romeo, "get", "<query xmlns='jabber:iq:last'/>", "service-unavailable", to);
            await RefusedAsync(romeo, "get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", "service-unavailable", to);
            await romeo.SendAsync($"<presence to='{to}'/><presence to='{to}/phone'/><presence type='probe' to='{to}'/><presence type='subscribe' to='{to}'/>");
            await romeo.ExpectAsync($"<iq type='set'><query xmlns='jabber:iq:roster'><item jid='{to}' ask='subscribe'/></query></iq>");
            await romeo.ExpectNothingAsync();
        }

        await juliet.ExpectNothingAsync();
    }

    [Fact]
    public async Task Nothing_goes_to_whom_one_has_blocked()
    {
        var juliet = await ArriveAsync(Juliet);
        var romeo = await ArriveAsync(Romeo);
        await BlockAsync(juliet, Romeo);
        await juliet.SendAsync($"<message type='chat' id='x' to='{Romeo}'><body>Hi</body></message>");
        await ExpectBlockedAsync(juliet, "message");
        await juliet.SendAsync($"<presence id='x' to='{Romeo}'/>");
        await ExpectBlockedAsync(juliet, "presence");
        await juliet.SendAsync($"<presence id='x' type='subscribe' to='{Romeo}'/>");
        await ExpectBlockedAsync(juliet, "presence");
        await juliet.SendAsync($"<presence id='x' type='probe' to='{Romeo}'/>");
        await ExpectBlockedAsync(juliet, "presence");
        await juliet.SendAsync($"<iq type='get' id='x' to='{romeo.Address}'><ping xmlns='urn:xmpp:ping'/></iq>");
        await ExpectBlockedAsync(juliet, "iq");
        await juliet.SendAsync($"<iq type='get' id='x' to='{Romeo}'><vCard xmlns='vcard-temp'/></iq>");
        await ExpectBlockedAsync(juliet, "iq");
        await romeo.ExpectNothingAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("/phone")]
    public async Task Who_was_shown_one_session_sees_that_one_go_and_learns_of_no_other(string resource)
    {
        var romeo = await ArriveAsync(Romeo);
        var phone = await ArriveAsync(Juliet);
        await ArriveAsync(Juliet, "tablet");
        await phone.SendAsync($"<presence to='{Romeo}{resource}'/>");
        await romeo.ExpectAsync($"<presence from='{phone.Address}'/>");
        await BlockAsync(phone, Romeo);
        await romeo.ExpectAsync($"<presence type='unavailable' from='{phone.Address}'/>");
        await AskAsync(phone, "set", "<unblock xmlns='urn:xmpp:blocking'/>");
        await romeo.ExpectNothingAsync();
    }

    [Theory]
    [InlineData("{0}", true)]
    [InlineData("{0}/phone", true)]
    [InlineData("{0}/tablet", false)]
    [InlineData("localhost", true)]
    [InlineData("localhost/phone", false)]
    public async Task An_entry_means_what_its_form_says(string entry, bool blocks)
    {
        var juliet = await ArriveAsync(Juliet);
        var romeo = await ArriveAsync(Romeo);
        await BlockAsync(juliet, string.Format(System.Globalization.CultureInfo.InvariantCulture, entry, Romeo));
        await romeo.SendAsync($"<message type='chat' id='m' to='{Juliet}'><body>Hi</body></message>");
        if (blocks)
        {
            await romeo.AwaitAsync("<message type='error' id='m'/>");
            await juliet.ExpectNothingAsync();
        }
        else
        {
            await juliet.AwaitAsync("<message id='m'/>");
        }

        // Whatever the list says, one is not locked out of one's own account.
        await AskAsync(juliet, "set", "<unblock xmlns='urn:xmpp:blocking'/>");
    }

    static async Task BlockAsync(Wire wire, params string[] jids) =>
        await AskAsync(wire, "set", $"<block xmlns='urn:xmpp:blocking'>{string.Concat(jids.Select(jid => $"<item jid='{jid}'/>"))}</block>");

    static async Task ExpectBlockedAsync(Wire wire, string kind) => await wire.AwaitAsync(
        $"<{kind} type='error' id='x'><error type='cancel'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><blocked xmlns='urn:xmpp:blocking:errors'/></error></{kind}>");
}
