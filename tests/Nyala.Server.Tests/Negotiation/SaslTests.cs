using System.Net;
using System.Text;
using Nyala.Xmpp.Sasl;
using Xunit;

namespace Nyala.Server.Tests.Negotiation;

public sealed class SaslTests
{
    const string NotAuthorized = "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>";

    [Theory]
    [InlineData("SCRAM-SHA-1")]
    [InlineData("SCRAM-SHA-256")]
    [InlineData("SCRAM-SHA-512")]
    [InlineData("SCRAM-SHA-256-PLUS")]
    [InlineData("SCRAM-SHA-512-PLUS")]
    public async Task Romeo_logs_in_binds_and_is_there(string mechanism)
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        using var talk = await fixture.OpenStreamAsync(tls: true);
        var endPoint = Mechanisms.BindsChannel(mechanism) ? fixture.Certificates.Current.ServerEndPoint : null;
        Assert.Equal("success", await talk.ScramAsync("romeo", NegotiationFixture.Password, mechanism, endPoint, tls: true));
        await talk.SendAsync(Talk.Header);
        var features = await talk.FeaturesAsync();
        Assert.Contains("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>", features, StringComparison.Ordinal);
        Assert.Contains("<sm xmlns='urn:xmpp:sm:3'/>", features, StringComparison.Ordinal);
        Assert.Contains("<max-bytes>524288</max-bytes>", features, StringComparison.Ordinal);
        await talk.SendAsync("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>orchard</resource></bind></iq>");
        Assert.Equal(
            "<iq type='result' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>romeo@capulet.example/orchard</jid></bind></iq>",
            await talk.ReceiveAsync("</iq>"));
        await talk.SendAsync("<iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>");
        Assert.Contains("type='result'", await talk.ReceiveAsync("/>"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_may_come_at_once()
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        using var talk = await fixture.ConnectAsync();
        await talk.SendAsync($"""
            {Talk.Header}<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{Talk.PlainMessage("romeo", NegotiationFixture.Password)}</auth>{Talk.Header}<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq><iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>
            """);
        await talk.ReceiveAsync("<jid>romeo@capulet.example/");
        Assert.Contains("id='p'", await talk.ReceiveAsync("id='p'"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_and_an_unknown_name_look_the_same()
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        using var talk = await fixture.OpenStreamAsync();
        Assert.Equal(NotAuthorized, await talk.ScramAsync("romeo", "wrong"));
        Assert.Equal(NotAuthorized, await talk.ScramAsync("nobody", "wrong"));
        Assert.Equal(await SaltOfAsync(fixture, "nobody"), await SaltOfAsync(fixture, "NoBody"));
        Assert.NotEqual(await SaltOfAsync(fixture, "nobody"), await SaltOfAsync(fixture, "romeo"));

        // Not even a restart of the server tells them apart.
        var salt = await SaltOfAsync(fixture, "nobody");
        await fixture.RestartAsync();
        Assert.Equal(salt, await SaltOfAsync(fixture, "nobody"));
        Assert.Equal("success", await (await fixture.OpenStreamAsync()).ScramAsync("romeo", NegotiationFixture.Password));
    }

    [Theory]
    [InlineData("mechanism='GSSAPI'>AA==", "invalid-mechanism")]
    [InlineData("mechanism='SCRAM-SHA-256-PLUS'>AA==", "invalid-mechanism")]
    [InlineData("mechanism='HT-SHA-256-NONE'>AA==", "invalid-mechanism")]
    [InlineData("mechanism='PLAIN'>&#x20;AA==", "incorrect-encoding")]
    [InlineData("mechanism='PLAIN'>AA==", "malformed-request")]
    [InlineData("mechanism='SCRAM-SHA-1'>AA==", "malformed-request")]
    public async Task A_mistake_has_its_own_condition_and_the_next_try_may_succeed(string rest, string condition)
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        using var talk = await fixture.OpenStreamAsync();
        await talk.SendAsync($"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' {rest}</auth>");
        Assert.Equal($"<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><{condition}/></failure>", await talk.ReceiveAsync("</failure>"));
        Assert.Equal("success", await talk.ScramAsync("romeo", NegotiationFixture.Password));
    }

    [Fact]
    public async Task Nobody_acts_as_somebody_else()
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        using var talk = await fixture.OpenStreamAsync();
        var message = Convert.ToBase64String(Plain.Message("romeo", NegotiationFixture.Password, "juliet@capulet.example"));
        await talk.SendAsync($"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{message}</auth>");
        Assert.Contains("<invalid-authzid/>", await talk.ReceiveAsync("</failure>"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exchange_may_be_aborted_and_begun_without_a_first_message()
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        using var talk = await fixture.OpenStreamAsync();
        await talk.SendAsync("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'/>");
        await talk.ReceiveAsync("<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        await talk.SendAsync("<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        Assert.Contains("<aborted/>", await talk.ReceiveAsync("</failure>"), StringComparison.Ordinal);
        await talk.SendAsync("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'/>");
        await talk.ReceiveAsync("<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        await talk.SendAsync($"<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{Talk.PlainMessage("romeo", NegotiationFixture.Password)}</response>");
        await talk.ReceiveAsync("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    }

    [Fact]
    public async Task Five_failures_end_the_stream()
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        using var talk = await fixture.OpenStreamAsync();
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(NotAuthorized, await talk.ScramAsync("romeo", "wrong"));
        }

        Assert.Contains("<policy-violation ", await talk.EndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_guesses_waits_longer_and_longer_and_others_do_not()
    {
        var guesser = new IPEndPoint(IPAddress.Parse("192.0.2.66"), 1);
        await using var fixture = await NegotiationFixture.OpenAsync(new() { FailedLogins = 3 });
        using var talk = await fixture.OpenStreamAsync(remote: guesser);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(NotAuthorized, await talk.ScramAsync("romeo", "wrong"));
        }

        Assert.Contains("<temporary-auth-failure/>", await talk.ScramAsync("romeo", NegotiationFixture.Password), StringComparison.Ordinal);
        using var other = await fixture.OpenStreamAsync(remote: new(IPAddress.Parse("192.0.2.67"), 1));
        Assert.Equal("success", await other.ScramAsync("romeo", NegotiationFixture.Password));

        fixture.Time.Advance(TimeSpan.FromSeconds(6));
        using var again = await fixture.OpenStreamAsync(remote: guesser);
        Assert.Equal(NotAuthorized, await again.ScramAsync("romeo", "wrong"));
        fixture.Time.Advance(TimeSpan.FromSeconds(6));
        Assert.Contains("<temporary-auth-failure/>", await again.ScramAsync("romeo", NegotiationFixture.Password), StringComparison.Ordinal);
        fixture.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("success", await again.ScramAsync("romeo", NegotiationFixture.Password));
    }

    [Theory]
    [InlineData("<message><body>Hi</body></message>", "not-authorized")]
    [InlineData("<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>", "not-authorized")]
    [InlineData("<presence/>", "not-authorized")]
    public async Task Nothing_is_processed_before_a_resource_is_bound(string stanza, string condition)
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        using var talk = await AuthenticatedAsync(fixture);
        await talk.SendAsync(stanza);
        Assert.Contains($"<stream:error><{condition} ", await talk.EndAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>&#xFFFD;\t</resource></bind></iq>")]
    [InlineData("<iq type='get' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")]
    public async Task A_bad_bind_is_answered_and_may_be_repeated(string bind)
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        using var talk = await AuthenticatedAsync(fixture);
        await talk.SendAsync(bind);
        Assert.Contains("<error type='modify'><bad-request ", await talk.ReceiveAsync("</iq>"), StringComparison.Ordinal);
        await talk.SendAsync("<enable xmlns='urn:xmpp:sm:3'/>");
        Assert.Contains("<unexpected-request ", await talk.ReceiveAsync("</failed>"), StringComparison.Ordinal);
        await talk.SendAsync("<resume xmlns='urn:xmpp:sm:3' h='0' previd='nonsense'/>");
        Assert.Contains("<item-not-found ", await talk.ReceiveAsync("</failed>"), StringComparison.Ordinal);
        await talk.SendAsync("<iq type='set' id='c'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
        await talk.ReceiveAsync("<jid>romeo@capulet.example/");
    }

    [Fact]
    public async Task Who_authenticates_and_never_binds_is_ended()
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        using var talk = await AuthenticatedAsync(fixture);
        fixture.Time.Advance(TimeSpan.FromSeconds(61));
        Assert.Contains("<connection-timeout ", await talk.EndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_login_that_is_not_admitted_in_time_is_told_to_come_back_later()
    {
        await using var fixture = await NegotiationFixture.OpenAsync(new() { ConcurrentLogins = 1 });
        var logins = fixture.Connections.Admission.Logins;
        Assert.True(await logins.EnterAsync(TimeSpan.Zero, CancellationToken.None));
        using var talk = await fixture.OpenStreamAsync();
        var armed = fixture.Connections.Wheel.Armed;
        await talk.SendAsync($"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{Talk.PlainMessage("romeo", NegotiationFixture.Password)}</auth>");
        while (logins.Waiting == 0 || fixture.Connections.Wheel.Armed <= armed)
        {
            await Task.Yield();
        }

        fixture.Time.Advance(TimeSpan.FromSeconds(11));
        Assert.Contains("<resource-constraint ", await talk.EndAsync(), StringComparison.Ordinal);

        // And one that gets its turn in time notices nothing.
        using var patient = await fixture.OpenStreamAsync();
        await patient.SendAsync($"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{Talk.PlainMessage("romeo", NegotiationFixture.Password)}</auth>");
        logins.Leave();
        await patient.ReceiveAsync("<success ");
    }

    [Fact]
    public async Task No_password_is_ever_logged()
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        using var talk = await fixture.OpenStreamAsync();
        await talk.ScramAsync("romeo", "a wrong password");
        using var authenticated = await AuthenticatedAsync(fixture);
        Assert.Contains(fixture.Logs, line => line.Contains("romeo@capulet.example logged in with PLAIN", StringComparison.Ordinal));
        Assert.DoesNotContain(fixture.Logs, line => line.Contains("password", StringComparison.Ordinal) || line.Contains(NegotiationFixture.Password, StringComparison.Ordinal)
            || line.Contains(Talk.PlainMessage("romeo", NegotiationFixture.Password), StringComparison.Ordinal));
    }

    static async Task<Talk> AuthenticatedAsync(NegotiationFixture fixture)
    {
        var talk = await fixture.OpenStreamAsync();
        await talk.SendAsync($"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{Talk.PlainMessage("romeo", NegotiationFixture.Password)}</auth>");
        await talk.ReceiveAsync("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        await talk.SendAsync(Talk.Header);
        await talk.FeaturesAsync();
        return talk;
    }

    static async Task<string> SaltOfAsync(NegotiationFixture fixture, string name)
    {
        using var talk = await fixture.OpenStreamAsync();
        var first = Convert.ToBase64String(new ScramClient(ScramHash.Sha256, name, "x").First());
        await talk.SendAsync($"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>{first}</auth>");
        await talk.ReceiveAsync(">");
        var challenge = Encoding.ASCII.GetString(Convert.FromBase64String((await talk.ReceiveAsync("</challenge>"))[..^12]));
        return challenge.Split(',')[1];
    }
}
