using Nyala.Testing;

namespace Nyala.Server.Tests.Features;

/// <summary>What the scenes of this folder do over and over.</summary>
static class Scenery
{
    public const string Refused = "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";

    /// <summary>A server with these accounts.</summary>
    public static async Task<TestServer> WithAsync(params string[] users)
    {
        var server = await TestServer.StartAsync();
        foreach (var user in users)
        {
            await server.AddUserAsync(user);
        }

        return server;
    }

    /// <summary>Logged in, with the roster asked for and presence sent.</summary>
    public static async Task<Wire> EnterAsync(this TestServer server, string user, string resource)
    {
        var wire = await server.LoginAsync(user, resource);
        await wire.SendAsync("<iq type='get' id='enter'><query xmlns='jabber:iq:roster'/></iq>");
        await wire.AwaitAsync("<iq type='result' id='enter'/>");
        await wire.SendAsync("<presence/>");
        await wire.AwaitAsync($"<presence from='{wire.Address}'/>");
        return wire;
    }

    /// <summary>Everything sent so far is handled, and what came meanwhile is passed over.</summary>
    public static async Task SettleAsync(this Wire wire)
    {
        var id = "settle-" + Guid.NewGuid().ToString("N");
        await wire.SendAsync($"<iq type='get' id='{id}' to='{wire.Domain}'><ping xmlns='urn:xmpp:ping'/></iq>");
        await wire.AwaitAsync($"<iq id='{id}'/>");
    }

    /// <summary>Sends an iq and requires its answer to be the next element.</summary>
    public static async Task AskAsync(this Wire wire, string iq, string answer)
    {
        await wire.SendAsync(iq);
        await wire.ExpectAsync(answer);
    }

    /// <summary>Both see each other from now on; both wires are quiet afterwards.</summary>
    public static async Task BefriendAsync(Wire one, Wire other)
    {
        foreach (var (asks, answers) in ((Wire, Wire)[])[(one, other), (other, one)])
        {
            await asks.SendAsync($"<presence type='subscribe' to='{Bare(answers)}'/>");
            await answers.AwaitAsync($"<presence type='subscribe' from='{Bare(asks)}'/>");
            await answers.SendAsync($"<presence type='subscribed' to='{Bare(asks)}'/>");
            await answers.SettleAsync();
            await asks.SettleAsync();
        }

        await one.SettleAsync();
        await other.SettleAsync();
    }

    public static string Bare(Wire wire) => wire.Address.Split('/')[0];

    /// <summary>An answer as text without what the question determines, for comparing two.</summary>
    public static async Task<string> AnswerAsync(this Wire wire, string to, string payload, string type = "get")
    {
        await wire.SendAsync($"<iq type='{type}' id='q' to='{to}'>{payload}</iq>");
        return (await wire.ReceiveAsync()).ToString().Replace(to, "(whom)", StringComparison.Ordinal);
    }
}
