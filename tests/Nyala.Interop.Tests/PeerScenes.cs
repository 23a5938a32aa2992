using Nyala.Interop.Tests.Stage;
using Nyala.Testing;
using Xunit;

namespace Nyala.Interop.Tests;

/// <summary>People on a server of ours and on somebody else's: romeo@montague.test and juliet@capulet.test.</summary>
public sealed class PeerScenes
{
    const string Romeo = PeerWorld.Romeo;
    const string Juliet = PeerWorld.Juliet;

    [Theory]
    [InlineData("prosody", true)]
    [InlineData("prosody", false)]
    [InlineData("ejabberd", true)]
    [InlineData("ejabberd", false)]
    public async Task They_see_each_other_and_talk(string kind, bool certificates)
    {
        await using var world = await PeerWorld.StartAsync(kind, certificates);
        await using var romeo = await world.RomeoAsync();
        await using var juliet = await world.JulietAsync();
        await BefriendAsync(romeo, juliet);

        await romeo.SendAsync($"<message to='{Juliet}' type='chat' id='m1'><body>Wherefore &lt;art&gt; 😀</body></message>");
        await juliet.AwaitAsync($"<message from='{romeo.Address}' id='m1'><body>Wherefore &lt;art&gt; 😀</body></message>");
        await juliet.SendAsync($"<message to='{romeo.Address}' type='chat' id='m2'><body>there</body></message>");
        await romeo.AwaitAsync($"<message from='{juliet.Address}' id='m2'><body>there</body></message>");

        await romeo.SendAsync("<iq type='get' to='capulet.test' id='d1'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
        await romeo.AwaitAsync("<iq type='result' from='capulet.test' id='d1'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
        await juliet.SendAsync("<iq type='get' to='montague.test' id='d2'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
        await juliet.AwaitAsync("<iq type='result' from='montague.test' id='d2'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='server'/></query></iq>");

        await juliet.SendAsync("<presence type='unavailable'/>");
        await romeo.AwaitAsync($"<presence type='unavailable' from='{juliet.Address}'/>");
    }

    [Theory]
    [InlineData("prosody")]
    [InlineData("ejabberd")]
    public async Task What_is_sent_while_the_link_is_cut_arrives_once(string kind)
    {
        await using var world = await PeerWorld.StartAsync(kind, certificates: true);
        await using var romeo = await world.RomeoAsync();
        await romeo.SendAsync($"<message to='{Juliet}' type='chat' id='before'><body>before</body></message>");
        await using (var juliet = await PeerWorld.ComeAsync(world.Theirs, "juliet"))
        {
            await juliet.AwaitAsync("<message id='before'/>");
        }

        // What follows a message on its way and back proves that the other server's word for it has come too.
        await romeo.SendAsync("<iq type='get' to='capulet.test' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>");
        await romeo.AwaitAsync("<iq id='p1'/>");

        // Killed, ejabberd forgets an account that it was given a moment ago: Mnesia writes in its own time.
        await (kind == "ejabberd" ? world.Theirs.StopAsync() : world.Theirs.KillAsync());
        for (var i = 0; i < 20; i++)
        {
            await romeo.SendAsync($"<message to='{Juliet}' type='chat' id='m{i}'><body>{i}</body></message>");
        }

        await world.Theirs.StartAsync();

        // ejabberd may show what comes while somebody logs in before what it has kept: first all are there, which the answer to
        // what follows them says.
        await world.Theirs.ReachedByAsync(romeo);
        await using var again = await PeerWorld.ComeAsync(world.Theirs, "juliet");
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal($"{i}", (await again.AwaitAsync("<message type='chat'><body/></message>")).Element("{jabber:client}body")!.Value);
        }

        await again.SendAsync("<iq type='get' to='capulet.test' id='end'><ping xmlns='urn:xmpp:ping'/></iq>");
        for (var next = await again.ReceiveAsync(); next.Attribute("id")?.Value != "end"; next = await again.ReceiveAsync())
        {
            Assert.NotEqual("message", next.Name.LocalName);
        }
    }

    [Theory]
    [InlineData("prosody")]
    [InlineData("ejabberd")]
    public async Task In_rooms_on_either_side_both_are_heard(string kind)
    {
        await using var world = await PeerWorld.StartAsync(kind, certificates: true);
        await using var romeo = await world.RomeoAsync();
        await using var juliet = await world.JulietAsync();
        await MeetAsync("tomb@rooms.capulet.test", (juliet, "Juliet"), (romeo, "Romeo"));
        await MeetAsync("orchard@rooms.montague.test", (romeo, "Romeo"), (juliet, "Juliet"));
        await juliet.SendAsync("<iq type='set' to='orchard@rooms.montague.test' id='archive'><query xmlns='urn:xmpp:mam:2'/></iq>");
        await juliet.AwaitAsync("<message from='orchard@rooms.montague.test'><result xmlns='urn:xmpp:mam:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='orchard@rooms.montague.test/Juliet'><body>hello</body></message></forwarded></result></message>");
        await juliet.AwaitAsync("<iq type='result' id='archive'/>");
        await romeo.DisposeAsync();
        await juliet.AwaitAsync("<presence from='tomb@rooms.capulet.test/Romeo' type='unavailable'/>");
    }

    [Theory]
    [InlineData("prosody")]
    [InlineData("ejabberd")]
    public async Task The_picture_of_one_is_seen_by_the_other(string kind)
    {
        await using var world = await PeerWorld.StartAsync(kind, certificates: true);
        await using var romeo = await world.RomeoAsync();
        await using var juliet = await world.JulietAsync();
        await BefriendAsync(romeo, juliet);
        foreach (var (owner, address, friend) in ((Wire, string, Wire)[])[(romeo, Romeo, juliet), (juliet, Juliet, romeo)])
        {
            // The last one comes when it is known that it is wanted (XEP-0163 §4.3.4), the next one when it is there.
            await Picture.PublishAsync(owner, "first");
            await friend.SendAsync($"<presence>{Picture.Capabilities}</presence>");
            await Picture.SeeAsync(friend, address, "first");
            await Picture.PublishAsync(owner, "second");
            await Picture.SeeAsync(friend, address, "second");
        }
    }

    [Fact]
    public async Task A_domain_that_does_not_exist_gives_an_error()
    {
        await using var world = await PeerWorld.StartAsync("prosody", certificates: true);
        await using var romeo = await world.RomeoAsync();
        await romeo.SendAsync("<message to='nobody@verona.invalid' type='chat' id='m1'><body>hi</body></message>");
        await romeo.AwaitAsync("<message type='error' from='nobody@verona.invalid' id='m1'><error/></message>");
    }

    static async Task BefriendAsync(Wire romeo, Wire juliet)
    {
        await romeo.SendAsync($"<presence type='subscribe' to='{Juliet}'/>");
        await juliet.AwaitAsync($"<presence type='subscribe' from='{Romeo}'/>");
        await juliet.SendAsync($"<presence type='subscribed' to='{Romeo}'/>");
        await romeo.AwaitAsync($"<presence from='{juliet.Address}' type='-'/>");
        await juliet.SendAsync($"<presence type='subscribe' to='{Romeo}'/>");
        await romeo.AwaitAsync($"<presence type='subscribe' from='{Juliet}'/>");
        await romeo.SendAsync($"<presence type='subscribed' to='{Juliet}'/>");
        await juliet.AwaitAsync($"<presence from='{romeo.Address}' type='-'/>");
    }

    /// <summary>One makes a room, the other comes in, and says something with a link to a file.</summary>
    static async Task MeetAsync(string room, (Wire Wire, string Nick) host, (Wire Wire, string Nick) guest)
    {
        // ejabberd changes the order of what is in a message.
        const string Link = "<x xmlns='jabber:x:oob'><url>https://montague.test/file</url></x>";
        await host.Wire.SendAsync($"<presence to='{room}/{host.Nick}'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
        await host.Wire.AwaitAsync($"<presence from='{room}/{host.Nick}' type='-'/>");
        await host.Wire.SendAsync($"<iq type='set' to='{room}' id='o'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>"
            + "<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field><field var='muc#roomconfig_membersonly'><value>0</value></field></x></query></iq>");
        await host.Wire.AwaitAsync("<iq id='o' type='result'/>");
        await guest.Wire.SendAsync($"<presence to='{room}/{guest.Nick}'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
        await guest.Wire.AwaitAsync($"<presence from='{room}/{guest.Nick}' type='-'/>");
        await host.Wire.AwaitAsync($"<presence from='{room}/{guest.Nick}' type='-'/>");
        await guest.Wire.SendAsync($"<message to='{room}' type='groupchat' id='g1'><body>hello</body>{Link}</message>");
        await host.Wire.AwaitAsync($"<message from='{room}/{guest.Nick}' type='groupchat'>{Link}</message>");
        await guest.Wire.AwaitAsync($"<message from='{room}/{guest.Nick}' type='groupchat' id='g1'>{Link}</message>");
    }
}
