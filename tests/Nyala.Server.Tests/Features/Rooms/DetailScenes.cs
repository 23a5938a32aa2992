using System.Xml.Linq;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features.Rooms;

/// <summary>XEP-0045 §5–10 and XEP-0500 §5 word by word: what the great scenes pass over.</summary>
public sealed class DetailScenes(SharedServer shared) : RoomScene(shared)
{
    const string Errors = "urn:ietf:params:xml:ns:xmpp-stanzas";

    [Fact]
    public async Task Who_leaves_a_room_unconfigured_is_told_that_it_is_destroyed()
    {
        var romeo = await ArriveAsync(Romeo);
        await SendEntryAsync(romeo, "Romeo");
        await romeo.AwaitAsync("<message type='groupchat'><subject/></message>");
        await romeo.SendAsync($"<presence to='{Room}/Romeo' type='unavailable'/>");
        await romeo.ExpectAsync($"<presence from='{Room}/Romeo' type='unavailable'><x xmlns='{User}'><item affiliation='none' role='none'/><destroy/><status code='110'/></x></presence>");
    }

    [Fact]
    public async Task Visitors_invite_into_open_rooms_and_several_invitations_are_sent_together_or_not_at_all()
    {
        var romeo = await MakeAsync([.. Public, "muc#roomconfig_moderatedroom=1"]);
        var mercutio = await EnterAsync(Mercutio, "Mercutio");
        var juliet = await ArriveAsync(Juliet);
        await mercutio.SendAsync($"<message to='{Room}'><x xmlns='{User}'><invite to='{Juliet}'/><invite to='nobody@localhost'/></x></message>");
        await mercutio.AwaitAsync($"<message type='error' from='{Room}'><error by='{Room}'><item-not-found xmlns='{Errors}'/></error></message>");
        await juliet.ExpectNothingAsync();
        await mercutio.SendAsync($"<message to='{Room}'><x xmlns='{User}'><invite to='{Juliet}'/><invite to='{Romeo}'/></x></message>");
        await juliet.AwaitAsync($"<message from='{Room}'><x xmlns='{User}'><invite from='{Room}/Mercutio'/></x></message>");
        await romeo.AwaitAsync($"<message from='{Room}'><x xmlns='{User}'><invite from='{Room}/Mercutio'/></x></message>");
        await RefusedEntryAsync(juliet, "Romeo", "conflict");
        await AskAsync(romeo, "get", Items("<item affiliation='member'/>"), $"<query xmlns='{Admin}'><absent:item xmlns:absent='!{Admin}'/></query>", Room);
    }

    [Fact]
    public async Task Errors_of_the_room_under_an_occupants_address_name_the_room()
    {
        var romeo = await MakeAsync(Public);
        var mercutio = await ArriveAsync(Mercutio);
        await SendEntryAsync(mercutio, "Romeo");
        await mercutio.AwaitAsync($"<presence type='error' from='{Room}/Romeo'><error by='{Room}' type='cancel'><conflict xmlns='{Errors}'/></error></presence>");
        await mercutio.SendAsync($"<message type='chat' id='p' to='{Room}/Romeo'><body>A word</body></message>");
        await mercutio.AwaitAsync($"<message type='error' id='p' from='{Room}/Romeo'><error by='{Room}' type='cancel'><not-acceptable xmlns='{Errors}'/></error></message>");
        await mercutio.SendAsync($"<iq type='get' id='d' to='{Room}/Romeo'>{Info}</iq>");
        await mercutio.AwaitAsync($"<iq type='error' id='d' from='{Room}/Romeo'><error by='{Room}'><bad-request xmlns='{Errors}'/></error></iq>");
        await romeo.SendAsync($"<message type='groupchat' id='g' to='{Room}/Romeo'><body>3</body></message>");
        await romeo.AwaitAsync($"<message type='error' id='g' from='{Room}/Romeo'><error by='{Room}' type='modify'><bad-request xmlns='{Errors}'/></error></message>");
    }

    [Fact]
    public async Task Who_may_not_rule_learns_nothing_about_who_is_there()
    {
        var romeo = await MakeAsync(Public);
        var mercutio = await EnterAsync(Mercutio, "Mercutio");
        await RefusedRuleAsync(mercutio, "<item nick='Nobody' role='none'/>", "forbidden");
        await RefusedRuleAsync(romeo, $"<item jid='{Mercutio}' role='none'/>", "bad-request");
        await RefusedRuleAsync(romeo, $"<item jid='{Mercutio}/elsewhere' role='none'/>", "item-not-found");
        await RuleAsync(romeo, $"<item jid='{mercutio.Address}' role='none'/>");
        await mercutio.AwaitAsync(Seen("Mercutio", "role='none'", "<status code='110'/><status code='307'/>", "unavailable"));
    }

    [Fact]
    public async Task Several_roles_change_together_or_not_at_all()
    {
        var romeo = await MakeAsync(Public);
        var mercutio = await EnterAsync(Mercutio, "Mercutio");
        var juliet = await EnterAsync(Juliet, "Juliet");
        await RefusedRuleAsync(romeo, "<item nick='Mercutio' role='visitor'/><item nick='Romeo' role='visitor'/>", "not-allowed");
        await AskAsync(romeo, "get", Items("<item role='visitor'/>"), $"<query xmlns='{Admin}'><absent:item xmlns:absent='!{Admin}'/></query>", Room);
        await RuleAsync(romeo, "<item nick='Mercutio' role='visitor'/><item nick='Juliet' role='moderator'><reason>Fair</reason></item>");
        await mercutio.AwaitAsync(Seen("Mercutio", "role='visitor'", "<status code='110'/>"));
        await juliet.AwaitAsync($"<presence from='{Room}/Juliet'><x xmlns='{User}'><item role='moderator'><actor nick='Romeo'/><reason>Fair</reason></item><status code='110'/></x></presence>");
        await AskAsync(juliet, "get", Items("<item role='visitor'/>"), $"<query xmlns='{Admin}'><item nick='Mercutio' role='visitor' affiliation='none' jid='{mercutio.Address}'/></query>", Room);
        await RefusedAsync(juliet, "get", Items("<item role='moderator'/>"), "forbidden", Room);
        await AskAsync(romeo, "get", Items("<item role='moderator'/>"), $"<query xmlns='{Admin}'><item nick='Romeo' role='moderator'/><item nick='Juliet' role='moderator'/></query>", Room);
    }

    [Fact]
    public async Task Voice_given_or_taken_outlasts_a_visit()
    {
        var romeo = await MakeAsync([.. Public, "muc#roomconfig_moderatedroom=1"]);
        var mercutio = await EnterAsync(Mercutio, "Mercutio");
        await RuleAsync(romeo, "<item nick='Mercutio' role='participant'/>");
        await ComeAgainAsync(mercutio, "participant");
        await RuleAsync(romeo, $"<item affiliation='member' jid='{Mercutio}'/>");
        await RuleAsync(romeo, "<item nick='Mercutio' role='visitor'/>");
        await ComeAgainAsync(mercutio, "visitor");
        await SayAsync(mercutio, "Mute", "mute");
        await mercutio.AwaitAsync($"<message type='error' id='mute'><error><forbidden xmlns='{Errors}'/></error></message>");
        await ConfigureAsync(romeo, "muc#roomconfig_moderatedroom=0");
        await ComeAgainAsync(mercutio, "participant");
    }

    [Fact]
    public async Task Voice_goes_to_who_asked_for_it_whatever_the_nickname_is_by_now()
    {
        var romeo = await MakeAsync([.. Public, "muc#roomconfig_moderatedroom=1"]);
        var mercutio = await EnterAsync(Mercutio, "Mercutio");
        await mercutio.SendAsync($"<presence to='{Room}/Queen Mab'/>");
        await mercutio.AwaitAsync(Seen("Queen Mab", "role='visitor'", "<status code='110'/>"));
        var juliet = await EnterAsync(Juliet, "Mercutio");
        await SettleAsync(juliet);
        await romeo.SendAsync(Approve(mercutio.Address, "Mercutio"));
        await juliet.AwaitAsync(Seen("Queen Mab", "role='participant'"));
        await RuleAsync(romeo, "<item nick='Queen Mab' role='moderator'/>");
        await mercutio.AwaitAsync(Seen("Queen Mab", "role='moderator'", "<status code='110'/>"));
        await romeo.SendAsync(Approve(mercutio.Address, "Mercutio"));
        await SettleAsync(romeo);
        await AskAsync(romeo, "get", Items("<item role='moderator'/>"), $"<query xmlns='{Admin}'><item nick='Queen Mab' role='moderator'/></query>", Room);
        await romeo.SendAsync(Approve("gone@localhost/x", "Mercutio"));
        await romeo.AwaitAsync($"<message type='error'><error><item-not-found xmlns='{Errors}'/></error></message>");
        await juliet.SendAsync(Approve(juliet.Address, "Mercutio"));
        await juliet.AwaitAsync($"<message type='error'><error><forbidden xmlns='{Errors}'/></error></message>");
    }

    [Fact]
    public async Task Who_rules_a_room_that_hides_addresses_is_its_owners_business()
    {
        var romeo = await MakeAsync(Public);
        await RuleAsync(romeo, $"<item affiliation='admin' jid='{Mercutio}'/>");
        var mercutio = await EnterAsync(Mercutio, "Mercutio");
        foreach (var list in (string[])["owner", "admin"])
        {
            await RefusedAsync(mercutio, "get", Items($"<item affiliation='{list}'/>"), "forbidden", Room);
            await AskAsync(romeo, "get", Items($"<item affiliation='{list}'/>"), $"<query xmlns='{Admin}'><item affiliation='{list}'/></query>", Room);
        }

        await AskAsync(mercutio, "get", Items("<item affiliation='member'/>"), "", Room);
        await AskAsync(mercutio, "get", Items("<item affiliation='outcast'/>"), "", Room);
        await ConfigureAsync(romeo, "muc#roomconfig_whois=anyone");
        await AskAsync(mercutio, "get", Items("<item affiliation='owner'/>"), "", Room);
    }

    [Fact]
    public async Task A_locked_nickname_is_told_again_to_who_has_lost_track()
    {
        var romeo = await MakeAsync([.. Public, "urn:nyala:rooms#lock_nicknames=1"]);
        await RuleAsync(romeo, $"<item affiliation='member' jid='{Juliet}' nick='Jule'/>");
        var juliet = await ArriveAsync(Juliet);
        for (var i = 0; i < 2; i++)
        {
            await SendEntryAsync(juliet, "Nightingale");
            await juliet.AwaitAsync(Seen("Jule", "affiliation='member'", "<status code='110'/><status code='210'/>"));
            await juliet.AwaitAsync("<message type='groupchat'><subject/></message>");
        }

        await juliet.SendAsync($"<presence to='{Room}/Lark'/>");
        await juliet.AwaitAsync($"<presence type='error'><error type='cancel'><not-acceptable xmlns='{Errors}'/></error></presence>");
    }

    [Fact]
    public async Task A_chat_that_becomes_a_groups_keeps_its_times()
    {
        var romeo = await MakeAsync(Public);
        const string Then = "<delay xmlns='urn:xmpp:delay' from='romeo@verona.example' stamp='2004-09-29T01:54:37Z'/>";
        await romeo.SendAsync($"<message type='groupchat' id='old' to='{Room}'><body>Long ago</body>{Then}</message>");
        await romeo.AwaitAsync("<message type='groupchat' id='old'/>");
        var juliet = await ArriveAsync(Juliet);
        await SendEntryAsync(juliet, "Juliet", "");
        var shown = await juliet.AwaitAsync($"<message type='groupchat' from='{Room}/Romeo'><body>Long ago</body>{Then}</message>");
        Assert.Single(shown.Elements(), child => child.Name.LocalName == "delay");
        await juliet.SendAsync($"<message type='groupchat' id='forged' to='{Room}'><body>Just now</body>{Then}</message>");
        Assert.DoesNotContain((await romeo.AwaitAsync("<message type='groupchat' id='forged'/>")).Elements(), child => child.Name.LocalName == "delay");
    }

    [Fact]
    public async Task Limits_of_history_count_the_whole_stanzas()
    {
        var romeo = await MakeAsync(Public);
        await SayAsync(romeo, "one", "m1");
        await SayAsync(romeo, "two", "m2");
        await romeo.AwaitAsync("<message type='groupchat' id='m2'/>");
        var length = (await HistoryAsync("")).Sum(message => Serialized(message).Length);
        Assert.Equal(2, (await HistoryAsync($"<history maxchars='{length + 40}'/>")).Count);
        Assert.Equal(["m2"], (await HistoryAsync($"<history maxchars='{length - 40}'/>")).Select(message => message.Attribute("id")!.Value));
    }

    [Fact]
    public async Task What_slow_mode_has_taken_may_come_again_on_another_stream()
    {
        var romeo = await MakeAsync([.. Public, "muc#roomconfig_slow_mode_duration=60"]);
        var phone = await EnterAsync(Mercutio, "Mercutio");
        const string Id = "01234567-89ab-cdef-0123";
        await SayAsync(phone, "once", Id);
        await phone.AwaitAsync($"<message type='groupchat' id='{Id}'/>");
        await SayAsync(phone, "once", Id);
        await phone.AwaitAsync($"<message type='error' id='{Id}'><error type='wait'><policy-violation xmlns='{Errors}'/></error></message>");
        var desk = await EnterAsync(Mercutio, "Mercutio", "desk");
        await romeo.AwaitAsync($"<message type='groupchat' id='{Id}'/>");
        await SayAsync(desk, "once", Id);
        await desk.AwaitAsync($"<message type='groupchat' id='{Id}' from='{Room}/Mercutio'><body>once</body></message>");
        await SayAsync(desk, "twice", "another-id-of-16-characters");
        await desk.AwaitAsync($"<message type='error' id='another-id-of-16-characters'><error><policy-violation xmlns='{Errors}'/></error></message>");
        await AskAsync(romeo, "set", "<query xmlns='urn:xmpp:mam:2'/>", "<fin xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><count>1</count></set></fin>", Room);
    }

    [Fact]
    public async Task What_is_not_kept_is_not_let_through_again_by_its_id()
    {
        await MakeAsync([.. Public, "muc#roomconfig_slow_mode_duration=60", "muc#roomconfig_enablearchiving=0"]);
        var phone = await EnterAsync(Mercutio, "Mercutio");
        var desk = await EnterAsync(Mercutio, "Mercutio", "desk");
        const string Id = "01234567-89ab-cdef-0123";
        await SayAsync(phone, "once", Id);
        await desk.AwaitAsync($"<message type='groupchat' id='{Id}'/>");
        await SayAsync(desk, "once", Id);
        await desk.AwaitAsync($"<message type='error' id='{Id}'><error type='wait'><policy-violation xmlns='{Errors}'/></error></message>");
    }

    [Fact]
    public async Task A_room_says_what_it_is_in_its_form()
    {
        var romeo = await MakeAsync([.. Public, "muc#roomconfig_allowpm=moderators", "muc#roomconfig_pubsub=xmpp:pubsub.localhost?;node=verona", "muc#roomconfig_lang=it"]);
        await AskAsync(romeo, "get", Info, "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='http://jabber.org/protocol/muc#roominfo'/><x xmlns='jabber:x:data' type='result'>"
            + "<field var='muc#roominfo_lang'><value>it</value></field><field var='muc#roomconfig_allowpm'><value>moderators</value></field>"
            + "<field var='muc#roominfo_occupants'><value>1</value></field><field var='muc#roomconfig_pubsub'><value>xmpp:pubsub.localhost?;node=verona</value></field></x></query>", Room);
        await RefusedAsync(romeo, "get", "<query xmlns='http://jabber.org/protocol/disco#info' node='http://jabber.org/protocol/muc#traffic'/>", "service-unavailable", Room);
        await AskAsync(romeo, "get", "<query xmlns='http://jabber.org/protocol/disco#items'/>", "<query xmlns='http://jabber.org/protocol/disco#items'><absent:item xmlns:absent='!http://jabber.org/protocol/disco#items'/></query>", Room);
        await AskAsync(romeo, "get", "<query xmlns='http://jabber.org/protocol/disco#info' node='x-roomuser-item'/>", "<query xmlns='http://jabber.org/protocol/disco#info' node='x-roomuser-item'><absent:identity xmlns:absent='!http://jabber.org/protocol/disco#info'/></query>", Room);
    }

    [Fact]
    public async Task Each_change_that_concerns_privacy_has_its_code()
    {
        var romeo = await MakeAsync("muc#roomconfig_whois=moderators");
        foreach (var (field, code) in ((string, int)[])[("muc#roomconfig_whois=anyone", 172), ("muc#roomconfig_whois=moderators", 173),
            ("muc#roomconfig_membersonly=0", 170), ("muc#roomconfig_enablearchiving=0", 171), ("muc#roomconfig_roomname=V", 104)])
        {
            await romeo.SendAsync($"<iq type='set' id='c{code}' to='{Room}'>{Form(field)}</iq>");
            await romeo.AwaitAsync($"<message type='groupchat' from='{Room}'><x xmlns='{User}'><status code='{code}'/></x></message>");
        }
    }

    async Task ComeAgainAsync(Wire wire, string role)
    {
        await wire.SendAsync($"<presence to='{Room}/Mercutio' type='unavailable'/>");
        await wire.AwaitAsync(Seen("Mercutio", "role='none'", "<status code='110'/>", "unavailable"));
        await SendEntryAsync(wire, "Mercutio");
        await wire.AwaitAsync(Seen("Mercutio", $"role='{role}'", "<status code='110'/>"));
        await wire.AwaitAsync("<message type='groupchat'><subject/></message>");
    }

    string Approve(string address, string nick) =>
        $"<message to='{Room}'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#request</value></field><field var='muc#role'><value>participant</value></field>"
        + $"<field var='muc#jid'><value>{address}</value></field><field var='muc#roomnick'><value>{nick}</value></field><field var='muc#request_allow'><value>true</value></field></x></message>";

    async Task<List<XElement>> HistoryAsync(string wanted)
    {
        var juliet = await ArriveAsync(Juliet, "h" + Guid.NewGuid().ToString("N")[..6]);
        await SendEntryAsync(juliet, "Juliet", wanted);
        List<XElement> shown = [];
        for (var next = await juliet.ReceiveAsync(); !next.Elements().Any(child => child.Name.LocalName == "subject"); next = await juliet.ReceiveAsync())
        {
            if (next.Name.LocalName == "message")
            {
                shown.Add(next);
            }
        }

        await juliet.DisposeAsync();
        return shown;
    }

    static string Serialized(XElement message) => message.ToString(SaveOptions.DisableFormatting).Replace(" xmlns=\"jabber:client\"", "", StringComparison.Ordinal);
}
