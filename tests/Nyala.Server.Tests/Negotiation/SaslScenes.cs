using System.Xml.Linq;
using Microsoft.Extensions.Time.Testing;
using Nyala.Testing;
using Nyala.Xmpp.Sasl;
using Xunit;

namespace Nyala.Server.Tests.Negotiation;

/// <summary>Mechanisms and failures, in both profiles of SASL.</summary>
public sealed class SaslScenes
{
    public static TheoryData<string, string> Scrams { get; } = new(
        from profile in new[] { Logins.Sasl, Logins.Sasl2 }
        from mechanism in Mechanisms.ByStrength
        where mechanism != Mechanisms.Plain
        select (profile, mechanism));

    [Theory]
    [MemberData(nameof(Scrams))]
    public async Task Each_SCRAM_logs_in_over_TLS_and_protects_what_was_announced(string profile, string mechanism)
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        var (wire, channel, features) = await server.OpenedTlsAsync();
        await using var closing = wire;
        var offer = features.Element(profile == Logins.Sasl ? $"{{{profile}}}mechanisms" : $"{{{profile}}}authentication")!;
        var client = new ScramClient(Mechanisms.Scram(mechanism)!, "romeo", TestServer.Password)
        {
            Binding = Mechanisms.BindsChannel(mechanism) ? ScramBinding.EndPoint : ScramBinding.Unsupported,
            BindingData = channel,
            AnnouncedMechanisms = [.. offer.Elements($"{{{profile}}}mechanism").Select(name => name.Value)],
            AnnouncedBindings = [.. features.Elements("{urn:xmpp:sasl-cb:0}sasl-channel-binding").Elements().Select(type => type.Attribute("type")!.Value)],
        };
        Assert.Contains(mechanism, client.AnnouncedMechanisms);
        Assert.Equal(["tls-server-end-point"], client.AnnouncedBindings);
        Assert.Equal(Mechanisms.Fast, features.Descendants("{urn:xmpp:fast:0}mechanism").Select(name => name.Value));
        Assert.Null(features.Element("{urn:ietf:params:xml:ns:xmpp-tls}starttls"));

        var success = await wire.ScramAsync(profile, mechanism, client);
        Assert.Equal($"{{{profile}}}success", success.Name.ToString());
        Assert.True(client.TryFinish(Convert.FromBase64String(profile == Logins.Sasl ? success.Value : success.Element($"{{{profile}}}additional-data")!.Value)));
        Assert.True(client.DowngradeProtected);
    }

    [Fact]
    public async Task Everything_up_to_the_first_request_may_come_at_once()
    {
        const string Header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='localhost'>";
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        var answers = await server.TalkAsync(System.Text.Encoding.UTF8.GetBytes(
            Header + Logins.Auth("PLAIN", Logins.Plain("romeo")) + Header
            + "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq><iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq></stream:stream>"));
        Assert.Matches("<jid>romeo@localhost/.+<iq type='result' id='p' .+</stream:stream>", answers);
    }

    [Theory]
    [InlineData("SCRAM-SHA-256-PLUS")]
    [InlineData("SCRAM-SHA-1-PLUS")]
    public async Task A_binding_to_another_channel_does_not_get_in(string mechanism)
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        var (wire, channel, _) = await server.OpenedTlsAsync();
        await using var closing = wire;
        channel[0] ^= 1;
        var client = new ScramClient(Mechanisms.Scram(mechanism)!, "romeo", TestServer.Password) { Binding = ScramBinding.EndPoint, BindingData = channel };
        var answer = await wire.ScramAsync(Logins.Sasl, mechanism, client);
        ElementPattern.Parse($"<failure xmlns='{Logins.Sasl}'><not-authorized/></failure>").Require(answer);
    }

    [Fact]
    public async Task Without_TLS_no_channel_binding_is_announced_or_accepted()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await using var wire = await server.ConnectAsync();
        var features = await wire.OpenAsync();
        Assert.Null(features.Element("{urn:xmpp:sasl-cb:0}sasl-channel-binding"));
        Assert.DoesNotContain(features.Descendants(), element => element.Value.EndsWith("-PLUS", StringComparison.Ordinal) || element.Value == Mechanisms.HtEndPoint);
        await wire.SendAsync(Logins.Auth("SCRAM-SHA-1-PLUS", Logins.Encode("p=tls-server-end-point,,n=romeo,r=abc")));
        await wire.ExpectFailureAsync("invalid-mechanism");
    }

    [Theory]
    [InlineData(Logins.Sasl)]
    [InlineData(Logins.Sasl2)]
    public async Task A_wrong_password_and_an_unknown_user_look_the_same(string profile)
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        var answers = new List<string>();
        foreach (var name in new[] { "romeo", "nobody" })
        {
            await using var wire = await server.OpenedAsync();
            var data = Logins.Plain(name, "wrong");
            await wire.SendAsync(profile == Logins.Sasl ? Logins.Auth("PLAIN", data) : Logins.Authenticate(data, Logins.Bind2));
            var plain = await wire.ExpectFailureAsync("not-authorized", profile);
            var scram = await wire.ScramAsync(profile, "SCRAM-SHA-256", new(ScramHash.Sha256, name, "wrong"));
            ElementPattern.Parse($"<failure xmlns='{profile}'><not-authorized xmlns='{Logins.Sasl}'/></failure>").Require(scram);
            answers.Add($"{plain}{scram}");
        }

        Assert.Equal(answers[0], answers[1]);
    }

    [Fact]
    public async Task An_unknown_user_is_challenged_with_the_same_salt_each_time_also_after_a_restart()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        var salt = await SaltAsync("nobody");
        Assert.Equal(salt, await SaltAsync("nobody"));
        Assert.Equal(salt, await SaltAsync("NoBody"));
        Assert.NotEqual(salt, await SaltAsync("romeo"));
        await server.StopAsync();
        await server.StartAgainAsync();
        Assert.Equal(salt, await SaltAsync("nobody"));

        async Task<string> SaltAsync(string name)
        {
            await using var wire = await server.OpenedAsync();
            await wire.SendAsync(Logins.Auth("SCRAM-SHA-1", Logins.Encode($"n,,n={name},r=abc")));
            var challenge = await wire.ExpectAsync($"<challenge xmlns='{Logins.Sasl}'/>");
            return System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(challenge.Value)).Split(',')[1];
        }
    }

    [Theory]
    [InlineData("PLAIN", "%%%", "incorrect-encoding")]
    [InlineData("PLAIN", "AAA", "incorrect-encoding")]
    [InlineData("PLAIN", "&#x20;AA==", "incorrect-encoding")]
    [InlineData("PLAIN", "=", "malformed-request")]
    [InlineData("PLAIN", "AA==", "malformed-request")]
    [InlineData("PLAIN", "AAAA", "malformed-request")]
    [InlineData("SCRAM-SHA-1", "AAAA", "malformed-request")]
    [InlineData("SCRAM-SHA-1", "cD10bHMtdW5pcXVlLCxuPXJvbWVvLHI9YWJj", "malformed-request")]
    [InlineData("SCRAM-SHA-256-PLUS", "AA==", "invalid-mechanism")]
    [InlineData("EXTERNAL", "=", "invalid-mechanism")]
    [InlineData("GSSAPI", "AA==", "invalid-mechanism")]
    [InlineData("HT-SHA-256-NONE", "AAAA", "invalid-mechanism")]
    public async Task A_malformed_attempt_fails_with_its_condition_and_the_stream_goes_on(string mechanism, string data, string condition)
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await using var wire = await server.OpenedAsync();
        await wire.SendAsync(Logins.Auth(mechanism, data));
        await wire.ExpectFailureAsync(condition);
        await wire.SendAsync(Logins.Auth("PLAIN", Logins.Plain("romeo")));
        await wire.ExpectAsync($"<success xmlns='{Logins.Sasl}'/>");
    }

    [Fact]
    public async Task Nobody_acts_as_somebody_else()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await using var wire = await server.OpenedAsync();
        await wire.SendAsync(Logins.Auth("PLAIN", Logins.Encode($"juliet@localhost\0romeo\0{TestServer.Password}")));
        await wire.ExpectFailureAsync("invalid-authzid");
        await wire.SendAsync(Logins.Auth("PLAIN", Logins.Encode($"romeo@localhost\0romeo\0{TestServer.Password}")));
        await wire.ExpectAsync($"<success xmlns='{Logins.Sasl}'/>");
    }

    [Fact]
    public async Task Who_said_in_the_header_who_it_is_cannot_log_in_as_another()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await using var wire = await server.ConnectAsync();
        await wire.SendAsync(
            "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='localhost' from='juliet@localhost'>");
        await wire.ReadHeaderAsync();
        await wire.ExpectAsync("<stream:features/>");
        await wire.SendAsync(Logins.Authenticate(Logins.Plain("romeo"), Logins.Bind2));
        await wire.ExpectFailureAsync("invalid-authzid", Logins.Sasl2);
    }

    [Theory]
    [InlineData(Logins.Sasl, "auth")]
    [InlineData(Logins.Sasl2, "authenticate")]
    public async Task Without_an_initial_response_an_empty_challenge_asks_and_abort_ends_the_attempt(string profile, string name)
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await using var wire = await server.OpenedAsync();
        await wire.SendAsync($"<{name} xmlns='{profile}' mechanism='PLAIN'/>");
        Assert.Equal("", (await wire.ExpectAsync($"<challenge xmlns='{profile}'/>")).Value);
        await wire.SendAsync($"<abort xmlns='{profile}'/>");
        await wire.ExpectFailureAsync("aborted", profile);

        await wire.SendAsync($"<{name} xmlns='{profile}' mechanism='PLAIN'/>");
        await wire.ExpectAsync($"<challenge xmlns='{profile}'/>");
        await wire.SendAsync($"<response xmlns='{profile}'>{Logins.Plain("romeo")}</response>");
        await wire.ExpectAsync($"<success xmlns='{profile}'/>");
    }

    [Theory]
    [InlineData(Logins.Sasl, "<message to='romeo@localhost'/>", "not-authorized")]
    [InlineData(Logins.Sasl, "<abort xmlns='urn:xmpp:sasl:2'/>", "policy-violation")]
    [InlineData(Logins.Sasl, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "policy-violation")]
    [InlineData(Logins.Sasl2, "<presence/>", "not-authorized")]
    [InlineData(Logins.Sasl2, "<r xmlns='urn:xmpp:sm:3'/>", "policy-violation")]
    [InlineData(Logins.Sasl2, $"<response xmlns='{Logins.Sasl}'>AA==</response>", "policy-violation")]
    public async Task Nothing_may_come_into_the_middle_of_an_exchange(string profile, string sent, string condition)
    {
        await using var server = await TestServer.StartAsync();
        await using var wire = await server.OpenedAsync();
        var first = Logins.Encode("n,,n=romeo,r=abc");
        await wire.SendAsync(profile == Logins.Sasl ? Logins.Auth("SCRAM-SHA-1", first) : Logins.Authenticate(first, "", "SCRAM-SHA-1"));
        await wire.ExpectAsync($"<challenge xmlns='{profile}'/>");
        await wire.SendAsync(sent);
        await wire.ExpectStreamErrorAsync(condition);
    }

    [Fact]
    public async Task A_failed_login_does_nothing_of_what_came_with_it()
    {
        await using var server = await TestServer.StartAsync(settings: "Limits:ResourcesPerAccount=1");
        await server.AddUserAsync("romeo");
        await using var wire = await server.OpenedAsync();
        var inline = $"<user-agent id='x'/>{Logins.Bind2}<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/>";
        await wire.SendAsync(Logins.Authenticate(Logins.Plain("romeo", "wrong"), inline));
        var failure = await wire.ExpectFailureAsync("not-authorized", Logins.Sasl2);
        Assert.Single(failure.Elements());

        // The one place for a session is still free.
        Assert.NotNull((await wire.LogIn2Async("romeo", Logins.Bind2)).Element("{urn:xmpp:bind:0}bound"));
    }

    [Fact]
    public async Task The_fifth_failure_ends_the_stream()
    {
        await using var server = await TestServer.StartAsync();
        await using var wire = await server.OpenedAsync();
        for (var i = 0; i < 5; i++)
        {
            await wire.SendAsync(Logins.Auth("PLAIN", Logins.Plain("romeo", "wrong")));
            await wire.ExpectFailureAsync("not-authorized");
        }

        await wire.ExpectStreamErrorAsync("policy-violation");
    }

    [Theory]
    [InlineData("romeo")]
    [InlineData("nobody")]
    public async Task After_failures_an_account_has_to_wait_and_then_may_try_again(string name)
    {
        var time = new FakeTimeProvider(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var server = await TestServer.StartAsync(time, settings: ["Limits:RateLimits=on", "Limits:FailedLogins=2"]);
        await server.AddUserAsync("romeo");
        await server.AddUserAsync("juliet");
        await using var wire = await server.OpenedAsync();
        for (var i = 0; i < 2; i++)
        {
            await wire.SendAsync(Logins.Auth("PLAIN", Logins.Plain(name, "wrong")));
            await wire.ExpectFailureAsync("not-authorized");
        }

        await wire.SendAsync(Logins.Auth("PLAIN", Logins.Plain(name)));
        await wire.ExpectFailureAsync("temporary-auth-failure");
        await using var other = await server.OpenedAsync();
        await other.SendAsync(Logins.Auth("PLAIN", Logins.Plain("juliet")));
        await other.ExpectAsync($"<success xmlns='{Logins.Sasl}'/>");

        time.Advance(TimeSpan.FromSeconds(6));
        await wire.SendAsync(Logins.Auth("PLAIN", Logins.Plain(name)));
        if (name == "romeo")
        {
            await wire.ExpectAsync($"<success xmlns='{Logins.Sasl}'/>");
        }
        else
        {
            await wire.ExpectFailureAsync("not-authorized");
        }
    }
}
