using Nyala.Storage;
using Nyala.Testing;
using Nyala.Xmpp.Stanzas;
using Xunit;

namespace Nyala.Server.Tests.Routing;

/// <summary>Hosts beside the domain: what reaches them, and what they reach.</summary>
public sealed class HostScenes
{
    [Fact]
    public async Task A_message_reaches_its_host_stamped_and_shows_in_the_senders_archive_and_on_other_devices()
    {
        await using var world = await FakeWorld.StartAsync();
        await using var romeo = await world.RomeoAsync();
        await using var tablet = await world.RomeoAsync("tablet");
        await tablet.SendAsync("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
        await tablet.AwaitAsync("<iq type='result' id='c'/>");
        await romeo.SendAsync("<message to='juliet@example.com' type='chat' id='m1'><body>hi</body></message>");
        Assert.Equal(
            "<message from='romeo@localhost/orchard' to='juliet@example.com' type='chat' id='m1'><body>hi</body><info xmlns='urn:xmpp:raa:0' affiliation='member'/></message>",
            await world.Others.NextAsync());
        await tablet.AwaitAsync("<message><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' id='m1'/></forwarded></sent></message>");
        await tablet.SendAsync("<iq type='set' id='mam'><query xmlns='urn:xmpp:mam:2'/></iq>");
        await tablet.AwaitAsync("<message><result xmlns='urn:xmpp:mam:2'/></message>");
    }

    [Fact]
    public async Task Nothing_overtakes_a_message_that_waits_for_its_host()
    {
        await using var world = await FakeWorld.StartAsync();
        await using var romeo = await world.RomeoAsync();
        var thinking = new TaskCompletionSource<StanzaError?>();
        world.Rooms.Check = message => message.Message.Id == "m1" ? new(thinking.Task) : new((StanzaError?)null);
        await romeo.SendAsync(
            "<message to='a@rooms.localhost' id='m1'><body>1</body></message><message to='a@rooms.localhost' id='m2'/>"
            + "<presence to='a@rooms.localhost/nick'/><iq type='get' id='i1' to='a@rooms.localhost/other'><ping xmlns='urn:xmpp:ping'/></iq>");
        Assert.True(world.Rooms.HasNothing);
        thinking.SetResult(null);
        foreach (var start in (string[])["<message from='romeo@localhost/orchard' to='a@rooms.localhost' id='m1'", "<message from='romeo@localhost/orchard' to='a@rooms.localhost' id='m2'", "<presence", "<iq"])
        {
            Assert.StartsWith(start, await world.Rooms.NextAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_a_host_refuses_comes_back_as_an_error()
    {
        await using var world = await FakeWorld.StartAsync();
        await using var romeo = await world.RomeoAsync();
        world.Rooms.Check = _ => new(StanzaError.NotAcceptable);
        world.Rooms.Refusal = StanzaError.Forbidden;
        await romeo.SendAsync("<message to='a@rooms.localhost' type='groupchat' id='m1'><body>1</body></message>");
        await romeo.ExpectAsync("<message type='error' from='a@rooms.localhost' id='m1'><error><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
        await romeo.SendAsync("<presence to='a@rooms.localhost/nick' id='p1'/>");
        await romeo.ExpectAsync("<presence type='error' from='a@rooms.localhost/nick' id='p1'><error><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>");
        await romeo.SendAsync("<iq type='get' to='a@rooms.localhost/nick' id='i1'><ping xmlns='urn:xmpp:ping'/></iq>");
        await romeo.ExpectAsync("<iq type='error' from='a@rooms.localhost/nick' id='i1'><error><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    }

    [Fact]
    public async Task A_host_keeps_an_archive_of_its_own_and_hears_of_resends()
    {
        await using var world = await FakeWorld.StartAsync();
        world.Rooms.Check = message =>
        {
            (message.Recipient, message.Flags) = (-7, RowFlags.InRecipientArchive);
            return new((StanzaError?)null);
        };
        const string Sent = "<message to='a@rooms.localhost' type='groupchat' id='0123456789abcdef'><body>1</body></message>";
        await using (var romeo = await world.RomeoAsync())
        {
            await romeo.SendAsync(Sent);
            Assert.StartsWith("<message from='romeo@localhost/orchard'", await world.Rooms.NextAsync(), StringComparison.Ordinal);
        }

        await using var again = await world.RomeoAsync("garden");
        await again.SendAsync(Sent);
        Assert.StartsWith("again <message from='romeo@localhost/garden'", await world.Rooms.NextAsync(), StringComparison.Ordinal);
        var page = await world.Server.Store.Archive.ReadAsync(new(-7), CancellationToken.None);
        Assert.Single(page.Rows);
    }

    [Fact]
    public async Task Handlers_of_an_entity_answer_requests_to_a_host_also_from_elsewhere()
    {
        await using var world = await FakeWorld.StartAsync();
        await using var romeo = await world.RomeoAsync();
        await romeo.SendAsync("<iq type='get' to='a@rooms.localhost' id='i1'><query xmlns='urn:example:room'/></iq>");
        await romeo.ExpectAsync("<iq type='result' from='a@rooms.localhost' id='i1'><query xmlns='urn:example:room'/></iq>");
        await romeo.SendAsync("<iq type='get' to='a@rooms.localhost' id='i2'><query xmlns='urn:example:none'/></iq>");
        await romeo.ExpectAsync("<iq type='error' id='i2'><error><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        await world.Others.SendAsync("<iq type='get' from='j@example.com/b' to='a@rooms.localhost' id='i3'><query xmlns='urn:example:room'/></iq>");
        Assert.Equal("<iq from='a@rooms.localhost' to='j@example.com/b' type='result' id='i3'><query xmlns='urn:example:room'/></iq>", await world.Others.NextAsync());
    }

    [Fact]
    public async Task A_host_sees_the_end_of_a_session_that_had_sent_its_presence()
    {
        await using var world = await FakeWorld.StartAsync();
        var romeo = await world.RomeoAsync();
        await romeo.SendAsync("<presence to='a@rooms.localhost/nick'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
        Assert.StartsWith("<presence from='romeo@localhost/orchard' to='a@rooms.localhost/nick'>", await world.Rooms.NextAsync(), StringComparison.Ordinal);
        await romeo.DisposeAsync();
        Assert.Equal("<presence from='romeo@localhost/orchard' to='a@rooms.localhost/nick' type='unavailable'/>", await world.Rooms.NextAsync());
    }

    [Fact]
    public async Task The_domain_lists_its_hosts()
    {
        await using var world = await FakeWorld.StartAsync();
        await using var romeo = await world.RomeoAsync();
        await romeo.SendAsync("<iq type='get' to='localhost' id='i1'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>");
        await romeo.ExpectAsync("<iq type='result' id='i1'><query xmlns='http://jabber.org/protocol/disco#items'><item jid='rooms.localhost' name='A fake'/></query></iq>");
    }

    [Fact]
    public async Task Two_hosts_of_one_domain_do_not_start()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => TestServer.StartWithAsync(server => [new FakeHost(server, "a.localhost"), new FakeHost(server, "a.localhost")]));
        await Assert.ThrowsAsync<InvalidOperationException>(() => TestServer.StartWithAsync(server => [new FakeHost(server, "*"), new FakeHost(server, "*")]));
        await Assert.ThrowsAsync<InvalidOperationException>(() => TestServer.StartWithAsync(server => [new FakeHost(server, "localhost")]));
    }
}
