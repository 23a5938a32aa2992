using System.Xml.Linq;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features.Components;

/// <summary>Components that answer in the server's place (XEP-0355).</summary>
public sealed class DelegationScenes
{
    const string Bridge = ComponentWire.Domain;
    const string Error = "urn:ietf:params:xml:ns:xmpp-stanzas";

    [Fact]
    public async Task A_component_is_told_what_it_answers_for_and_asked_what_it_is()
    {
        await using var server = await StartAsync("urn:example:a, urn:example:b(node id)");
        await using var bridge = await ComponentWire.LoginAsync(server);
        await bridge.ExpectAsync($"""
            <message from='localhost' to='{Bridge}'><delegation xmlns='urn:xmpp:delegation:2'>
              <delegated namespace='urn:example:a'/><delegated namespace='urn:example:b'><attribute name='node'/><attribute name='id'/></delegated>
            </delegation></message>
            """);
        foreach (var node in (string[])["urn:xmpp:delegation:2::urn:example:a", "urn:xmpp:delegation:2:bare:urn:example:a", "urn:xmpp:delegation:2::urn:example:b", "urn:xmpp:delegation:2:bare:urn:example:b"])
        {
            await bridge.ExpectAsync($"<iq type='get' from='localhost' to='{Bridge}'><query xmlns='http://jabber.org/protocol/disco#info' node='{node}'/></iq>");
        }
    }

    [Theory]
    [InlineData("to='localhost'")]
    [InlineData("to='romeo@localhost'")]
    [InlineData("to='juliet@localhost'")]
    [InlineData("")]
    public async Task A_request_goes_to_the_component_and_its_answer_to_who_asked(string to)
    {
        await using var server = await StartAsync("urn:example:a");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await using var bridge = await GreetedAsync(server);
        await romeo.SendAsync($"<iq type='set' id='q1' {to}><x xmlns='urn:example:a' a='1'><y/></x></iq>");
        var asked = await bridge.AwaitAsync($"""
            <iq type='set' from='localhost' to='{Bridge}'><delegation xmlns='urn:xmpp:delegation:2'><forwarded xmlns='urn:xmpp:forward:0'>
              <iq xmlns='jabber:client' type='set' id='q1' from='{romeo.Address}' {(to.Length == 0 ? "to='-'" : to)}><x xmlns='urn:example:a' a='1'><y/></x></iq>
            </forwarded></delegation></iq>
            """);

        // Nothing waits for the component but this answer.
        await romeo.ExpectNothingAsync();
        await AnswerAsync(bridge, asked, $"<iq xmlns='jabber:client' type='result' id='q1' to='{romeo.Address}'><z xmlns='urn:example:a'/></iq>");
        await romeo.ExpectAsync("<iq type='result' id='q1'><z xmlns='urn:example:a'/></iq>");
    }

    [Fact]
    public async Task A_request_that_lacks_an_attribute_is_not_delegated()
    {
        await using var server = await StartAsync("urn:xmpp:ping(node)");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await romeo.SendAsync("<iq type='get' id='q1' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
        await romeo.ExpectAsync("<iq type='result' id='q1'/>");
        await romeo.SendAsync("<iq type='get' id='q2' to='localhost'><ping xmlns='urn:xmpp:ping' node='x'/></iq>");
        await romeo.ExpectAsync($"<iq type='error' id='q2'><error><service-unavailable xmlns='{Error}'/></error></iq>");
    }

    [Fact]
    public async Task What_the_component_asks_itself_the_server_answers()
    {
        await using var server = await StartAsync("urn:xmpp:ping");
        await using var bridge = await GreetedAsync(server);
        await bridge.SendAsync($"<iq type='get' id='q1' from='{Bridge}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
        await bridge.AwaitAsync("<iq type='result' id='q1'/>");
    }

    [Theory]
    [InlineData("<iq xmlns='jabber:client' type='result' id='other' to='TO'/>")]
    [InlineData("<iq xmlns='jabber:client' type='error' id='q1' to='TO'/>")]
    [InlineData("<iq xmlns='jabber:client' type='result' id='q1' to='juliet@localhost/x'/>")]
    [InlineData("<iq xmlns='jabber:client' type='result' id='q1' from='juliet@localhost' to='TO'/>")]
    [InlineData("<message xmlns='jabber:client' type='result' id='q1' to='TO'/>")]
    [InlineData("")]
    public async Task A_wrong_answer_is_service_unavailable(string answer)
    {
        await using var server = await StartAsync("urn:example:a");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await using var bridge = await GreetedAsync(server);
        await romeo.SendAsync("<iq type='get' id='q1' to='localhost'><x xmlns='urn:example:a'/></iq>");
        var asked = await bridge.AwaitAsync("<iq type='set'><delegation xmlns='urn:xmpp:delegation:2'/></iq>");
        await AnswerAsync(bridge, asked, answer.Replace("TO", romeo.Address, StringComparison.Ordinal));
        await romeo.ExpectAsync($"<iq type='error' id='q1'><error><service-unavailable xmlns='{Error}'/></error></iq>");
    }

    [Fact]
    public async Task Who_has_not_been_asked_cannot_answer()
    {
        await using var server = await StartAsync("urn:example:a", "Components:two.localhost:Secret=another whisper");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await using var bridge = await GreetedAsync(server);
        await using var two = await ComponentWire.LoginAsync(server, "two.localhost", "another whisper");
        await romeo.SendAsync("<iq type='get' id='q1' to='localhost'><x xmlns='urn:example:a'/></iq>");
        var asked = await bridge.AwaitAsync("<iq type='set'><delegation xmlns='urn:xmpp:delegation:2'/></iq>");
        var answer = $"<iq xmlns='jabber:client' type='result' id='q1' to='{romeo.Address}'/>";
        await two.SendAsync(Wrapped(asked, answer).Replace($"from='{Bridge}'", "from='two.localhost'", StringComparison.Ordinal));
        await two.SendAsync("<iq type='get' id='end' from='two.localhost' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
        await two.AwaitAsync("<iq id='end'/>");
        await romeo.ExpectNothingAsync();
        await AnswerAsync(bridge, asked, answer);
        await romeo.ExpectAsync("<iq type='result' id='q1'/>");
    }

    [Fact]
    public async Task Discovery_shows_what_the_component_is_and_not_what_it_replaces()
    {
        await using var server = await StartAsync("http://jabber.org/protocol/pubsub");
        await using var bridge = await ComponentWire.LoginAsync(server);
        foreach (var separator in (string[])["::", ":bare:"])
        {
            var asked = await bridge.AwaitAsync($"<iq type='get'><query xmlns='http://jabber.org/protocol/disco#info' node='urn:xmpp:delegation:2{separator}http://jabber.org/protocol/pubsub'/></iq>");
            await bridge.SendAsync(
                $"<iq type='result' id='{asked.Attribute("id")!.Value}' from='{Bridge}' to='localhost'><query xmlns='http://jabber.org/protocol/disco#info'>" +
                "<identity category='pubsub' type='pep' name='outside'/><feature var='http://jabber.org/protocol/pubsub#publish'/><feature var='urn:example:more'/></query></iq>");
        }

        await bridge.AwaitNothingMoreAsync();
        await using var romeo = await server.LoginAsync("romeo", "garden");
        foreach (var to in (string[])["localhost", "romeo@localhost"])
        {
            await romeo.SendAsync($"<iq type='get' id='d' to='{to}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
            var info = await romeo.AwaitAsync("<iq type='result' id='d'/>");
            Assert.Equal(["http://jabber.org/protocol/pubsub#publish"], Vars(info).Where(feature => feature.StartsWith("http://jabber.org/protocol/pubsub", StringComparison.Ordinal)));
            Assert.Contains("urn:example:more", Vars(info));
            Assert.Equal(to == "localhost", Vars(info).Contains("urn:xmpp:delegation:2"));
            Assert.Equal(["outside"], info.Descendants().Where(part => part.Attribute("category")?.Value == "pubsub").Select(part => part.Attribute("name")?.Value));
        }
    }

    [Fact]
    public async Task Items_of_accounts_and_nodes_nobody_knows_are_the_components()
    {
        await using var server = await StartAsync("urn:xmpp:delegation:2:bare:disco#info:*, urn:xmpp:delegation:2:bare:disco#items:*");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await using var bridge = await GreetedAsync(server);
        foreach (var query in (string[])
            [
                "<query xmlns='http://jabber.org/protocol/disco#items'/>",
                "<query xmlns='http://jabber.org/protocol/disco#items' node='urn:example:n'/>",
                "<query xmlns='http://jabber.org/protocol/disco#info' node='urn:example:n'/>",
            ])
        {
            await romeo.SendAsync($"<iq type='get' id='d' to='romeo@localhost'>{query}</iq>");
            var asked = await bridge.AwaitAsync("<iq type='set'><delegation xmlns='urn:xmpp:delegation:2'/></iq>");
            await AnswerAsync(bridge, asked, $"<iq xmlns='jabber:client' type='result' id='d' to='{romeo.Address}'>{query}</iq>");
            await romeo.ExpectAsync($"<iq type='result' id='d' from='romeo@localhost'>{query}</iq>");
        }

        await romeo.SendAsync("<iq type='get' id='i' to='romeo@localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
        await romeo.ExpectAsync("<iq type='result' id='i'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='account'/></query></iq>");
    }

    static IEnumerable<string> Vars(XElement info) => info.Descendants().Select(part => part.Attribute("var")?.Value).OfType<string>();

    static Task AnswerAsync(ComponentWire bridge, XElement asked, string answer) => bridge.SendAsync(Wrapped(asked, answer));

    static string Wrapped(XElement asked, string answer) =>
        $"<iq type='result' id='{asked.Attribute("id")!.Value}' from='{Bridge}' to='localhost'><delegation xmlns='urn:xmpp:delegation:2'><forwarded xmlns='urn:xmpp:forward:0'>{answer}</forwarded></delegation></iq>";

    static async Task<TestServer> StartAsync(string delegated, params string[] settings)
    {
        var server = await TestServer.StartAsync(null, null, [ComponentWire.Setting, $"Components:{Bridge}:Delegate={delegated}", .. settings]);
        await server.AddUserAsync("romeo");
        await server.AddUserAsync("juliet");
        return server;
    }

    static async Task<ComponentWire> GreetedAsync(TestServer server)
    {
        var bridge = await ComponentWire.LoginAsync(server);
        await bridge.ExpectAsync("<message><delegation xmlns='urn:xmpp:delegation:2'/></message>");
        return bridge;
    }
}

static class ComponentSteps
{
    /// <summary>All that was sent has been dealt with.</summary>
    public static async Task AwaitNothingMoreAsync(this ComponentWire wire)
    {
        await wire.SendAsync($"<iq type='get' id='nothing-more' from='{ComponentWire.Domain}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
        await wire.AwaitAsync("<iq id='nothing-more'/>");
    }
}
