using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Host;

/// <summary>What the web app learns before anybody is signed in.</summary>
public sealed class StartTests : IAsyncLifetime
{
    // One pixel.
    const string Picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    TestServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync(settings: ["Operator:Name=Verona", "Operator:Sentence=Where we lay our scene."]);
        _http.BaseAddress = _server.Web;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task It_says_which_door_it_is()
    {
        var before = await _http.GetFromJsonAsync<JsonElement>("/start");
        Assert.True(before.GetProperty("isEmpty").GetBoolean());
        Assert.Equal(("localhost", "Verona", "Where we lay our scene.", "invite", false), (
            before.GetProperty("domain").GetString(), before.GetProperty("name").GetString(), before.GetProperty("sentence").GetString(),
            before.GetProperty("registration").GetString(), before.GetProperty("isReachable").GetBoolean()));
        await _server.AddUserAsync("juliet");
        using var after = await _http.GetAsync("/start");
        Assert.True(after.Headers.CacheControl!.NoStore);
        Assert.False((await after.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("isEmpty").GetBoolean());
    }

    [Fact]
    public async Task An_operator_who_says_nothing_is_the_domain()
    {
        await using var server = await TestServer.StartAsync();
        var told = await _http.GetFromJsonAsync<JsonElement>(new Uri(server.Web, "/start"));
        Assert.Equal("localhost", told.GetProperty("name").GetString());
        Assert.False(told.TryGetProperty("sentence", out _));
    }

    [Fact]
    public async Task An_invite_tells_who_invites_and_is_not_used_up_by_looking()
    {
        await _server.AddUserAsync("juliet");
        var token = await _server.InviteAsync(from: "juliet");
        await using var juliet = await _server.LoginAsync("juliet", "balcony");
        var away = await InviteAsync(token);
        Assert.Equal(("juliet@localhost", "juliet", false, false), Inviter(away));
        Assert.True(away.GetProperty("createsAccount").GetBoolean());
        Assert.Equal($"xmpp:juliet@localhost?roster;preauth={token};ibr=y", away.GetProperty("app").GetString());
        using (var none = await _http.GetAsync($"/start/invite/{token}/face"))
        {
            Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
        }

        await PublishAsync(juliet, "http://jabber.org/protocol/nick", "current", "<nick xmlns='http://jabber.org/protocol/nick'>Juliet &lt;3</nick>");
        await ShowFaceAsync(juliet, "image/png");
        await juliet.SendAsync("<presence/>");
        await juliet.AwaitAsync("<presence from='juliet@localhost/balcony'/>");
        Assert.Equal(("juliet@localhost", "Juliet <3", true, true), Inviter(await InviteAsync(token)));
        using var face = await _http.GetAsync($"/start/invite/{token}/face");
        Assert.Equal("image/png", face.Content.Headers.ContentType!.MediaType);
        Assert.Equal(Picture, Convert.ToBase64String(await face.Content.ReadAsByteArrayAsync()));
        using var code = await _http.GetAsync($"/start/invite/{token}/code.svg");
        Assert.Equal("image/svg+xml", code.Content.Headers.ContentType!.MediaType);
        Assert.NotNull(await _server.Store.Invites.FindAsync(token, TimeProvider.System.GetUtcNow()));
    }

    [Fact]
    public async Task A_picture_that_may_hold_scripts_is_no_face()
    {
        await _server.AddUserAsync("juliet");
        var token = await _server.InviteAsync(from: "juliet");
        await using var juliet = await _server.LoginAsync("juliet", "balcony");
        await ShowFaceAsync(juliet, "image/svg+xml");
        using var face = await _http.GetAsync($"/start/invite/{token}/face");
        Assert.Equal(HttpStatusCode.NotFound, face.StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/face")]
    [InlineData("/code.svg")]
    public async Task An_invite_that_is_used_up_or_unknown_tells_nothing(string part)
    {
        var token = await _server.InviteAsync();
        Assert.True(await _server.Store.Invites.ConsumeAsync(token, TimeProvider.System.GetUtcNow()));
        foreach (var each in (string[])[token, "nothing"])
        {
            using var response = await _http.GetAsync($"/start/invite/{each}{part}");
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        }
    }

    [Fact]
    public async Task A_closed_server_has_invites_for_contacts_only()
    {
        await using var server = await TestServer.StartAsync(settings: "Registration=closed");
        await server.AddUserAsync("juliet");
        var contact = await server.InviteAsync(from: "juliet", contactOnly: true);
        var told = await _http.GetFromJsonAsync<JsonElement>(new Uri(server.Web, $"/start/invite/{contact}"));
        Assert.False(told.GetProperty("createsAccount").GetBoolean());
    }

    [Theory]
    [InlineData("romeo", HttpStatusCode.OK, "romeo@localhost")]
    [InlineData("Romeo", HttpStatusCode.OK, "romeo@localhost")]
    [InlineData("juliet", HttpStatusCode.Conflict, "taken")]
    [InlineData("ro meo", HttpStatusCode.BadRequest, "bad-username")]
    [InlineData("", HttpStatusCode.BadRequest, "malformed")]
    public async Task A_name_is_checked_for_who_holds_an_invite(string username, HttpStatusCode status, string told)
    {
        await _server.AddUserAsync("juliet");
        var token = await _server.InviteAsync();
        using var response = await _http.PostAsJsonAsync("/register/name", new { username, token });
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((status, told), (response.StatusCode, answer.GetProperty(status == HttpStatusCode.OK ? "address" : "code").GetString()));
        Assert.NotNull(await _server.Store.Invites.FindAsync(token, TimeProvider.System.GetUtcNow()));
    }

    [Theory]
    [InlineData("""{"username":"romeo"}""", "needs-invite")]
    [InlineData("""{"username":"romeo","token":"nothing"}""", "bad-invite")]
    [InlineData("""{"username":7}""", "malformed")]
    [InlineData("""{"username":"romeo","username":"juliet"}""", "malformed")]
    [InlineData("[[[", "malformed")]
    public async Task Nobody_else_learns_which_names_there_are(string body, string code)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await _http.PostAsync("/register/name", content);
        Assert.Equal(code, (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_name_that_an_invite_keeps_is_free_to_its_holder_alone()
    {
        var (now, other) = (TimeProvider.System.GetUtcNow(), await _server.InviteAsync());
        await _server.Store.Invites.CreateAsync(new("kept", null, true, Storage.AccountRole.User, 1, now, now.AddHours(1)) { Username = "romeo" });
        foreach (var (token, username, status) in new[] { ("kept", "romeo", HttpStatusCode.OK), ("kept", "paris", HttpStatusCode.BadRequest), (other, "romeo", HttpStatusCode.Conflict) })
        {
            using var response = await _http.PostAsJsonAsync("/register/name", new { username, token });
            Assert.Equal(status, response.StatusCode);
        }
    }

    async Task<JsonElement> InviteAsync(string token) => await _http.GetFromJsonAsync<JsonElement>($"/start/invite/{token}");

    static (string? Address, string? Name, bool IsThere, bool HasFace) Inviter(JsonElement invite)
    {
        var inviter = invite.GetProperty("inviter");
        return (inviter.GetProperty("address").GetString(), inviter.GetProperty("name").GetString(), inviter.GetProperty("isThere").GetBoolean(), inviter.GetProperty("hasFace").GetBoolean());
    }

    static async Task ShowFaceAsync(Wire wire, string type)
    {
#pragma warning disable CA5350 // XEP-0084 names pictures so.
        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA1.HashData(Convert.FromBase64String(Picture)));
#pragma warning restore CA5350
        await PublishAsync(wire, "urn:xmpp:avatar:data", hash, $"<data xmlns='urn:xmpp:avatar:data'>{Picture}</data>");
        await PublishAsync(wire, "urn:xmpp:avatar:metadata", hash, $"<metadata xmlns='urn:xmpp:avatar:metadata'><info id='{hash}' type='{type}' bytes='70'/></metadata>");
    }

    static async Task PublishAsync(Wire wire, string node, string id, string payload)
    {
        await wire.SendAsync($"<iq type='set' id='p'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='{node}'><item id='{id}'>{payload}</item></publish></pubsub></iq>");
        await wire.AwaitAsync("<iq type='result' id='p'/>");
    }
}
