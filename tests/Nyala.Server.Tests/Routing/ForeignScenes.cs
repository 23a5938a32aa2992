using System.Xml.Linq;
using Xunit;

namespace Nyala.Server.Tests.Routing;

/// <summary>What comes from other servers, and presence with contacts there (RFC 6121 §3, §4, §8.5).</summary>
public sealed class ForeignScenes
{
    const string Juliet = "juliet@example.com";

    [Fact]
    public async Task Messages_arrive_wait_for_the_absent_and_are_archived()
    {
        await using var world = await FakeWorld.StartAsync();
        await world.Others.SendAsync($"<message from='{Juliet}/b' to='romeo@localhost' type='chat' id='m1'><body>early</body><stanza-id xmlns='urn:xmpp:sid:0' by='romeo@localhost' id='forged'/></message>");
        await using var romeo = await world.RomeoAsync();
        var early = await romeo.AwaitAsync($"<message from='{Juliet}/b' id='m1'><body>early</body></message>");
        Assert.NotEqual("forged", early.Elements(XName.Get("stanza-id", "urn:xmpp:sid:0")).Single().Attribute("id")?.Value);
        await world.Others.SendAsync($"<message from='{Juliet}/b' to='romeo@localhost/orchard' type='chat' id='m2'><body>late</body></message>");
        await romeo.AwaitAsync($"<message from='{Juliet}/b' to='romeo@localhost/orchard' id='m2'><body>late</body></message>");
    }

    [Fact]
    public async Task Senders_elsewhere_hear_of_what_cannot_be_delivered()
    {
        await using var world = await FakeWorld.StartAsync();
        await world.Others.SendAsync($"<message from='{Juliet}/b' to='nobody@localhost' type='chat' id='m1'><body>hi</body></message>");
        Assert.StartsWith($"<message from='nobody@localhost' to='{Juliet}/b' type='error' id='m1'>", await world.Others.NextAsync(), StringComparison.Ordinal);
        await world.Others.SendAsync($"<iq from='{Juliet}/b' to='romeo@localhost' type='get' id='i1'><query xmlns='jabber:iq:roster'/></iq>");
        Assert.StartsWith($"<iq from='romeo@localhost' to='{Juliet}/b' type='error' id='i1'>", await world.Others.NextAsync(), StringComparison.Ordinal);
        await world.Others.SendAsync($"<message from='{Juliet}/b' to='nobody@localhost' type='error' id='m1'/>");
        Assert.True(world.Others.HasNothing);
    }

    [Theory]
    [InlineData("set", "<query xmlns='jabber:iq:register'><remove/></query>")]
    [InlineData("get", "<query xmlns='jabber:iq:register'/>")]
    [InlineData("set", "<command xmlns='http://jabber.org/protocol/commands' node='urn:xmpp:invite#invite'/>")]
    [InlineData("set", "<block xmlns='urn:xmpp:blocking'><item jid='a@b.example'/></block>")]
    public async Task What_only_people_of_this_server_may_is_refused(string type, string payload)
    {
        await using var world = await FakeWorld.StartAsync();
        foreach (var to in (string[])["localhost", "romeo@localhost"])
        {
            await world.Others.SendAsync($"<iq from='{Juliet}/b' to='{to}' type='{type}' id='i1'>{payload}</iq>");
            Assert.StartsWith($"<iq from='{to}' to='{Juliet}/b' type='error' id='i1'>", await world.Others.NextAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_commands_of_the_server_are_not_shown_elsewhere()
    {
        await using var world = await FakeWorld.StartAsync();
        await world.Others.SendAsync($"<iq from='{Juliet}/b' to='localhost' type='get' id='i1'><query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'/></iq>");
        Assert.DoesNotContain("<item", await world.Others.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_pass_only_to_sessions_that_share_their_presence_and_answers_come_back()
    {
        await using var world = await FakeWorld.StartAsync();
        await using var romeo = await world.RomeoAsync();
        var ping = $"<iq from='{Juliet}/b' to='romeo@localhost/orchard' type='get' id='i1'><ping xmlns='urn:xmpp:ping'/></iq>";
        await world.Others.SendAsync(ping);
        Assert.StartsWith($"<iq from='romeo@localhost/orchard' to='{Juliet}/b' type='error' id='i1'>", await world.Others.NextAsync(), StringComparison.Ordinal);
        await romeo.ExpectNothingAsync();
        await romeo.SendAsync($"<presence to='{Juliet}'/>");
        await world.Others.NextAsync();
        await world.Others.SendAsync(ping);
        await romeo.ExpectAsync($"<iq type='get' from='{Juliet}/b' id='i1'/>");
        await romeo.SendAsync($"<iq type='result' to='{Juliet}/b' id='i1'/>");
        Assert.Equal($"<iq from='romeo@localhost/orchard' to='{Juliet}/b' type='result' id='i1'/>", await world.Others.NextAsync());
        await romeo.SendAsync($"<iq type='get' to='{Juliet}/b' id='i2'><ping xmlns='urn:xmpp:ping'/></iq>");
        await world.Others.NextAsync();
        await world.Others.SendAsync($"<iq from='{Juliet}/b' to='romeo@localhost/orchard' type='result' id='i2'/>");
        await romeo.ExpectAsync($"<iq type='result' from='{Juliet}/b' id='i2'/>");
    }

    [Fact]
    public async Task Subscriptions_and_presence_go_both_ways()
    {
        await using var world = await FakeWorld.StartAsync();
        await using var romeo = await world.RomeoAsync();
        await romeo.SendAsync("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>");
        await romeo.AwaitAsync("<iq id='r'/>");
        await romeo.SendAsync($"<presence type='subscribe' to='{Juliet}/b'/>");
        await romeo.ExpectAsync($"<iq type='set'><query xmlns='jabber:iq:roster'><item jid='{Juliet}' ask='subscribe'/></query></iq>");
        Assert.Equal(
            $"<presence from='romeo@localhost' to='{Juliet}' type='subscribe'><info xmlns='urn:xmpp:raa:0' affiliation='member'/></presence>",
            await world.Others.NextAsync());
        await world.Others.SendAsync($"<presence from='{Juliet}' to='romeo@localhost' type='subscribed'/>");
        await romeo.ExpectAsync($"<presence type='subscribed' from='{Juliet}'/>");
        await romeo.ExpectAsync($"<iq type='set'><query xmlns='jabber:iq:roster'><item jid='{Juliet}' subscription='to'/></query></iq>");
        await world.Others.SendAsync($"<presence from='{Juliet}/b' to='romeo@localhost'><show>away</show></presence>");
        await romeo.ExpectAsync($"<presence from='{Juliet}/b'><show>away</show></presence>");

        await world.Others.SendAsync($"<presence from='{Juliet}' to='romeo@localhost' type='subscribe'/>");
        await romeo.ExpectAsync($"<presence type='subscribe' from='{Juliet}'/>");
        await romeo.SendAsync($"<presence type='subscribed' to='{Juliet}'/>");
        Assert.Equal($"<presence from='romeo@localhost' to='{Juliet}' type='subscribed'/>", await world.Others.NextAsync());
        Assert.StartsWith($"<presence from='romeo@localhost/orchard' to='{Juliet}'", await world.Others.NextAsync(), StringComparison.Ordinal);
        await romeo.SendAsync("<presence><status>reading</status></presence>");
        Assert.Equal($"<presence from='romeo@localhost/orchard' to='{Juliet}'><status>reading</status></presence>", await world.Others.NextAsync());

        await world.Others.SendAsync($"<presence from='{Juliet}/b' to='romeo@localhost' type='probe'/>");
        Assert.Equal($"<presence from='romeo@localhost/orchard' to='{Juliet}/b'><status>reading</status></presence>", await world.Others.NextAsync());
        await romeo.DisposeAsync();
        Assert.Equal($"<presence from='romeo@localhost/orchard' to='{Juliet}' type='unavailable'/>", await world.Others.NextAsync());
        await world.Others.SendAsync($"<presence from='{Juliet}/b' to='romeo@localhost' type='probe'/>");
        Assert.Equal($"<presence from='romeo@localhost' to='{Juliet}/b' type='unavailable'/>", await world.Others.NextAsync());

        await using var again = await world.RomeoAsync("garden");
        Assert.Equal($"<presence from='romeo@localhost/garden' to='{Juliet}'/>", await world.Others.NextAsync());
        Assert.Equal($"<presence from='romeo@localhost/garden' to='{Juliet}' type='probe'/>", await world.Others.NextAsync());
        await again.SendAsync($"<iq type='set' id='rm'><query xmlns='jabber:iq:roster'><item jid='{Juliet}' subscription='remove'/></query></iq>");
        Assert.Equal($"<presence from='romeo@localhost' to='{Juliet}' type='unsubscribe'/>", await world.Others.NextAsync());
        Assert.Equal($"<presence from='romeo@localhost/garden' to='{Juliet}' type='unavailable'/>", await world.Others.NextAsync());
        Assert.Equal($"<presence from='romeo@localhost' to='{Juliet}' type='unsubscribed'/>", await world.Others.NextAsync());
    }

    [Fact]
    public async Task Who_is_no_subscriber_is_told_so_and_a_lost_request_is_sent_again()
    {
        await using var world = await FakeWorld.StartAsync();
        await world.Others.SendAsync($"<presence from='{Juliet}/b' to='romeo@localhost' type='probe'/>");
        Assert.Equal($"<presence from='romeo@localhost' to='{Juliet}' type='unsubscribed'/>", await world.Others.NextAsync());
        await using (var romeo = await world.RomeoAsync())
        {
            await romeo.SendAsync($"<presence type='subscribe' to='{Juliet}'/>");
            await world.Others.NextAsync();
        }

        await using var again = await world.RomeoAsync("garden");
        Assert.Equal($"<presence from='romeo@localhost' to='{Juliet}' type='subscribe'/>", await world.Others.NextAsync());
    }

    [Fact]
    public async Task Of_whom_an_account_has_blocked_nothing_arrives_and_nothing_is_told()
    {
        await using var world = await FakeWorld.StartAsync();
        await using var romeo = await world.RomeoAsync();
        await romeo.SendAsync($"<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='{Juliet}'/></block></iq>");
        await romeo.AwaitAsync("<iq type='result' id='b'/>");
        await world.Others.SendAsync($"<presence from='{Juliet}/b' to='romeo@localhost'/>");
        await world.Others.SendAsync($"<presence from='{Juliet}' to='romeo@localhost' type='subscribe'/>");
        await world.Others.SendAsync($"<presence from='{Juliet}/b' to='romeo@localhost' type='probe'/>");
        Assert.True(world.Others.HasNothing);
        await world.Others.SendAsync($"<message from='{Juliet}/b' to='romeo@localhost' type='chat' id='m'><body>hi</body></message>");
        Assert.Contains("service-unavailable", await world.Others.NextAsync(), StringComparison.Ordinal);
        await romeo.SendAsync($"<message to='{Juliet}' id='x'><body>hi</body></message>");
        await romeo.ExpectAsync("<message type='error' id='x'><error><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
    }
}
