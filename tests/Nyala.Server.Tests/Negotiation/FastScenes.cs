using System.Text;
using System.Xml.Linq;
using Microsoft.Extensions.Time.Testing;
using Nyala.Testing;
using Nyala.Xmpp.Sasl;
using Xunit;

namespace Nyala.Server.Tests.Negotiation;

/// <summary>Tokens (XEP-0484): how they are had, used, and lost.</summary>
public sealed class FastScenes
{
    const string Device = "<user-agent id='d4565fa7-4d72-4749-b3d3-740edbf87770'/>";
    const string None = "HT-SHA-256-NONE";
    const string EndPoint = "HT-SHA-256-ENDP";

    [Fact]
    public async Task A_token_logs_in_once_per_count_also_after_a_restart()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        var token = await IssueAsync(server);
        var success = await UseAsync(server, token, "count='1'");
        Assert.True(HashedToken.VerifyResponse(
            Convert.FromBase64String(success.Element("{urn:xmpp:sasl:2}additional-data")!.Value), Encoding.UTF8.GetBytes(token), []));
        Assert.Null(success.Element("{urn:xmpp:fast:0}token"));
        RequireRefused(await UseAsync(server, token, "count='1'"));

        await server.StopAsync();
        await server.StartAgainAsync();
        RequireRefused(await UseAsync(server, token, "count='1'"));
        RequireSuccess(await UseAsync(server, token, "count='2'"));
    }

    [Fact]
    public async Task A_token_binds_a_session_in_the_same_round_trip()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        var token = await IssueAsync(server);
        ElementPattern.Parse(
            "<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>romeo@localhost/*</authorization-identifier><bound xmlns='urn:xmpp:bind:0'/></success>")
            .Require(await UseAsync(server, token, "", inline: Logins.Bind2));
    }

    [Fact]
    public async Task A_returning_client_says_everything_in_one_write_and_is_back()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        var (lost, previous) = await server.ManagedAsync("romeo", "garden");
        await using var closing = lost;
        var token = await IssueAsync(server);
        lost.Cut();
        await using var wire = await server.ConnectAsync();
        await wire.SendAsync(
            "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='localhost'>"
            + Logins.Authenticate(
                Message("romeo", token), $"{Device}<fast xmlns='urn:xmpp:fast:0' count='1'/><resume xmlns='urn:xmpp:sm:3' previd='{previous}' h='0'/>{Logins.Bind2}", None)
            + "<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>");
        await wire.ReadHeaderAsync();
        await wire.ExpectAsync("<stream:features/>");
        var success = await wire.ExpectAsync(
            "<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>romeo@localhost/garden</authorization-identifier>"
            + $"<resumed xmlns='urn:xmpp:sm:3' h='0' previd='{previous}'/><n:bound xmlns:n='!urn:xmpp:bind:0'/></success>");
        Assert.True(HashedToken.VerifyResponse(
            Convert.FromBase64String(success.Element("{urn:xmpp:sasl:2}additional-data")!.Value), Encoding.UTF8.GetBytes(token), []));

        // XEP-0198 §8.2: no features; the stream goes on.
        await wire.ExpectAsync("<iq type='result' id='p'/>");
    }

    [Fact]
    public async Task A_new_password_makes_tokens_worthless()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        var token = await IssueAsync(server);
        await using var wire = await server.LoginAsync("romeo", "garden");
        await wire.SendAsync("<iq type='set' id='c'><query xmlns='jabber:iq:register'><username>romeo</username><password>another battery</password></query></iq>");
        await wire.ExpectAsync("<iq type='result' id='c'/>");
        RequireRefused(await UseAsync(server, token, ""));
    }

    [Fact]
    public async Task A_token_is_good_for_its_own_device_account_and_profile_only()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await server.AddUserAsync("juliet");
        var token = await IssueAsync(server);
        RequireRefused(await UseAsync(server, token, "", device: "<user-agent id='another'/>"));
        RequireRefused(await UseAsync(server, token, "", device: ""));
        RequireRefused(await UseAsync(server, token, "", username: "juliet"));
        RequireRefused(await UseAsync(server, token, "", username: "nobody"));
        RequireRefused(await UseAsync(server, "guessed", ""));

        // Without <fast/> the mechanism is none of those announced.
        await using var wire = await server.OpenedAsync();
        await wire.SendAsync(Logins.Authenticate(Message("romeo", token), Device, None));
        await wire.ExpectFailureAsync("invalid-mechanism", Logins.Sasl2);
        RequireSuccess(await UseAsync(server, token, ""));
    }

    [Fact]
    public async Task A_token_for_a_bound_channel_works_there_and_nowhere_else()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        var (first, channel, _) = await server.OpenedTlsAsync();
        await using var closing = first;
        var success = await first.LogIn2Async("romeo", $"{Device}<request-token xmlns='urn:xmpp:fast:0' mechanism='{EndPoint}'/>");
        var token = success.Element("{urn:xmpp:fast:0}token")!.Attribute("token")!.Value;

        var (wire, _, _) = await server.OpenedTlsAsync();
        await using var closingToo = wire;
        await wire.SendAsync(Logins.Authenticate(Message("romeo", token), Device + "<fast xmlns='urn:xmpp:fast:0'/>", None));
        await wire.ExpectFailureAsync("not-authorized", Logins.Sasl2);
        await wire.SendAsync(Logins.Authenticate(Message("romeo", token), Device + "<fast xmlns='urn:xmpp:fast:0'/>", EndPoint));
        await wire.ExpectFailureAsync("not-authorized", Logins.Sasl2);
        await wire.SendAsync(Logins.Authenticate(Message("romeo", token, channel), Device + "<fast xmlns='urn:xmpp:fast:0'/>", EndPoint));
        await wire.ExpectAsync("<success xmlns='urn:xmpp:sasl:2'/>");

        await using var clear = await server.OpenedAsync();
        await clear.SendAsync(Logins.Authenticate(Message("romeo", token, channel), Device + "<fast xmlns='urn:xmpp:fast:0'/>", EndPoint));
        await clear.ExpectFailureAsync("invalid-mechanism", Logins.Sasl2);
    }

    [Fact]
    public async Task A_token_for_no_channel_does_not_do_for_a_bound_one()
    {
        // §3.4: a token is good for the mechanism it was asked for.
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        var token = await IssueAsync(server);
        var (wire, channel, _) = await server.OpenedTlsAsync();
        await using var closing = wire;
        await wire.SendAsync(Logins.Authenticate(Message("romeo", token, channel), Device + "<fast xmlns='urn:xmpp:fast:0'/>", EndPoint));
        await wire.ExpectFailureAsync("not-authorized", Logins.Sasl2);
        await wire.SendAsync(Logins.Authenticate(Message("romeo", token), Device + "<fast xmlns='urn:xmpp:fast:0'/>", None));
        await wire.ExpectAsync("<success xmlns='urn:xmpp:sasl:2'/>");
    }

    [Fact]
    public async Task A_client_can_give_its_token_up()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        var token = await IssueAsync(server);
        RequireSuccess(await UseAsync(server, token, "invalidate='true'"));
        RequireRefused(await UseAsync(server, token, ""));
    }

    [Fact]
    public async Task An_old_token_is_replaced_and_stays_good_until_the_new_one_is_used()
    {
        var time = new FakeTimeProvider(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var server = await TestServer.StartAsync(time);
        await server.AddUserAsync("romeo");
        var token = await IssueAsync(server);
        time.Advance(TimeSpan.FromDays(8));
        RequireSuccess(await UseAsync(server, token, ""));
        var success = await UseAsync(server, token, "");
        var next = success.Element("{urn:xmpp:fast:0}token")!.Attribute("token")!.Value;
        Assert.NotEqual(token, next);
        RequireSuccess(await UseAsync(server, next, ""));
        RequireRefused(await UseAsync(server, token, ""));

        time.Advance(TimeSpan.FromDays(31));
        ElementPattern.Parse($"<failure xmlns='urn:xmpp:sasl:2'><credentials-expired xmlns='{Logins.Sasl}'/></failure>").Require(await UseAsync(server, next, ""));
        RequireRefused(await UseAsync(server, "another", ""));
    }

    [Fact]
    public async Task Without_a_device_or_with_an_unknown_mechanism_there_is_no_token()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        foreach (var inline in new[]
        {
            $"<request-token xmlns='urn:xmpp:fast:0' mechanism='{None}'/>",
            $"{Device}<request-token xmlns='urn:xmpp:fast:0' mechanism='PLAIN'/>",
            $"{Device}<request-token xmlns='urn:xmpp:fast:0' mechanism='{EndPoint}'/>",
        })
        {
            await using var wire = await server.OpenedAsync();
            Assert.Null((await wire.LogIn2Async("romeo", inline)).Element("{urn:xmpp:fast:0}token"));
        }
    }

    static string Message(string username, string token, byte[]? channel = null) =>
        Convert.ToBase64String(HashedToken.Message(username, Encoding.UTF8.GetBytes(token), channel));

    static async Task<string> IssueAsync(TestServer server)
    {
        await using var wire = await server.OpenedAsync();
        var success = await wire.LogIn2Async("romeo", $"{Device}<request-token xmlns='urn:xmpp:fast:0' mechanism='{None}'/>");
        ElementPattern.Parse("<success xmlns='urn:xmpp:sasl:2'><token xmlns='urn:xmpp:fast:0' token='*' expiry='20*T*Z'/></success>").Require(success);
        return success.Element("{urn:xmpp:fast:0}token")!.Attribute("token")!.Value;
    }

    /// <summary>Tries a token on a new connection; returns success or failure.</summary>
    static async Task<XElement> UseAsync(TestServer server, string token, string attributes, string username = "romeo", string device = Device, string inline = "")
    {
        await using var wire = await server.OpenedAsync();
        await wire.SendAsync(Logins.Authenticate(Message(username, token), $"{device}<fast xmlns='urn:xmpp:fast:0' {attributes}/>{inline}", None));
        return await wire.ReceiveAsync();
    }

    static void RequireSuccess(XElement answer) => ElementPattern.Parse("<success xmlns='urn:xmpp:sasl:2'/>").Require(answer);

    static void RequireRefused(XElement answer) =>
        ElementPattern.Parse($"<failure xmlns='urn:xmpp:sasl:2'><not-authorized xmlns='{Logins.Sasl}'/></failure>").Require(answer);
}
