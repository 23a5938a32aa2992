using Xunit;

namespace Nyala.Server.Tests.Federation;

/// <summary>People on two servers of ours.</summary>
public sealed class BetweenServersScenes
{
    [Fact]
    public async Task Chat_and_requests_go_both_ways()
    {
        await using var world = await TwoServers.StartAsync();
        await using var romeo = await world.RomeoAsync();
        await using var juliet = await world.JulietAsync();
        await romeo.SendAsync($"<message to='{TwoServers.Juliet}' type='chat' id='m1'><body>&lt;hi&gt; 😀</body><x xmlns='urn:example:x' a='1'/></message>");
        await juliet.AwaitAsync($"<message from='{romeo.Address}' to='{TwoServers.Juliet}' type='chat' id='m1'><body>&lt;hi&gt; 😀</body><x xmlns='urn:example:x' a='1'/></message>");
        await juliet.SendAsync($"<message to='{romeo.Address}' type='chat' id='m2'><body>ho</body></message>");
        await romeo.AwaitAsync($"<message from='{juliet.Address}' to='{romeo.Address}' id='m2'><body>ho</body></message>");
        await romeo.SendAsync("<iq type='get' to='capulet.test' id='d1'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
        await romeo.AwaitAsync("<iq type='result' from='capulet.test' id='d1'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='server'/></query></iq>");
        await romeo.SendAsync($"<iq type='get' to='{juliet.Address}' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>");
        await romeo.AwaitAsync("<iq type='error' id='p1'><error><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    }

    [Fact]
    public async Task Subscriptions_and_presence_go_both_ways()
    {
        await using var world = await TwoServers.StartAsync();
        await using var romeo = await world.RomeoAsync();
        await using var juliet = await world.JulietAsync();
        await romeo.SendAsync($"<presence type='subscribe' to='{TwoServers.Juliet}'/>");
        await juliet.AwaitAsync($"<presence type='subscribe' from='{TwoServers.Romeo}'/>");
        await juliet.SendAsync($"<presence type='subscribed' to='{TwoServers.Romeo}'/><presence type='subscribe' to='{TwoServers.Romeo}'/>");
        await romeo.AwaitAsync($"<presence from='{juliet.Address}'/>");
        await romeo.AwaitAsync($"<presence type='subscribe' from='{TwoServers.Juliet}'/>");
        await romeo.SendAsync($"<presence type='subscribed' to='{TwoServers.Juliet}'/>");
        await juliet.AwaitAsync($"<presence from='{romeo.Address}'/>");
        await romeo.SendAsync("<presence><show>away</show></presence>");
        await juliet.AwaitAsync($"<presence from='{romeo.Address}'><show>away</show></presence>");
        await using (var second = await world.Capulet.LoginAsync("juliet", "tomb"))
        {
            // What is asked of the other server for a new session.
            await second.SendAsync("<presence/>");
            await second.AwaitAsync($"<presence from='{romeo.Address}'><show>away</show></presence>");
        }

        await romeo.DisposeAsync();
        await juliet.AwaitAsync($"<presence type='unavailable' from='{romeo.Address}'/>");
    }

    [Fact]
    public async Task In_a_room_nobody_leaves_before_his_last_word_has_arrived()
    {
        await using var world = await TwoServers.StartAsync();
        await using var romeo = await world.RomeoAsync();
        await using var juliet = await world.JulietAsync();
        const string Room = "verona@rooms.capulet.test", User = "http://jabber.org/protocol/muc#user";
        await EnterAsync(juliet, "Juliet");
        await juliet.SendAsync($"<iq type='set' id='c' to='{Room}'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>"
            + "<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field><field var='muc#roomconfig_membersonly'><value>0</value></field></x></query></iq>");
        await juliet.AwaitAsync("<iq type='result' id='c'/>");
        await EnterAsync(romeo, "Romeo");
        for (var i = 0; i < 10; i++)
        {
            // One of the two leaves and comes back; the other is on another server.
            foreach (var (who, other, nick) in ((Testing.Wire, Testing.Wire, string)[])[(juliet, romeo, "Juliet"), (romeo, juliet, "Romeo")])
            {
                await who.SendAsync($"<message type='groupchat' to='{Room}'><body>{nick} {i}</body></message><presence type='unavailable' to='{Room}/{nick}'/>");
                await other.AwaitAsync($"<message type='groupchat' from='{Room}/{nick}'><body>{nick} {i}</body></message>");
                await other.AwaitAsync($"<presence type='unavailable' from='{Room}/{nick}'/>");
                await who.AwaitAsync($"<presence type='unavailable' from='{Room}/{nick}'/>");
                await EnterAsync(who, nick);
                await other.AwaitAsync($"<presence from='{Room}/{nick}' type='-'/>");
            }
        }

        async Task EnterAsync(Testing.Wire wire, string nick)
        {
            await wire.SendAsync($"<presence to='{Room}/{nick}'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>");
            await wire.AwaitAsync($"<presence from='{Room}/{nick}' type='-'><x xmlns='{User}'><status code='110'/></x></presence>");
            await wire.AwaitAsync("<message type='groupchat'><subject/></message>");
        }
    }

    [Fact]
    public async Task What_is_sent_while_the_other_server_is_down_arrives_once_when_it_is_back()
    {
        await using var world = await TwoServers.StartAsync();
        await using var romeo = await world.RomeoAsync();
        await world.Capulet.StopAsync();
        for (var i = 0; i < 5; i++)
        {
            await romeo.SendAsync($"<message to='{TwoServers.Juliet}' type='chat' id='m{i}'><body>{i}</body></message>");
        }

        await romeo.ExpectNothingAsync();
        await world.Capulet.StartAgainAsync();
        await using var juliet = await world.JulietAsync();
        for (var i = 0; i < 5; i++)
        {
            await juliet.AwaitAsync($"<message id='m{i}'><body>{i}</body></message>");
        }

        await juliet.SendAsync("<iq type='get' id='end' to='capulet.test'><ping xmlns='urn:xmpp:ping'/></iq>");
        for (var next = await juliet.ReceiveAsync(); next.Attribute("id")?.Value != "end"; next = await juliet.ReceiveAsync())
        {
            Assert.NotEqual("message", next.Name.LocalName);
        }
    }

    [Fact]
    public async Task What_waits_survives_a_restart_of_the_sending_server()
    {
        await using var world = await TwoServers.StartAsync();
        await world.Capulet.StopAsync();
        await using (var romeo = await world.RomeoAsync())
        {
            await romeo.SendAsync($"<message to='{TwoServers.Juliet}' type='chat' id='m1'><body>1</body></message>");
            await romeo.ExpectNothingAsync();
        }

        await world.Montague.StopAsync();
        await world.Capulet.StartAgainAsync();
        await world.Montague.StartAgainAsync();
        await using var juliet = await world.JulietAsync();
        await juliet.AwaitAsync("<message id='m1'><body>1</body></message>");
    }

    [Fact]
    public async Task What_waited_too_long_goes_back_and_the_failure_is_kept_for_the_absent()
    {
        await using var world = await TwoServers.StartAsync("Federation:GiveUpAfter=1s");
        await world.Capulet.StopAsync();
        await using var romeo = await world.RomeoAsync();
        await romeo.SendAsync($"<message to='{TwoServers.Juliet}' type='chat' id='m1'><body>1</body></message>");
        await romeo.AwaitAsync($"<message type='error' from='{TwoServers.Juliet}' id='m1'><error type='wait'><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
        await romeo.SendAsync("<iq type='set' id='mam'><query xmlns='urn:xmpp:mam:2'/></iq>");
        await romeo.AwaitAsync("<message><result xmlns='urn:xmpp:mam:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' type='error' id='m1'/></forwarded></result></message>");
    }

    [Fact]
    public async Task Requests_to_who_cannot_be_reached_fail_soon()
    {
        await using var world = await TwoServers.StartAsync();
        await world.Capulet.StopAsync();
        await using var romeo = await world.RomeoAsync();
        await romeo.SendAsync($"<iq type='get' to='capulet.test' id='i1'><ping xmlns='urn:xmpp:ping'/></iq>");
        await romeo.AwaitAsync("<iq type='error' id='i1'><error><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        await romeo.SendAsync($"<presence to='{TwoServers.Juliet}/x' id='p1'/>");
        await romeo.AwaitAsync($"<presence type='error' from='{TwoServers.Juliet}/x' id='p1'/>");
    }

    [Fact]
    public async Task Servers_that_cannot_be_reached_keep_nobody_from_another()
    {
        await using var world = await TwoServers.StartAsync("Federation:DomainPairs=1");
        await world.Capulet.StopAsync();
        await using var romeo = await world.RomeoAsync();
        await romeo.SendAsync("<iq type='get' to='capulet.test' id='i1'><ping xmlns='urn:xmpp:ping'/></iq>");
        await romeo.AwaitAsync("<iq type='error' id='i1'><error><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        await romeo.SendAsync("<iq type='get' to='nowhere.invalid' id='i2'><ping xmlns='urn:xmpp:ping'/></iq>");
        var answer = await romeo.AwaitAsync("<iq type='error' id='i2'/>");
        Assert.DoesNotContain("resource-constraint", answer.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_denied_is_not_talked_with()
    {
        await using var world = await TwoServers.StartAsync("Federation:Deny=capulet.test");
        await using var romeo = await world.RomeoAsync();
        await romeo.SendAsync($"<message to='{TwoServers.Juliet}' type='chat' id='m1'><body>1</body></message>");
        await romeo.AwaitAsync("<message type='error' id='m1'><error><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
    }

    [Fact]
    public async Task Without_a_valid_certificate_nothing_goes_where_one_is_required()
    {
        await using var world = await TwoServers.StartAsync("Federation:RequireCertificates=on");
        await using var romeo = await world.RomeoAsync();
        await romeo.SendAsync("<iq type='get' to='capulet.test' id='i1'><ping xmlns='urn:xmpp:ping'/></iq>");
        await romeo.AwaitAsync("<iq type='error' id='i1'><error><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    }
}
