using Nyala.Testing;
using Xunit;

[assembly: AssemblyFixture(typeof(Nyala.Server.Tests.Features.SharedServer))]

namespace Nyala.Server.Tests.Features;

/// <summary>One server for all scenes that need nothing but accounts of their own.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    TestServer? _server;
    int _last;

    public TestServer Server => _server!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync(null, null, "Limits:RosterItems=10", "Limits:BlockedAddresses=5");

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    /// <summary>A name nobody else has.</summary>
    public string NewName(string name) => name + Interlocked.Increment(ref _last);
}

/// <summary>A scene with people of its own; their connections end with it.</summary>
public abstract class Scene(SharedServer shared) : IAsyncLifetime
{
    readonly List<Wire> _wires = [];

    protected TestServer Server => shared.Server;

    /// <summary>Addresses of the people in the scene.</summary>
    protected string Romeo { get; private set; } = "";

    protected string Juliet { get; private set; } = "";

    public virtual async ValueTask InitializeAsync()
    {
        Romeo = await Server.AddUserAsync(shared.NewName("romeo"));
        Juliet = await Server.AddUserAsync(shared.NewName("juliet"));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var wire in _wires)
        {
            await wire.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>A connection on which nothing was said.</summary>
    protected async Task<Wire> ConnectAsync()
    {
        var wire = await Server.ConnectAsync();
        _wires.Add(wire);
        return wire;
    }

    /// <summary>A session without presence.</summary>
    protected async Task<Wire> LoginAsync(string address, string resource = "phone")
    {
        var wire = await Server.LoginAsync(address.Split('@')[0], resource);
        _wires.Add(wire);
        return wire;
    }

    /// <summary>A session that has asked for its roster and is available; all that came of it is read.</summary>
    protected async Task<Wire> ArriveAsync(string address, string resource = "phone")
    {
        var wire = await LoginAsync(address, resource);
        await RosterAsync(wire);
        await wire.SendAsync("<presence/>");
        await wire.AwaitAsync($"<presence from='{wire.Address}'/>");
        await SettleAsync(wire);
        return wire;
    }

    /// <summary>Reads everything the server has sent so far, and what it does in answer to all that was sent before.</summary>
    protected static async Task SettleAsync(Wire wire)
    {
        var id = "settle-" + Guid.NewGuid().ToString("N");
        await wire.SendAsync($"<iq type='set' id='{id}'><query xmlns='jabber:iq:private'><settle xmlns='urn:example:settle'/></query></iq>");
        await wire.AwaitAsync($"<iq id='{id}'/>");
    }

    /// <summary>Asks for the roster; the pattern is of the query.</summary>
    protected static async Task RosterAsync(Wire wire, string pattern = "<query xmlns='jabber:iq:roster'/>")
    {
        await wire.SendAsync("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");
        await wire.AwaitAsync($"<iq type='result' id='roster'>{pattern}</iq>");
    }

    /// <summary>One sees the other's presence from here on.</summary>
    protected async Task SubscribeAsync(Wire who, Wire whom)
    {
        var (asker, asked) = (Bare(who), Bare(whom));
        await who.SendAsync($"<presence type='subscribe' to='{asked}'/>");
        await whom.AwaitAsync($"<presence type='subscribe' from='{asker}'/>");
        await whom.SendAsync($"<presence type='subscribed' to='{asker}'/>");
        await who.AwaitAsync($"<presence type='subscribed' from='{asked}'/>");
        await who.AwaitAsync($"<presence from='{asked}/*' type='-'/>");
        await SettleAsync(whom);
        await SettleAsync(who);
    }

    protected static string Bare(Wire wire) => wire.Address.Split('/')[0];

    /// <summary>A request whose answer must be this error.</summary>
    protected static async Task RefusedAsync(Wire wire, string type, string payload, string condition, string to = "")
    {
        var id = Guid.NewGuid().ToString("N");
        await wire.SendAsync($"<iq type='{type}' id='{id}'{(to.Length == 0 ? "" : $" to='{to}'")}>{payload}</iq>");
        await wire.AwaitAsync($"<iq type='error' id='{id}'><error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    }

    /// <summary>An answer as text without what the question determines, for comparing two.</summary>
    protected static async Task<string> AnswerAsync(Wire wire, string to, string payload, string type = "get")
    {
        await wire.SendAsync($"<iq type='{type}' id='q' to='{to}'>{payload}</iq>");
        return (await wire.ReceiveAsync()).ToString().Replace(to, "(whom)", StringComparison.Ordinal);
    }

    /// <summary>A request whose result must match.</summary>
    protected static async Task<System.Xml.Linq.XElement> AskAsync(Wire wire, string type, string payload, string pattern = "", string to = "")
    {
        var id = Guid.NewGuid().ToString("N");
        await wire.SendAsync($"<iq type='{type}' id='{id}'{(to.Length == 0 ? "" : $" to='{to}'")}>{payload}</iq>");
        return await wire.AwaitAsync($"<iq type='result' id='{id}'>{pattern}</iq>");
    }
}
