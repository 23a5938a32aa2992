using System.Net;
using Nyala.Server.Tests.Features.Components;
using Nyala.Testing;

namespace Nyala.Server.Tests.Federation;

/// <summary>Two servers of ours that know where the other one is, with an account each.</summary>
sealed class TwoServers : IAsyncDisposable
{
    public const string Romeo = "romeo@montague.test";
    public const string Juliet = "juliet@capulet.test";

    /// <summary>A component of Montague's server, when they were started so; see <c>ComponentWire</c> for its secret.</summary>
    public const string Bridge = "irc.montague.test";

    /// <summary>A component of Capulet's server.</summary>
    public const string App = "app.capulet.test";

    TwoServers(TestServer montague, TestServer capulet, FaultyTransport? link)
    {
        Link = link;
        Montague = montague;
        Capulet = capulet;
    }

    public TestServer Montague { get; }

    public TestServer Capulet { get; }

    /// <summary>What Montague's server opens to Capulet's goes through here, when they were started so.</summary>
    public FaultyTransport? Link { get; }

    public static Task<TwoServers> StartAsync(params string[] settings) => StartAsync(linked: false, settings);

    /// <summary>With a network from Montague to Capulet that can be made bad.</summary>
    public static Task<TwoServers> StartLinkedAsync(params string[] settings) => StartAsync(linked: true, settings);

    /// <summary>With a component each.</summary>
    public static Task<TwoServers> StartWithComponentsAsync(params string[] settings) => StartAsync(linked: false, settings, hasComponents: true);

    static async Task<TwoServers> StartAsync(bool linked, string[] settings, bool hasComponents = false)
    {
        var (one, other) = (LoopbackPort.Find(), LoopbackPort.Find());
        var link = linked ? new FaultyTransport(new IPEndPoint(IPAddress.Loopback, other)) : null;
        var there = $"127.0.0.1:{link?.Address.Port ?? other}";
        string[] both =
        [
            "Federation:Enabled=on",
            $"Federation:Hosts=montague.test=127.0.0.1:{one},rooms.montague.test=127.0.0.1:{one},{Bridge}=127.0.0.1:{one},"
                + $"capulet.test={there},rooms.capulet.test={there},{App}={there}",
            .. settings,
        ];
        string[] bridge = hasComponents ? [$"Components:{Bridge}:Secret={ComponentWire.Secret}"] : [];
        string[] app = hasComponents ? [$"Components:{App}:Secret={ComponentWire.Secret}"] : [];
        var servers = new TwoServers(
            await TestServer.StartAsync(null, null, [.. both, .. bridge, "Domain=montague.test", $"Listen:Servers=127.0.0.1:{one}"]),
            await TestServer.StartAsync(null, null, [.. both, .. app, "Domain=capulet.test", $"Listen:Servers=127.0.0.1:{other}"]),
            link);
        await servers.Montague.AddUserAsync("romeo");
        await servers.Capulet.AddUserAsync("juliet");
        return servers;
    }

    public Task<Wire> RomeoAsync() => ArriveAsync(Montague, "romeo", "orchard");

    public Task<Wire> JulietAsync() => ArriveAsync(Capulet, "juliet", "balcony");

    public async ValueTask DisposeAsync()
    {
        await Montague.DisposeAsync();
        await Capulet.DisposeAsync();
        await (Link?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    static async Task<Wire> ArriveAsync(TestServer server, string name, string resource)
    {
        var wire = await server.LoginAsync(name, resource);
        await wire.SendAsync("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq><presence/>");
        await wire.AwaitAsync($"<presence from='{wire.Address}'/>");
        return wire;
    }
}
