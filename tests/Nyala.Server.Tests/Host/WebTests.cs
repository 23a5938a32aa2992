using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using System.Xml.Linq;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Host;

public sealed class WebTests : IAsyncLifetime
{
    readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    TestServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _http.BaseAddress = _server.Web;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task More_connections_than_are_allowed_are_closed_at_once()
    {
        await using var server = await TestServer.StartAsync(settings: "Limits:WebConnections=1");
        using var first = new TcpClient();
        await first.ConnectAsync(server.Web.Host, server.Web.Port);
        await first.GetStream().WriteAsync("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
        Assert.NotEqual(0, await first.GetStream().ReadAsync(new byte[1]));
        using var second = new TcpClient();
        await second.ConnectAsync(server.Web.Host, server.Web.Port);

        Assert.Equal(0, await second.GetStream().ReadAsync(new byte[1]).AsTask().WaitAsync(Wire.Patience, TimeProvider.System));
    }

    [Theory]
    [InlineData("en-US,en;q=0.9", "<html lang=\"en\">", "Chat that stays on")]
    [InlineData("id-ID,id;q=0.9,en;q=0.8", "<html lang=\"id\">", "Obrolan yang tetap menyala")]
    [InlineData("fr, id;q=0.5, en;q=0.4", "<html lang=\"id\">", "Obrolan yang tetap menyala")]
    [InlineData("fr", "<html lang=\"en\">", "Chat that stays on")]
    public async Task The_page_speaks_the_readers_language(string accepted, string tag, string sentence)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.TryAddWithoutValidation("Accept-Language", accepted);
        using var response = await _http.SendAsync(request);
        var page = await response.Content.ReadAsStringAsync();
        Assert.Contains(tag, page, StringComparison.Ordinal);
        Assert.Contains(sentence, page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/", HttpStatusCode.OK)]
    [InlineData("/nothing", HttpStatusCode.NotFound)]
    [InlineData("/invite/nothing", HttpStatusCode.NotFound)]
    [InlineData("/assets/nyala.css", HttpStatusCode.OK)]
    public async Task Every_answer_forbids_scripts_frames_and_foreign_things(string path, HttpStatusCode status)
    {
        using var response = await _http.GetAsync(path);
        Assert.Equal(status, response.StatusCode);
        var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        Assert.False(response.Headers.Contains("Server"));
        Assert.DoesNotContain("<script", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/healthz")]
    [InlineData("/metrics")]
    [InlineData("/.well-known/host-meta")]
    public async Task Addresses_that_are_read_answer_HEAD_and_refuse_other_methods(string path)
    {
        using var head = await _http.SendAsync(new(HttpMethod.Head, path));
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.True(head.Headers.CacheControl!.NoStore);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
        using var put = await _http.SendAsync(new(HttpMethod.Put, path));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, put.StatusCode);
        Assert.Equal(["GET", "HEAD"], put.Content.Headers.Allow.Order());
        Assert.False(put.Headers.Contains("Server"));
    }

    [Fact]
    public async Task Host_meta_leads_web_clients_of_any_origin_to_the_WebSocket_and_to_BOSH()
    {
        using var xml = await _http.GetAsync("/.well-known/host-meta");
        Assert.Equal("*", Assert.Single(xml.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.Equal("application/xrd+xml", xml.Content.Headers.ContentType!.MediaType);
        var links = XElement.Parse(await xml.Content.ReadAsStringAsync()).Elements().Select(link => ((string)link.Attribute("rel")!, (string)link.Attribute("href")!));
        Assert.Equal([("urn:xmpp:alt-connections:websocket", _server.WebSocket.ToString()), ("urn:xmpp:alt-connections:xbosh", _server.Web + "http-bind")], links);
        using var head = await _http.SendAsync(new(HttpMethod.Head, "/.well-known/host-meta"));
        Assert.Equal("application/xrd+xml", head.Content.Headers.ContentType!.MediaType);
        using var json = JsonDocument.Parse(await _http.GetStringAsync("/.well-known/host-meta.json"));
        Assert.Equal(_server.WebSocket.ToString(), json.RootElement.GetProperty("links")[0].GetProperty("href").GetString());
    }

    [Fact]
    public async Task An_invite_makes_an_account_in_the_browser_that_can_log_in()
    {
        await _server.AddUserAsync("juliet");
        var token = await _server.InviteAsync(from: "juliet");
        var page = await _http.GetStringAsync($"/invite/{token}");
        Assert.Contains("juliet invites you to chat", page, StringComparison.Ordinal);
        Assert.Contains($"xmpp:juliet@localhost?roster;preauth={token};ibr=y", page, StringComparison.Ordinal);

        using var response = await SubmitAsync(token, "Romeo", TestServer.Password);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("romeo@localhost", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains(_server.Logs, line => line.Contains("Account romeo created by an invite from 127.0.0.1", StringComparison.Ordinal));
        await using var romeo = await _server.LoginAsync("romeo", "garden");
        await romeo.SendAsync("<iq type='get' id='r1'><query xmlns='jabber:iq:roster'/></iq>");
        await romeo.AwaitAsync("<iq type='result' id='r1'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost' subscription='both'/></query></iq>");

        using var again = await SubmitAsync(token, "paris", TestServer.Password);
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
    }

    [Theory]
    [InlineData("ro meo", TestServer.Password, null, HttpStatusCode.BadRequest, "This name cannot be used")]
    [InlineData("romeo@example.org", TestServer.Password, null, HttpStatusCode.BadRequest, "This name cannot be used")]
    [InlineData("juliet", TestServer.Password, null, HttpStatusCode.Conflict, "This name is taken")]
    [InlineData("romeo", "short", null, HttpStatusCode.BadRequest, "The password needs at least 8 characters")]
    [InlineData("romeo", TestServer.Password, "something else", HttpStatusCode.BadRequest, "The two passwords are not the same")]
    [InlineData("<b>", TestServer.Password, "something else", HttpStatusCode.BadRequest, "value=\"&lt;b&gt;\"")]
    public async Task A_form_that_is_wrong_says_how_and_keeps_the_invite(string username, string password, string? again, HttpStatusCode status, string text)
    {
        await _server.AddUserAsync("juliet");
        var token = await _server.InviteAsync();
        using var response = await SubmitAsync(token, username, password, again);
        Assert.Equal(status, response.StatusCode);
        Assert.Contains(text, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var good = await SubmitAsync(token, "benvolio", TestServer.Password);
        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "null")]
    public async Task A_form_of_another_website_is_refused(string header, string value)
    {
        var token = await _server.InviteAsync();
        using var response = await SubmitAsync(token, "romeo", TestServer.Password, header: (header, value));
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Null(await _server.Store.Accounts.FindAsync("romeo"));
    }

    [Fact]
    public async Task A_contact_invite_has_no_form()
    {
        await _server.AddUserAsync("juliet");
        var token = await _server.InviteAsync(from: "juliet", contactOnly: true);
        var page = await _http.GetStringAsync($"/invite/{token}");
        Assert.DoesNotContain("<form", page, StringComparison.Ordinal);
        Assert.Contains($"xmpp:juliet@localhost?roster;preauth={token}\"", page, StringComparison.Ordinal);
        using var response = await SubmitAsync(token, "romeo", TestServer.Password);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task Health_and_readiness_answer()
    {
        Assert.Equal("ok\n", await _http.GetStringAsync("/healthz"));
        Assert.Contains("\nnyala_storage_trouble 0\n", await _http.GetStringAsync("/metrics"), StringComparison.Ordinal);
        Assert.Equal("ready\n", await _http.GetStringAsync("/readyz"));
    }

    [Fact]
    public async Task Metrics_are_for_this_machine_or_who_has_the_token()
    {
        await using var server = await TestServer.StartAsync(settings: "Metrics:Token=a-long-enough-token");
        Assert.Contains("# TYPE nyala_connections gauge", await _http.GetStringAsync("/metrics"), StringComparison.Ordinal);
        async Task<HttpStatusCode> AskAsync(string? token)
        {
            // A proxy on this machine that tells where its client is.
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Web, "/metrics"));
            request.Headers.Add("X-Forwarded-For", "192.0.2.9");
            request.Headers.Add("X-Forwarded-Proto", "https");
            request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
            using var response = await _http.SendAsync(request);
            return response.StatusCode;
        }

        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(null));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("a-wrong-token-here"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync("a-long-enough-token"));
    }

    [Fact]
    public async Task Pages_for_other_machines_need_encryption()
    {
        await using var server = await TestServer.StartAsync(settings: ["Domain=chat.example.org", "Tls:Required=true"]);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Web, "/invite/x"));
        request.Headers.Add("X-Forwarded-For", "192.0.2.9");
        using var response = await _http.SendAsync(request);
        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.StartsWith("https://chat.example.org:", response.Headers.Location!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_password_token_or_body_is_ever_logged()
    {
        const string Body = "wherefore-art-thou";
        await _server.AddUserAsync("juliet");
        var token = await _server.InviteAsync();
        using var made = await SubmitAsync(token, "romeo", TestServer.Password);
        using var gone = await SubmitAsync(token, "paris", TestServer.Password);
        await using var romeo = await _server.LoginAsync("romeo", "garden");
        await using var juliet = await _server.LoginAsync("juliet", "balcony");
        await romeo.SendAsync($"<message type='chat' to='juliet@localhost/balcony'><body>{Body}</body></message>");
        await juliet.AwaitAsync($"<message><body>{Body}</body></message>");
        await using var wrong = await _server.ConnectAsync();
        await wrong.OpenAsync();
        await wrong.SendAsync("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AHJvbWVvAHdyb25nLXBhc3N3b3Jk</auth>");
        await wrong.ExpectAsync("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        await _server.StopAsync();
        Assert.NotEmpty(_server.Logs);
        foreach (var secret in (string[])[Body, token, TestServer.Password, "wrong-password", "AHJvbWVvAHdyb25nLXBhc3N3b3Jk"])
        {
            Assert.DoesNotContain(_server.Logs, line => line.Contains(secret, StringComparison.Ordinal));
        }
    }

    async Task<HttpResponseMessage> SubmitAsync(
        string token, string username, string password, string? again = null, (string Name, string Value)? header = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/invite/{token}")
        {
            Content = new FormUrlEncodedContent(new Dictionary<string, string> { ["username"] = username, ["password"] = password, ["again"] = again ?? password }),
        };
        if (header is { } extra)
        {
            request.Headers.Add(extra.Name, extra.Value);
        }

        return await _http.SendAsync(request);
    }
}
