using Xunit;

namespace Nyala.Server.Tests.Features.Rooms;

/// <summary>XEP-0045 §7.8, §7.10, §8, §9, §10: invitations, roles, lists, configuration, the end.</summary>
public sealed class RulingScenes(SharedServer shared) : RoomScene(shared)
{
    [Fact]
    public async Task An_invitation_into_a_private_group_makes_a_member_when_an_admin_sends_it()
    {
        var romeo = await MakeAsync();
        var mercutio = await ArriveAsync(Mercutio);
        var juliet = await ArriveAsync(Juliet);
        await romeo.SendAsync(Invite(Mercutio, "<reason>Supper</reason><continue thread='t1'/>"));
        await mercutio.AwaitAsync($"<message from='{Room}'><x xmlns='{User}'><invite from='{Romeo}'><reason>Supper</reason><continue thread='t1'/></invite></x></message>");
        await EnterAsync(mercutio, "Mercutio");
        await mercutio.SendAsync(Invite(Juliet));
        await mercutio.AwaitAsync($"<message type='error' from='{Room}'><error><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
        await ConfigureAsync(romeo, "muc#roomconfig_allowinvites=1");
        await mercutio.SendAsync(Invite(Juliet));
        await juliet.AwaitAsync($"<message from='{Room}'><x xmlns='{User}'><invite from='{Mercutio}'/></x></message>");
        await juliet.SendAsync($"<message to='{Room}'><x xmlns='{User}'><decline to='{Mercutio}'><reason>My nurse calls</reason></decline></x></message>");
        await mercutio.AwaitAsync($"<message from='{Room}'><x xmlns='{User}'><decline from='{Juliet}'><reason>My nurse calls</reason></decline></x></message>");
        await juliet.SendAsync($"<message to='{Room}'><x xmlns='{User}'><decline to='stranger@elsewhere.example'/></x></message>");
        await juliet.AwaitAsync("<message type='error'><error><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
        await romeo.SendAsync(Invite("nobody@localhost"));
        await romeo.AwaitAsync("<message type='error'><error><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
        await EnterAsync(juliet, "Juliet");
    }

    [Fact]
    public async Task Kicking_is_for_moderators_and_never_upwards()
    {
        var romeo = await MakeAsync(Public);
        var mercutio = await EnterAsync(Mercutio, "Mercutio");
        var juliet = await EnterAsync(Juliet, "Juliet");
        await RefusedRuleAsync(mercutio, "<item nick='Juliet' role='none'/>", "forbidden");
        await RuleAsync(romeo, "<item nick='Mercutio' role='moderator'/>");
        await mercutio.AwaitAsync(Seen("Mercutio", "role='moderator'", "<status code='110'/>"));
        await RefusedRuleAsync(mercutio, "<item nick='Romeo' role='none'/>", "not-allowed");
        await RefusedRuleAsync(mercutio, "<item nick='Romeo' role='visitor'/>", "not-allowed");
        await RefusedRuleAsync(mercutio, "<item nick='Juliet' role='moderator'/>", "forbidden");
        await RefusedRuleAsync(mercutio, "<item nick='Nobody' role='none'/>", "item-not-found");
        await RuleAsync(mercutio, "<item nick='Juliet' role='none'><reason>Hush</reason></item>");
        await juliet.AwaitAsync($"<presence from='{Room}/Juliet' type='unavailable'><x xmlns='{User}'><item affiliation='none' role='none'><actor nick='Mercutio'/><reason>Hush</reason></item><status code='110'/><status code='307'/></x></presence>");
        await romeo.AwaitAsync(Seen("Juliet", "role='none'", "<status code='307'/>", "unavailable"));
        await EnterAsync(juliet, "Juliet");
    }

    [Fact]
    public async Task A_banned_person_is_put_out_and_stays_out_until_the_ban_is_lifted()
    {
        var romeo = await MakeAsync(Public);
        var juliet = await EnterAsync(Juliet, "Juliet");
        await RuleAsync(romeo, $"<item affiliation='outcast' jid='{Juliet}/anything'><reason>Capulet</reason></item>");
        await juliet.AwaitAsync($"<presence from='{Room}/Juliet' type='unavailable'><x xmlns='{User}'><item affiliation='outcast' role='none'><actor nick='Romeo'/><reason>Capulet</reason></item><status code='110'/><status code='301'/></x></presence>");
        await RefusedEntryAsync(juliet, "Juliet", "forbidden");
        await AskAsync(romeo, "get", Items("<item affiliation='outcast'/>"), $"<query xmlns='{Admin}'><item affiliation='outcast' jid='{Juliet}'><reason>Capulet</reason></item></query>", Room);
        await RefusedAsync(juliet, "get", Items("<item affiliation='outcast'/>"), "forbidden", Room);
        await RuleAsync(romeo, $"<item affiliation='none' jid='{Juliet}'/>");
        await EnterAsync(juliet, "Juliet");
        await RefusedRuleAsync(romeo, $"<item affiliation='outcast' jid='{Romeo}'/>", "conflict");
    }

    [Fact]
    public async Task Several_changes_are_made_together_or_not_at_all()
    {
        var romeo = await MakeAsync(Public);
        await RuleAsync(romeo, $"<item affiliation='admin' jid='{Mercutio}'/>");
        var mercutio = await EnterAsync(Mercutio, "Mercutio");
        await RefusedRuleAsync(mercutio, $"<item affiliation='member' jid='{Juliet}'/><item affiliation='outcast' jid='{Romeo}'/>", "not-allowed");
        await RefusedRuleAsync(mercutio, $"<item affiliation='owner' jid='{Juliet}'/>", "forbidden");
        await RefusedRuleAsync(romeo, $"<item affiliation='member' jid='{Romeo}'/>", "conflict");
        await RefusedRuleAsync(romeo, $"<item affiliation='member' role='visitor' jid='{Juliet}'/>", "bad-request");
        await RefusedRuleAsync(romeo, "<item affiliation='member' jid='@'/>", "jid-malformed");
        await AskAsync(romeo, "get", Items("<item affiliation='member'/>"), $"<query xmlns='{Admin}'><absent:item xmlns:absent='!{Admin}'/></query>", Room);
        await RuleAsync(romeo, $"<item affiliation='owner' jid='{Mercutio}'/><item affiliation='member' jid='{Romeo}'/>");
        await mercutio.AwaitAsync(Seen("Mercutio", "affiliation='owner' role='moderator'", "<status code='110'/>"));
        await mercutio.AwaitAsync(Seen("Romeo", "affiliation='member' role='participant'"));
        await RefusedAsync(romeo, "get", $"<query xmlns='{Owner}'/>", "forbidden", Room);
    }

    [Fact]
    public async Task Losing_membership_of_a_private_group_means_going()
    {
        var romeo = await MakeAsync();
        await RuleAsync(romeo, $"<item affiliation='member' jid='{Mercutio}'/><item affiliation='member' jid='{Juliet}'/>");
        var mercutio = await EnterAsync(Mercutio, "Mercutio");
        await AskAsync(mercutio, "get", Items("<item affiliation='member'/>"), $"<query xmlns='{Admin}'><item jid='{Juliet}'/><item jid='{Mercutio}'/></query>", Room);
        await RuleAsync(romeo, $"<item affiliation='none' jid='{Mercutio}'/>");
        await mercutio.AwaitAsync(Seen("Mercutio", "affiliation='none' role='none'", "<status code='110'/><status code='321'/>", "unavailable"));
        await RefusedEntryAsync(mercutio, "Mercutio", "registration-required");
        await ConfigureAsync(romeo, Public);
        await EnterAsync(mercutio, "Mercutio");
        await ConfigureAsync(romeo, "muc#roomconfig_membersonly=1");
        await mercutio.AwaitAsync(Seen("Mercutio", "role='none'", "<status code='110'/><status code='322'/>", "unavailable"));
    }

    [Fact]
    public async Task What_becomes_of_the_absent_is_told_to_those_who_may_know_and_to_them()
    {
        var romeo = await MakeAsync();
        var mercutio = await ArriveAsync(Mercutio);
        await RuleAsync(romeo, $"<item affiliation='member' jid='{Mercutio}'/>");
        await mercutio.AwaitAsync($"<message from='{Room}'><x xmlns='{User}'><invite from='{Romeo}'/></x></message>");
        await RuleAsync(romeo, $"<item affiliation='admin' jid='{Mercutio}'/>");
        await mercutio.AwaitAsync($"<message from='{Room}'><x xmlns='{User}'><status code='101'/><item affiliation='admin'/></x></message>");
        await romeo.SendAsync($"<iq type='set' id='none' to='{Room}'>{Items($"<item affiliation='none' jid='{Mercutio}'/>")}</iq>");
        await romeo.AwaitAsync($"<message from='{Room}'><x xmlns='{User}'><item affiliation='none' jid='{Mercutio}'/></x></message>");
        await romeo.AwaitAsync("<iq type='result' id='none'/>");
    }

    [Fact]
    public async Task Who_was_banned_and_becomes_a_member_is_invited_by_the_room_which_says_that_it_does_so()
    {
        var romeo = await MakeAsync();
        var mercutio = await ArriveAsync(Mercutio);
        await AskAsync(romeo, "get", Info, "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:nyala:rooms#invites_members'/></query>", Room);
        await RuleAsync(romeo, $"<item affiliation='outcast' jid='{Mercutio}'/>");
        await RuleAsync(romeo, $"<item affiliation='member' jid='{Mercutio}'/>");
        await mercutio.AwaitAsync($"<message from='{Room}'><x xmlns='{User}'><invite from='{Romeo}'/></x></message>");
    }

    [Fact]
    public async Task A_configuration_is_taken_whole_or_not_at_all_and_told_to_all()
    {
        var romeo = await MakeAsync(Public);
        var mercutio = await EnterAsync(Mercutio, "Mercutio");
        await AskAsync(romeo, "get", $"<query xmlns='{Owner}'/>", $"<query xmlns='{Owner}'><x xmlns='jabber:x:data' type='form'>"
            + "<field var='muc#roomconfig_roomname'/><field var='muc#roomconfig_publicroom' type='boolean'><value>1</value></field>"
            + $"<field var='muc#roomconfig_roomowners' type='jid-multi'><value>{Romeo}</value></field></x></query>", Room);
        await RefusedAsync(mercutio, "get", $"<query xmlns='{Owner}'/>", "forbidden", Room);
        await RefusedAsync(mercutio, "set", Form("muc#roomconfig_roomname=Mine"), "forbidden", Room);
        await RefusedAsync(romeo, "set", Form("muc#roomconfig_roomname=Verona", "muc#roomconfig_whois=nobody"), "not-acceptable", Room);
        await RefusedAsync(romeo, "set", Form("muc#roomconfig_roomname=Verona", "muc#roomconfig_roomowners="), "jid-malformed", Room);
        await RefusedAsync(romeo, "set", $"<query xmlns='{Owner}'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>other</value></field></x></query>", "bad-request", Room);
        await ConfigureAsync(romeo, "muc#roomconfig_roomname=Verona", $"muc#roomconfig_roomadmins={Mercutio}");
        await mercutio.AwaitAsync(Seen("Mercutio", "affiliation='admin' role='moderator'", "<status code='110'/>"));
        await mercutio.AwaitAsync($"<message type='groupchat' from='{Room}'><x xmlns='{User}'><status code='104'/></x></message>");
        await AskAsync(mercutio, "get", Info, "<query xmlns='http://jabber.org/protocol/disco#info'><identity name='Verona'/></query>", Room);
    }

    [Fact]
    public async Task A_destroyed_room_says_where_to_go_and_is_gone()
    {
        var romeo = await MakeAsync(Public);
        var mercutio = await EnterAsync(Mercutio, "Mercutio");
        var destroy = $"<query xmlns='{Owner}'><destroy jid='mantua@rooms.localhost'><reason>Exile</reason><password>x</password></destroy></query>";
        await RefusedAsync(mercutio, "set", destroy, "forbidden", Room);
        await AskAsync(romeo, "set", destroy, "", Room);
        await mercutio.AwaitAsync($"<presence from='{Room}/Mercutio' type='unavailable'><x xmlns='{User}'><item affiliation='none' role='none'/><destroy jid='mantua@rooms.localhost'><password>x</password><reason>Exile</reason></destroy></x></presence>");
        await RefusedAsync(romeo, "get", Info, "item-not-found", Room);
    }

    [Fact]
    public async Task Registering_keeps_a_nickname_for_a_member()
    {
        var romeo = await MakeAsync(Public);
        var mercutio = await ArriveAsync(Mercutio);
        await AskAsync(mercutio, "get", "<query xmlns='jabber:iq:register'/>", "<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='form'><field var='muc#register_roomnick'/></x></query>", Room);
        await RefusedAsync(mercutio, "set", Register("Romeo"), "conflict", Room);
        await RefusedAsync(mercutio, "set", "<query xmlns='jabber:iq:register'/>", "bad-request", Room);
        await AskAsync(mercutio, "set", Register("Queen Mab"), "", Room);
        await AskAsync(mercutio, "get", "<query xmlns='jabber:iq:register'/>", "<query xmlns='jabber:iq:register'><registered/><username>Queen Mab</username></query>", Room);
        await AskAsync(mercutio, "get", "<query xmlns='http://jabber.org/protocol/disco#info' node='x-roomuser-item'/>", "<query xmlns='http://jabber.org/protocol/disco#info'><identity name='Queen Mab'/></query>", Room);
        var juliet = await ArriveAsync(Juliet);
        await RefusedEntryAsync(juliet, "queen mab", "conflict");
        await AskAsync(mercutio, "set", "<query xmlns='jabber:iq:register'><remove/></query>", "", Room);
        await EnterAsync(juliet, "queen mab");
        await RefusedAsync(romeo, "set", "<query xmlns='jabber:iq:register'><remove/></query>", "conflict", Room);
    }

    [Fact]
    public async Task A_listed_group_for_members_asks_its_admins_and_a_hidden_one_takes_no_requests()
    {
        var romeo = await MakeAsync("muc#roomconfig_publicroom=1");
        var mercutio = await ArriveAsync(Mercutio);
        await AskAsync(mercutio, "set", Register("Mab"), "", Room);
        await romeo.AwaitAsync($"<message from='{Room}'><x xmlns='jabber:x:data' type='form'><field var='muc#register_jid'><value>{Mercutio}</value></field></x></message>");
        await RefusedEntryAsync(mercutio, "Mab", "registration-required");
        await romeo.SendAsync($"<message to='{Room}'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#register</value></field>"
            + $"<field var='muc#register_jid'><value>{Mercutio}</value></field><field var='muc#register_roomnick'><value>Mab</value></field><field var='muc#register_allow'><value>1</value></field></x></message>");
        await mercutio.AwaitAsync($"<message from='{Room}'><x xmlns='{User}'><invite/></x></message>");
        await EnterAsync(mercutio, "Mab");
        await ConfigureAsync(romeo, "muc#roomconfig_publicroom=0");
        var juliet = await ArriveAsync(Juliet);
        await RefusedAsync(juliet, "set", Register("Juliet"), "not-allowed", Room);
    }

    [Fact]
    public async Task Hats_are_given_by_admins_and_worn_in_presence()
    {
        var romeo = await MakeAsync(Public);
        var mercutio = await EnterAsync(Mercutio, "Mercutio");
        await RefusedAsync(mercutio, "set", Hat("create", "hats#uri=urn:h#1", "hats#title=Jester"), "forbidden", Room);
        await AskAsync(romeo, "set", Hat("create", "hats#uri=urn:h#1", "hats#title=Jester", "hats#hue=30.5"), "<command xmlns='http://jabber.org/protocol/commands' status='completed'/>", Room);
        await AskAsync(romeo, "set", "<command xmlns='http://jabber.org/protocol/commands' node='urn:xmpp:hats:commands:assign' action='execute'/>",
            "<command xmlns='http://jabber.org/protocol/commands' status='executing'><x xmlns='jabber:x:data' type='form'><field var='hats#jid'/><field var='hats#uri'><option label='Jester'/></field></x></command>", Room);
        await AskAsync(romeo, "set", Hat("assign", "hats#uri=urn:h#1", $"hats#jid={Mercutio}"), "", Room);
        await mercutio.AwaitAsync($"<presence from='{Room}/Mercutio'><hats xmlns='urn:xmpp:hats:0'><hat uri='urn:h#1' title='Jester' hue='30.5'/></hats></presence>");
        await mercutio.SendAsync($"<presence to='{Room}/Mercutio'><hats xmlns='urn:xmpp:hats:0'><hat uri='urn:h#2' title='King'/></hats><show>away</show></presence>");
        await romeo.AwaitAsync($"<presence from='{Room}/Mercutio'><show>away</show><hats xmlns='urn:xmpp:hats:0'><hat title='Jester'/></hats></presence>");
        await AskAsync(mercutio, "set", Hat("list"), "<command xmlns='http://jabber.org/protocol/commands'><x xmlns='jabber:x:data' type='result'><item><field var='hats#uri'><value>urn:h#1</value></field></item></x></command>", Room);
        await AskAsync(romeo, "set", Hat("unassign", "hats#uri=urn:h#1", $"hats#jid={Mercutio}"), "", Room);
        await mercutio.AwaitAsync($"<presence from='{Room}/Mercutio'><show>away</show><absent:hats xmlns:absent='!urn:xmpp:hats:0'/></presence>");
    }

    [Fact]
    public async Task The_picture_of_a_room_is_its_owners_to_set_and_told_by_its_hash()
    {
        var romeo = await MakeAsync(Public);
        var mercutio = await EnterAsync(Mercutio, "Mercutio");
        const string Card = "<vCard xmlns='vcard-temp'><PHOTO><TYPE>image/png</TYPE><BINVAL>AAEC</BINVAL></PHOTO></vCard>";
        await RefusedAsync(mercutio, "set", Card, "forbidden", Room);
        await AskAsync(romeo, "set", Card, "", Room);
        await mercutio.AwaitAsync($"<message type='groupchat' from='{Room}'><x xmlns='{User}'><status code='104'/></x></message>");
        await AskAsync(mercutio, "get", "<vCard xmlns='vcard-temp'/>", Card, Room);
        const string Hash = "0c7a623fd2bbc05b06423be359e4021d36e721ad"; // SHA-1 of 00 01 02
        await AskAsync(mercutio, "get", Info, $"<query xmlns='http://jabber.org/protocol/disco#info'><x xmlns='jabber:x:data'><field var='muc#roominfo_avatarhash'><value>{Hash}</value></field></x></query>", Room);
    }

    [Fact]
    public async Task Listed_rooms_are_found_by_browsing_and_by_searching()
    {
        var romeo = await MakeAsync([.. Public, $"muc#roomconfig_roomname=Piazza {Room[..14]}", "muc#roomconfig_roomdesc=Where duels are fought"]);
        const string Service = "rooms.localhost";
        await AskAsync(romeo, "get", "<query xmlns='http://jabber.org/protocol/disco#items'/>", $"<query xmlns='http://jabber.org/protocol/disco#items'><item jid='{Service}'/></query>", "localhost");
        await AskAsync(romeo, "get", Info, "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='conference' type='text'/><feature var='http://jabber.org/protocol/muc'/><feature var='urn:xmpp:channel-search:0:search'/></query>", Service);
        await AskAsync(romeo, "get", "<query xmlns='http://jabber.org/protocol/disco#items'/>", $"<query xmlns='http://jabber.org/protocol/disco#items'><item jid='{Room}' name='Piazza {Room[..14]}'/></query>", Service);
        await AskAsync(romeo, "get", "<search xmlns='urn:xmpp:channel-search:0:search'/>", "<search xmlns='urn:xmpp:channel-search:0:search'><x xmlns='jabber:x:data' type='form'><field var='q'/></x></search>", Service);
        await AskAsync(romeo, "get", Search("q", $"PIAZZA {Room[..14]}"), $"<result xmlns='urn:xmpp:channel-search:0:search'><item address='{Room}'><name>Piazza*</name><description>Where*</description><nusers>1</nusers><is-open/></item></result>", Service);
        await RefusedAsync(romeo, "get", Search("q", "x"), "bad-request", Service);
        await RefusedAsync(romeo, "get", Search("key", "size"), "bad-request", Service);
        await ConfigureAsync(romeo, "muc#roomconfig_publicroom=0");
        await AskAsync(romeo, "get", Search("q", $"PIAZZA {Room[..14]}"), "<result xmlns='urn:xmpp:channel-search:0:search'><absent:item xmlns:absent='!urn:xmpp:channel-search:0:search'/></result>", Service);
    }

    static string Search(string name, string value) => "<search xmlns='urn:xmpp:channel-search:0:search'><x xmlns='jabber:x:data' type='submit'>"
        + $"<field var='FORM_TYPE'><value>urn:xmpp:channel-search:0:search-params</value></field><field var='{name}'><value>{value}</value></field></x></search>";

    static string Hat(string command, params string[] fields) =>
        $"<command xmlns='http://jabber.org/protocol/commands' node='urn:xmpp:hats:commands:{command}' action='execute'><x xmlns='jabber:x:data' type='submit'>"
        + string.Concat(fields.Select(field => $"<field var='{field[..field.IndexOf('=', StringComparison.Ordinal)]}'><value>{field[(field.IndexOf('=', StringComparison.Ordinal) + 1)..]}</value></field>")) + "</x></command>";

    static string Register(string nick) => "<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='submit'>"
        + $"<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#register</value></field><field var='muc#register_roomnick'><value>{nick}</value></field></x></query>";

    string Invite(string whom, string inside = "") => $"<message to='{Room}'><x xmlns='{User}'><invite to='{whom}'>{inside}</invite></x></message>";
}
