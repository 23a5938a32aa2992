using System.Xml.Linq;
using Microsoft.Extensions.Time.Testing;
using Nyala.Testing;
using Nyala.Xmpp.Payloads;
using Xunit;

namespace Nyala.Server.Tests.Features.PubSub;

/// <summary>What a client wants is learned even when it takes its time to say so.</summary>
public sealed class ClientInterestsTests
{
    const string Mood = "http://jabber.org/protocol/mood";

    [Fact]
    public async Task A_client_that_is_slow_to_start_is_asked_again_and_gets_what_it_missed()
    {
        var time = new FakeTimeProvider(new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
        await using var server = await TestServer.StartAsync(time);
        await server.AddUserAsync("romeo");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        var info = new DiscoInfo([new DiscoIdentity("client", "phone", "Slow")], [Mood + "+notify"], []);
        await romeo.SendAsync($"<presence><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:slow' ver='{Caps.Ver(info)}'/></presence>");
        var first = await AskedAsync(romeo);
        await romeo.SendAsync(
            $"<iq type='set' id='p'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='{Mood}'><item id='current'><mood xmlns='{Mood}'><happy/></mood></item></publish></pubsub></iq>");
        await romeo.AwaitAsync("<iq type='result' id='p'/>");
        await romeo.ExpectNothingAsync();

        // Its timer is set before it is asked.
        time.Advance(TimeSpan.FromSeconds(21));
        var second = await AskedAsync(romeo);
        Assert.NotEqual(Id(first), Id(second));
        await romeo.SendAsync($"<iq type='result' id='{Id(second)}' to='localhost'>{info.ToElement($"urn:slow#{Caps.Ver(info)}")}</iq>");
        await romeo.AwaitAsync($"<message from='romeo@localhost'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='{Mood}'><item id='current'/></items></event></message>");
    }

    static Task<XElement> AskedAsync(Wire wire) => wire.AwaitAsync("<iq type='get' from='localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");

    static string Id(XElement asked) => asked.Attribute("id")!.Value;
}
