using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Federation;

/// <summary>The link between two servers is cut, and heals: nothing is lost, nothing comes twice (R1, R5; XEP-0198 §5).</summary>
public sealed class CutLinkScenes
{
    const string Room = "verona@rooms.capulet.test";

    static string Chat(int number, string id) =>
        $"<message to='{TwoServers.Juliet}' type='chat' id='{id}{number}'><body>{number}</body></message>";

    [Fact]
    public async Task A_stream_is_resumed_and_what_was_not_acknowledged_comes_once()
    {
        await using var world = await TwoServers.StartLinkedAsync();
        await using var romeo = await world.RomeoAsync();
        await using var juliet = await world.JulietAsync();
        await romeo.SendAsync(Chat(0, "m"));
        await juliet.AwaitAsync("<message><body>0</body></message>");

        // The messages get there, their acknowledgement does not come back.
        world.Link!.Stall(toServer: false);
        await romeo.SendAsync(Chat(1, "m") + Chat(2, "m"));
        await juliet.AwaitAsync("<message><body>2</body></message>");
        world.Link.Refusing = true;
        world.Link.Cut();
        await romeo.SendAsync(Chat(3, "m"));
        await romeo.ExpectNothingAsync();
        world.Link.Resume();
        world.Link.Refusing = false;
        await romeo.SendAsync(Chat(4, "m"));
        await ExpectAsync(juliet, "3", "4");
        await ExpectArchivedAsync(juliet, "0", "1", "2", "3", "4");
    }

    [Fact]
    public async Task What_the_other_server_had_stored_before_it_was_restarted_is_not_stored_again()
    {
        await using var world = await TwoServers.StartLinkedAsync();
        await using var romeo = await world.RomeoAsync();
        await using (var juliet = await world.JulietAsync())
        {
            await romeo.SendAsync(Chat(0, "a-message-with-a-long-id-"));
            await juliet.AwaitAsync("<message><body>0</body></message>");
            world.Link!.Stall(toServer: false);
            await romeo.SendAsync(Chat(1, "a-message-with-a-long-id-"));
            await juliet.AwaitAsync("<message><body>1</body></message>");
        }

        world.Link.Refusing = true;
        world.Link.Cut();
        await world.Capulet.StopAsync();
        await world.Capulet.StartAgainAsync();
        await romeo.SendAsync(Chat(2, "a-message-with-a-long-id-"));
        world.Link.Resume();
        world.Link.Refusing = false;
        await using var again = await world.JulietAsync();
        await again.AwaitAsync("<message><body>2</body></message>");
        await ExpectArchivedAsync(again, "0", "1", "2");
    }

    [Fact]
    public async Task A_room_on_the_other_server_hears_each_message_once_and_in_order()
    {
        await using var world = await TwoServers.StartLinkedAsync();
        await using var romeo = await world.RomeoAsync();
        await using var juliet = await world.JulietAsync();
        await MeetAsync(romeo, juliet);

        // What the room says goes the same way back, and is held up with the acknowledgement.
        world.Link!.Stall(toServer: false);
        await romeo.SendAsync($"<message to='{Room}' type='groupchat' id='g1'><body>1</body></message>");
        await juliet.AwaitAsync("<message type='groupchat' id='g1'><body>1</body></message>");
        world.Link.Cut();
        world.Link.Resume();
        await romeo.SendAsync($"<message to='{Room}' type='groupchat' id='g2'><body>2</body></message>");
        await romeo.SendAsync($"<message to='{Room}' type='groupchat' id='g3'><body>3</body></message>");
        foreach (var (wire, ids) in ((Wire, string[])[])[(romeo, ["g1", "g2", "g3"]), (juliet, ["g2", "g3"])])
        {
            foreach (var id in ids)
            {
                Assert.Equal(id, (await wire.AwaitAsync("<message type='groupchat'><body/></message>")).Attribute("id")?.Value);
            }
        }
    }

    [Fact]
    public async Task What_is_said_in_a_room_and_a_goodbye_wait_while_its_server_cannot_be_reached()
    {
        await using var world = await TwoServers.StartLinkedAsync();
        await using var romeo = await world.RomeoAsync();
        await using var juliet = await world.JulietAsync();
        await MeetAsync(romeo, juliet);
        world.Link!.Refusing = true;
        world.Link.Cut();
        await SayAsync(romeo, "g1");

        // A request goes back when the first attempt to get through has failed.
        await romeo.SendAsync("<iq type='get' to='capulet.test' id='i1'><ping xmlns='urn:xmpp:ping'/></iq>");
        await romeo.AwaitAsync("<iq type='error' id='i1'><error><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        await SayAsync(romeo, "g2");
        await romeo.SendAsync($"<presence type='unavailable' to='{Room}/Romeo'/>");
        await romeo.ExpectNothingAsync();
        world.Link.Refusing = false;
        Assert.Equal("g1", (await juliet.AwaitAsync("<message type='groupchat'><body/></message>")).Attribute("id")?.Value);
        Assert.Equal("g2", (await juliet.AwaitAsync("<message type='groupchat'><body/></message>")).Attribute("id")?.Value);
        await juliet.AwaitAsync($"<presence type='unavailable' from='{Room}/Romeo'/>");
        foreach (var id in (string[])["g1", "g2"])
        {
            await romeo.AwaitAsync($"<message type='groupchat' id='{id}'><body/></message>");
        }
    }

    [Fact]
    public async Task What_is_said_in_a_room_goes_back_when_its_server_stays_away()
    {
        await using var world = await TwoServers.StartLinkedAsync("Federation:GiveUpAfter=1s");
        await using var romeo = await world.RomeoAsync();
        await using var juliet = await world.JulietAsync();
        await MeetAsync(romeo, juliet);
        world.Link!.Refusing = true;
        world.Link.Cut();
        await SayAsync(romeo, "g1");
        await romeo.AwaitAsync($"<message type='error' from='{Room}' id='g1'><error><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
    }

    [Fact]
    public async Task Whose_server_stays_away_is_not_in_the_room_any_more()
    {
        await using var world = await TwoServers.StartAsync("Federation:GiveUpAfter=1s");
        await using var romeo = await world.RomeoAsync();
        await using var juliet = await world.JulietAsync();
        await MeetAsync(romeo, juliet);
        await world.Montague.StopAsync();
        await SayAsync(juliet, "g1");
        await juliet.AwaitAsync($"<presence type='unavailable' from='{Room}/Romeo'/>");
    }

    static Task SayAsync(Wire wire, string id) => wire.SendAsync($"<message to='{Room}' type='groupchat' id='{id}'><body>{id}</body></message>");

    /// <summary>Juliet makes the room, and Romeo comes in.</summary>
    static async Task MeetAsync(Wire romeo, Wire juliet)
    {
        await juliet.SendAsync($"<presence to='{Room}/Juliet'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
        await juliet.AwaitAsync($"<presence from='{Room}/Juliet'><x xmlns='http://jabber.org/protocol/muc#user'><status code='110'/></x></presence>");
        await juliet.SendAsync($"<iq type='set' id='c' to='{Room}'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>"
            + "<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field><field var='muc#roomconfig_membersonly'><value>0</value></field></x></query></iq>");
        await juliet.AwaitAsync("<iq type='result' id='c'/>");
        await romeo.SendAsync($"<presence to='{Room}/Romeo'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
        await romeo.AwaitAsync($"<presence from='{Room}/Romeo'><x xmlns='http://jabber.org/protocol/muc#user'><status code='110'/></x></presence>");
        await romeo.AwaitAsync("<message type='groupchat'><subject/></message>");
        await juliet.AwaitAsync($"<presence from='{Room}/Romeo' type='-'/>");
    }

    static async Task ExpectAsync(Wire wire, params string[] bodies)
    {
        foreach (var body in bodies)
        {
            var message = await wire.AwaitAsync("<message type='chat'/>");
            Assert.Equal(body, message.Elements().First(child => child.Name.LocalName == "body").Value);
        }
    }

    static async Task ExpectArchivedAsync(Wire wire, params string[] bodies)
    {
        await wire.SendAsync("<iq type='set' id='archive'><query xmlns='urn:xmpp:mam:2'/></iq>");
        List<string> found = [];
        for (var next = await wire.ReceiveAsync(); next.Attribute("id")?.Value != "archive"; next = await wire.ReceiveAsync())
        {
            if (next.Name.LocalName == "message" && next.Descendants().Any(child => child.Name.LocalName == "result"))
            {
                found.Add(next.Descendants().First(child => child.Name.LocalName == "body").Value);
            }
        }

        Assert.Equal(bodies, found);
    }
}
