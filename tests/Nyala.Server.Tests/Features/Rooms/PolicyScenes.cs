using System.Xml.Linq;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features.Rooms;

/// <summary>Nicknames that are locked down, who reads which list and archive, what follows what in private, and rooms that lose their owner.</summary>
public sealed class PolicyScenes(SharedServer shared) : RoomScene(shared)
{
    const string Locked = "urn:nyala:rooms#lock_nicknames";

    [Fact]
    public async Task Who_has_a_nickname_goes_by_no_other_where_they_are_locked_down()
    {
        var romeo = await MakeAsync([.. Public, Locked + "=1"]);
        await RuleAsync(romeo, $"<item affiliation='member' jid='{Juliet}' nick='Jule'/>");
        var juliet = await ArriveAsync(Juliet);
        await SendEntryAsync(juliet, "Nightingale");
        await juliet.AwaitAsync(Seen("Jule", "affiliation='member'", "<status code='110'/><status code='210'/>"));
        await juliet.AwaitAsync("<message type='groupchat'><subject/></message>");
        await juliet.SendAsync($"<presence to='{Room}/Lark' id='n'/>");
        await juliet.AwaitAsync($"<presence type='error' from='{Room}/Lark' id='n'><error><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>");
        var mercutio = await EnterAsync(Mercutio, "Queen Mab");
        await mercutio.SendAsync($"<presence to='{Room}/Mercutio'/>");
        await mercutio.AwaitAsync(Seen("Mercutio", "role='participant'", "<status code='110'/>"));
        await ConfigureAsync(romeo, Locked + "=0");
        await juliet.SendAsync($"<presence to='{Room}/Lark'/>");
        await juliet.AwaitAsync(Seen("Lark", "affiliation='member'", "<status code='110'/>"));
    }

    [Fact]
    public async Task The_list_of_members_is_for_the_roles_that_the_owner_names()
    {
        var romeo = await MakeAsync("muc#roomconfig_membersonly=0", "muc#roomconfig_getmemberlist=moderator");
        var juliet = await EnterAsync(Juliet, "Juliet");
        await RefusedAsync(juliet, "get", Items("<item affiliation='owner'/>"), "forbidden", Room);
        await ConfigureAsync(romeo, "muc#roomconfig_getmemberlist=participant");
        await AskAsync(juliet, "get", Items("<item affiliation='owner'/>"), $"<query xmlns='{Admin}'><item affiliation='owner' jid='{Romeo}'/></query>", Room);
        await ConfigureAsync(romeo, "muc#roomconfig_whois=moderators");
        await RefusedAsync(juliet, "get", Items("<item affiliation='owner'/>"), "forbidden", Room);
        await RuleAsync(romeo, "<item nick='Juliet' role='moderator'/>");
        await ConfigureAsync(romeo, "muc#roomconfig_getmemberlist=moderator");
        await AskAsync(juliet, "get", Items("<item affiliation='member'/>"), "", Room);
        await RefusedAsync(romeo, "set", Form("muc#roomconfig_getmemberlist=everybody"), "not-acceptable", Room);
    }

    [Fact]
    public async Task The_older_switch_for_a_log_keeps_messages_or_not()
    {
        var romeo = await MakeAsync("muc#roomconfig_enablelogging=0");
        await RefusedAsync(romeo, "set", "<query xmlns='urn:xmpp:mam:2'/>", "service-unavailable", Room);
        await ConfigureAsync(romeo, "muc#roomconfig_enablelogging=1");
        await AskAsync(romeo, "set", "<query xmlns='urn:xmpp:mam:2'/>", "", Room);
    }

    [Fact]
    public async Task The_archive_is_searched_by_nickname_and_by_address_where_that_may_be_known()
    {
        var romeo = await MakeAsync(Public);
        var juliet = await EnterAsync(Juliet, "Juliet");
        await SayAsync(romeo, "of Romeo");
        await SayAsync(juliet, "of Juliet");
        await juliet.AwaitAsync("<message type='groupchat'><body>of Juliet</body></message>");
        Assert.Equal(["of Romeo"], await FoundAsync(juliet, Room + "/Romeo"));
        Assert.Equal(["of Juliet"], await FoundAsync(juliet, Room + "/Juliet"));
        Assert.Empty(await FoundAsync(juliet, Room + "/Nobody"));
        Assert.Equal(["of Romeo", "of Juliet"], await FoundAsync(juliet, Room));
        await RefusedAsync(juliet, "set", Query(Romeo), "forbidden", Room);
        Assert.Equal(["of Juliet"], await FoundAsync(romeo, Juliet));
    }

    [Fact]
    public async Task Nobody_leaves_before_the_last_private_word_has_arrived()
    {
        var romeo = await MakeAsync(Public);
        var juliet = await EnterAsync(Juliet, "Juliet");
        await SettleAsync(romeo);
        for (var i = 0; i < 20; i++)
        {
            await juliet.SendAsync($"<message type='chat' to='{Room}/Romeo'><body>farewell {i}</body></message><presence type='unavailable' to='{Room}/Juliet'/>");
            await romeo.AwaitAsync($"<message from='{Room}/Juliet'><body>farewell {i}</body></message>");
            await romeo.AwaitAsync(Seen("Juliet", "role='none'", "", "unavailable"));
            await juliet.AwaitAsync(Seen("Juliet", "role='none'", "<status code='110'/>", "unavailable"));
            await EnterAsync(juliet, "Juliet");
            await romeo.AwaitAsync(Seen("Juliet", "role='participant'"));
        }
    }

    [Fact]
    public async Task A_room_whose_last_owner_is_gone_is_its_oldest_admins()
    {
        var romeo = await MakeAsync(Public);
        await RuleAsync(romeo, $"<item affiliation='admin' jid='{Mercutio}'/><item affiliation='admin' jid='{Juliet}'/><item affiliation='admin' jid='tybalt@elsewhere.example'/>");
        var juliet = await EnterAsync(Juliet, "Juliet");
        await Server.RemoveUserAsync(Romeo.Split('@')[0]);
        await juliet.AwaitAsync(Seen("Juliet", "affiliation='owner'", "<status code='110'/>"));
        await AskAsync(juliet, "get", $"<query xmlns='{Owner}'/>", "", Room);
        var mercutio = await ArriveAsync(Mercutio);
        await RefusedAsync(mercutio, "get", $"<query xmlns='{Owner}'/>", "forbidden", Room);
    }

    [Fact]
    public async Task A_room_that_nobody_owns_goes_with_its_last_occupant()
    {
        var romeo = await MakeAsync(Public);
        var juliet = await EnterAsync(Juliet, "Juliet");
        await Server.RemoveUserAsync(Romeo.Split('@')[0]);
        await juliet.AwaitAsync($"<message type='groupchat' from='{Room}'><x xmlns='{User}'><status code='104'/></x></message>");
        await AskAsync(juliet, "get", Info, "", Room);
        await juliet.SendAsync($"<presence type='unavailable' to='{Room}/Juliet'/>");
        await juliet.AwaitAsync(Seen("Juliet", "role='none'", "<status code='110'/>", "unavailable"));
        await RefusedAsync(juliet, "get", Info, "item-not-found", Room);
        await romeo.DisposeAsync();
    }

    static string Query(string with) =>
        $"<query xmlns='urn:xmpp:mam:2'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>urn:xmpp:mam:2</value></field><field var='with'><value>{with}</value></field></x></query>";

    async Task<List<string>> FoundAsync(Wire wire, string with)
    {
        var id = "f" + Guid.NewGuid().ToString("N");
        await wire.SendAsync($"<iq type='set' id='{id}' to='{Room}'>{Query(with)}</iq>");
        List<string> found = [];
        for (var next = await wire.ReceiveAsync(); next.Attribute("id")?.Value != id; next = await wire.ReceiveAsync())
        {
            // What is said meanwhile is not of the archive.
            found.AddRange(next.Descendants().Where(child => child.Name.LocalName == "result").Descendants().Where(child => child.Name.LocalName == "body").Select(body => body.Value));
        }

        return found;
    }
}
