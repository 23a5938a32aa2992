using Nyala.Server.Tests.Features.Components;
using Xunit;

namespace Nyala.Server.Tests.Federation;

/// <summary>Services of one server and people of another: components (XEP-0114) and app servers (XEP-0357).</summary>
public sealed class ServiceScenes
{
    const string Conditions = "urn:ietf:params:xml:ns:xmpp-stanzas";

    [Fact]
    public async Task A_component_here_and_somebody_elsewhere_talk_both_ways()
    {
        await using var world = await TwoServers.StartWithComponentsAsync();
        await using var juliet = await world.JulietAsync();
        await using var bridge = await BridgeAsync(world);
        await juliet.SendAsync($"<message to='nurse@{TwoServers.Bridge}' type='chat' id='m1'><body>hi</body></message>");
        await bridge.AwaitAsync($"<message from='{juliet.Address}' to='nurse@{TwoServers.Bridge}' type='chat' id='m1'><body>hi</body></message>");
        await bridge.SendAsync($"<message from='nurse@{TwoServers.Bridge}/x' to='{TwoServers.Juliet}' type='chat' id='m2'><body>ho</body></message>");
        await juliet.AwaitAsync($"<message from='nurse@{TwoServers.Bridge}/x' id='m2'><body>ho</body></message>");
        await juliet.SendAsync($"<iq type='get' to='{TwoServers.Bridge}' id='d1'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
        await bridge.AwaitAsync($"<iq type='get' from='{juliet.Address}' to='{TwoServers.Bridge}' id='d1'/>");
        await bridge.SendAsync($"<iq type='result' from='{TwoServers.Bridge}' to='{juliet.Address}' id='d1'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='gateway' type='irc'/></query></iq>");
        await juliet.AwaitAsync($"<iq type='result' from='{TwoServers.Bridge}' id='d1'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='gateway'/></query></iq>");
        await juliet.SendAsync($"<presence type='subscribe' to='nurse@{TwoServers.Bridge}'/>");
        await bridge.AwaitAsync($"<presence type='subscribe' from='{TwoServers.Juliet}' to='nurse@{TwoServers.Bridge}'/>");
        await bridge.SendAsync($"<presence type='subscribed' from='nurse@{TwoServers.Bridge}' to='{TwoServers.Juliet}'/><presence from='nurse@{TwoServers.Bridge}/x' to='{TwoServers.Juliet}'/>");
        await juliet.AwaitAsync($"<presence from='nurse@{TwoServers.Bridge}/x' type='-'/>");
    }

    [Fact]
    public async Task What_comes_for_a_component_that_is_away_waits_for_it_and_a_request_goes_back()
    {
        await using var world = await TwoServers.StartWithComponentsAsync();
        await using var juliet = await world.JulietAsync();
        await juliet.SendAsync($"<message to='nurse@{TwoServers.Bridge}' type='chat' id='m1'><body>hi</body></message>");
        await juliet.SendAsync($"<iq type='get' to='{TwoServers.Bridge}' id='i1'><ping xmlns='urn:xmpp:ping'/></iq>");
        await juliet.AwaitAsync($"<iq type='error' from='{TwoServers.Bridge}' id='i1'><error><remote-server-timeout xmlns='{Conditions}'/></error></iq>");
        await using var bridge = await BridgeAsync(world);
        await bridge.AwaitAsync($"<message from='{juliet.Address}' id='m1'><body>hi</body></message>");
    }

    [Fact]
    public async Task An_app_server_elsewhere_is_told_and_its_word_ends_the_registration()
    {
        await using var world = await TwoServers.StartWithComponentsAsync("Push:Spacing=1s");
        await using var juliet = await world.JulietAsync();
        await using var app = await ComponentWire.LoginAsync(world.Capulet, TwoServers.App, ComponentWire.Secret);
        foreach (var device in (string[])["phone", "tablet"])
        {
            await using var romeo = await world.Montague.LoginAsync("romeo", device);
            await romeo.SendAsync($"<iq type='set' id='e'><enable xmlns='urn:xmpp:push:0' jid='{TwoServers.App}' node='{device}'/></iq>");
            await romeo.AwaitAsync("<iq type='result' id='e'/>");
        }

        // The phone is gone, the tablet is not.
        HashSet<string> told = [];
        for (var i = 1; i <= 3; i++)
        {
            told.Clear();
            await juliet.SendAsync($"<message to='{TwoServers.Romeo}' type='chat' id='m{i}'><body>{i}</body></message>");
            while (!told.Contains("tablet") || (i == 1 && !told.Contains("phone")))
            {
                var asked = await app.AwaitAsync($"<iq type='set' from='montague.test' to='{TwoServers.App}'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish><item><notification xmlns='urn:xmpp:push:0'/></item></publish></pubsub></iq>");
                var node = asked.Descendants("{http://jabber.org/protocol/pubsub}publish").Single().Attribute("node")!.Value;
                told.Add(node);
                var answer = $"from='{TwoServers.App}' to='montague.test' id='{asked.Attribute("id")!.Value}'";
                await app.SendAsync(node == "tablet" ? $"<iq type='result' {answer}/>" : $"<iq type='error' {answer}><error type='cancel'><item-not-found xmlns='{Conditions}'/></error></iq>");
            }
        }

        Assert.DoesNotContain("phone", told);
    }

    static Task<ComponentWire> BridgeAsync(TwoServers world) => ComponentWire.LoginAsync(world.Montague, TwoServers.Bridge, ComponentWire.Secret);
}
