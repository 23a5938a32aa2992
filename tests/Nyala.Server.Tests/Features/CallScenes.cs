using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Nyala.Testing;
using Nyala.Server.Tests.Routing;
using Xunit;

namespace Nyala.Server.Tests.Features;

/// <summary>XEP-0215 on the wire: the relay for calls, and credentials for it.</summary>
public sealed class CallScenes : IAsyncLifetime
{
    const string Space = "urn:xmpp:extdisco:2";
    const string Secret = "0123456789abcdef";

    TestServer _server = null!;
    Wire _romeo = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync(null, null, "Turn:Host=turn.example.org", "Turn:TlsPort=5349", "Turn:Secret=" + Secret, "Turn:Lifetime=1h");
        await _server.AddUserAsync("romeo");
        _romeo = await _server.LoginAsync("romeo", "orchard");
    }

    public async ValueTask DisposeAsync()
    {
        await _romeo.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    [SuppressMessage("Security", "CA5350", Justification = "coturn computes HMAC-SHA1.")]
    public async Task Clients_learn_of_the_relay_with_credentials_that_it_accepts_for_a_while()
    {
        await _romeo.SendAsync("<iq type='get' id='d' to='localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
        await _romeo.ExpectAsync($"<iq type='result' id='d'><query xmlns='http://jabber.org/protocol/disco#info'><feature var='{Space}'/></query></iq>");
        await _romeo.SendAsync($"<iq type='get' id='s' to='localhost'><services xmlns='{Space}'/></iq>");
        var answer = await _romeo.ExpectAsync(
            $"<iq type='result' id='s'><services xmlns='{Space}'><service type='stun' host='turn.example.org' port='3478' transport='udp' username='-'/>"
            + "<service type='turn' host='turn.example.org' port='3478' transport='udp' restricted='true' username='*' password='*' expires='*'/>"
            + "<service type='turn' port='3478' transport='tcp' restricted='true'/><service type='turns' port='5349' transport='tcp' restricted='true'/></services></iq>");
        var turn = answer.Descendants().First(service => service.Attribute("type")?.Value == "turn");
        var username = turn.Attribute("username")!.Value;
        Assert.Equal(Convert.ToBase64String(HMACSHA1.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(username))), turn.Attribute("password")!.Value);
        var expires = DateTimeOffset.FromUnixTimeSeconds(long.Parse(username.Split(':')[0], System.Globalization.CultureInfo.InvariantCulture));
        Assert.InRange(expires, TimeProvider.System.GetUtcNow().AddMinutes(50), TimeProvider.System.GetUtcNow().AddMinutes(61));
        Assert.Equal(expires, DateTimeOffset.Parse(turn.Attribute("expires")!.Value, System.Globalization.CultureInfo.InvariantCulture), TimeSpan.FromSeconds(1));
        Assert.DoesNotContain("romeo", username, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Services_are_asked_for_by_type_and_credentials_by_service()
    {
        await _romeo.SendAsync($"<iq type='get' id='s'><services xmlns='{Space}' type='turns'/></iq>");
        var answer = await _romeo.ExpectAsync($"<iq type='result' id='s'><services xmlns='{Space}' type='turns'><service type='turns'/></services></iq>");
        Assert.Single(answer.Elements().Single().Elements());
        await _romeo.SendAsync($"<iq type='get' id='c' to='localhost'><credentials xmlns='{Space}'><service host='turn.example.org' type='turn'/></credentials></iq>");
        answer = await _romeo.ExpectAsync($"<iq type='result' id='c'><credentials xmlns='{Space}'><service type='turn' transport='udp' username='*' password='*'/><service type='turn' transport='tcp'/></credentials></iq>");
        Assert.Equal(2, answer.Elements().Single().Elements().Count());
    }

    [Theory]
    [InlineData("<service host='turn.example.org' type='turn' port='1'/>", "item-not-found")]
    [InlineData("<service host='turn.example.org' type='ftp'/>", "item-not-found")]
    [InlineData("<service host='turn.example.org' type='stun'/>", "item-not-found")]
    [InlineData("<service host='other.example.org' type='turn'/>", "item-not-found")]
    [InlineData("<service host='turn.example.org'/>", "bad-request")]
    [InlineData("<service type='turn'/>", "bad-request")]
    [InlineData("", "bad-request")]
    public async Task There_are_no_credentials_for_what_is_not_there(string service, string condition)
    {
        await _romeo.SendAsync($"<iq type='get' id='c' to='localhost'><credentials xmlns='{Space}'>{service}</credentials></iq>");
        await _romeo.ExpectAsync($"<iq type='error' id='c'><error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    }

    [Fact]
    public async Task Strangers_get_none_and_without_a_relay_nothing_is_said_of_it()
    {
        FakeHost? others = null;
        await using var server = await TestServer.StartWithAsync(made => [others = new(made, "*")], null, null, "Turn:Host=turn.example.org");
        await others!.SendAsync($"<iq type='get' id='s' from='eve@example.com/x' to='localhost'><services xmlns='{Space}'/></iq>");
        Assert.Contains("<forbidden ", await others.NextAsync(), StringComparison.Ordinal);
        await others.SendAsync($"<iq type='get' id='c' from='eve@example.com/x' to='localhost'><credentials xmlns='{Space}'><service host='turn.example.org' type='turn'/></credentials></iq>");
        Assert.Contains("<forbidden ", await others.NextAsync(), StringComparison.Ordinal);

        await using var without = await TestServer.StartAsync();
        await without.AddUserAsync("romeo");
        await using var romeo = await without.LoginAsync("romeo", "orchard");
        await romeo.SendAsync($"<iq type='get' id='s' to='localhost'><services xmlns='{Space}'/></iq>");
        await romeo.ExpectAsync("<iq type='error' id='s'><error><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    }
}
