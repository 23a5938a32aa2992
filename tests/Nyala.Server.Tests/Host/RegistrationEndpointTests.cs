using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nyala.Client;
using Nyala.Testing;
using Nyala.Xmpp;
using Xunit;

namespace Nyala.Server.Tests.Host;

/// <summary>POST /register, as docs/registration.md describes it, spoken by a client that knows nothing of the server's code.</summary>
public sealed class RegistrationEndpointTests : IAsyncLifetime
{
    const int Iterations = 4_096;

    readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    TestServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync(settings: "Registration=open");
        _http.BaseAddress = _server.Web;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task It_says_what_a_client_must_derive()
    {
        var told = await _http.GetFromJsonAsync<JsonObject>("/register");
        Assert.Equal("""
            {"domain":"localhost","registration":"open","mechanisms":[{"mechanism":"SCRAM-SHA-512","required":true},{"mechanism":"SCRAM-SHA-256","required":true},{"mechanism":"SCRAM-SHA-1","required":false}],"iterations":4096,"saltBytes":16}
            """, told!.ToJsonString());
    }

    [Theory]
    [InlineData("SCRAM-SHA-1")]
    [InlineData("SCRAM-SHA-256")]
    [InlineData("SCRAM-SHA-512")]
    [InlineData("PLAIN")]
    public async Task An_account_made_of_keys_logs_in_with_its_password(string mechanism)
    {
        using var response = await PostAsync(Request("Romeo", "SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1"));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal("""{"address":"romeo@localhost"}""", await response.Content.ReadAsStringAsync());
        await using var romeo = await LoginAsync(mechanism, TestServer.Password);
        await Assert.ThrowsAsync<XmppException>(() => LoginAsync(mechanism, "another password"));
    }

    [Fact]
    public async Task Without_keys_for_it_SCRAM_SHA_1_fails_as_for_nobody()
    {
        using var response = await PostAsync(Request("romeo", "SCRAM-SHA-512", "SCRAM-SHA-256"));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var failure = await Assert.ThrowsAsync<XmppException>(() => LoginAsync("SCRAM-SHA-1", TestServer.Password));
        Assert.Equal("not-authorized", failure.Condition);
    }

    [Fact]
    public async Task What_was_answered_is_stored()
    {
        using var response = await PostAsync(Request("romeo"));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        await _server.StopAsync();
        await _server.StartAgainAsync();
        await using var romeo = await LoginAsync("SCRAM-SHA-256", TestServer.Password);
    }

    public static TheoryData<string, Action<JsonObject>> Mistakes => new()
    {
        { "bad-username", body => body["username"] = "ro meo" },
        { "bad-username", body => body["username"] = "romeo@example.org" },
        { "bad-username", body => body["username"] = new string('x', 1_024) },
        { "malformed", body => body["username"] = "" },
        { "malformed", body => body["username"] = 7 },
        { "malformed", body => body.Remove("username") },
        { "malformed", body => body.Remove("keys") },
        { "malformed", body => body["keys"] = new JsonArray() },
        { "malformed", body => body["keys"] = new JsonArray(null, null) },
        { "malformed", body => body["keys"]!.AsArray().RemoveAt(0) },
        { "malformed", body => body["keys"]!.AsArray().RemoveAt(1) },
        { "malformed", body => body["keys"]!.AsArray().Add(body["keys"]![0]!.DeepClone()) },
        { "malformed", body => body["keys"]![0]!["mechanism"] = "SCRAM-MD5" },
        { "malformed", body => body["keys"]![0]!["mechanism"] = "SCRAM-SHA-1" },
        { "malformed", body => body["keys"]![0]!["iterations"] = Iterations - 1 },
        { "malformed", body => body["keys"]![0]!["iterations"] = (Iterations * 10) + 1 },
        { "malformed", body => body["keys"]![0]!["iterations"] = int.MaxValue + 1L },
        { "malformed", body => body["keys"]![0]!["iterations"] = $"{Iterations}" },
        { "malformed", body => body["keys"]![0]!["salt"] = Convert.ToBase64String(new byte[15]) },
        { "malformed", body => body["keys"]![0]!["salt"] = "not base64 at all" },
        { "malformed", body => body["keys"]![0]!["storedKey"] = Convert.ToBase64String(new byte[63]) },
        { "malformed", body => body["keys"]![0]!["serverKey"] = Convert.ToBase64String(new byte[65]) },
        { "malformed", body => body["keys"]![0]!["serverKey"] = null },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task A_mistake_is_named_and_makes_no_account(string code, Action<JsonObject> spoil)
    {
        var body = Request("romeo");
        spoil(body);
        await ExpectAsync(HttpStatusCode.BadRequest, code, body);
        Assert.Equal(0, await _server.Store.Accounts.CountAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"username\":\"\\ud800\",\"keys\":[]}")]
    [InlineData("{\"username\":\"a\",\"username\":\"b\",\"keys\":[]}")]
    public async Task What_is_no_request_is_malformed(string text)
    {
        using var content = new StringContent(text, Encoding.UTF8, "application/json");
        await ExpectAsync(HttpStatusCode.BadRequest, "malformed", content);
    }

    [Fact]
    public async Task A_form_is_the_wrong_type_and_a_long_body_too_large()
    {
        using var form = new FormUrlEncodedContent([new("username", "romeo")]);
        await ExpectAsync(HttpStatusCode.UnsupportedMediaType, "wrong-type", form);
        using var known = new StringContent(new string(' ', 4_097), Encoding.UTF8, "application/json");
        await ExpectAsync(HttpStatusCode.RequestEntityTooLarge, "too-large", known);
        using var unknown = new StreamContent(new ChunkedStream(5_000)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        await ExpectAsync(HttpStatusCode.RequestEntityTooLarge, "too-large", unknown);
    }

    [Fact]
    public async Task A_name_is_given_once()
    {
        await _server.AddUserAsync("romeo");
        await ExpectAsync(HttpStatusCode.Conflict, "taken", Request("romeo"));
    }

    [Fact]
    public async Task An_invite_is_needed_where_registration_is_by_invite()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("juliet");
        var token = await server.InviteAsync(from: "juliet");
        var contactOnly = await server.InviteAsync(from: "juliet", contactOnly: true);
        _http.Dispose();
        using var http = new HttpClient { BaseAddress = server.Web };

        await ExpectAsync(http, HttpStatusCode.Forbidden, "needs-invite", Request("romeo"));
        await ExpectAsync(http, HttpStatusCode.Forbidden, "bad-invite", With(Request("romeo"), "no-such-token"));
        await ExpectAsync(http, HttpStatusCode.Forbidden, "bad-invite", With(Request("romeo"), contactOnly));
        await ExpectAsync(http, HttpStatusCode.Conflict, "taken", With(Request("juliet"), token));
        using var made = await http.PostAsJsonAsync("/register", With(Request("romeo"), token));
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        await ExpectAsync(http, HttpStatusCode.Forbidden, "bad-invite", With(Request("paris"), token));

        await using var romeo = await server.LoginAsync("romeo", "garden");
        await romeo.SendAsync("<iq type='get' id='r1'><query xmlns='jabber:iq:roster'/></iq>");
        await romeo.AwaitAsync("<iq type='result' id='r1'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost' subscription='both'/></query></iq>");
        await server.StopAsync();
        Assert.DoesNotContain(server.Logs, line => line.Contains(token, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_registration_is_closed_an_invite_is_no_help()
    {
        await using var server = await TestServer.StartAsync(settings: "Registration=closed");
        using var http = new HttpClient { BaseAddress = server.Web };
        await ExpectAsync(http, HttpStatusCode.Forbidden, "closed", With(Request("romeo"), "some-token"));
    }

    [Fact]
    public async Task An_address_makes_so_many_accounts_and_no_more()
    {
        await using var server = await TestServer.StartAsync(settings: ["Registration=open", "Limits:RateLimits=on", "Limits:RegistrationsPerAddress=2"]);
        using var http = new HttpClient { BaseAddress = server.Web, DefaultRequestHeaders = { { "X-Forwarded-For", "192.0.2.9" }, { "X-Forwarded-Proto", "https" } } };
        for (var i = 0; i < 2; i++)
        {
            using var made = await http.PostAsJsonAsync("/register", Request($"user{i}"));
            Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        }

        using var refused = await http.PostAsJsonAsync("/register", Request("user3"));
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
    }

    [Fact]
    public async Task Keys_do_not_travel_unencrypted()
    {
        await using var server = await TestServer.StartAsync(settings: ["Registration=open", "Domain=chat.example.org", "Tls:Required=true"]);
        using var http = new HttpClient { BaseAddress = server.Web, DefaultRequestHeaders = { { "X-Forwarded-For", "192.0.2.9" } } };
        await ExpectAsync(http, HttpStatusCode.Forbidden, "not-encrypted", Request("romeo"));
    }

    static JsonObject With(JsonObject request, string token)
    {
        request["token"] = token;
        return request;
    }

    static JsonObject Request(string username, params string[] mechanisms) => new()
    {
        ["username"] = username,
        ["keys"] = new JsonArray([.. (mechanisms.Length > 0 ? mechanisms : ["SCRAM-SHA-512", "SCRAM-SHA-256"]).Select(Keys)]),
    };

    /// <summary>RFC 5802 §3, as a client does it.</summary>
    static JsonNode Keys(string mechanism)
    {
        var (hash, size) = mechanism switch
        {
            "SCRAM-SHA-512" => (HashAlgorithmName.SHA512, 64),
            "SCRAM-SHA-256" => (HashAlgorithmName.SHA256, 32),
            _ => (HashAlgorithmName.SHA1, 20),
        };
        var salt = RandomNumberGenerator.GetBytes(16);
        var salted = Rfc2898DeriveBytes.Pbkdf2(TestServer.Password, salt, Iterations, hash, size);
        var clientKey = CryptographicOperations.HmacData(hash, salted, "Client Key"u8);
        return new JsonObject
        {
            ["mechanism"] = mechanism,
            ["salt"] = Convert.ToBase64String(salt),
            ["iterations"] = Iterations,
            ["storedKey"] = Convert.ToBase64String(CryptographicOperations.HashData(hash, clientKey)),
            ["serverKey"] = Convert.ToBase64String(CryptographicOperations.HmacData(hash, salted, "Server Key"u8)),
        };
    }

    Task<HttpResponseMessage> PostAsync(JsonObject body) => _http.PostAsJsonAsync("/register", body);

    Task ExpectAsync(HttpStatusCode status, string code, JsonObject body) => ExpectAsync(_http, status, code, body);

    Task ExpectAsync(HttpStatusCode status, string code, HttpContent content) => ExpectAsync(_http, status, code, content);

    static async Task ExpectAsync(HttpClient http, HttpStatusCode status, string code, JsonObject body)
    {
        using var content = JsonContent.Create(body);
        await ExpectAsync(http, status, code, content);
    }

    static async Task ExpectAsync(HttpClient http, HttpStatusCode status, string code, HttpContent content)
    {
        using var response = await http.PostAsync("/register", content);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((status, code), (response.StatusCode, problem.GetProperty("code").GetString()));
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal((int)status, problem.GetProperty("status").GetInt32());
    }

    async Task<XmppClient> LoginAsync(string mechanism, string password)
    {
        var client = new XmppClient(new()
        {
            Account = Jid.Parse("romeo@localhost/garden"),
            Password = password,
            Mechanism = mechanism,
            Port = _server.Xmpp.Port,
            Transport = ClientTransport.Plain,
        });
        await client.ConnectAsync(TestContext.Current.CancellationToken);
        return client;
    }

    /// <summary>Bytes that come in pieces, without a length that is known before.</summary>
    sealed class ChunkedStream(int length) : MemoryStream(new byte[length])
    {
        public override bool CanSeek => false;
    }
}
