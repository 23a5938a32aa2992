using System.Buffers.Text;
using System.Diagnostics;
using System.Text.Json;
using Nyala.Server.Tests.Host;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features.Push;

/// <summary>Web Push over a real server and a push service that decrypts like a browser.</summary>
public sealed class WebPushScenes : IAsyncLifetime
{
    const string Space = "urn:nyala:webpush:0";

    PushEndpoint _endpoint = null!;
    TestServer _server = null!;
    Browser _browser = null!;
    Wire _romeo = null!;

    public async ValueTask InitializeAsync()
    {
        _endpoint = await PushEndpoint.StartAsync();
        _browser = new(_endpoint.Url);
        _server = await TestServer.StartAsync(null, null, _endpoint.Roots, "Push:AllowPrivate=on", "Push:Spacing=1s");
        await _server.AddUserAsync("romeo");
        await _server.AddUserAsync("juliet");
        _romeo = await _server.LoginAsync("romeo", "orchard");
    }

    public async ValueTask DisposeAsync()
    {
        await _romeo.DisposeAsync();
        await _server.DisposeAsync();
        await _endpoint.DisposeAsync();
        _browser.Dispose();
    }

    [Fact]
    public async Task A_browser_that_is_away_is_told_that_there_is_something_and_not_what()
    {
        await using (var juliet = await EnableAsync())
        {
        }

        await SayAsync("a secret");
        var received = await _endpoint.NextAsync();
        var topic = _browser.TopicOf("romeo@localhost");
        Assert.Equal("POST /send/1", received.Line);
        Assert.Equal(("aes128gcm", "86400", "normal", topic), (received.Headers["Content-Encoding"], received.Headers["TTL"], received.Headers["Urgency"], received.Headers["Topic"]));
        var payload = JsonDocument.Parse(_browser.Read(received.Body)).RootElement;
        Assert.Equal((topic, 1, "message"), (payload.GetProperty("chat").GetString(), payload.GetProperty("count").GetInt32(), payload.GetProperty("kind").GetString()));

        await _romeo.SendAsync("<message type='chat' to='juliet@localhost'><propose xmlns='urn:xmpp:jingle-message:0' id='c'/></message>");
        received = await _endpoint.NextAsync();
        Assert.Equal(("60", "high"), (received.Headers["TTL"], received.Headers["Urgency"]));
        Assert.NotEqual(topic, received.Headers["Topic"]);
        payload = JsonDocument.Parse(_browser.Read(received.Body)).RootElement;
        Assert.Equal((topic, 2, "call"), (payload.GetProperty("chat").GetString(), payload.GetProperty("count").GetInt32(), payload.GetProperty("kind").GetString()));
    }

    [Fact]
    public async Task Pythons_cryptography_reads_it_and_knows_the_server_again()
    {
        Assert.SkipUnless(Directory.Exists("/usr/lib/python3/dist-packages/cryptography"), "Debian's python3-cryptography is missing.");
        await using (var juliet = await EnableAsync())
        {
        }

        await SayAsync("hi");
        var received = await _endpoint.NextAsync();
        var start = new ProcessStartInfo("/usr/bin/python3", Path.Combine(Repository.Root, "tests", "Nyala.Server.Tests", "Features", "Push", "webpush.py"))
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var python = Process.Start(start)!;
        await python.StandardInput.WriteAsync(JsonSerializer.Serialize(new Dictionary<string, string>
        {
            ["body"] = Base64Url.EncodeToString(received.Body),
            ["private"] = Base64Url.EncodeToString(_browser.Private),
            ["auth"] = Base64Url.EncodeToString(_browser.Secret),
            ["authorization"] = received.Headers["Authorization"],
            ["origin"] = new Uri(_endpoint.Url).GetLeftPart(UriPartial.Authority),
        }));
        python.StandardInput.Close();
        var (output, errors) = (await python.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), await python.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.True(output.Contains("\"kind\":\"message\"", StringComparison.Ordinal), output + errors);
    }

    [Fact]
    public async Task The_key_to_subscribe_with_is_told_and_stays()
    {
        var first = await KeyAsync(_romeo);
        Assert.Equal(65, Base64Url.DecodeFromChars(first).Length);
        await _romeo.DisposeAsync();
        await _server.StopAsync();
        await _server.StartAgainAsync();
        _romeo = await _server.LoginAsync("romeo", "orchard");
        Assert.Equal(first, await KeyAsync(_romeo));
    }

    [Theory]
    [InlineData(404)]
    [InlineData(410)]
    public async Task A_subscription_that_has_ended_is_removed(int status)
    {
        _endpoint.Answer = response => response.StatusCode = status;
        await using var juliet = await EnableAsync();
        Assert.Equal([("gone", $"HTTP {status}")], await TestAsync());
        await SayAsync("1");
        await _endpoint.NextAsync();
        await _endpoint.NextAsync();
        await UntilAsync(() => _server.Logs.Any(line => line.Contains("Push of juliet@localhost for resource browser to localhost ends: HTTP", StringComparison.Ordinal)));
        await juliet.SendAsync("<iq type='set' id='x'><disable xmlns='urn:xmpp:push:0' jid='push.localhost'/></iq>");
        await juliet.AwaitAsync("<iq type='result' id='x'/>");
        Assert.Empty(await TestAsync());
    }

    [Theory]
    [InlineData(201, "taken")]
    [InlineData(429, "later")]
    [InlineData(503, "later")]
    [InlineData(403, "refused")]
    [InlineData(413, "refused")]
    [InlineData(307, "refused")]
    public async Task Each_answer_has_its_meaning_and_no_redirection_is_followed(int status, string result)
    {
        _endpoint.Answer = response =>
        {
            response.StatusCode = status;
            response.Headers.Location = _endpoint.Url + "/elsewhere";
        };
        await using var juliet = await EnableAsync();
        Assert.Equal([(result, $"HTTP {status}")], await TestAsync());
        var received = await _endpoint.NextAsync();
        Assert.Contains("test", System.Text.Encoding.UTF8.GetString(_browser.Read(received.Body)), StringComparison.Ordinal);
        Assert.True(_endpoint.HasNothing);
    }

    [Fact]
    public async Task A_service_that_asks_for_patience_is_given_it()
    {
        _endpoint.Answer = response =>
        {
            response.StatusCode = 429;
            response.Headers.RetryAfter = "3600";
        };
        await using (var juliet = await EnableAsync())
        {
        }

        await SayAsync("1");
        await _endpoint.NextAsync();
        await UntilAsync(() => _server.Logs.Any(line => line.Contains("localhost cannot take a notification now and is tried again in 3600 s: HTTP 429", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_client_cannot_make_the_server_reach_into_its_own_network()
    {
        await using var server = await TestServer.StartAsync(null, null, _endpoint.Roots);
        await server.AddUserAsync("juliet");
        await using var juliet = await server.LoginAsync("juliet", "browser");
        await EnableAsync(juliet, _browser);
        using var literal = new Browser("https://127.0.0.1:1/");
        await EnableAsync(juliet, literal);
        var answers = await server.TestPushAsync("juliet");
        Assert.Equal(2, answers.Count);
        Assert.All(answers, answer => Assert.Contains("no public address", answer.Answer, StringComparison.Ordinal));
        Assert.True(_endpoint.HasNothing);
    }

    async Task<Wire> EnableAsync()
    {
        var juliet = await _server.LoginAsync("juliet", "browser");
        await EnableAsync(juliet, _browser);
        return juliet;
    }

    static async Task EnableAsync(Wire juliet, Browser browser)
    {
        await juliet.SendAsync($"<iq type='set' id='e'><enable xmlns='urn:xmpp:push:0' jid='push.localhost'>{browser.Form}</enable></iq>");
        await juliet.AwaitAsync("<iq type='result' id='e'/>");
    }

    async Task SayAsync(string body)
    {
        await _romeo.SendAsync($"<message type='chat' to='juliet@localhost'><body>{body}</body></message>");
        await _romeo.ExpectNothingAsync();
    }

    /// <summary>Waits for what the server does in its own time.</summary>
    static async Task UntilAsync(Func<bool> holds)
    {
        for (var begin = TimeProvider.System.GetTimestamp(); !holds(); await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begin) < Wire.Patience, "It did not happen.");
        }
    }

    async Task<IEnumerable<(string, string)>> TestAsync() => (await _server.TestPushAsync("juliet")).Select(answer => (answer.Result, answer.Answer));

    static async Task<string> KeyAsync(Wire wire)
    {
        await wire.SendAsync("<iq type='get' id='d' to='push.localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
        var info = await wire.AwaitAsync($"<iq type='result' id='d'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='pubsub' type='push'/><feature var='{Space}'/><feature var='urn:xmpp:push:0'/></query></iq>");
        return info.Descendants().Single(field => field.Name.LocalName == "field" && field.Attribute("var")?.Value == "vapid").Value;
    }
}
