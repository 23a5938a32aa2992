using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features.Administration;

/// <summary>XEP-0377: who blocks says why, and administrators deal with it.</summary>
public sealed class ReportScenes : CommandScene
{
    const string Spam = "urn:xmpp:reporting:spam";

    protected override string[] Settings => ["Limits:ReportsPerDay=2"];

    [Fact]
    public async Task A_report_is_kept_with_the_messages_it_names_and_dealt_with()
    {
        var (prince, romeo, juliet) = (await LoginAsync("prince"), await LoginAsync("romeo"), await LoginAsync("juliet", available: true));
        await romeo.SendAsync("<message type='chat' to='juliet@localhost'><body>buy a vial of poison</body></message>");
        var message = await juliet.AwaitAsync("<message><body>buy a vial of poison</body></message>");
        var id = message.Element("{urn:xmpp:sid:0}stanza-id")!.Attribute("id")!.Value;
        await BlockAsync(juliet, "romeo@localhost", $"reason='{Spam}'", $"<stanza-id xmlns='urn:xmpp:sid:0' by='juliet@localhost' id='{id}'/><stanza-id xmlns='urn:xmpp:sid:0' by='juliet@localhost' id='other'/><text xml:lang='en'>Never came trouble to my house like this.</text><report-origin/>");
        var report = Assert.Single(await Server.Store.Reports.ListAsync(closed: false, 0, 10));
        Assert.Equal(("romeo@localhost", Spam, Storage.ReportConsent.Origin), (report.Content.Jid, report.Content.Reason, report.Content.Consent));

        // Two stages: which one, and what is to be done.
        var first = await ExecuteAsync(prince, Own + "#reports", status: "executing");
        ElementPattern.Parse($"<command xmlns='{Commands}'><actions execute='next'><next/></actions></command>").Require(first);
        await prince.SendAsync(Request(Own + "#reports", $"sessionid='{Session(first)}' action='next'", Form($"report={report.Id}")));
        var second = await prince.AwaitAsync($"<iq type='result' id='c'><command xmlns='{Commands}' status='executing'><actions execute='complete'><prev/><complete/></actions></command></iq>");
        Assert.Contains("Never came trouble", second.Value, StringComparison.Ordinal);
        Assert.Contains("buy a vial of poison", second.Value, StringComparison.Ordinal);
        await prince.SendAsync(Request(Own + "#reports", $"sessionid='{Session(first)}' action='prev'"));
        await prince.AwaitAsync($"<iq type='result' id='c'><command xmlns='{Commands}' status='executing'><x xmlns='jabber:x:data'><field var='report'><value>{report.Id}</value></field></x></command></iq>");
        await prince.SendAsync(Request(Own + "#reports", $"sessionid='{Session(first)}' action='next'", Form($"report={report.Id}")));
        await prince.AwaitAsync($"<iq type='result' id='c'><command xmlns='{Commands}' status='executing'/></iq>");
        await prince.SendAsync(Request(Own + "#reports", $"sessionid='{Session(first)}' action='complete'", Form("decision=act")));
        await prince.AwaitAsync($"<iq type='result' id='c'><command xmlns='{Commands}' status='completed'/></iq>");
        await romeo.ExpectStreamErrorAsync("not-authorized");
        Assert.True((await Server.Store.Accounts.FindAsync("romeo"))!.IsDisabled);
        ElementPattern.Parse($"<command xmlns='{Commands}'><note type='info'/></command>").Require(await ExecuteAsync(prince, Own + "#reports"));
    }

    [Fact]
    public async Task Who_reports_too_often_blocks_all_the_same()
    {
        var juliet = await LoginAsync("juliet");
        for (var number = 0; number < 3; number++)
        {
            await BlockAsync(juliet, $"spammer{number}@elsewhere.example", $"reason='{Spam}'", "");
        }

        Assert.Equal(2, await Server.Store.Reports.CountOpenAsync());
        await juliet.SendAsync("<iq type='get' id='l'><blocklist xmlns='urn:xmpp:blocking'/></iq>");
        await juliet.AwaitAsync("<iq type='result' id='l'><blocklist xmlns='urn:xmpp:blocking'><item jid='spammer2@elsewhere.example'/></blocklist></iq>");
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("reason='spam'", "")]
    [InlineData("reason='urn:xmpp:reporting:abuse'", "<stanza-id xmlns='urn:xmpp:sid:0' by='juliet@localhost'/>")]
    [InlineData("reason='urn:xmpp:reporting:abuse'", "<stanza-id xmlns='urn:xmpp:sid:0' by='@' id='1'/>")]
    public async Task A_report_that_says_nothing_is_refused_and_nobody_is_blocked(string attributes, string content)
    {
        var juliet = await LoginAsync("juliet");
        await juliet.SendAsync($"<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='romeo@localhost'><report xmlns='urn:xmpp:reporting:1' {attributes}>{content}</report></item></block></iq>");
        await juliet.ExpectAsync("<iq type='error' id='b'><error><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        Assert.Empty(await Server.Store.Blocklists.LoadAsync((await Server.Store.Accounts.FindAsync("juliet"))!.Id));
    }

    [Fact]
    public async Task An_address_elsewhere_is_put_on_the_blacklist()
    {
        var (prince, juliet) = (await LoginAsync("prince"), await LoginAsync("juliet"));
        await BlockAsync(juliet, "iago@elsewhere.example/phone", "reason='urn:xmpp:reporting:abuse'", "");
        var form = await ExecuteAsync(prince, Own + "#reports", status: "executing");
        await prince.SendAsync(Request(Own + "#reports", $"sessionid='{Session(form)}'", Form("report=1")));
        await prince.AwaitAsync($"<iq type='result' id='c'><command xmlns='{Commands}' status='executing'/></iq>");
        await prince.SendAsync(Request(Own + "#reports", $"sessionid='{Session(form)}'", Form("decision=act")));
        await prince.AwaitAsync($"<iq type='result' id='c'><command xmlns='{Commands}' status='completed'/></iq>");
        Assert.Equal(["iago@elsewhere.example"], (await Server.Store.PeerRules.LoadAsync()).Blocked);
        Assert.Equal(0, await Server.Store.Reports.CountOpenAsync());
    }

    static async Task BlockAsync(Wire wire, string jid, string attributes, string content)
    {
        await wire.SendAsync($"<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='{jid}'><report xmlns='urn:xmpp:reporting:1' {attributes}>{content}</report></item></block></iq>");
        await wire.AwaitAsync("<iq type='result' id='b'/>");
    }
}
