using System.IO.Compression;
using System.Net;
using Xunit;

namespace Nyala.Server.Tests.Features.Administration;

/// <summary>A copy of one's own data, and what the server tells of itself.</summary>
public sealed class OwnDataScenes : CommandScene
{
    protected override string[] Settings =>
    [
        "Contact:Abuse=mailto:abuse@example.org,xmpp:abuse@example.org", "Contact:Status=https://status.example.org",
        "Outage:Addresses=https://status.example.org/outage.json", "DataPolicy:Terms=https://example.org/terms", "DataPolicy:Access=admins,government",
        "DataPolicy:Retention=720", "DataPolicy:BackupFrequency=24",
    ];

    [Fact]
    public async Task A_link_gives_all_that_is_kept_once()
    {
        var romeo = await LoginAsync("romeo");
        await romeo.SendAsync("<message type='chat' to='juliet@localhost'><body>my only love</body></message>");
        await romeo.ExpectNothingAsync();
        var stale = Values(await ExecuteAsync(romeo, Own + "#export", "romeo@localhost"), "url").Single();
        var link = Values(await ExecuteAsync(romeo, Own + "#export", "romeo@localhost"), "url").Single();
        using var http = new HttpClient();
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(http, stale));
        using var look = new HttpRequestMessage(HttpMethod.Head, link);
        using (var answer = await http.SendAsync(look, TestContext.Current.CancellationToken))
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        http.DefaultRequestHeaders.Add("Accept-Language", "id,en;q=0.5");
        using (var answer = await http.GetAsync(new Uri(link), TestContext.Current.CancellationToken))
        {
            Assert.Equal("attachment", answer.Content.Headers.ContentDisposition!.DispositionType);
            Assert.Equal("application/zip", answer.Content.Headers.ContentType!.MediaType);
            Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
            await using var archive = new ZipArchive(await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
            Assert.Contains("lang=\"id\"", await TextAsync(archive, "index.html"), StringComparison.Ordinal);
            Assert.Contains("my only love", await TextAsync(archive, "chats/0001.html"), StringComparison.Ordinal);
            var text = await TextAsync(archive, "account.xml");
            Assert.Contains("my only love", text, StringComparison.Ordinal);
            Assert.DoesNotContain("scram", text, StringComparison.OrdinalIgnoreCase);
            Assert.EndsWith("</server-data>\n", text, StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(http, link));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(http, link[..link.LastIndexOf('/')] + "/guessed"));
    }

    [Fact]
    public async Task A_link_of_a_disabled_account_is_worthless()
    {
        var romeo = await LoginAsync("romeo");
        var link = Values(await ExecuteAsync(romeo, Own + "#export", "romeo@localhost"), "url").Single();
        await Server.DisableUserAsync("romeo");
        using var http = new HttpClient();
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(http, link));
    }

    [Fact]
    public async Task The_server_tells_who_is_responsible_and_what_becomes_of_data()
    {
        var romeo = await LoginAsync("romeo");
        await romeo.SendAsync("<iq type='get' id='i' to='localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
        var info = await romeo.ExpectAsync("""
            <iq type='result' id='i'><query xmlns='http://jabber.org/protocol/disco#info'>
            <feature var='http://jabber.org/protocol/commands'/><feature var='urn:xmpp:raa:0'/><feature var='urn:xmpp:raa:0#embed-message'/><feature var='urn:xmpp:reporting:1'/>
            <x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/network/serverinfo</value></field><field var='abuse-addresses'><value>mailto:abuse@example.org</value><value>xmpp:abuse@example.org</value></field><field var='status-addresses'><value>https://status.example.org</value></field></x>
            <x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>urn:xmpp:sos:0</value></field><field var='external-status-addresses'><value>https://status.example.org/outage.json</value></field></x>
            <x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>urn:xmpp:data-policy:0</value></field><field var='auth_data'><value>plain</value></field><field var='data_retention'><value>720</value></field><field var='tos'><value>https://example.org/terms</value></field><field var='backup_frequency'><value>24</value></field><field var='access_policy'><value>admins</value><value>government</value></field></x>
            </query></iq>
            """);
        Assert.Empty(Values(info, "admin-addresses"));
    }

    static async Task<string> TextAsync(ZipArchive archive, string name)
    {
        using var reader = new StreamReader(await archive.GetEntry(name)!.OpenAsync(TestContext.Current.CancellationToken));
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }

    static async Task<HttpStatusCode> StatusAsync(HttpClient http, string link)
    {
        using var answer = await http.GetAsync(new Uri(link), TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
