using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Nyala.Storage;
using Nyala.Testing;
using Nyala.Xmpp.Payloads;
using Xunit;

namespace Nyala.Server.Tests.Features.Rooms;

/// <summary>Links into groups (docs/groups.md).</summary>
public sealed class LinkScenes(SharedServer shared) : RoomScene(shared)
{
    const string Commands = "http://jabber.org/protocol/commands";
    const string Command = "urn:nyala:commands:0#invite";

    [Fact]
    public async Task Who_has_an_account_comes_in_by_the_link_of_an_admin()
    {
        var romeo = await MakeAsync();
        var token = await LinkAsync(romeo, $"room={Room}", "uses=2");
        var juliet = await ArriveAsync(Juliet);
        await RefusedEntryAsync(juliet, "Juliet", "registration-required");
        await JoinAsync(juliet, token, "joined");
        await EnterAsync(juliet, "Juliet");

        // Who is in already does not use it up.
        await JoinAsync(juliet, token, "joined");
        Assert.Equal(1, (await Server.Store.Invites.FindAsync(token, TimeProvider.System.GetUtcNow()))!.Uses);
        var mercutio = await ArriveAsync(Mercutio);
        await JoinAsync(mercutio, token, "joined");
        Assert.Null(await Server.Store.Invites.FindAsync(token, TimeProvider.System.GetUtcNow()));
    }

    [Fact]
    public async Task A_link_is_of_one_group_and_lets_in_nobody_who_is_banned()
    {
        var romeo = await MakeAsync();
        var token = await LinkAsync(romeo, $"room={Room}");
        var juliet = await ArriveAsync(Juliet);
        await RefusedAsync(juliet, "set", Join("nothing"), "item-not-found", Room);
        await RefusedAsync(juliet, "set", "<join xmlns='urn:nyala:group-links:0'/>", "item-not-found", Room);
        await RefusedAsync(juliet, "set", Join(await Server.InviteAsync(from: Bare(Romeo).Split('@')[0])), "item-not-found", Room);
        await RuleAsync(romeo, $"<item affiliation='outcast' jid='{Juliet}'/>");
        await RefusedAsync(juliet, "set", Join(token), "forbidden", Room);
        Assert.NotNull(await Server.Store.Invites.FindAsync(token, TimeProvider.System.GetUtcNow()));
    }

    [Fact]
    public async Task A_link_into_a_group_that_is_full_is_not_used_up()
    {
        var romeo = await MakeAsync();
        var full = $"full-{Guid.NewGuid():N}";
        var settings = (await Server.Store.Rooms.FindAsync(Room.Split('@')[0]))!.Settings;
        var room = (await Server.Store.Rooms.CreateAsync(full, settings, new byte[32], Bare(Romeo), TimeProvider.System.GetUtcNow()))!;
        await Server.Store.Rooms.ChangeAsync(
            room.Id, null, [.. Enumerable.Range(1, 9_999).Select(number => new RoomMember($"capulet{number}@localhost", Affiliation.Member))]);
        var token = await LinkAsync(romeo, $"room={full}@rooms.localhost", "uses=1");
        var juliet = await ArriveAsync(Juliet);
        await RefusedAsync(juliet, "set", Join(token), "resource-constraint", $"{full}@rooms.localhost");
        await AskAsync(romeo, "set", Items("<item affiliation='none' jid='capulet1@localhost'/>"), "", $"{full}@rooms.localhost");
        await AskAsync(juliet, "set", Join(token), "<joined xmlns='urn:nyala:group-links:0'/>", $"{full}@rooms.localhost");
    }

    [Fact]
    public async Task A_groups_link_makes_no_contact_of_who_made_it()
    {
        var romeo = await MakeAsync();
        var token = await LinkAsync(romeo, $"room={Room}");
        var juliet = await ArriveAsync(Juliet);
        await juliet.SendAsync($"<presence type='subscribe' to='{Romeo}'><preauth xmlns='urn:xmpp:pars:0' token='{token}'/></presence>");
        await romeo.AwaitAsync($"<presence type='subscribe' from='{Juliet}'/>");
        Assert.NotNull(await Server.Store.Invites.FindAsync(token, TimeProvider.System.GetUtcNow()));
    }

    [Fact]
    public async Task Where_the_admins_approve_they_are_asked()
    {
        var romeo = await MakeAsync();
        var token = await LinkAsync(romeo, $"room={Room}", "approval=1");
        var juliet = await ArriveAsync(Juliet);
        await JoinAsync(juliet, token, "asked");
        await romeo.AwaitAsync($"<message from='{Room}'><x xmlns='jabber:x:data' type='form'><field var='muc#register_jid'><value>{Juliet}</value></field></x></message>");
        await RefusedEntryAsync(juliet, "Juliet", "registration-required");
    }

    [Fact]
    public async Task Only_admins_make_a_link_and_within_bounds()
    {
        var romeo = await MakeAsync();
        await RuleAsync(romeo, $"<item affiliation='member' jid='{Juliet}'/>");
        var juliet = await ArriveAsync(Juliet);
        await RefusedCommandAsync(juliet, "forbidden", $"room={Room}");
        await RefusedCommandAsync(romeo, "item-not-found", "room=nowhere@rooms.localhost");
        await RefusedCommandAsync(romeo, "item-not-found", $"room={Juliet}");
        await RefusedCommandAsync(romeo, "not-acceptable", $"room={Room}", "uses=1001");
        await RefusedCommandAsync(romeo, "not-acceptable", $"room={Room}", "hours=721");
        await RefusedCommandAsync(romeo, "not-acceptable", "uses=2");
        await RefusedCommandAsync(romeo, "not-acceptable", "greeting=" + new string('x', 201));
    }

    [Fact]
    public async Task A_new_link_ends_the_earlier_ones_where_that_is_wanted()
    {
        var romeo = await MakeAsync();
        var first = await LinkAsync(romeo, $"room={Room}");
        var second = await LinkAsync(romeo, $"room={Room}");
        Assert.NotNull(await Server.Store.Invites.FindAsync(first, TimeProvider.System.GetUtcNow()));
        await LinkAsync(romeo, $"room={Room}", "replaces=1");
        Assert.Null(await Server.Store.Invites.FindAsync(first, TimeProvider.System.GetUtcNow()));
        Assert.Null(await Server.Store.Invites.FindAsync(second, TimeProvider.System.GetUtcNow()));
    }

    [Fact]
    public async Task Who_has_no_account_makes_one_with_the_link_and_is_a_member()
    {
        var romeo = await MakeAsync("muc#roomconfig_roomname=Verona");
        var token = await LinkAsync(romeo, $"room={Room}", "greeting=Welcome");
        using var http = new HttpClient { BaseAddress = Server.Web };
        var told = await http.GetFromJsonAsync<JsonElement>($"/start/invite/{token}");
        Assert.Equal((Room, "Verona", 1, false), Read(told.GetProperty("room")));
        Assert.Equal("Welcome", told.GetProperty("greeting").GetString());
        var name = "paris" + Guid.NewGuid().ToString("N")[..8];
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["username"] = name, ["password"] = TestServer.Password, ["again"] = TestServer.Password });
        using var made = await http.PostAsync($"/invite/{token}", form);
        Assert.Equal(HttpStatusCode.OK, made.StatusCode);

        var paris = await ArriveAsync($"{name}@localhost");
        await AskAsync(paris, "get", "<query xmlns='jabber:iq:roster'/>", "<query xmlns='jabber:iq:roster'/>");
        await EnterAsync(paris, "Paris");
        using var again = await http.GetAsync($"/start/invite/{token}");
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
    }

    [Fact]
    public async Task A_link_into_a_group_that_is_gone_is_gone()
    {
        var romeo = await MakeAsync();
        var token = await LinkAsync(romeo, $"room={Room}");
        await AskAsync(romeo, "set", $"<query xmlns='{Owner}'><destroy/></query>", "", Room);
        using var http = new HttpClient { BaseAddress = Server.Web };
        using var response = await http.GetAsync($"/start/invite/{token}");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    static (string? Address, string? Title, int Members, bool NeedsApproval) Read(JsonElement room) =>
        (room.GetProperty("address").GetString(), room.GetProperty("title").GetString(), room.GetProperty("members").GetInt32(), room.GetProperty("needsApproval").GetBoolean());

    static string Join(string token) => $"<join xmlns='urn:nyala:group-links:0' token='{token}'/>";

    Task JoinAsync(Wire wire, string token, string result) => AskAsync(wire, "set", Join(token), $"<{result} xmlns='urn:nyala:group-links:0'/>", Room);

    static async Task<string> LinkAsync(Wire wire, params string[] fields)
    {
        await SubmitAsync(wire, fields);
        var made = await wire.AwaitAsync($"<iq type='result' id='made'><command xmlns='{Commands}' status='completed'/></iq>");
        return made.Descendants("{jabber:x:data}value").Single(value => value.Value.Contains("/invite/", StringComparison.Ordinal)).Value.Split('/')[^1];
    }

    static async Task RefusedCommandAsync(Wire wire, string condition, params string[] fields)
    {
        await SubmitAsync(wire, fields);
        await wire.AwaitAsync($"<iq type='error' id='made'><error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    }

    static async Task SubmitAsync(Wire wire, string[] fields)
    {
        await wire.SendAsync($"<iq type='set' id='ask' to='localhost'><command xmlns='{Commands}' node='{Command}'/></iq>");
        var asked = await wire.AwaitAsync($"<iq type='result' id='ask'><command xmlns='{Commands}' status='executing'/></iq>");
        var id = asked.Elements().Single().Attribute("sessionid")!.Value;
        await wire.SendAsync(
            $"<iq type='set' id='made' to='localhost'><command xmlns='{Commands}' node='{Command}' sessionid='{id}'><x xmlns='jabber:x:data' type='submit'>"
            + string.Concat(fields.Select(field => $"<field var='{field.Split('=', 2)[0]}'><value>{field.Split('=', 2)[1]}</value></field>")) + "</x></command></iq>");
    }
}
