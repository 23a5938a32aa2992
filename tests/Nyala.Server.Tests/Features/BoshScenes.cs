using System.Globalization;
using System.Net;
using System.Text;
using System.Xml.Linq;
using Microsoft.Extensions.Time.Testing;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features;

/// <summary>People who come over BOSH (XEP-0206), to a real server.</summary>
public sealed class BoshScenes
{
    [Fact]
    public async Task Somebody_logs_in_and_talks_with_somebody_on_a_socket()
    {
        await using var server = await StartAsync();
        await using var juliet = await server.LoginAsync("juliet", "balcony");
        await juliet.SendAsync("<presence/>");
        await juliet.AwaitAsync("<presence/>");
        using var romeo = new Session(server);
        var features = await romeo.BeginAsync();
        Assert.DoesNotContain("starttls", features.ToString(), StringComparison.Ordinal);
        Assert.Contains("urn:ietf:params:xml:ns:xmpp-sasl", features.ToString(), StringComparison.Ordinal);
        await romeo.LoginAsync("romeo", "browser");
        await romeo.SendAsync("<message xmlns='jabber:client' to='juliet@localhost' type='chat' id='m1'><body>hi</body></message>");
        await juliet.AwaitAsync("<message from='romeo@localhost/browser' id='m1'><body>hi</body></message>");
        await juliet.SendAsync("<message to='romeo@localhost/browser' type='chat' id='m2'><body>ho</body></message>");
        await romeo.AwaitAsync("<message from='juliet@localhost/balcony' id='m2'><body>ho</body></message>");
    }

    [Fact]
    public async Task A_wrong_password_is_a_failure_and_the_session_goes_on()
    {
        await using var server = await StartAsync();
        using var romeo = new Session(server);
        await romeo.BeginAsync();
        await romeo.SendAsync($"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{Plain("romeo", "wrong")}</auth>");
        await romeo.AwaitAsync("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>");
        await romeo.LoginAsync("romeo", "browser");
    }

    [Fact]
    public async Task Sasl2_and_bind2_need_no_restart()
    {
        await using var server = await StartAsync();
        using var romeo = new Session(server);
        await romeo.BeginAsync();
        await romeo.SendAsync(
            $"<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>{Plain("romeo", TestServer.Password)}</initial-response><bind xmlns='urn:xmpp:bind:0'/></authenticate>");
        await romeo.AwaitAsync("<success xmlns='urn:xmpp:sasl:2'><bound xmlns='urn:xmpp:bind:0'/></success>");
        await romeo.SendAsync("<iq xmlns='jabber:client' type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
        await romeo.AwaitAsync("<iq type='result' id='p'/>");
    }

    [Fact]
    public async Task Who_stays_away_hibernates_and_resumes_with_nothing_lost()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        var server = await StartAsync(time);
        await using var end = new EndInTime(server, time);
        await using var juliet = await server.LoginAsync("juliet", "balcony");
        using var first = new Session(server);
        await first.BeginAsync();
        await first.LoginAsync("romeo", "browser");
        await first.SendAsync("<presence xmlns='jabber:client'/><enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        var enabled = await first.AwaitAsync("<enabled xmlns='urn:xmpp:sm:3' resume='true'/>");
        await first.DrainAsync();
        for (var i = 0; i < 7; i++)
        {
            time.Advance(TimeSpan.FromSeconds(5));
        }

        await juliet.SendAsync("<message to='romeo@localhost/browser' type='chat' id='m1'><body>still there?</body></message>");
        await juliet.ExpectNothingAsync();
        using var second = new Session(server);
        await second.BeginAsync();
        await second.AuthenticateAsync("romeo");
        await second.SendAsync($"<resume xmlns='urn:xmpp:sm:3' h='1' previd='{enabled.Attribute("id")!.Value}'/>");
        await second.AwaitAsync("<resumed xmlns='urn:xmpp:sm:3'/>");
        await second.AwaitAsync("<message id='m1'><body>still there?</body></message>");
    }

    [Fact]
    public async Task Who_leaves_is_gone_for_everybody()
    {
        await using var server = await StartAsync();
        await using var other = await server.LoginAsync("romeo", "garden");
        await other.SendAsync("<presence/>");
        await other.AwaitAsync($"<presence from='{other.Address}'/>");
        using var romeo = new Session(server);
        await romeo.BeginAsync();
        await romeo.LoginAsync("romeo", "browser");
        await romeo.SendAsync("<presence xmlns='jabber:client'/>");
        await other.AwaitAsync("<presence from='romeo@localhost/browser'/>");
        await romeo.PostAsync("", "type='terminate'");
        await other.AwaitAsync("<presence from='romeo@localhost/browser' type='unavailable'/>");
    }

    [Fact]
    public async Task A_conflict_reaches_the_browser()
    {
        await using var server = await StartAsync();
        using var romeo = new Session(server);
        await romeo.BeginAsync();
        await romeo.LoginAsync("romeo", "browser");
        var waiting = romeo.PostAsync("");
        await using var other = await server.LoginAsync("romeo", "browser");
        var answer = await waiting;
        Assert.Equal("remote-stream-error", answer.Attribute("condition")?.Value);
        Assert.Contains("conflict", answer.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_stops_says_so()
    {
        await using var server = await StartAsync();
        using var romeo = new Session(server);
        await romeo.BeginAsync();
        await romeo.LoginAsync("romeo", "browser");
        await romeo.DrainAsync();
        var waiting = romeo.PostAsync("");
        var last = romeo.PostAsync("");

        // One request is held at a time: an empty answer to the first says that the last is there.
        Assert.Empty((await waiting).Elements());
        await server.StopAsync();
        Assert.Contains("system-shutdown", (await last).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_address_is_told_and_open_to_all_origins()
    {
        await using var server = await StartAsync();
        using var http = new HttpClient { BaseAddress = server.Web };
        Assert.Contains("/http-bind", await http.GetStringAsync(new Uri("/.well-known/host-meta.json", UriKind.Relative)), StringComparison.Ordinal);
        using var asked = await http.SendAsync(new(HttpMethod.Options, "/http-bind"));
        Assert.Equal((HttpStatusCode.NoContent, "*"), (asked.StatusCode, Assert.Single(asked.Headers.GetValues("Access-Control-Allow-Origin"))));
        Assert.Equal("cross-origin", Assert.Single(asked.Headers.GetValues("Cross-Origin-Resource-Policy")));
        using var got = await http.GetAsync(new Uri("/http-bind", UriKind.Relative));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, got.StatusCode);
    }

    static string Plain(string username, string password) => Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{username}\0{password}"));

    static async Task<TestServer> StartAsync(TimeProvider? time = null)
    {
        var server = await TestServer.StartAsync(time);
        await server.AddUserAsync("romeo");
        await server.AddUserAsync("juliet");
        return server;
    }

    /// <summary>Moves the clock on while the server stops, which waits for browsers to ask again.</summary>
    sealed class EndInTime(TestServer server, FakeTimeProvider time) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            var stopping = server.DisposeAsync().AsTask();
            while (!stopping.IsCompleted)
            {
                time.Advance(TimeSpan.FromSeconds(1));
                await Task.Yield();
            }

            await stopping;
        }
    }

    /// <summary>One client: what it has heard, and one request that waits for more when it wants to hear.</summary>
    sealed class Session(TestServer server) : IDisposable
    {
        const string Body = "http://jabber.org/protocol/httpbind";

        readonly HttpClient _http = new() { BaseAddress = server.Web, Timeout = Wire.Patience };
        readonly Queue<XElement> _heard = [];
        string _sid = "";
        long _rid = 4_711;

        public void Dispose() => _http.Dispose();

        public async Task<XElement> BeginAsync()
        {
            var answer = await AskAsync($"<body xmlns='{Body}' rid='{_rid}' to='localhost' hold='1' wait='10' ver='1.11' xmlns:xmpp='urn:xmpp:xbosh' xmpp:version='1.0'/>");
            _sid = answer.Attribute("sid")!.Value;
            return Assert.Single(answer.Elements());
        }

        public async Task AuthenticateAsync(string username)
        {
            await SendAsync($"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{Plain(username, TestServer.Password)}</auth>");
            await AwaitAsync("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
            Hear(await PostAsync("", "xmlns:xmpp='urn:xmpp:xbosh' xmpp:restart='true' to='localhost'"));
            await AwaitAsync("<features xmlns='http://etherx.jabber.org/streams'/>");
        }

        public async Task LoginAsync(string username, string resource)
        {
            await AuthenticateAsync(username);
            await SendAsync($"<iq xmlns='jabber:client' type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>{resource}</resource></bind></iq>");
            await AwaitAsync("<iq type='result' id='bind'/>");
        }

        /// <summary>Sends, and hears what is answered to it.</summary>
        public async Task SendAsync(string content) => Hear(await PostAsync(content));

        /// <summary>Hears until it matches.</summary>
        public async Task<XElement> AwaitAsync(string pattern)
        {
            var wanted = ElementPattern.Parse(pattern);
            while (true)
            {
                while (_heard.TryDequeue(out var element))
                {
                    if (wanted.Mismatch(element) is null)
                    {
                        return element;
                    }
                }

                Hear(await PostAsync(""));
            }
        }

        /// <summary>Hears all there is.</summary>
        public async Task DrainAsync()
        {
            await SendAsync("<iq xmlns='jabber:client' type='get' id='drain' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
            await AwaitAsync("<iq id='drain'/>");
        }

        public Task<XElement> PostAsync(string content, string attributes = "") =>
            AskAsync($"<body xmlns='{Body}' rid='{(++_rid).ToString(CultureInfo.InvariantCulture)}' sid='{_sid}' {attributes}>{content}</body>");

        void Hear(XElement answer)
        {
            foreach (var element in answer.Elements())
            {
                _heard.Enqueue(element);
            }
        }

        async Task<XElement> AskAsync(string body)
        {
            using var content = new StringContent(body, Encoding.UTF8, "text/xml");
            using var answer = await _http.PostAsync(new Uri("/http-bind", UriKind.Relative), content);
            return XElement.Parse(await answer.Content.ReadAsStringAsync());
        }
    }
}
