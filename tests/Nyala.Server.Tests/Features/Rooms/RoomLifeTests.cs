using Microsoft.Extensions.Time.Testing;
using Nyala.Server.Tests.Routing;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features.Rooms;

/// <summary>Rooms over restarts, lost connections, removed accounts, limits and other servers (DELIVERY R1, R11).</summary>
public sealed class RoomLifeTests
{
    const string Room = "verona@rooms.localhost";
    const string User = "http://jabber.org/protocol/muc#user";

    [Fact]
    public async Task What_belongs_to_a_room_is_there_after_a_restart_and_a_temporary_room_is_not()
    {
        await using var server = await StartAsync();
        await using (var romeo = await MakeAsync(server, Room))
        {
            await MakeAsync(romeo, "square@rooms.localhost", "<field var='muc#roomconfig_persistentroom'><value>0</value></field>");
            await romeo.SendAsync($"<iq type='set' id='a' to='{Room}'><query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='member' jid='juliet@localhost' nick='Jule'/></query></iq>");
            await romeo.AwaitAsync("<iq type='result' id='a'/>");
            await romeo.SendAsync($"<message type='groupchat' to='{Room}'><subject>Love</subject></message><message type='groupchat' to='{Room}'><body>Hello</body></message>");
            await romeo.AwaitAsync("<message type='groupchat'><body>Hello</body></message>");
            var stopping = server.StopAsync();
            await romeo.AwaitAsync($"<presence from='{Room}/Romeo' type='unavailable'><x xmlns='{User}'><status code='110'/><status code='332'/></x></presence>");
            await stopping;
        }

        await server.StartAgainAsync();
        await using var juliet = await ArriveAsync(server, "juliet");
        await juliet.SendAsync($"<presence to='{Room}/Jule'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
        await juliet.AwaitAsync($"<presence from='{Room}/Jule'><x xmlns='{User}'><item affiliation='member'/><status code='110'/></x></presence>");
        await juliet.ExpectAsync($"<message type='groupchat' from='{Room}/Romeo'><body>Hello</body><stanza-id xmlns='urn:xmpp:sid:0'/><delay xmlns='urn:xmpp:delay'/></message>");
        await juliet.ExpectAsync($"<message type='groupchat' from='{Room}/Romeo'><subject>Love</subject></message>");
        await juliet.SendAsync("<iq type='get' id='d' to='square@rooms.localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
        await juliet.AwaitAsync("<iq type='error' id='d'><error><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    }

    [Fact]
    public async Task A_session_that_comes_back_has_kept_its_place_and_gets_what_was_said()
    {
        await using var server = await StartAsync();
        await using var romeo = await MakeAsync(server, Room, Open);
        await using var juliet = await ArriveAsync(server, "juliet");
        await juliet.SendAsync("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        var enabled = await juliet.AwaitAsync("<enabled xmlns='urn:xmpp:sm:3' id='*'/>");
        await EnterAsync(juliet, "Juliet");
        await romeo.AwaitAsync($"<presence from='{Room}/Juliet'/>");
        juliet.Cut();
        await romeo.SendAsync($"<message type='groupchat' to='{Room}'><body>Still there?</body></message>");
        await romeo.AwaitAsync("<message type='groupchat'><body>Still there?</body></message>");
        await romeo.ExpectNothingAsync();

        await using var back = await server.ConnectAsync();
        await back.AuthenticateAsync("juliet", TestServer.Password);
        await back.SendAsync($"<resume xmlns='urn:xmpp:sm:3' h='0' previd='{enabled.Attribute("id")!.Value}'/>");
        await back.AwaitAsync("<resumed xmlns='urn:xmpp:sm:3'/>");
        await back.AwaitAsync($"<message type='groupchat' from='{Room}/Romeo'><body>Still there?</body></message>");
        await back.SendAsync($"<iq type='get' id='self' to='{Room}/Juliet'><ping xmlns='urn:xmpp:ping'/></iq>");
        await back.AwaitAsync("<iq type='result' id='self'/>");
    }

    [Fact]
    public async Task A_session_that_cannot_be_given_what_is_said_is_told_that_it_is_outside()
    {
        await using var server = await StartAsync(null, "Limits:UnacknowledgedStanzas=12");
        await using var romeo = await MakeAsync(server, Room, Open);
        await using var juliet = await ArriveAsync(server, "juliet");
        await juliet.SendAsync("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        var enabled = await juliet.AwaitAsync("<enabled xmlns='urn:xmpp:sm:3' id='*'/>");
        await EnterAsync(juliet, "Juliet");
        await romeo.AwaitAsync($"<presence from='{Room}/Juliet'/>");
        juliet.Cut();
        for (var i = 0; i < 20; i++)
        {
            await romeo.SendAsync($"<message type='groupchat' to='{Room}'><body>{i}</body></message>");
        }

        await romeo.AwaitAsync($"<presence from='{Room}/Juliet' type='unavailable'><x xmlns='{User}'><item role='none'/><status code='333'/></x></presence>");
        await using var back = await server.ConnectAsync();
        await back.AuthenticateAsync("juliet", TestServer.Password);
        await back.SendAsync($"<resume xmlns='urn:xmpp:sm:3' h='0' previd='{enabled.Attribute("id")!.Value}'/>");
        await back.AwaitAsync("<message type='groupchat'><body>0</body></message>");
        await back.AwaitAsync($"<presence from='{Room}/Juliet' type='unavailable'><x xmlns='{User}'><status code='110'/><status code='333'/></x></presence>");
        await back.SendAsync($"<iq type='get' id='self' to='{Room}/Juliet'><ping xmlns='urn:xmpp:ping'/></iq>");
        await back.AwaitAsync("<iq type='error' id='self'><error><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    }

    [Fact]
    public async Task A_session_that_does_not_come_back_in_time_loses_its_place()
    {
        var time = new FakeTimeProvider(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var server = await StartAsync(time, "Limits:ProbeAfter=1d");
        await using var romeo = await MakeAsync(server, Room, Open);
        await using var juliet = await ArriveAsync(server, "juliet");
        await juliet.SendAsync("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        await EnterAsync(juliet, "Juliet");
        await romeo.AwaitAsync($"<presence from='{Room}/Juliet'/>");
        juliet.Cut();
        await juliet.DisposeAsync();
        while (true)
        {
            // The server learns of the cut in its own time; from then on the clock counts.
            time.Advance(TimeSpan.FromMinutes(11));
            await romeo.SendAsync("<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
            var seen = await romeo.ReceiveAsync();
            if (seen.Name.LocalName == "presence")
            {
                ElementPattern.Parse($"<presence from='{Room}/Juliet' type='unavailable'><x xmlns='{User}'><item role='none'/><status code='333'/></x></presence>").Require(seen);
                return;
            }
        }
    }

    [Fact]
    public async Task Who_takes_the_name_of_a_removed_account_is_nothing_to_its_rooms()
    {
        await using var server = await StartAsync();
        await using var romeo = await MakeAsync(server, Room);
        await romeo.SendAsync($"<iq type='set' id='a' to='{Room}'><query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='owner' jid='juliet@localhost'/></query></iq>");
        await romeo.AwaitAsync("<iq type='result' id='a'/>");
        await using var juliet = await ArriveAsync(server, "juliet");
        await EnterAsync(juliet, "Juliet");
        await romeo.AwaitAsync($"<presence from='{Room}/Juliet'/>");
        await server.RemoveUserAsync("juliet");
        await romeo.AwaitAsync($"<presence from='{Room}/Juliet' type='unavailable'/>");
        await server.AddUserAsync("juliet");
        await using var other = await ArriveAsync(server, "juliet");
        await other.SendAsync($"<presence to='{Room}/Juliet'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
        await other.AwaitAsync($"<presence from='{Room}/Juliet'><x xmlns='{User}'><item affiliation='none' role='participant'/><status code='110'/></x></presence>");
    }

    [Fact]
    public async Task Rooms_are_made_only_by_those_who_may_and_only_so_many()
    {
        await using var server = await StartAsync(null, "Limits:RoomsPerAccount=1");
        await using var romeo = await MakeAsync(server, Room);
        await romeo.SendAsync("<presence to='two@rooms.localhost/Romeo'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
        await romeo.AwaitAsync("<presence type='error'><error><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>");

        await using var strict = await StartAsync(null, "Rooms:Creation=admins", "Rooms:Host=groups.example.org");
        await strict.AddUserAsync("prince", admin: true);
        await using var juliet = await ArriveAsync(strict, "juliet");
        await juliet.SendAsync("<presence to='two@groups.example.org/J'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
        await juliet.AwaitAsync("<presence type='error'><error><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>");
        await using var prince = await ArriveAsync(strict, "prince");
        await prince.SendAsync("<presence to='two@groups.example.org/P'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
        await prince.AwaitAsync($"<presence from='two@groups.example.org/P'><x xmlns='{User}'><status code='201'/></x></presence>");
    }

    [Fact]
    public async Task People_of_other_servers_enter_talk_read_and_are_removed_when_they_cannot_be_reached()
    {
        FakeHost? others = null;
        await using var server = await TestServer.StartWithAsync(made => [others = new(made, "*")]);
        await AddAsync(server);
        await using var romeo = await MakeAsync(server, Room, Open);
        await others!.SendAsync($"<presence from='paris@far.example/x' to='{Room}/Paris'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
        await romeo.AwaitAsync($"<presence from='{Room}/Paris'><x xmlns='{User}'><item affiliation='none' role='participant'/></x></presence>");
        Assert.StartsWith($"<presence from='{Room}/Romeo' to='paris@far.example/x'", await others.NextAsync(), StringComparison.Ordinal);
        Assert.Contains("code='110'", await others.NextAsync(), StringComparison.Ordinal);
        Assert.Contains("<subject/>", await others.NextAsync(), StringComparison.Ordinal);
        await others.SendAsync($"<message from='paris@far.example/x' to='{Room}' type='groupchat' id='p1'><body>Good day</body></message>");
        await romeo.AwaitAsync($"<message type='groupchat' id='p1' from='{Room}/Paris'><body>Good day</body><stanza-id xmlns='urn:xmpp:sid:0'/></message>");
        Assert.Contains("<body>Good day</body>", await others.NextAsync(), StringComparison.Ordinal);
        await others.SendAsync($"<iq from='paris@far.example/x' to='{Room}' type='set' id='q1'><query xmlns='urn:xmpp:mam:2'/></iq>");
        Assert.Contains("<result", await others.NextAsync(), StringComparison.Ordinal);
        Assert.Contains("<fin", await others.NextAsync(), StringComparison.Ordinal);
        await others.SendAsync($"<presence from='paris@far.example/y' to='new@rooms.localhost/Paris'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
        Assert.Contains("<not-allowed", await others.NextAsync(), StringComparison.Ordinal);
        await others.SendAsync($"<message from='paris@far.example/x' to='{Room}/Romeo' type='error'><error type='cancel'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
        await romeo.AwaitAsync($"<presence from='{Room}/Paris' type='unavailable'><x xmlns='{User}'><item role='none'/><status code='333'/></x></presence>");
    }

    const string Open = "<field var='muc#roomconfig_membersonly'><value>0</value></field>";

    static async Task<TestServer> StartAsync(TimeProvider? time = null, params string[] settings)
    {
        var server = await TestServer.StartAsync(time, null, settings);
        await AddAsync(server);
        return server;
    }

    static async Task AddAsync(TestServer server)
    {
        await server.AddUserAsync("romeo");
        await server.AddUserAsync("juliet");
    }

    static async Task<Wire> ArriveAsync(TestServer server, string name)
    {
        var wire = await server.LoginAsync(name, "phone");
        await wire.SendAsync("<presence/>");
        await wire.AwaitAsync($"<presence from='{wire.Address}'/>");
        return wire;
    }

    static async Task<Wire> MakeAsync(TestServer server, string room, string fields = "")
    {
        var wire = await ArriveAsync(server, "romeo");
        await MakeAsync(wire, room, fields);
        return wire;
    }

    static async Task MakeAsync(Wire wire, string room, string fields)
    {
        await wire.SendAsync($"<presence to='{room}/Romeo'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
        await wire.AwaitAsync($"<presence from='{room}/Romeo'><x xmlns='{User}'><status code='201'/></x></presence>");
        await wire.SendAsync($"<iq type='set' id='c' to='{room}'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>"
            + $"<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>{fields}</x></query></iq>");
        await wire.AwaitAsync("<iq type='result' id='c'/>");
    }

    static async Task EnterAsync(Wire wire, string nick)
    {
        await wire.SendAsync($"<presence to='{Room}/{nick}'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
        await wire.AwaitAsync($"<presence from='{Room}/{nick}'><x xmlns='{User}'><status code='110'/></x></presence>");
        await wire.AwaitAsync("<message type='groupchat'><subject/></message>");
    }
}
