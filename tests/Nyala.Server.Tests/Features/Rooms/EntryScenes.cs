using Xunit;

namespace Nyala.Server.Tests.Features.Rooms;

/// <summary>XEP-0045 §7.2, §7.6, §7.14, §10.1: making rooms, coming, going, and names.</summary>
public sealed class EntryScenes(SharedServer shared) : RoomScene(shared)
{
    [Fact]
    public async Task An_instant_room_is_one_that_anybody_may_enter_and_find()
    {
        var romeo = await ArriveAsync(Romeo);
        await SendEntryAsync(romeo, "Romeo");
        await romeo.AwaitAsync($"<presence from='{Room}/Romeo'><x xmlns='{User}'><status code='201'/></x></presence>");
        await AskAsync(romeo, "set", $"<query xmlns='{Owner}'><x xmlns='jabber:x:data' type='submit'/></query>", "", Room);
        await EnterAsync(Juliet, "Juliet");
        await AskAsync(romeo, "get", Info, "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='muc_open'/><feature var='muc_public'/><feature var='muc_semianonymous'/></query>", Room);

        // Of a room that is there it says nothing.
        await ConfigureAsync(romeo, "muc#roomconfig_membersonly=1");
        await AskAsync(romeo, "set", $"<query xmlns='{Owner}'><x xmlns='jabber:x:data' type='submit'/></query>", "", Room);
        await AskAsync(romeo, "get", Info, "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='muc_membersonly'/></query>", Room);
    }

    [Fact]
    public async Task Who_leaves_is_answered_with_the_id_it_has_left_with()
    {
        var romeo = await MakeAsync(Public);
        var juliet = await EnterAsync(Juliet, "Juliet");
        await juliet.SendAsync($"<presence type='unavailable' id='leave-1' to='{Room}/Juliet'/>");
        await juliet.AwaitAsync($"<presence type='unavailable' id='leave-1' from='{Room}/Juliet'><x xmlns='{User}'><status code='110'/></x></presence>");
        await romeo.AwaitAsync($"<presence type='unavailable' id='-' from='{Room}/Juliet'/>");
    }

    [Fact]
    public async Task The_most_occupants_are_chosen_from_a_list_that_holds_what_is_in_force()
    {
        var romeo = await MakeAsync();
        var form = (string value) => $"<query xmlns='{Owner}'><x xmlns='jabber:x:data' type='form'><field var='muc#roomconfig_maxusers' type='list-single'><value>{value}</value><option><value>{value}</value></option></field></x></query>";
        await AskAsync(romeo, "get", $"<query xmlns='{Owner}'/>", form("none"), Room);
        await ConfigureAsync(romeo, "muc#roomconfig_maxusers=23");
        await AskAsync(romeo, "get", $"<query xmlns='{Owner}'/>", form("23"), Room);
        await ConfigureAsync(romeo, "muc#roomconfig_maxusers=none");
        await AskAsync(romeo, "get", $"<query xmlns='{Owner}'/>", form("none"), Room);
    }

    [Fact]
    public async Task A_new_room_is_locked_until_its_owner_accepts_what_its_form_offers()
    {
        var romeo = await ArriveAsync(Romeo);
        var mercutio = await ArriveAsync(Mercutio);
        await SendEntryAsync(romeo, "Romeo");
        await romeo.ExpectAsync(Seen("Romeo", $"affiliation='owner' role='moderator' jid='{romeo.Address}'", "<status code='110'/><status code='201'/>"));
        await romeo.ExpectAsync($"<message type='groupchat' from='{Room}'><subject/></message>");
        await RefusedEntryAsync(mercutio, "Mercutio", "item-not-found");
        await RefusedAsync(mercutio, "get", Info, "item-not-found", Room);
        await ConfigureAsync(romeo);
        await AskAsync(romeo, "get", Info,
            $"<query xmlns='http://jabber.org/protocol/disco#info'><identity category='conference' type='text'/><feature var='http://jabber.org/protocol/muc'/>"
            + "<feature var='muc_open'/><feature var='muc_persistent'/><feature var='muc_public'/><feature var='muc_semianonymous'/>"
            + "<feature var='urn:xmpp:mam:2'/></query>", Room);
        await EnterAsync(mercutio, "Mercutio");
    }

    [Fact]
    public async Task Cancelling_the_first_configuration_or_leaving_before_it_leaves_no_room()
    {
        var romeo = await ArriveAsync(Romeo);
        await SendEntryAsync(romeo, "Romeo");
        await romeo.AwaitAsync("<message type='groupchat'><subject/></message>");
        await AskAsync(romeo, "set", $"<query xmlns='{Owner}'><x xmlns='jabber:x:data' type='cancel'/></query>", "", Room);
        await RefusedAsync(romeo, "get", Info, "item-not-found", Room);
        await SendEntryAsync(romeo, "Romeo");
        await romeo.AwaitAsync($"<presence from='{Room}/Romeo'><x xmlns='{User}'><status code='201'/></x></presence>");
        await romeo.SendAsync($"<presence to='{Room}/Romeo' type='unavailable'/>");
        await romeo.AwaitAsync(Seen("Romeo", "role='none'", "<status code='110'/>", "unavailable"));
        await RefusedAsync(romeo, "get", Info, "item-not-found", Room);
    }

    [Fact]
    public async Task Who_enters_sees_the_others_then_itself_then_the_subject()
    {
        await MakeAsync(Public);
        var mercutio = await EnterAsync(Mercutio, "Mercutio");
        var juliet = await ArriveAsync(Juliet);
        await SendEntryAsync(juliet, "Juliet");
        List<string> others = [];
        for (var i = 0; i < 2; i++)
        {
            others.Add(((string?)(await juliet.ExpectAsync($"<presence from='{Room}/*' to='{juliet.Address}'><x xmlns='{User}'><item jid='-'/></x><occupant-id xmlns='urn:xmpp:occupant-id:0' id='*'/></presence>")).Attribute("from"))!);
        }

        Assert.Equal([$"{Room}/Mercutio", $"{Room}/Romeo"], others.Order());
        await juliet.ExpectAsync(Seen("Juliet", "affiliation='none' role='participant'", "<status code='110'/><status code='170'/>"));
        await juliet.ExpectAsync($"<message type='groupchat' from='{Room}' to='{juliet.Address}'><subject/></message>");
        await juliet.ExpectNothingAsync();
        await mercutio.AwaitAsync(Seen("Juliet", "affiliation='none' role='participant' jid='-'"));
    }

    [Fact]
    public async Task Real_addresses_are_shown_to_moderators_alone_unless_the_room_shows_them_to_all()
    {
        var romeo = await MakeAsync(Public);
        var mercutio = await EnterAsync(Mercutio, "Mercutio");
        await romeo.AwaitAsync(Seen("Mercutio", $"jid='{mercutio.Address}'"));
        await ConfigureAsync(romeo, "muc#roomconfig_whois=anyone");
        await mercutio.AwaitAsync($"<message type='groupchat' from='{Room}'><x xmlns='{User}'><status code='172'/></x></message>");
        var juliet = await EnterAsync(Juliet, "Juliet");
        await mercutio.AwaitAsync(Seen("Juliet", $"jid='{juliet.Address}'"));
    }

    [Fact]
    public async Task A_nickname_belongs_to_who_has_it_also_when_it_only_looks_the_same()
    {
        await MakeAsync(Public);
        var mercutio = await ArriveAsync(Mercutio);
        foreach (var nick in (string[])["Romeo", "romeo", "Ｒomeo", " ROMEO"])
        {
            await RefusedEntryAsync(mercutio, nick, "conflict");
        }

        await RefusedEntryAsync(mercutio, "   ", "not-acceptable");
        await mercutio.SendAsync($"<presence to='{Room}'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
        await mercutio.AwaitAsync("<presence type='error'><error><jid-malformed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>");
    }

    [Fact]
    public async Task Changing_the_nickname_is_told_as_going_and_coming()
    {
        var romeo = await MakeAsync(Public);
        var mercutio = await EnterAsync(Mercutio, "Mercutio");
        await SettleAsync(romeo);
        await mercutio.SendAsync($"<presence to='{Room}/Queen Mab'/>");
        await romeo.AwaitAsync(Seen("Mercutio", "nick='Queen Mab' role='participant'", "<status code='303'/>", "unavailable"));
        await romeo.ExpectAsync(Seen("Queen Mab", "role='participant'"));
        await mercutio.AwaitAsync(Seen("Mercutio", "nick='Queen Mab'", "<status code='110'/><status code='303'/>", "unavailable"));
        await mercutio.ExpectAsync(Seen("Queen Mab", "role='participant'", "<status code='110'/>"));
        await mercutio.SendAsync($"<presence to='{Room}/Romeo'/>");
        await mercutio.AwaitAsync("<presence type='error'><error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>");
    }

    [Fact]
    public async Task Devices_of_one_account_share_a_nickname_and_leave_it_one_by_one()
    {
        var romeo = await MakeAsync(Public);
        var phone = await EnterAsync(Mercutio, "Mercutio");
        var desk = await EnterAsync(Mercutio, "Mercutio", "desk");
        await SettleAsync(romeo);
        await SayAsync(romeo, "Hello");
        await phone.AwaitAsync("<message type='groupchat'><body>Hello</body></message>");
        await desk.AwaitAsync("<message type='groupchat'><body>Hello</body></message>");
        await phone.SendAsync($"<presence to='{Room}/Mercutio' type='unavailable'/>");
        await phone.AwaitAsync(Seen("Mercutio", "role='none'", "<status code='110'/>", "unavailable"));
        await romeo.AwaitAsync("<message type='groupchat'><body>Hello</body></message>");
        await romeo.ExpectNothingAsync();
        await desk.SendAsync($"<presence to='{Room}/Mercutio' type='unavailable'><status>Good night</status></presence>");
        await romeo.ExpectAsync($"<presence from='{Room}/Mercutio' type='unavailable'><status>Good night</status><x xmlns='{User}'><item role='none'/></x></presence>");
    }

    [Fact]
    public async Task Entering_again_shows_everything_again_and_nothing_to_others()
    {
        var romeo = await MakeAsync(Public);
        var mercutio = await EnterAsync(Mercutio, "Mercutio");
        await SettleAsync(romeo);
        await SendEntryAsync(mercutio, "Mercutio");
        await mercutio.ExpectAsync(Seen("Romeo", "role='moderator'"));
        await mercutio.ExpectAsync(Seen("Mercutio", "role='participant'", "<status code='110'/>"));
        await mercutio.ExpectAsync("<message type='groupchat'><subject/></message>");
        await romeo.ExpectNothingAsync();
    }

    [Fact]
    public async Task Presence_of_somebody_who_is_not_there_is_answered_with_a_kick()
    {
        await MakeAsync(Public);
        var mercutio = await ArriveAsync(Mercutio);
        await mercutio.SendAsync($"<presence to='{Room}/Mercutio'/>");
        await mercutio.ExpectAsync(Seen("Mercutio", "affiliation='none' role='none'", "<status code='110'/><status code='307'/><status code='333'/>", "unavailable"));
        await mercutio.SendAsync($"<presence to='{Room}/Mercutio' type='unavailable'/>");
        await mercutio.ExpectNothingAsync();
    }

    [Fact]
    public async Task A_lost_connection_takes_its_place_with_a_reason_others_can_see()
    {
        var romeo = await MakeAsync(Public);
        var mercutio = await EnterAsync(Mercutio, "Mercutio");
        await SettleAsync(romeo);
        mercutio.Cut();
        await romeo.AwaitAsync(Seen("Mercutio", "role='none'", "<status code='333'/>", "unavailable"));
        var juliet = await EnterAsync(Juliet, "Juliet");
        await romeo.AwaitAsync(Seen("Juliet", "role='participant'"));
        await juliet.SendAsync("<presence type='unavailable'/>");
        await romeo.AwaitAsync($"<presence from='{Room}/Juliet' type='unavailable'><x xmlns='{User}'><item role='none'/><absent:status xmlns:absent='!{User}'/></x></presence>");
    }

    [Fact]
    public async Task A_password_and_a_full_room_keep_people_out()
    {
        var romeo = await MakeAsync([.. Public, "muc#roomconfig_passwordprotectedroom=1", "muc#roomconfig_roomsecret=wherefore"]);
        var mercutio = await ArriveAsync(Mercutio);
        await RefusedEntryAsync(mercutio, "Mercutio", "not-authorized");
        await RefusedEntryAsync(mercutio, "Mercutio", "not-authorized", "<password>therefore</password>");
        await EnterAsync(mercutio, "Mercutio", "<password>wherefore</password>");
        await ConfigureAsync(romeo, "muc#roomconfig_maxusers=2");
        var juliet = await ArriveAsync(Juliet);
        await RefusedEntryAsync(juliet, "Juliet", "service-unavailable", "<password>wherefore</password>");
        await RuleAsync(romeo, $"<item affiliation='admin' jid='{Juliet}'/>");
        await EnterAsync(juliet, "Juliet", "<password>wherefore</password>");
    }

    [Fact]
    public async Task A_self_ping_tells_whether_one_is_still_there()
    {
        await MakeAsync(Public);
        var mercutio = await ArriveAsync(Mercutio);
        await RefusedAsync(mercutio, "get", "<ping xmlns='urn:xmpp:ping'/>", "not-acceptable", $"{Room}/Mercutio");
        await EnterAsync(mercutio, "Mercutio");
        await AskAsync(mercutio, "get", "<ping xmlns='urn:xmpp:ping'/>", "", $"{Room}/Mercutio");
        await RefusedAsync(mercutio, "get", "<ping xmlns='urn:xmpp:ping'/>", "item-not-found", $"{Room}/Benvolio");
    }

    [Fact]
    public async Task Occupants_ask_each_other_under_their_names_in_the_room()
    {
        var romeo = await MakeAsync(Public);
        var mercutio = await EnterAsync(Mercutio, "Mercutio");
        await romeo.SendAsync($"<iq type='get' id='v.1' to='{Room}/Mercutio'><query xmlns='jabber:iq:version'/></iq>");
        var asked = await mercutio.AwaitAsync($"<iq type='get' from='{Room}/Romeo' to='{mercutio.Address}'><query xmlns='jabber:iq:version'/></iq>");
        await mercutio.SendAsync($"<iq type='result' id='{asked.Attribute("id")!.Value}' to='{Room}/Romeo'><query xmlns='jabber:iq:version'><name>Mab</name></query></iq>");
        await romeo.AwaitAsync($"<iq type='result' id='v.1' from='{Room}/Mercutio'><query xmlns='jabber:iq:version'><name>Mab</name></query></iq>");
        await AskAsync(mercutio, "set", "<vCard xmlns='vcard-temp'><FN>Mercutio</FN></vCard>");
        await romeo.SendAsync($"<iq type='get' id='card' to='{Room}/Mercutio'><vCard xmlns='vcard-temp'/></iq>");
        await romeo.AwaitAsync($"<iq type='result' id='card' from='{Room}/Mercutio'><vCard xmlns='vcard-temp'><FN>Mercutio</FN></vCard></iq>");
    }

    [Fact]
    public async Task A_temporary_room_goes_with_its_last_occupant()
    {
        var romeo = await MakeAsync([.. Public, "muc#roomconfig_persistentroom=0"]);
        await romeo.SendAsync($"<presence to='{Room}/Romeo' type='unavailable'/>");
        await romeo.AwaitAsync(Seen("Romeo", "role='none'", "", "unavailable"));
        await RefusedAsync(romeo, "get", Info, "item-not-found", Room);
        await SendEntryAsync(romeo, "Romeo");
        await romeo.AwaitAsync($"<presence from='{Room}/Romeo'><x xmlns='{User}'><status code='201'/></x></presence>");
    }
}
