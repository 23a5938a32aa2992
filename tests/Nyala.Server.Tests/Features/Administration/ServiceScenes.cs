using Microsoft.Extensions.Time.Testing;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features.Administration;

/// <summary>XEP-0133 §4.13–4.31: counts, lists, notices, administrators, and the end.</summary>
public sealed class ServiceScenes : CommandScene
{
    protected override string[] Settings => ["Registration=open"];

    [Fact]
    public async Task People_are_counted_and_listed_by_what_they_do()
    {
        var (prince, romeo, juliet) = (await LoginAsync("prince"), await LoginAsync("romeo", available: true), await LoginAsync("juliet", available: true));
        await juliet.SendAsync("<presence><show>away</show></presence>");
        await juliet.AwaitAsync("<presence><show>away</show></presence>");
        await CountAsync(prince, "get-registered-users-num", "registeredusersnum", 3);
        await CountAsync(prince, "get-online-users-num", "onlineusersnum", 2);
        await CountAsync(prince, "get-active-users-num", "activeusersnum", 1);
        await CountAsync(prince, "get-idle-users-num", "idleusersnum", 1);
        await ListAsync(prince, "get-registered-users-list", "registereduserjids", "juliet@localhost", "prince@localhost", "romeo@localhost");
        await ListAsync(prince, "get-online-users-list", "onlineuserjids", "juliet@localhost", "romeo@localhost");
        await ListAsync(prince, "get-active-users", "activeuserjids", "romeo@localhost");
        await ListAsync(prince, "get-idle-users", "activeuserjids", "juliet@localhost");

        // A second client in use makes her active; a phone in the pocket (XEP-0352) makes him idle.
        await LoginAsync("juliet", "desk", available: true);
        await romeo.SendAsync("<inactive xmlns='urn:xmpp:csi:0'/>");
        await romeo.ExpectNothingAsync();
        await ListAsync(prince, "get-active-users", "activeuserjids", "juliet@localhost");
        await ListAsync(prince, "get-idle-users", "activeuserjids", "romeo@localhost");
        await RefusedAsync(prince, "bad-request", $"{Admin}#get-online-users-list", "max_items=7");
        Assert.Equal(3, Values(await DoneAsync(prince, $"{Admin}#get-registered-users-list", "max_items=none"), "registereduserjids").Length);
    }

    [Fact]
    public async Task An_announcement_reaches_who_is_online()
    {
        var (prince, romeo, juliet) = (await LoginAsync("prince"), await LoginAsync("romeo", available: true), await LoginAsync("juliet"));
        await DoneAsync(prince, $"{Admin}#announce", "announcement=A plague", "announcement=on both your houses");
        await romeo.ExpectAsync("<message from='localhost' to='romeo@localhost/phone'><subject>Announcement</subject><body>A plague\non both your houses</body></message>");
        await juliet.ExpectNothingAsync();
        await juliet.SendAsync("<presence/>");
        await juliet.ExpectAsync("<presence/>");
        await juliet.ExpectNothingAsync();
        await RefusedAsync(prince, "bad-request", $"{Admin}#announce", "announcement=");
    }

    [Fact]
    public async Task The_message_of_the_day_is_shown_once_to_each_for_each_text()
    {
        var (prince, romeo) = (await LoginAsync("prince"), await LoginAsync("romeo", available: true));
        await DoneAsync(prince, $"{Admin}#set-motd", "motd=Good morrow");
        await romeo.ExpectAsync("<message from='localhost'><body>Good morrow</body></message>");
        var juliet = await LoginAsync("juliet", available: true);
        await juliet.ExpectAsync("<message from='localhost'><body>Good morrow</body></message>");
        var again = await LoginAsync("juliet", "desk", available: true);
        await NoMessageAsync(again);

        // An edited text is new to everybody, at the next login.
        var form = await ExecuteAsync(prince, $"{Admin}#edit-motd", status: "executing");
        Assert.Equal(["Good morrow"], Values(form, "motd"));
        await DoneAsync(prince, $"{Admin}#edit-motd", "motd=Good night");
        await NoMessageAsync(romeo);
        var desk = await LoginAsync("romeo", "desk", available: true);
        await desk.AwaitAsync("<message from='localhost'><body>Good night</body></message>");
        await Server.StopAsync();
        await Server.StartAgainAsync();
        await NoMessageAsync(await LoginAsync("romeo", available: true));

        prince = await LoginAsync("prince");
        ElementPattern.Parse($"<command xmlns='{Commands}'><note type='info'/></command>").Require(await ExecuteAsync(prince, $"{Admin}#delete-motd"));
        ElementPattern.Parse($"<command xmlns='{Commands}'><note type='warn'/></command>").Require(await ExecuteAsync(prince, $"{Admin}#delete-motd"));
        juliet = await LoginAsync("juliet", available: true);
        await NoMessageAsync(juliet);
        await DoneAsync(prince, $"{Admin}#set-motd", "motd=Good morrow again");
        await juliet.AwaitAsync("<message><body>Good morrow again</body></message>");
    }

    [Fact]
    public async Task Who_makes_an_account_is_welcomed()
    {
        var prince = await LoginAsync("prince");
        await DoneAsync(prince, $"{Admin}#set-welcome", "welcome=Welcome to Verona");
        await RegisterAsync("paris");
        var paris = await LoginAsync("paris");
        await paris.SendAsync("<presence/>");
        await paris.AwaitAsync("<message from='localhost'><subject>Welcome</subject><body>Welcome to Verona</body></message>");
        await ExecuteAsync(prince, $"{Admin}#delete-welcome");
        await RegisterAsync("tybalt");
        await (await LoginAsync("tybalt", available: true)).ExpectNothingAsync();
    }

    [Fact]
    public async Task Administrators_name_each_other()
    {
        var (prince, romeo) = (await LoginAsync("prince"), await LoginAsync("romeo"));
        Assert.Equal(["prince@localhost"], Values(await ExecuteAsync(prince, $"{Admin}#edit-admin", status: "executing"), "adminjids"));
        await RefusedAsync(prince, "not-allowed", $"{Admin}#edit-admin", "adminjids=romeo@localhost");
        await RefusedAsync(prince, "item-not-found", $"{Admin}#edit-admin", "adminjids=prince@localhost", "adminjids=nobody@localhost");
        await RefusedAsync(prince, "not-acceptable", $"{Admin}#edit-admin", "adminjids=prince@localhost", "adminjids=romeo@elsewhere.example");
        await DoneAsync(prince, $"{Admin}#edit-admin", "adminjids=prince@localhost", "adminjids=romeo@localhost");
        await DoneAsync(romeo, $"{Admin}#edit-admin", "adminjids=romeo@localhost");
        await prince.SendAsync(Request($"{Admin}#edit-admin"));
        await prince.ExpectAsync("<iq type='error' id='c'><error><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    }

    [Fact]
    public async Task The_service_ends_after_the_delay_and_people_know()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var server = await TestServer.StartAsync(time);
        await server.AddUserAsync("prince", admin: true);
        await using var prince = await server.LoginAsync("prince", "phone");
        await prince.SendAsync("<presence/>");
        await prince.ExpectAsync("<presence/>");
        await RefusedAsync(prince, "bad-request", $"{Admin}#restart", "delay=1");
        await DoneAsync(prince, $"{Admin}#restart", "delay=60", "announcement=Back in a minute");
        await RefusedAsync(prince, "conflict", $"{Admin}#shutdown", "delay=30");
        time.Advance(TimeSpan.FromSeconds(50));
        Assert.False(server.Departing.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(15));
        Assert.Contains("restart", await server.Departing.WaitAsync(Wire.Patience, TimeProvider.System, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    /// <summary>What has come so far is no message; a document that is stored comes behind the one that notes who was told.</summary>
    static async Task NoMessageAsync(Wire wire)
    {
        await wire.SendAsync("<iq type='set' id='none'><query xmlns='jabber:iq:private'><a xmlns='urn:none'/></query></iq>");
        for (var element = await wire.ReceiveAsync(); element.Attribute("id")?.Value != "none"; element = await wire.ReceiveAsync())
        {
            Assert.NotEqual("message", element.Name.LocalName);
        }
    }

    static async Task CountAsync(Wire prince, string node, string field, int count) =>
        Assert.Equal([$"{count}"], Values(await ExecuteAsync(prince, $"{Admin}#{node}"), field));

    static async Task ListAsync(Wire prince, string node, string field, params string[] addresses) =>
        Assert.Equal(addresses, Values(await DoneAsync(prince, $"{Admin}#{node}", "max_items=25"), field));

    async Task RegisterAsync(string username)
    {
        await using var wire = await Server.ConnectAsync();
        await wire.OpenAsync();
        await wire.SendAsync($"<iq type='set' id='r'><query xmlns='jabber:iq:register'><username>{username}</username><password>{TestServer.Password}</password></query></iq>");
        await wire.ExpectAsync("<iq type='result' id='r'/>");
    }
}
