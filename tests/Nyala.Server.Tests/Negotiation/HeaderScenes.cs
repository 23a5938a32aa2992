using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Negotiation;

/// <summary>What is wrong with a stream before anybody has logged in, and the error it gets (RFC 6120 §4.9.3).</summary>
public sealed class HeaderScenes
{
    const string Streams = "xmlns:stream='http://etherx.jabber.org/streams'";

    [Theory]
    [InlineData($"<stream:stream xmlns='jabber:client' {Streams} version='1.0' to='example.org'>", "host-unknown")]
    [InlineData($"<stream:stream xmlns='jabber:client' {Streams} version='1.0' to='romeo@localhost'>", "host-unknown")]
    [InlineData($"<stream:stream xmlns='jabber:client' {Streams} version='2.0' to='example.org'>", "host-unknown")]
    [InlineData($"<stream:stream xmlns='jabber:client' {Streams} version='1.0'>", "improper-addressing")]
    [InlineData($"<stream:stream xmlns='jabber:client' {Streams} to='localhost'>", "unsupported-version")]
    [InlineData($"<stream:stream xmlns='jabber:client' {Streams} to='localhost' version='0.9'>", "unsupported-version")]
    [InlineData($"<stream:stream xmlns='jabber:client' {Streams} to='localhost' version='one'>", "unsupported-version")]
    [InlineData($"<stream:stream xmlns='jabber:server' {Streams} to='localhost' version='1.0'>", "invalid-namespace")]
    [InlineData("<stream:stream xmlns='jabber:client' xmlns:stream='urn:example' to='localhost' version='1.0'>", "invalid-namespace")]
    [InlineData($"<stream:stream xmlns='jabber:client' {Streams} version='1.0' to='localhost' from='romeo@example.org'>", "invalid-from")]
    public async Task A_header_that_is_wrong_is_told_why(string header, string condition)
    {
        await using var server = await TestServer.StartAsync();
        await using var wire = await server.ConnectAsync();
        await wire.SendAsync("<?xml version='1.0'?>" + header);
        await wire.ReadHeaderAsync();
        Assert.Equal("localhost", wire.Header!.Attribute("from")?.Value);
        await wire.ExpectStreamErrorAsync(condition);
    }

    [Theory]
    [InlineData("1.0", "romeo@localhost")]
    [InlineData("1.7", "romeo@localhost/garden")]
    [InlineData("2.0", "")]
    public async Task Later_versions_make_do_with_ours_and_whoever_says_so_is_addressed(string version, string from)
    {
        await using var server = await TestServer.StartAsync();
        await using var wire = await server.ConnectAsync();
        await wire.SendAsync($"<stream:stream xmlns='jabber:client' {Streams} to='LOCALHOST' from='{from}' version='{version}'>");
        await wire.ReadHeaderAsync();
        Assert.Equal("localhost", wire.Header!.Attribute("from")?.Value);
        Assert.Equal(from, wire.Header.Attribute("to")?.Value ?? "");
        Assert.Equal("1.0", wire.Header.Attribute("version")?.Value);
        Assert.NotEmpty(wire.Header.Attribute("id")!.Value);
        await wire.ExpectAsync("<stream:features/>");
    }

    [Theory]
    [InlineData("<message to='romeo@localhost'><body>hi</body></message>", "not-authorized")]
    [InlineData("<presence/>", "not-authorized")]
    [InlineData("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", "not-authorized")]
    [InlineData("<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>", "not-authorized")]
    [InlineData("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>", "not-authorized")]
    [InlineData("<r xmlns='urn:xmpp:sm:3'/>", "not-authorized")]
    [InlineData("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>AAAA</response>", "not-authorized")]
    [InlineData("<unheard-of xmlns='urn:example'/>", "unsupported-stanza-type")]
    [InlineData("<!-- a comment -->", "restricted-xml")]
    [InlineData("<?target data?>", "restricted-xml")]
    [InlineData("<!DOCTYPE a [<!ENTITY b 'c'>]>", "restricted-xml")]
    [InlineData("<message><body>&unknown;</body></message>", "restricted-xml")]
    [InlineData("<message><body></message>", "not-well-formed")]
    [InlineData("<message a=b/>", "not-well-formed")]
    [InlineData("<message a='1' a='2'/>", "not-well-formed")]
    public async Task What_comes_before_authentication_ends_the_stream_with_its_own_error(string sent, string condition)
    {
        await using var server = await TestServer.StartAsync();
        await using var wire = await server.OpenedAsync();
        await wire.SendAsync(sent);
        await wire.ExpectStreamErrorAsync(condition);
    }

    [Theory]
    [InlineData("<message to='romeo@localhost'><body>hi</body></message>")]
    [InlineData("<presence/>")]
    [InlineData("<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")]
    [InlineData("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>")]
    public async Task A_stanza_before_a_resource_is_bound_ends_the_stream(string stanza)
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await using var wire = await server.AuthenticatedAsync("romeo");
        await wire.SendAsync(stanza);
        await wire.ExpectStreamErrorAsync("not-authorized");
    }

    [Fact]
    public async Task An_element_larger_than_announced_is_refused()
    {
        await using var server = await TestServer.StartAsync();
        await using var wire = await server.OpenedAsync();
        await wire.SendAsync($"<auth xmlns='{Logins.Sasl}' mechanism='PLAIN'>{new string('A', 70_000)}");
        await wire.ExpectStreamErrorAsync("policy-violation");
    }

    [Fact]
    public async Task Limits_are_announced_before_and_after_authentication()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await using var wire = await server.ConnectAsync();
        Require(await wire.OpenAsync(), 65_536);
        await wire.LogIn2Async("romeo", "");
        Require(await wire.ReceiveAsync(), 524_288);

        static void Require(System.Xml.Linq.XElement features, int bytes) => ElementPattern.Parse(
            $"<stream:features><limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>{bytes}</max-bytes><idle-seconds>60</idle-seconds></limits></stream:features>")
            .Require(features);
    }

    [Fact]
    public async Task Where_TLS_is_required_nothing_else_is_offered_and_credentials_in_clear_are_refused()
    {
        await using var server = await TestServer.StartAsync(settings: "Tls:Required=true");
        await server.AddUserAsync("romeo");
        await using var wire = await server.ConnectAsync();
        var features = await wire.OpenAsync();
        ElementPattern.Parse("<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>").Require(features);
        Assert.Single(features.Elements());

        await wire.SendAsync(Logins.Auth("PLAIN", Logins.Plain("romeo")));
        await wire.ExpectFailureAsync("encryption-required");
        await wire.SendAsync(Logins.Authenticate(Logins.Plain("romeo"), Logins.Bind2));
        await wire.ExpectFailureAsync("encryption-required", Logins.Sasl2);
        await using var hasty = await server.OpenedAsync();
        await hasty.SendAsync("<message/>");
        await hasty.ExpectStreamErrorAsync("not-authorized");

        features = await wire.StartTlsAsync();
        Assert.Null(features.Element("{urn:ietf:params:xml:ns:xmpp-tls}starttls"));
        await wire.LogIn2Async("romeo", "");
    }

    [Fact]
    public async Task What_is_injected_behind_starttls_is_not_taken_into_the_encrypted_stream()
    {
        await using var server = await TestServer.StartAsync(settings: "Tls:Required=true");
        await server.AddUserAsync("romeo");
        await using var wire = await server.OpenedAsync();
        await wire.SendAsync("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" + Logins.Auth("PLAIN", Logins.Plain("romeo")));
        await wire.ExpectStreamErrorAsync("policy-violation");
        Assert.DoesNotContain(server.Logs, line => line.Contains("logged in", StringComparison.Ordinal));
    }
}
