using System.Net;
using System.Net.Sockets;
using Nyala.Interop.Tests.Stage;
using Nyala.Testing;
using Xunit;

namespace Nyala.Interop.Tests;

/// <summary>
/// A server of ours finds another one through a name server, as on the Internet (RFC 6120 §3.2, XEP-0368). Each domain of the other
/// one has records of its own, and one way that leads there.
/// </summary>
public sealed class NameScenes : IAsyncLifetime
{
    static readonly IPEndPoint Usual = new(IPAddress.Parse("127.0.0.78"), 5269);

    readonly string _data = Directory.CreateTempSubdirectory("nyala-names-").FullName;
    readonly Authority _authority = new();

    /// <summary>Takes connections and never answers: nobody is to come here.</summary>
    readonly TcpListener _lastChoice = new(IPAddress.Loopback, 0);
    readonly List<NyalaDomain> _servers = [];
    NameServer? _names;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }

        await (_names?.DisposeAsync() ?? ValueTask.CompletedTask);
        _lastChoice.Dispose();
        _authority.Dispose();
        Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task Records_are_tried_in_their_order_with_tls_at_once_or_later()
    {
        var (direct, six, dead) = (LoopbackPort.Find(), new IPEndPoint(IPAddress.IPv6Loopback, LoopbackPort.Find()), LoopbackPort.Find());
        await using var romeo = await StartAsync($"127.0.0.1:{direct}", six);
        var last = ((IPEndPoint)_lastChoice.LocalEndpoint).Port;
        _names!.AddAddress("one.capulet.test", IPAddress.Loopback);
        _names.AddAddress("six.capulet.test", IPAddress.IPv6Loopback);

        // TLS from the first byte is the first choice.
        _names.AddService("_xmpp-server._tcp.capulet.test", 10, last, "one.capulet.test");
        _names.AddService("_xmpps-server._tcp.capulet.test", 5, direct, "one.capulet.test");
        await AnswersAsync(romeo, "capulet.test");

        // It is the second, after a host that has no address and one that does not answer; and before another one.
        _names.AddService("_xmpp-server._tcp.pubsub.capulet.test", 10, dead, "none.capulet.test");
        _names.AddService("_xmpp-server._tcp.pubsub.capulet.test", 20, dead, "one.capulet.test");
        _names.AddService("_xmpps-server._tcp.pubsub.capulet.test", 30, direct, "one.capulet.test");
        _names.AddService("_xmpp-server._tcp.pubsub.capulet.test", 40, last, "one.capulet.test");
        await AnswersAsync(romeo, "pubsub.capulet.test");

        // STARTTLS is the first choice, at an address of the new kind alone.
        _names.AddService("_xmpps-server._tcp.rooms.capulet.test", 10, last, "one.capulet.test");
        _names.AddService("_xmpp-server._tcp.rooms.capulet.test", 5, six.Port, "six.capulet.test");
        await AnswersAsync(romeo, "rooms.capulet.test");
        Assert.False(_lastChoice.Pending());

        // What is not there is not there, and what nobody knows may be there later.
        _names.AddService("_xmpp-server._tcp.mantua.test", 0, 0, "");
        _names.Break("padua.test");
        await AnswersAsync(romeo, "mantua.test", "remote-server-not-found");
        await AnswersAsync(romeo, "verona.test", "remote-server-not-found");
        await AnswersAsync(romeo, "padua.test", "remote-server-timeout");
    }

    [Fact]
    public async Task Without_records_the_domain_itself_is_tried_at_its_addresses_and_the_usual_port()
    {
        Assert.SkipUnless(NameServer.IsFree(Usual, SocketType.Stream), "Somebody else listens at port 5269 of this machine.");
        await using var romeo = await StartAsync("off", Usual);
        _names!.AddAddress("capulet.test", IPAddress.Parse("127.0.0.79"));
        _names.AddAddress("capulet.test", Usual.Address);
        await AnswersAsync(romeo, "capulet.test");
        Assert.Contains(_names.Asked, asked => asked.Name == "_xmpps-server._tcp.capulet.test");
        Assert.Contains(_names.Asked, asked => asked.Name == "_xmpp-server._tcp.capulet.test");
    }

    /// <summary>Montague's server, where somebody is, and Capulet's, which listens at two places.</summary>
    async Task<Wire> StartAsync(string direct, IPEndPoint upgraded)
    {
        _names = NameServer.Start();
        _lastChoice.Start();
        await File.WriteAllTextAsync(Path.Combine(_data, "roots.crt"), _authority.Root);
        var montague = Add("montague.test");
        var capulet = Add("capulet.test", $"Listen:Servers={upgraded}", $"Listen:ServersTls={direct}");
        _names.AddService("_xmpp-server._tcp.montague.test", 5, montague.Servers.Port, "one.montague.test");
        _names.AddAddress("one.montague.test", IPAddress.Loopback);
        await montague.AddUserAsync("romeo");
        await montague.StartAsync();
        await capulet.StartAsync();
        return await PeerWorld.ArriveAsync(montague, "romeo");
    }

    NyalaDomain Add(string domain, params string[] settings)
    {
        var (certificate, key) = _authority.Issue(domain, _data);
        var server = new NyalaDomain(_data, domain)
        {
            NameServer = NameServer.Address,
            Settings =
            [
                $"Tls:Certificate={certificate}", $"Tls:Key={key}", $"Federation:Roots={Path.Combine(_data, "roots.crt")}",
                "Federation:RequireCertificates=on", .. settings,
            ],
        };
        _servers.Add(server);
        return server;
    }

    /// <param name="romeo">Who asks.</param>
    /// <param name="domain">Who is asked.</param>
    /// <param name="condition">The error that is the answer, or null.</param>
    static async Task AnswersAsync(Wire romeo, string domain, string? condition = null)
    {
        await romeo.SendAsync($"<iq type='get' to='{domain}' id='to {domain}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
        await romeo.AwaitAsync(condition is null
            ? $"<iq type='result' from='{domain}' id='to {domain}'/>"
            : $"<iq type='error' from='{domain}' id='to {domain}'><error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    }
}
