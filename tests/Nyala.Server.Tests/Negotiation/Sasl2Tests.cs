using System.Text;
using System.Text.RegularExpressions;
using Nyala.Xmpp.Sasl;
using Xunit;

namespace Nyala.Server.Tests.Negotiation;

public sealed partial class Sasl2Tests
{
    const string Device = "d4565fa7-4d72-4749-b3d3-740edbf87770";
    const string Bind = "<bind xmlns='urn:xmpp:bind:0'><tag>Lute</tag><enable xmlns='urn:xmpp:sm:3' resume='true'/><enable xmlns='urn:xmpp:carbons:2'/></bind>";
    const string RequestToken = "<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/>";

    [Fact]
    public async Task One_element_logs_in_binds_enables_and_asks_for_a_token()
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        using var talk = await fixture.OpenStreamAsync();
        var success = await talk.Sasl2Async(Bind + RequestToken);
        Assert.Matches("<authorization-identifier>romeo@capulet.example/Lute/[A-Za-z0-9_-]{12}</authorization-identifier>", success);
        Assert.Contains("<bound xmlns='urn:xmpp:bind:0'><metadata xmlns='urn:xmpp:mam:2'/>", success, StringComparison.Ordinal);
        Assert.Matches("<enabled xmlns='urn:xmpp:sm:3' id='[^']+' resume='true' max='600'/>", success);
        Assert.Matches("<token xmlns='urn:xmpp:fast:0' expiry='2026-02-01T03:04:05Z' token='[^']{43}'/>", success);
        Assert.DoesNotContain(Device, success, StringComparison.Ordinal);
        var features = await talk.FeaturesAsync();
        Assert.DoesNotContain("xmpp-bind", features, StringComparison.Ordinal);
        var session = Assert.Single(fixture.Server.Sessions.All);
        Assert.True(session.WantsCopies);
        await talk.SendAsync("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq><r xmlns='urn:xmpp:sm:3'/>");
        await talk.ReceiveAsync("<a xmlns='urn:xmpp:sm:3' h='1'/>");
    }

    [Fact]
    public async Task The_same_installation_gets_the_same_resource_and_leaves_no_ghost()
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        using var first = await fixture.OpenStreamAsync();
        var before = Jid().Match(await first.Sasl2Async(Bind)).Value;
        await first.FeaturesAsync();
        using var second = await fixture.OpenStreamAsync();
        var after = Jid().Match(await second.Sasl2Async(Bind)).Value;
        Assert.Equal(before, after);
        Assert.Contains("<conflict ", await first.EndAsync(), StringComparison.Ordinal);
        using var third = await fixture.OpenStreamAsync();
        Assert.NotEqual(before, Jid().Match(await third.Sasl2Async(Bind, "another device")).Value);
        Assert.Equal(2, fixture.Server.Sessions.Count);
    }

    [Fact]
    public async Task Without_bind_the_old_way_follows()
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        using var talk = await fixture.OpenStreamAsync();
        Assert.Contains("<authorization-identifier>romeo@capulet.example</authorization-identifier>", await talk.Sasl2Async(""), StringComparison.Ordinal);
        Assert.Contains("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>", await talk.FeaturesAsync(), StringComparison.Ordinal);
        await talk.SendAsync("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
        await talk.ReceiveAsync("<jid>romeo@capulet.example/");
    }

    [Fact]
    public async Task A_returning_client_is_back_with_all_it_says_in_one_write()
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        var (token, previous) = await FirstVisitAsync(fixture);
        using var talk = await fixture.ConnectAsync();
        await talk.SendAsync(Talk.Header + Fast(token, "count='1'", $"<resume xmlns='urn:xmpp:sm:3' previd='{previous}' h='0'/>{Bind}")
            + "<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>");
        await talk.FeaturesAsync();
        var success = await talk.ReceiveAsync("</success>");
        Assert.Contains($"<resumed xmlns='urn:xmpp:sm:3' h='0' previd='{previous}'/>", success, StringComparison.Ordinal);
        Assert.DoesNotContain("<bound", success, StringComparison.Ordinal);

        // XEP-0198 §8.2: no features; the stream goes on.
        var next = await talk.ReceiveAsync("id='p'");
        Assert.DoesNotContain("features", next, StringComparison.Ordinal);
        var proof = AdditionalData().Match(success).Groups[1].Value;
        Assert.True(HashedToken.VerifyResponse(Convert.FromBase64String(proof), Encoding.UTF8.GetBytes(token), default));
    }

    [Fact]
    public async Task What_cannot_be_resumed_is_bound_anew_in_the_same_step()
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        var (token, _) = await FirstVisitAsync(fixture);
        await fixture.RestartAsync();
        using var talk = await fixture.ConnectAsync();
        await talk.SendAsync(Talk.Header + Fast(token, "", $"<resume xmlns='urn:xmpp:sm:3' previd='made up' h='0'/>{Bind}"));
        await talk.FeaturesAsync();
        var success = await talk.ReceiveAsync("</success>");
        Assert.Contains("<failed xmlns='urn:xmpp:sm:3'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>", success, StringComparison.Ordinal);
        Assert.Contains("<bound ", success, StringComparison.Ordinal);
        await talk.FeaturesAsync();
    }

    [Fact]
    public async Task A_token_is_good_for_its_mechanism_its_device_and_rising_counts_only()
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        var (token, _) = await FirstVisitAsync(fixture);
        Assert.Contains("<success", await TryAsync(fixture, Fast(token, "count='7'", "")), StringComparison.Ordinal);
        Assert.Contains("<not-authorized", await TryAsync(fixture, Fast(token, "count='7'", "")), StringComparison.Ordinal);
        Assert.Contains("<success", await TryAsync(fixture, Fast(token, "count='8'", "")), StringComparison.Ordinal);
        Assert.Contains("<not-authorized", await TryAsync(fixture, Fast(token, "count='9'", "", device: "of somebody else")), StringComparison.Ordinal);
        Assert.Contains("<not-authorized", await TryAsync(fixture, Fast("guessed", "count='9'", "")), StringComparison.Ordinal);

        // §3.4: not even over a channel that its mechanism does not bind to.
        var endPoint = fixture.Certificates.Current.ServerEndPoint;
        Assert.Contains("<not-authorized", await TryAsync(fixture, Fast(token, "count='9'", "", channel: endPoint), tls: true), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_bound_to_the_channel_works_where_the_channel_is_ours()
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        using var talk = await fixture.OpenStreamAsync(tls: true);
        var token = Token().Match(await talk.Sasl2Async("<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-ENDP'/>")).Groups[1].Value;
        var endPoint = fixture.Certificates.Current.ServerEndPoint;
        Assert.Contains("<not-authorized", await TryAsync(fixture, Fast(token, "", "", channel: new byte[32]), tls: true), StringComparison.Ordinal);
        Assert.Contains("<invalid-mechanism", await TryAsync(fixture, Fast(token, "", "", channel: endPoint)), StringComparison.Ordinal);
        Assert.Contains("<success", await TryAsync(fixture, Fast(token, "", "", channel: endPoint), tls: true), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_old_token_is_exchanged_and_stays_good_until_the_new_one_is_used()
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        var (old, _) = await FirstVisitAsync(fixture);
        Assert.DoesNotContain("<token", await TryAsync(fixture, Fast(old, "", "")), StringComparison.Ordinal);
        fixture.Time.Advance(TimeSpan.FromDays(8));
        var fresh = Token().Match(await TryAsync(fixture, Fast(old, "", ""))).Groups[1].Value;
        Assert.NotEqual("", fresh);

        // The answer may have been lost, so the old one must do once more, and brings another.
        var fresher = Token().Match(await TryAsync(fixture, Fast(old, "", ""))).Groups[1].Value;
        Assert.Contains("<success", await TryAsync(fixture, Fast(fresher, "", "")), StringComparison.Ordinal);
        Assert.Contains("<not-authorized", await TryAsync(fixture, Fast(old, "", "")), StringComparison.Ordinal);
        fixture.Time.Advance(TimeSpan.FromDays(31));
        Assert.Contains("<credentials-expired", await TryAsync(fixture, Fast(fresher, "", "")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_ends_with_its_last_use_and_with_the_password()
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        var (first, _) = await FirstVisitAsync(fixture);
        Assert.Contains("<success", await TryAsync(fixture, Fast(first, "invalidate='true'", "")), StringComparison.Ordinal);
        Assert.Contains("<not-authorized", await TryAsync(fixture, Fast(first, "", "")), StringComparison.Ordinal);

        var (second, _) = await FirstVisitAsync(fixture);
        var account = (await fixture.Store.Accounts.FindAsync("romeo"))!;
        await fixture.Store.Accounts.SetCredentialsAsync(account.Id, NegotiationFixture.Keys("a new one"));
        Assert.Contains("<not-authorized", await TryAsync(fixture, Fast(second, "", "")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_says_in_the_header_that_it_is_juliet_cannot_log_in_as_romeo()
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        using var talk = await fixture.ConnectAsync();
        await talk.SendAsync(Talk.Header.Replace(" to=", " from='juliet@capulet.example' to=", StringComparison.Ordinal));
        await talk.FeaturesAsync();
        await talk.SendAsync(Password(""));
        Assert.Contains("<invalid-authzid ", await talk.ReceiveAsync("</failure>"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<presence/>")]
    [InlineData("<r xmlns='urn:xmpp:sm:3'/>")]
    [InlineData("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>AA==</response>")]
    public async Task Whoever_disturbs_an_exchange_is_disconnected(string element)
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        using var talk = await fixture.OpenStreamAsync();
        await talk.SendAsync("<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'/>");
        await talk.ReceiveAsync("<challenge xmlns='urn:xmpp:sasl:2'/>");
        await talk.SendAsync(element);
        Assert.Contains("<stream:error>", await talk.EndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_login_does_nothing_of_what_came_with_it()
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        using var talk = await fixture.OpenStreamAsync();
        var wrong = Password(Bind + RequestToken).Replace(Talk.PlainMessage("romeo", NegotiationFixture.Password), Talk.PlainMessage("romeo", "wrong"), StringComparison.Ordinal);
        await talk.SendAsync(wrong);
        Assert.Equal(
            "<failure xmlns='urn:xmpp:sasl:2'><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>",
            await talk.ReceiveAsync("</failure>"));
        Assert.Equal(0, fixture.Server.Sessions.Count);
        Assert.Contains("<bound ", await talk.Sasl2Async(Bind), StringComparison.Ordinal);
    }

    static string Password(string more) => $"""
        <authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>{Talk.PlainMessage("romeo", NegotiationFixture.Password)}</initial-response>{more}</authenticate>
        """;

    static string Fast(string token, string attributes, string more, string device = Device, byte[]? channel = null)
    {
        var message = Convert.ToBase64String(HashedToken.Message("romeo", Encoding.UTF8.GetBytes(token), channel));
        var mechanism = channel is null ? Mechanisms.HtNone : Mechanisms.HtEndPoint;
        return $"""
            <authenticate xmlns='urn:xmpp:sasl:2' mechanism='{mechanism}'><initial-response>{message}</initial-response><user-agent id='{device}'/><fast xmlns='urn:xmpp:fast:0' {attributes}/>{more}</authenticate>
            """;
    }

    /// <summary>Logs in with the password, gets a token and a stream to come back to, and loses the connection.</summary>
    static async Task<(string Token, string Previous)> FirstVisitAsync(NegotiationFixture fixture)
    {
        using var talk = await fixture.OpenStreamAsync();
        var success = await talk.Sasl2Async(Bind + RequestToken);
        await talk.FeaturesAsync();
        return (Token().Match(success).Groups[1].Value, Previous().Match(success).Groups[1].Value);
    }

    /// <summary>One attempt on a connection of its own; returns success or failure.</summary>
    static async Task<string> TryAsync(NegotiationFixture fixture, string authenticate, bool tls = false)
    {
        using var talk = await fixture.OpenStreamAsync(tls);
        await talk.SendAsync(authenticate);
        var answer = await talk.ReceiveAsync(">");
        return answer + await talk.ReceiveAsync(answer.StartsWith("<success", StringComparison.Ordinal) ? "</success>" : "</failure>");
    }

    [GeneratedRegex("<authorization-identifier>[^<]+")]
    private static partial Regex Jid();

    [GeneratedRegex(" token='([^']+)'")]
    private static partial Regex Token();

    [GeneratedRegex(" id='([^']+)' resume='true'")]
    private static partial Regex Previous();

    [GeneratedRegex("<additional-data>([^<]+)")]
    private static partial Regex AdditionalData();
}
