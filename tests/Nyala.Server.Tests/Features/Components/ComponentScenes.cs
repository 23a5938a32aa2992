using System.Xml.Linq;
using Microsoft.Extensions.Time.Testing;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features.Components;

/// <summary>External components (XEP-0114).</summary>
public sealed class ComponentScenes
{
    const string Bridge = ComponentWire.Domain;

    [Fact]
    public async Task A_component_that_knows_the_secret_talks_with_people_both_ways()
    {
        await using var server = await StartAsync();
        await using var romeo = await PresentAsync(server);
        await using var bridge = await ComponentWire.LoginAsync(server);
        Assert.Equal((Bridge, null), (bridge.Header!.Attribute("from")!.Value, bridge.Header.Attribute("version")));
        await romeo.SendAsync($"<message to='juliet@{Bridge}' type='chat' id='m1'><body>hi</body></message>");
        await bridge.ExpectAsync($"<message from='{romeo.Address}' to='juliet@{Bridge}' type='chat' id='m1'><body>hi</body></message>");
        await bridge.AwaitAsync($"<iq type='get' from='localhost' to='{Bridge}'><ping xmlns='urn:xmpp:ping'/></iq>");
        await bridge.SendAsync($"<message from='juliet@{Bridge}/x' to='romeo@localhost' type='chat' id='m2'><body>ho</body></message>");
        await romeo.AwaitAsync($"<message from='juliet@{Bridge}/x' id='m2'><body>ho</body></message>");
        await bridge.SendAsync($"<presence from='juliet@{Bridge}/x' to='romeo@localhost'><show>away</show></presence>");
        await romeo.AwaitAsync($"<presence from='juliet@{Bridge}/x'><show>away</show></presence>");
        await bridge.SendAsync($"<iq type='get' id='v1' from='juliet@{Bridge}/x' to='{romeo.Address}'><query xmlns='jabber:iq:version'/></iq>");
        await romeo.AwaitAsync($"<iq type='get' id='v1' from='juliet@{Bridge}/x'/>");
        await romeo.SendAsync($"<iq type='result' id='v1' to='juliet@{Bridge}/x'><query xmlns='jabber:iq:version'><name>quill</name></query></iq>");
        await bridge.AwaitAsync($"<iq type='result' id='v1' from='{romeo.Address}' to='juliet@{Bridge}/x'/>");
        await romeo.SendAsync($"<presence type='subscribe' to='juliet@{Bridge}'/>");
        await bridge.AwaitAsync($"<presence type='subscribe' from='romeo@localhost' to='juliet@{Bridge}'/>");
    }

    [Fact]
    public async Task Only_a_connected_component_is_an_item_of_the_server()
    {
        await using var server = await StartAsync($"Components:{Bridge}:Name=Old friends");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        Assert.DoesNotContain(Bridge, await ItemsAsync(romeo), StringComparison.Ordinal);
        await using (var bridge = await ComponentWire.LoginAsync(server))
        {
            Assert.Contains($"jid=\"{Bridge}\" name=\"Old friends\"", await ItemsAsync(romeo), StringComparison.Ordinal);
            await bridge.SendAsync("</stream:stream>");
            await Assert.ThrowsAnyAsync<Exception>(bridge.ReceiveAsync);
        }

        Assert.DoesNotContain(Bridge, await ItemsAsync(romeo), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("other.localhost", "jabber:component:accept", "host-unknown")]
    [InlineData("localhost", "jabber:component:accept", "host-unknown")]
    [InlineData("user@irc.localhost", "jabber:component:accept", "host-unknown")]
    [InlineData(Bridge, "jabber:client", "invalid-namespace")]
    [InlineData(Bridge, "jabber:server", "invalid-namespace")]
    public async Task Who_is_not_expected_is_refused_at_the_header(string to, string ns, string condition)
    {
        await using var server = await StartAsync();
        await using var bridge = await ComponentWire.ConnectAsync(server);
        await bridge.OpenAsync(to, ns);
        await bridge.ExpectErrorAsync(condition);
    }

    [Theory]
    [InlineData("<handshake>0000000000000000000000000000000000000000</handshake>")]
    [InlineData("<handshake/>")]
    [InlineData("<message from='irc.localhost' to='romeo@localhost'><body>hi</body></message>")]
    public async Task Who_does_not_know_the_secret_is_refused(string first)
    {
        await using var server = await StartAsync();
        await using var bridge = await ComponentWire.ConnectAsync(server);
        await bridge.OpenAsync(Bridge);
        await bridge.SendAsync(first);
        await bridge.ExpectErrorAsync("not-authorized");
    }

    [Fact]
    public async Task The_secret_is_never_logged()
    {
        await using var server = await StartAsync();
        await using var bridge = await ComponentWire.LoginAsync(server);
        await using var wrong = await ComponentWire.ConnectAsync(server);
        await wrong.OpenAsync(Bridge);
        await wrong.ShakeHandsAsync("something else");
        await wrong.ExpectErrorAsync("not-authorized");
        await server.StopAsync();
        Assert.DoesNotContain(server.Logs, line => line.Contains(ComponentWire.Secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_second_connection_is_a_conflict_as_long_as_the_first_one_lives()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        await using var server = await TestServer.StartAsync(time, null, ComponentWire.Setting);
        await using var first = await ComponentWire.LoginAsync(server);
        await using (var second = await ComponentWire.ConnectAsync(server))
        {
            await second.OpenAsync(Bridge);
            await second.ShakeHandsAsync(ComponentWire.Secret);
            await second.ExpectErrorAsync("conflict");
        }

        // The first has to show that it is alive, and says nothing.
        time.Advance(TimeSpan.FromSeconds(1));
        await first.ExpectAsync($"<iq type='get' from='localhost' to='{Bridge}'><ping xmlns='urn:xmpp:ping'/></iq>");
        time.Advance(TimeSpan.FromSeconds(31));
        await Assert.ThrowsAnyAsync<Exception>(first.ReceiveAsync);
        await using var third = await ComponentWire.LoginAsync(server);
        await third.ExpectNothingAsync();
    }

    [Theory]
    [InlineData("<message from='romeo@localhost' to='juliet@localhost'/>", "invalid-from")]
    [InlineData("<message from='x.irc.localhost' to='juliet@localhost'/>", "invalid-from")]
    [InlineData("<message from='@' to='juliet@localhost'/>", "invalid-from")]
    [InlineData("<message to='juliet@localhost'/>", "improper-addressing")]
    [InlineData("<message from='irc.localhost'/>", "improper-addressing")]
    [InlineData("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'/>", "unsupported-stanza-type")]
    [InlineData("<message from='irc.localhost' to='romeo@localhost'><body></message>", "not-well-formed")]
    public async Task What_a_component_must_not_send_ends_its_stream(string stanza, string condition)
    {
        await using var server = await StartAsync();
        await using var bridge = await ComponentWire.LoginAsync(server);
        await bridge.SendAsync(stanza);
        await bridge.ExpectErrorAsync(condition);
    }

    [Fact]
    public async Task A_stanza_that_declares_the_namespace_itself_is_one_too()
    {
        await using var server = await StartAsync();
        await using var romeo = await PresentAsync(server);
        await using var bridge = await ComponentWire.LoginAsync(server);
        await bridge.SendAsync($"<message xmlns='jabber:component:accept' from='{Bridge}' to='romeo@localhost' id='m1'><body>hi</body></message>");
        await romeo.AwaitAsync("<message id='m1'><body>hi</body></message>");
    }

    [Fact]
    public async Task Messages_wait_for_a_component_that_is_away_and_survive_a_restart()
    {
        await using var server = await StartAsync();
        await using (var romeo = await server.LoginAsync("romeo", "garden"))
        {
            for (var i = 0; i < 5; i++)
            {
                await romeo.SendAsync($"<message to='juliet@{Bridge}' type='chat' id='m{i}'><body>{i}</body></message>");
            }

            await romeo.ExpectNothingAsync();
        }

        await server.StopAsync();
        await server.StartAgainAsync();
        await using (var bridge = await ComponentWire.LoginAsync(server))
        {
            for (var i = 0; i < 5; i++)
            {
                await bridge.AwaitAsync($"<message id='m{i}'><body>{i}</body></message>");
            }

            // That it has answered what came behind them says that it has them.
            var question = await bridge.AwaitAsync("<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>");
            await bridge.SendAsync($"<iq type='result' id='{question.Attribute("id")!.Value}' from='{Bridge}' to='localhost'/>");
            await bridge.ExpectNothingAsync();
        }

        await using var again = await ComponentWire.LoginAsync(server);
        await again.ExpectNothingAsync();
    }

    [Fact]
    public async Task What_a_component_did_not_confirm_comes_again()
    {
        await using var server = await StartAsync();
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await using (var bridge = await ComponentWire.LoginAsync(server))
        {
            await romeo.SendAsync($"<message to='juliet@{Bridge}' type='chat' id='m1'><body>1</body></message>");
            await bridge.AwaitAsync("<message id='m1'/>");
            await bridge.SendAsync("</stream:stream>");
            await Assert.ThrowsAnyAsync<Exception>(async () =>
            {
                while (true)
                {
                    await bridge.ReceiveAsync();
                }
            });
        }

        await using var again = await ComponentWire.LoginAsync(server);
        await again.AwaitAsync("<message id='m1'/>");
    }

    [Fact]
    public async Task What_is_not_stored_comes_back_while_a_component_is_away()
    {
        await using var server = await StartAsync();
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await romeo.SendAsync($"<iq type='get' to='{Bridge}' id='i1'><ping xmlns='urn:xmpp:ping'/></iq>");
        await romeo.ExpectAsync($"<iq type='error' from='{Bridge}' id='i1'><error><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        await romeo.SendAsync($"<presence to='juliet@{Bridge}' id='p1'/>");
        await romeo.ExpectAsync($"<presence type='error' from='juliet@{Bridge}' id='p1'/>");
    }

    [Fact]
    public async Task A_message_that_waited_too_long_goes_back_and_the_sender_finds_it()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        await using var server = await TestServer.StartAsync(time, null, ComponentWire.Setting, "Federation:GiveUpAfter=1h");
        await server.AddUserAsync("romeo");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await romeo.SendAsync($"<message to='juliet@{Bridge}' type='chat' id='m1'><body>1</body></message>");
        await romeo.ExpectNothingAsync();
        var begin = TimeProvider.System.GetTimestamp();
        for (var minutes = 5; ; minutes += 5)
        {
            // The queue looks again in its own time, which this clock may run ahead of.
            time.Advance(TimeSpan.FromMinutes(5));
            if (await TakeMessageAsync(romeo, $"t{minutes}") is { } message)
            {
                ElementPattern.Parse("<message type='error' id='m1'><error><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>").Require(message);
                Assert.True(minutes >= 60, $"It came back after {minutes} minutes.");
                return;
            }

            Assert.True(TimeProvider.System.GetElapsedTime(begin) < Wire.Patience, "The message did not come back.");
        }

        // The first message among what has come so far, or null.
        static async Task<XElement?> TakeMessageAsync(Wire wire, string id)
        {
            await wire.SendAsync($"<iq type='get' id='{id}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
            while (true)
            {
                var element = await wire.ReceiveAsync();
                if (element.Name.LocalName == "message" || element.Attribute("id")?.Value == id)
                {
                    return element.Name.LocalName == "message" ? element : null;
                }
            }
        }
    }

    [Fact]
    public async Task What_waits_for_a_component_that_is_configured_no_more_goes_back()
    {
        var data = Directory.CreateTempSubdirectory("nyala-test-").FullName;
        await using (var server = await TestServer.StartAsync(null, data, ComponentWire.Setting))
        {
            await server.AddUserAsync("romeo");
            await using var romeo = await server.LoginAsync("romeo", "garden");
            await romeo.SendAsync($"<message to='juliet@{Bridge}' type='chat' id='m1'><body>1</body></message>");
            await romeo.ExpectNothingAsync();
        }

        await using (var server = await TestServer.StartAsync(null, data, "Components:other.localhost:Secret=whisper into the dark"))
        {
            await using var romeo = await server.LoginAsync("romeo", "garden");
            var back = ElementPattern.Parse("<message><result xmlns='urn:xmpp:mam:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' type='error' id='m1'/></forwarded></result></message>");
            var found = false;
            using var patience = new CancellationTokenSource(Wire.Patience, TimeProvider.System);
            while (!found)
            {
                // It goes back as soon as the server has looked through what waits.
                patience.Token.ThrowIfCancellationRequested();
                await romeo.SendAsync("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>");
                for (var next = await romeo.ReceiveAsync(); next.Name.LocalName != "iq"; next = await romeo.ReceiveAsync())
                {
                    found |= back.Mismatch(next) is null;
                }
            }
        }

        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task Rooms_and_another_component_are_within_reach()
    {
        await using var server = await StartAsync("Components:two.localhost:Secret=another whisper");
        await using var bridge = await ComponentWire.LoginAsync(server);
        await using var two = await ComponentWire.LoginAsync(server, "two.localhost", "another whisper");
        await bridge.SendAsync($"<message from='a@{Bridge}/x' to='b@two.localhost' type='chat' id='m1'><body>1</body></message>");
        await two.AwaitAsync($"<message from='a@{Bridge}/x' to='b@two.localhost' id='m1'><body>1</body></message>");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await romeo.SendAsync("<presence to='hall@rooms.localhost/Romeo'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
        await romeo.AwaitAsync("<presence from='hall@rooms.localhost/Romeo'/>");
        await romeo.SendAsync("<iq type='set' to='hall@rooms.localhost' id='c'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field><field var='muc#roomconfig_membersonly'><value>0</value></field></x></query></iq>");
        await romeo.AwaitAsync("<iq id='c' type='result'/>");
        await bridge.SendAsync($"<presence from='juliet@{Bridge}/x' to='hall@rooms.localhost/Juliet'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
        await bridge.AwaitAsync($"<presence from='hall@rooms.localhost/Juliet' to='juliet@{Bridge}/x'/>");
        await bridge.SendAsync($"<message type='groupchat' from='juliet@{Bridge}/x' to='hall@rooms.localhost' id='g1'><body>hear me</body></message>");
        await romeo.AwaitAsync("<message type='groupchat' from='hall@rooms.localhost/Juliet'><body>hear me</body></message>");
    }

    [Fact]
    public async Task A_component_is_ended_in_good_order_when_the_server_stops()
    {
        await using var server = await StartAsync();
        await using var bridge = await ComponentWire.LoginAsync(server);
        await server.StopAsync();
        await bridge.ExpectErrorAsync("system-shutdown");
    }

    static async Task<TestServer> StartAsync(params string[] settings)
    {
        var server = await TestServer.StartAsync(null, null, [ComponentWire.Setting, .. settings]);
        await server.AddUserAsync("romeo");
        return server;
    }

    static async Task<Wire> PresentAsync(TestServer server)
    {
        var wire = await server.LoginAsync("romeo", "garden");
        await wire.SendAsync("<presence/>");
        await wire.AwaitAsync($"<presence from='{wire.Address}'/>");
        return wire;
    }

    static async Task<string> ItemsAsync(Wire wire)
    {
        await wire.SendAsync("<iq type='get' id='d' to='localhost'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>");
        return (await wire.AwaitAsync("<iq id='d'/>")).ToString();
    }
}
