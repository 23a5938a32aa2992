using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features;

/// <summary>XEP-0175: people without an account.</summary>
public sealed class GuestScenes : IAsyncLifetime
{
    const string Guests = "guests.localhost";
    const string Room = "square@rooms.localhost";
    const string Muc = "<x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x>";
    const string User = "http://jabber.org/protocol/muc#user";

    TestServer _server = null!;
    Wire _romeo = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync(null, null, "Guests:Domain=auto", "Guests:Sessions=3");
        await _server.AddUserAsync("romeo");
        _romeo = await _server.LoginAsync("romeo", "phone");
        await _romeo.SendAsync($"<presence/><presence to='{Room}/Romeo'>{Muc}</presence>");
        await _romeo.AwaitAsync($"<presence from='{Room}/Romeo'><x xmlns='{User}'><status code='201'/></x></presence>");
        await _romeo.SendAsync($"<iq type='set' id='o' to='{Room}'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field><field var='muc#roomconfig_membersonly'><value>0</value></field><field var='muc#roomconfig_publicroom'><value>1</value></field><field var='muc#roomconfig_persistentroom'><value>1</value></field></x></query></iq>");
        await _romeo.AwaitAsync("<iq type='result' id='o'/>");
        await _romeo.SendAsync("<iq type='set' id='settle'><query xmlns='jabber:iq:private'><a xmlns='urn:a'/></query></iq>");
        await _romeo.AwaitAsync("<iq type='result' id='settle'/>");
    }

    public async ValueTask DisposeAsync()
    {
        await _romeo.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_guest_comes_into_a_room_talks_and_is_gone_without_a_trace()
    {
        await using (var guest = await ComeAsync())
        {
            Assert.Matches("^[0-9a-f-]{36}@guests.localhost/[0-9a-f]{16}$", guest.Address);
            await guest.SendAsync($"<presence to='{Room}/Stranger'>{Muc}</presence>");
            await guest.AwaitAsync($"<presence from='{Room}/Stranger'><x xmlns='{User}'><status code='110'/></x></presence>");
            await _romeo.AwaitAsync($"<presence from='{Room}/Stranger'><x xmlns='{User}'><item role='participant'/></x></presence>");
            await guest.SendAsync($"<message type='groupchat' to='{Room}'><body>good day</body></message>");
            await _romeo.AwaitAsync($"<message type='groupchat' from='{Room}/Stranger'><body>good day</body></message>");
            await guest.AwaitAsync($"<message type='groupchat' from='{Room}/Stranger'><body>good day</body></message>");
            await _romeo.SendAsync($"<message type='chat' to='{Room}/Stranger'><body>who are you?</body><x xmlns='{User}'/></message>");
            await guest.AwaitAsync($"<message type='chat' from='{Room}/Romeo'><body>who are you?</body></message>");

            // Membership of a guest ends with the guest.
            await _romeo.SendAsync($"<iq type='set' id='m' to='{Room}'><query xmlns='http://jabber.org/protocol/muc#admin'><item jid='{guest.Address.Split('/')[0]}' affiliation='member'/></query></iq>");
            await _romeo.AwaitAsync("<iq type='result' id='m'/>");
        }

        await _romeo.AwaitAsync($"<presence type='unavailable' from='{Room}/Stranger'/>");
        await _romeo.SendAsync($"<iq type='get' id='l' to='{Room}'><query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='member'/></query></iq>");
        var members = await _romeo.AwaitAsync("<iq type='result' id='l'/>");
        for (var attempt = 0; members.Descendants("{http://jabber.org/protocol/muc#admin}item").Any() && attempt < 5_000; attempt++)
        {
            // It leaves the room first, and its lists right after.
            await _romeo.SendAsync($"<iq type='get' id='l' to='{Room}'><query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='member'/></query></iq>");
            members = await _romeo.AwaitAsync("<iq type='result' id='l'/>");
        }

        Assert.Empty(members.Descendants("{http://jabber.org/protocol/muc#admin}item"));
        Assert.Equal(1, await _server.Store.Accounts.CountAsync());
    }

    [Fact]
    public async Task What_the_process_left_behind_of_guests_is_gone_when_it_starts()
    {
        var room = (await _server.Store.Rooms.FindAsync("square"))!;
        await _server.Store.Rooms.ChangeAsync(room.Id, null, [new($"ghost@{Guests}", Xmpp.Payloads.Affiliation.Member)]);
        await _server.StopAsync();
        await _server.StartAgainAsync();

        // Writes follow each other.
        await _server.AddUserAsync("juliet");
        Assert.DoesNotContain((await _server.Store.Rooms.FindAsync("square"))!.Members, member => member.Jid.EndsWith(Guests, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("<message type='chat' to='romeo@localhost' id='x'><body>psst</body></message>")]
    [InlineData("<message type='chat' to='someone@elsewhere.example' id='x'><body>psst</body></message>")]
    [InlineData("<presence type='subscribe' to='romeo@localhost' id='x'/>")]
    [InlineData("<presence to='romeo@localhost' id='x'/>")]
    [InlineData("<iq type='get' to='romeo@localhost' id='x'><vCard xmlns='vcard-temp'/></iq>")]
    [InlineData("<iq type='get' to='romeo@localhost/phone' id='x'><ping xmlns='urn:xmpp:ping'/></iq>")]
    [InlineData("<iq type='get' to='pubsub.localhost' id='x'><ping xmlns='urn:xmpp:ping'/></iq>")]
    [InlineData("<iq type='set' to='square@rooms.localhost' id='x'><query xmlns='jabber:iq:register'/></iq>")]
    public async Task A_guest_reaches_nobody_but_rooms(string stanza)
    {
        await using var guest = await ComeAsync();
        await guest.SendAsync(stanza);
        var answer = await guest.ExpectAsync($"<{stanza[1..].Split(' ')[0]} type='error' id='x'><error type='auth'><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></{stanza[1..].Split(' ')[0]}>");
        Assert.Equal(guest.Address, answer.Attribute("to")!.Value);
        await _romeo.ExpectNothingAsync();
    }

    [Fact]
    public async Task A_guest_says_what_it_is_and_has_nothing()
    {
        await using var guest = await ComeAsync();
        var bare = guest.Address.Split('/')[0];
        foreach (var to in (string[])["", $" to='{bare}'"])
        {
            await guest.SendAsync($"<iq type='get' id='d'{to}><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
            await guest.AwaitAsync($"<iq type='result' id='d' from='{bare}'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='account' type='anonymous'/></query></iq>");
        }

        await _romeo.SendAsync($"<iq type='get' id='d' to='{bare}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
        await _romeo.AwaitAsync("<iq type='result' id='d'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='account' type='anonymous'/></query></iq>");
        await _romeo.SendAsync($"<iq type='get' id='d' to='nobody@{Guests}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
        await _romeo.AwaitAsync("<iq type='error' id='d'/>");
        await guest.SendAsync("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>");
        await guest.AwaitAsync("<iq type='result' id='r'><query xmlns='jabber:iq:roster'/></iq>");
        await guest.SendAsync("<iq type='set' id='v'><vCard xmlns='vcard-temp'/></iq>");
        await guest.AwaitAsync("<iq type='error' id='v'/>");
        await guest.SendAsync("<iq type='get' id='s' to='localhost'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>");
        await guest.AwaitAsync("<iq type='result' id='s'><query xmlns='http://jabber.org/protocol/disco#items'><item jid='rooms.localhost'/></query></iq>");
        await guest.SendAsync("<iq type='set' id='c' to='localhost'><command xmlns='http://jabber.org/protocol/commands' node='urn:xmpp:invite#invite'/></iq>");
        await guest.AwaitAsync("<iq type='error' id='c'><error><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    }

    [Fact]
    public async Task The_door_for_guests_is_for_guests_alone()
    {
        await using var wire = await _server.ConnectAsync();
        var features = await wire.OpenAsync(Guests);
        Assert.Equal(["ANONYMOUS"], features.Descendants("{urn:ietf:params:xml:ns:xmpp-sasl}mechanism").Select(name => name.Value));
        Assert.Equal(Guests, wire.Header!.Attribute("from")!.Value);
        await wire.SendAsync("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AHJvbWVvAHg=</auth>");
        await wire.ExpectAsync("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><invalid-mechanism/></failure>");
        await wire.SendAsync("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'>!</auth>");
        await wire.ExpectAsync("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><incorrect-encoding/></failure>");
        await wire.SendAsync("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'>c2lyaGM=</auth>");
        await wire.ExpectAsync("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");

        await using var other = await _server.ConnectAsync();
        features = await other.OpenAsync();
        Assert.DoesNotContain("ANONYMOUS", features.Descendants().Select(name => name.Value));
        await other.SendAsync("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>");
        await other.ExpectAsync("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><invalid-mechanism/></failure>");
    }

    [Fact]
    public async Task There_are_only_so_many_guests()
    {
        await using var one = await ComeAsync();
        await using var two = await ComeAsync();
        await using (var three = await ComeAsync())
        {
            await using var four = await _server.ConnectAsync();
            await four.OpenAsync(Guests);
            await four.SendAsync("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>");
            await four.ExpectAsync("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><temporary-auth-failure/></failure>");
            await three.SendAsync("</stream:stream>");
            await three.ExpectEndAsync();
        }

        // The place is free when the server has seen the end, which may be a moment after the guest has.
        for (var attempt = 0; attempt < 100; attempt++)
        {
            await using var five = await _server.ConnectAsync();
            await five.OpenAsync(Guests);
            await five.SendAsync("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>");
            if ((await five.ReceiveAsync()).Name.LocalName == "success")
            {
                return;
            }
        }

        Assert.Fail("The place of a guest that left stays taken.");
    }

    [Fact]
    public async Task A_guest_that_sends_too_much_is_told_and_one_that_lies_is_cut_off()
    {
        await using var guest = await ComeAsync();
        await guest.SendAsync(string.Concat(Enumerable.Range(0, 60).Select(number => $"<iq type='get' id='p{number}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")));
        await guest.AwaitAsync("<iq type='error'><error><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        await guest.SendAsync("<message from='romeo@localhost' to='square@rooms.localhost'/>");
        await guest.ExpectStreamErrorAsync("invalid-from");
    }

    [Fact]
    public async Task Where_the_operator_lets_them_guests_write_to_accounts()
    {
        await using var server = await TestServer.StartAsync(null, null, "Guests:Domain=visitors.localhost", "Guests:Reach=server");
        await server.AddUserAsync("help");
        await using var help = await server.LoginAsync("help", "desk");
        await help.SendAsync("<presence/>");
        await help.AwaitAsync("<presence from='help@localhost/desk'/>");
        await using var guest = await ComeAsync(server, "visitors.localhost");
        await guest.SendAsync("<message type='chat' to='help@localhost'><body>help</body></message>");
        await help.ExpectAsync($"<message type='chat' from='{guest.Address}'><body>help</body></message>");
        await help.SendAsync($"<message type='chat' to='{guest.Address}'><body>how?</body></message>");
        await guest.ExpectAsync("<message type='chat' from='help@localhost/desk'><body>how?</body></message>");
        await guest.SendAsync("<message type='chat' to='someone@elsewhere.example' id='x'><body>psst</body></message>");
        await guest.ExpectAsync("<message type='error' id='x'/>");
        await guest.SendAsync("<iq type='get' to='help@localhost/desk' id='x'><ping xmlns='urn:xmpp:ping'/></iq>");
        await guest.ExpectAsync("<iq type='error' id='x'/>");
    }

    [Fact]
    public async Task Without_the_setting_nobody_comes_in()
    {
        await using var server = await TestServer.StartAsync();
        await using var wire = await server.ConnectAsync();
        await wire.SendAsync($"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='{Guests}'>");
        await wire.ReadHeaderAsync();
        await wire.ExpectStreamErrorAsync("host-unknown");
    }

    Task<Wire> ComeAsync() => ComeAsync(_server, Guests);

    static async Task<Wire> ComeAsync(TestServer server, string domain)
    {
        var wire = await Wire.ConnectAsync(server.Xmpp, domain);
        await wire.LoginAnonymouslyAsync();
        return wire;
    }
}
