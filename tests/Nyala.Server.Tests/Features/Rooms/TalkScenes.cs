using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features.Rooms;

/// <summary>XEP-0045 §7.4, §7.5, §8.1, XEP-0313, XEP-0424, XEP-0425: what is said, kept, read again and taken back.</summary>
public sealed class TalkScenes(SharedServer shared) : RoomScene(shared)
{
    [Fact]
    public async Task What_is_said_reaches_everybody_with_one_id_and_can_be_read_again()
    {
        var romeo = await MakeAsync(Public);
        var mercutio = await EnterAsync(Mercutio, "Mercutio");
        await mercutio.SendAsync($"<message type='groupchat' id='m1' to='{Room}'><body>Dreamers often lie</body><occupant-id xmlns='urn:xmpp:occupant-id:0' id='forged'/>"
            + $"<x xmlns='{User}'><item jid='forged@x'/></x><stanza-id xmlns='urn:xmpp:sid:0' by='{Room}' id='forged'/><origin-id xmlns='urn:xmpp:sid:0' id='o1'/></message>");
        var heard = await romeo.AwaitAsync($"<message type='groupchat' id='m1' from='{Room}/Mercutio' to='{romeo.Address}'><body>Dreamers often lie</body><absent:x xmlns:absent='!{User}'/></message>");
        var own = await mercutio.AwaitAsync($"<message type='groupchat' id='m1' from='{Room}/Mercutio' to='{mercutio.Address}'><body>Dreamers often lie</body></message>");
        var id = IdOf(heard);
        Assert.Equal(id, IdOf(own));
        Assert.Single(heard.Elements(), element => element.Name.LocalName == "occupant-id" && element.Attribute("id")!.Value != "forged");

        await mercutio.SendAsync($"<iq type='set' id='q' to='{Room}'><query xmlns='urn:xmpp:mam:2' queryid='f'/></iq>");
        await mercutio.AwaitAsync($"<message from='{Room}'><result xmlns='urn:xmpp:mam:2' queryid='f' id='{id}'><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay'/>"
            + $"<message xmlns='jabber:client' from='{Room}/Mercutio'><body>Dreamers often lie</body><absent:x xmlns:absent='!{User}'/></message></forwarded></result></message>");
        await mercutio.AwaitAsync($"<iq type='result' id='q' from='{Room}'><fin xmlns='urn:xmpp:mam:2' complete='true'/></iq>");
        await romeo.SendAsync($"<iq type='set' id='q' to='{Room}'><query xmlns='urn:xmpp:mam:2'/></iq>");
        await romeo.AwaitAsync($"<message><result xmlns='urn:xmpp:mam:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'><x xmlns='{User}'><item jid='{mercutio.Address}'/></x></message></forwarded></result></message>");

    }

    [Fact]
    public async Task Personal_archives_hold_nothing_of_what_is_said_in_rooms()
    {
        var romeo = await MakeAsync(Public);
        await SayAsync(romeo, "He jests at scars");
        await romeo.AwaitAsync("<message type='groupchat'><body>He jests at scars</body></message>");
        await AskAsync(romeo, "set", "<query xmlns='urn:xmpp:mam:2'/>", "<fin xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><count>0</count></set></fin>");
    }

    [Fact]
    public async Task Strangers_and_visitors_say_nothing()
    {
        var romeo = await MakeAsync([.. Public, "muc#roomconfig_moderatedroom=1"]);
        var mercutio = await ArriveAsync(Mercutio);
        await SayAsync(mercutio, "A plague");
        await mercutio.AwaitAsync($"<message type='error' id='m' from='{Room}'><error><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
        await EnterAsync(mercutio, "Mercutio");
        await SayAsync(mercutio, "A plague");
        await mercutio.AwaitAsync($"<message type='error' id='m' from='{Room}'><error><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
        await mercutio.SendAsync($"<message to='{Room}'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#request</value></field>"
            + "<field var='muc#role'><value>participant</value></field></x></message>");
        await romeo.AwaitAsync($"<message from='{Room}'><x xmlns='jabber:x:data' type='form'><field var='muc#roomnick'><value>Mercutio</value></field></x></message>");
        await romeo.SendAsync($"<message to='{Room}'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#request</value></field>"
            + "<field var='muc#role'><value>participant</value></field><field var='muc#roomnick'><value>Mercutio</value></field><field var='muc#request_allow'><value>true</value></field></x></message>");
        await mercutio.AwaitAsync(Seen("Mercutio", "role='participant'", "<status code='110'/>"));
        await SayAsync(mercutio, "A plague o' both your houses");
        await romeo.AwaitAsync("<message type='groupchat'><body>A plague o' both your houses</body></message>");
    }

    [Fact]
    public async Task Where_only_admins_write_members_read_and_react()
    {
        const string Forbidden = "<message type='error' id='m'><error><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>";
        var romeo = await MakeAsync(Public);
        await RuleAsync(romeo, $"<item jid='{Mercutio}' affiliation='member'/>");
        var mercutio = await EnterAsync(Mercutio, "Mercutio");
        await ConfigureAsync(romeo, "urn:nyala:rooms#admins_only=1");
        await mercutio.AwaitAsync(Seen("Mercutio", "affiliation='member' role='visitor'", "<status code='110'/>"));
        await SayAsync(mercutio, "A plague");
        await mercutio.AwaitAsync(Forbidden);
        await mercutio.SendAsync($"<message type='groupchat' id='m' to='{Room}'><displayed xmlns='urn:xmpp:chat-markers:0' id='x'/><subject>A plague</subject></message>");
        await mercutio.AwaitAsync(Forbidden);
        await mercutio.SendAsync($"<message type='groupchat' id='r' to='{Room}'><displayed xmlns='urn:xmpp:chat-markers:0' id='x'/><origin-id xmlns='urn:xmpp:sid:0' id='r'/></message>");
        await romeo.AwaitAsync($"<message type='groupchat' id='r' from='{Room}/Mercutio'><displayed xmlns='urn:xmpp:chat-markers:0' id='x'/></message>");
        await ConfigureAsync(romeo, "urn:nyala:rooms#admins_only=0");
        await mercutio.AwaitAsync(Seen("Mercutio", "affiliation='member' role='participant'", "<status code='110'/>"));
        await SayAsync(mercutio, "A plague o' both your houses");
        await romeo.AwaitAsync("<message type='groupchat'><body>A plague o' both your houses</body></message>");
    }

    [Fact]
    public async Task A_message_to_a_room_that_is_not_there_or_of_the_wrong_type_comes_back()
    {
        var romeo = await MakeAsync(Public);
        await romeo.SendAsync("<message type='groupchat' id='m1' to='nowhere@rooms.localhost'><body>1</body></message>");
        await romeo.AwaitAsync("<message type='error' id='m1'><error><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
        await romeo.SendAsync($"<message type='chat' id='m2' to='{Room}'><body>2</body></message>");
        await romeo.AwaitAsync("<message type='error' id='m2'><error><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
        await romeo.SendAsync($"<message type='groupchat' id='m3' to='{Room}/Romeo'><body>3</body></message>");
        await romeo.AwaitAsync("<message type='error' id='m3'><error><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
        await romeo.SendAsync($"<message type='chat' id='m4' to='{Room}/Nobody'><body>4</body></message>");
        await romeo.AwaitAsync("<message type='error' id='m4'><error><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
    }

    [Fact]
    public async Task A_private_message_reaches_every_client_that_is_there_once()
    {
        var romeo = await MakeAsync(Public);
        var phone = await EnterAsync(Mercutio, "Mercutio");
        var desk = await EnterAsync(Mercutio, "Mercutio", "desk");
        var away = await ArriveAsync(Mercutio, "away");
        foreach (var wire in (Wire[])[phone, desk, away])
        {
            await AskAsync(wire, "set", "<enable xmlns='urn:xmpp:carbons:2'/>");
        }

        await romeo.SendAsync($"<message type='chat' id='p1' to='{Room}/Mercutio'><body>A word</body></message>");
        foreach (var wire in (Wire[])[phone, desk])
        {
            await wire.AwaitAsync($"<message type='chat' id='p1' from='{Room}/Romeo' to='{wire.Address}'><body>A word</body><x xmlns='{User}'/><occupant-id xmlns='urn:xmpp:occupant-id:0'/></message>");
            await HearsNothingAsync(wire);
        }

        await HearsNothingAsync(away);
        await AskAsync(romeo, "set", "<query xmlns='urn:xmpp:mam:2'/>", "<fin xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><count>0</count></set></fin>", Room);
        await ConfigureAsync(romeo, "muc#roomconfig_allowpm=moderators");
        await phone.SendAsync($"<message type='chat' id='p2' to='{Room}/Romeo'><body>Nay</body></message>");
        await phone.AwaitAsync("<message type='error' id='p2'><error><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
    }

    [Fact]
    public async Task The_subject_stays_for_those_who_come_later()
    {
        var romeo = await MakeAsync(Public);
        var mercutio = await EnterAsync(Mercutio, "Mercutio");
        await mercutio.SendAsync($"<message type='groupchat' id='s1' to='{Room}'><subject>Fools</subject></message>");
        await mercutio.AwaitAsync("<message type='error' id='s1'><error><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
        await romeo.SendAsync($"<message type='groupchat' id='s2' to='{Room}'><subject>Love</subject></message>");
        await mercutio.AwaitAsync($"<message type='groupchat' from='{Room}/Romeo'><subject>Love</subject></message>");
        await romeo.SendAsync($"<message type='groupchat' to='{Room}'><subject>No change</subject><body>because of this</body></message>");
        var juliet = await ArriveAsync(Juliet);
        await SendEntryAsync(juliet, "Juliet", "");
        await juliet.AwaitAsync("<message type='groupchat'><body>because of this</body><delay xmlns='urn:xmpp:delay'/></message>");
        await juliet.ExpectAsync($"<message type='groupchat' from='{Room}/Romeo'><subject>Love</subject><delay xmlns='urn:xmpp:delay' from='{Room}'/></message>");
        await ConfigureAsync(romeo, "muc#roomconfig_changesubject=1");
        await juliet.SendAsync($"<message type='groupchat' to='{Room}'><subject/></message>");
        await mercutio.AwaitAsync($"<message type='groupchat' from='{Room}/Juliet'><subject/></message>");
    }

    [Theory]
    [InlineData("", 3)]
    [InlineData("<history maxstanzas='2'/>", 2)]
    [InlineData("<history maxstanzas='0'/>", 0)]
    [InlineData("<history maxchars='0'/>", 0)]
    [InlineData("<history seconds='0'/>", 0)]
    [InlineData("<history since='2999-01-01T00:00:00Z'/>", 0)]
    [InlineData("<history since='1999-01-01T00:00:00Z' maxstanzas='1'/>", 1)]
    public async Task As_much_history_is_shown_as_is_wanted(string wanted, int count)
    {
        var romeo = await MakeAsync(Public);
        for (var i = 0; i < 3; i++)
        {
            await SayAsync(romeo, $"{i}");
        }

        await romeo.AwaitAsync("<message type='groupchat'><body>2</body></message>");
        var juliet = await ArriveAsync(Juliet);
        await SendEntryAsync(juliet, "Juliet", wanted);
        await juliet.AwaitAsync(Seen("Juliet", "role='participant'", "<status code='110'/>"));
        for (var i = 3 - count; i < 3; i++)
        {
            await juliet.ExpectAsync($"<message type='groupchat' from='{Room}/Romeo' to='{juliet.Address}'><body>{i}</body><stanza-id xmlns='urn:xmpp:sid:0' by='{Room}'/><delay xmlns='urn:xmpp:delay' from='{Room}'/></message>");
        }

        await juliet.ExpectAsync("<message type='groupchat'><subject/></message>");
    }

    [Fact]
    public async Task A_resent_message_is_shown_again_to_its_sender_alone()
    {
        var romeo = await MakeAsync(Public);
        var phone = await EnterAsync(Mercutio, "Mercutio");
        const string Said = "<body>once</body><origin-id xmlns='urn:xmpp:sid:0' id='01234567-89ab-cdef'/>";
        await phone.SendAsync($"<message type='groupchat' id='r' to='{Room}'>{Said}</message>");
        var first = await romeo.AwaitAsync("<message type='groupchat' id='r'><body>once</body></message>");
        await phone.DisposeAsync();
        await romeo.AwaitAsync(Seen("Mercutio", "role='none'", "", "unavailable"));
        var desk = await EnterAsync(Mercutio, "Mercutio", "desk");
        await romeo.AwaitAsync(Seen("Mercutio", "role='participant'"));
        await desk.SendAsync($"<message type='groupchat' id='r' to='{Room}'>{Said}</message>");
        var again = await desk.AwaitAsync($"<message type='groupchat' id='r' from='{Room}/Mercutio'><body>once</body></message>");
        Assert.Equal(IdOf(first), IdOf(again));
        await romeo.ExpectNothingAsync();
        await AskAsync(romeo, "set", "<query xmlns='urn:xmpp:mam:2'/>", "<fin xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><count>1</count></set></fin>", Room);
    }

    [Fact]
    public async Task A_moderator_takes_back_what_another_said_and_a_tombstone_remains()
    {
        var romeo = await MakeAsync(Public);
        var mercutio = await EnterAsync(Mercutio, "Mercutio");
        await SayAsync(mercutio, "Villain", "bad");
        var id = IdOf(await romeo.AwaitAsync("<message type='groupchat' id='bad'><body>Villain</body></message>"));
        var moderate = $"<moderate xmlns='urn:xmpp:message-moderate:1' id='{id}'><retract xmlns='urn:xmpp:message-retract:1'/><reason>Manners</reason></moderate>";
        await RefusedAsync(mercutio, "set", moderate, "forbidden", Room);
        await RefusedAsync(romeo, "set", moderate.Replace(id, "unknown", StringComparison.Ordinal), "item-not-found", Room);
        await AskAsync(romeo, "set", moderate, "", Room);
        await mercutio.AwaitAsync($"<message type='groupchat' from='{Room}' id='*'><retract xmlns='urn:xmpp:message-retract:1' id='{id}'>"
            + $"<moderated xmlns='urn:xmpp:message-moderate:1' by='{Room}/Romeo'><occupant-id xmlns='urn:xmpp:occupant-id:0'/></moderated><reason>Manners</reason></retract></message>");
        await mercutio.SendAsync($"<iq type='set' id='q' to='{Room}'><query xmlns='urn:xmpp:mam:2'/></iq>");
        await mercutio.AwaitAsync($"<message><result xmlns='urn:xmpp:mam:2' id='{id}'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='{Room}/Mercutio'>"
            + "<occupant-id xmlns='urn:xmpp:occupant-id:0'/><retracted xmlns='urn:xmpp:message-retract:1'><moderated xmlns='urn:xmpp:message-moderate:1'/></retracted><absent:body xmlns:absent='!jabber:client'/></message></forwarded></result></message>");
        var juliet = await ArriveAsync(Juliet);
        await SendEntryAsync(juliet, "Juliet", "");
        await juliet.AwaitAsync("<message type='groupchat' id='bad'><retracted xmlns='urn:xmpp:message-retract:1'/><absent:body xmlns:absent='!jabber:client'/></message>");
    }

    [Fact]
    public async Task Who_takes_back_its_own_words_leaves_a_tombstone_and_cannot_take_back_those_of_others()
    {
        var romeo = await MakeAsync(Public);
        var mercutio = await EnterAsync(Mercutio, "Mercutio");
        await SayAsync(romeo, "Mine", "mine");
        var mine = IdOf(await mercutio.AwaitAsync("<message type='groupchat' id='mine'/>"));
        await SayAsync(mercutio, "Yours", "yours");
        var yours = IdOf(await mercutio.AwaitAsync("<message type='groupchat' id='yours'/>"));
        foreach (var id in (string[])[mine, yours])
        {
            await mercutio.SendAsync($"<message type='groupchat' id='r-{id}' to='{Room}'><retract xmlns='urn:xmpp:message-retract:1' id='{id}'/></message>");
            await mercutio.AwaitAsync($"<message type='groupchat' id='r-{id}'/>");
        }

        while (true)
        {
            // The tombstone comes soon, not at once.
            await mercutio.SendAsync($"<iq type='set' id='q' to='{Room}'><query xmlns='urn:xmpp:mam:2'/></iq>");
            var first = await mercutio.AwaitAsync("<message><result xmlns='urn:xmpp:mam:2'/></message>");
            var second = await mercutio.AwaitAsync("<message><result xmlns='urn:xmpp:mam:2'/></message>");
            await mercutio.AwaitAsync("<iq id='q'/>");
            Assert.Contains("<body>Mine</body>", first.ToString(), StringComparison.Ordinal);
            if (second.ToString().Contains("retracted", StringComparison.Ordinal))
            {
                Assert.DoesNotContain("<body>Yours</body>", second.ToString(), StringComparison.Ordinal);
                return;
            }
        }
    }

    [Fact]
    public async Task Slow_mode_makes_people_wait_but_not_admins()
    {
        var romeo = await MakeAsync([.. Public, "muc#roomconfig_slow_mode_duration=60"]);
        var mercutio = await EnterAsync(Mercutio, "Mercutio");
        await SayAsync(mercutio, "one", "m1");
        await mercutio.AwaitAsync("<message type='groupchat' id='m1'/>");
        await SayAsync(mercutio, "two", "m2");
        await mercutio.AwaitAsync("<message type='error' id='m2'><error type='wait'><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
        await SayAsync(romeo, "three", "m3");
        await SayAsync(romeo, "four", "m4");
        await mercutio.AwaitAsync("<message type='groupchat' id='m4'/>");
        await AskAsync(mercutio, "get", Info, "<query xmlns='http://jabber.org/protocol/disco#info'><x xmlns='jabber:x:data'><field var='muc#roominfo_slow_mode_duration'><value>60</value></field></x></query>", Room);
    }

    [Fact]
    public async Task Only_who_may_enter_reads_the_archive()
    {
        var romeo = await MakeAsync();
        await SayAsync(romeo, "Secret");
        await romeo.AwaitAsync("<message type='groupchat'><body>Secret</body></message>");
        var mercutio = await ArriveAsync(Mercutio);
        const string Query = "<query xmlns='urn:xmpp:mam:2'/>";
        await RefusedAsync(mercutio, "set", Query, "forbidden", Room);
        await RefusedAsync(mercutio, "get", "<metadata xmlns='urn:xmpp:mam:2'/>", "forbidden", Room);
        await RuleAsync(romeo, $"<item affiliation='member' jid='{Mercutio}'/>");
        await AskAsync(mercutio, "set", Query, "", Room);
        await ConfigureAsync(romeo, "muc#roomconfig_enablearchiving=0");
        await RefusedAsync(mercutio, "set", Query, "service-unavailable", Room);
    }

    [Fact]
    public async Task An_inactive_phone_sleeps_through_comings_and_typing_but_not_through_words()
    {
        var romeo = await MakeAsync(Public);
        var phone = await EnterAsync(Mercutio, "Mercutio");
        await SettleAsync(phone);
        await phone.SendAsync("<inactive xmlns='urn:xmpp:csi:0'/>");
        await EnterAsync(Juliet, "Juliet");
        await romeo.SendAsync($"<message type='groupchat' to='{Room}'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>");
        await romeo.AwaitAsync("<message type='groupchat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>");
        await SayAsync(romeo, "Wake up");
        await phone.ExpectAsync(Seen("Juliet", "role='participant'"));
        await phone.ExpectAsync("<message type='groupchat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>");
        await phone.ExpectAsync("<message type='groupchat'><body>Wake up</body></message>");
    }

    static async Task HearsNothingAsync(Wire wire)
    {
        await wire.SendAsync("<iq type='get' id='silence' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
        for (var element = await wire.ReceiveAsync(); (string?)element.Attribute("id") != "silence"; element = await wire.ReceiveAsync())
        {
            // The server may ask whether it is still there.
            Assert.NotEqual("message", element.Name.LocalName);
        }
    }

    static string IdOf(System.Xml.Linq.XElement message) =>
        message.Elements().Single(element => element.Name.LocalName == "stanza-id").Attribute("id")!.Value;
}
