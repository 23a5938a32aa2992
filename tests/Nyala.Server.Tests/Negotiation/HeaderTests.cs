using Xunit;

namespace Nyala.Server.Tests.Negotiation;

public sealed class HeaderTests
{
    const string Namespaces = "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'";

    [Theory]
    [InlineData($"<stream:stream {Namespaces} to='montague.example' version='1.0'>", "host-unknown")]
    [InlineData($"<stream:stream {Namespaces} to='romeo@capulet.example' version='1.0'>", "host-unknown")]
    [InlineData($"<stream:stream {Namespaces} version='1.0'>", "improper-addressing")]
    [InlineData($"<stream:stream {Namespaces} to='capulet.example'>", "unsupported-version")]
    [InlineData($"<stream:stream {Namespaces} to='capulet.example' version='0.9'>", "unsupported-version")]
    [InlineData($"<stream:stream {Namespaces} to='capulet.example' version='one'>", "unsupported-version")]
    [InlineData($"<stream:stream {Namespaces} to='montague.example' version='2.0'>", "host-unknown")]
    [InlineData("<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' to='capulet.example' version='1.0'>", "invalid-namespace")]
    [InlineData("<stream:stream xmlns='jabber:client' xmlns:stream='urn:example' to='capulet.example' version='1.0'>", "invalid-namespace")]
    [InlineData($"<stream:stream {Namespaces} to='capulet.example' from='romeo@montague.example' version='1.0'>", "invalid-from")]
    public async Task A_wrong_header_is_answered_with_a_header_and_the_right_error(string header, string condition)
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        using var talk = await fixture.ConnectAsync();
        await talk.SendAsync(header);
        var answer = await talk.EndAsync();
        Assert.StartsWith("<?xml version='1.0'?><stream:stream ", answer, StringComparison.Ordinal);
        Assert.Contains($"<stream:error><{condition} ", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.0")]
    [InlineData("1.7")]
    [InlineData("2.0")]
    public async Task Later_versions_make_do_with_ours(string version)
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        using var talk = await fixture.ConnectAsync();
        await talk.SendAsync($"<stream:stream {Namespaces} to='CAPULET.example' from='romeo@capulet.example' version='{version}'>");
        var answer = await talk.FeaturesAsync();
        Assert.Contains(" from='capulet.example' to='romeo@capulet.example' version='1.0'", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_clear_only_TLS_is_offered_and_nobody_authenticates()
    {
        await using var fixture = await NegotiationFixture.OpenAsync(tlsRequired: true);
        using var talk = await fixture.ConnectAsync(remote: new(System.Net.IPAddress.Parse("192.0.2.1"), 1));
        await talk.SendAsync(Talk.Header);
        var answer = await talk.FeaturesAsync();
        Assert.EndsWith("<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>", answer, StringComparison.Ordinal);
        await talk.SendAsync($"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{Talk.PlainMessage("romeo", NegotiationFixture.Password)}</auth>");
        Assert.Contains("<encryption-required/>", await talk.ReceiveAsync("</failure>"), StringComparison.Ordinal);
        await talk.SendAsync("<message/>");
        Assert.Contains("<not-authorized ", await talk.EndAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<message to='juliet@capulet.example'><body>Hi</body></message>", "not-authorized")]
    [InlineData("<presence/>", "not-authorized")]
    [InlineData("<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>", "not-authorized")]
    [InlineData("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>AA==</response>", "not-authorized")]
    [InlineData("<r xmlns='urn:xmpp:sm:3'/>", "not-authorized")]
    [InlineData("<nonsense xmlns='urn:example'/>", "unsupported-stanza-type")]
    public async Task Nothing_is_processed_before_authentication(string element, string condition)
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        using var talk = await fixture.OpenStreamAsync();
        await talk.SendAsync(element);
        Assert.Contains($"<stream:error><{condition} ", await talk.EndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_TLS_makes_possible_is_announced_where_TLS_ends_here_and_nowhere_else()
    {
        await using var fixture = await NegotiationFixture.OpenAsync();
        using var clear = await fixture.ConnectAsync();
        await clear.SendAsync(Talk.Header);
        var unbound = await clear.FeaturesAsync();
        Assert.DoesNotContain("-PLUS", unbound, StringComparison.Ordinal);
        Assert.DoesNotContain("ENDP", unbound, StringComparison.Ordinal);
        Assert.DoesNotContain("sasl-channel-binding", unbound, StringComparison.Ordinal);

        using var talk = await fixture.ConnectAsync(tls: true);
        await talk.SendAsync(Talk.Header);
        var features = await talk.FeaturesAsync();
        Assert.Contains("<mechanism>SCRAM-SHA-512-PLUS</mechanism>", features, StringComparison.Ordinal);
        Assert.Contains("<fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-ENDP</mechanism><mechanism>HT-SHA-256-NONE</mechanism></fast>", features, StringComparison.Ordinal);
        Assert.Contains("<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-server-end-point'/></sasl-channel-binding>", features, StringComparison.Ordinal);
        Assert.Contains("<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>65536</max-bytes><idle-seconds>60</idle-seconds></limits>", features, StringComparison.Ordinal);
        Assert.DoesNotContain("<starttls", features, StringComparison.Ordinal);
    }
}
