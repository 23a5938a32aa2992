using System.Threading.Channels;
using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Server.Tests.Routing;

/// <summary>A host that notes all it is given, and says what the test tells it to say.</summary>
sealed class FakeHost(NyalaServer server, string domain) : IFeature, IStanzaHost
{
    readonly Channel<string> _taken = Channel.CreateUnbounded<string>();

    public Func<MessageEntry, ValueTask<StanzaError?>> Check { get; set; } = _ => ValueTask.FromResult<StanzaError?>(null);

    public StanzaError? Refusal { get; set; }

    public Router Router => server.Router;

    public void Register(FeatureBuilder on)
    {
        if (domain == "*")
        {
            on.OtherServers(this);
            return;
        }

        on.Host(domain, this, "A fake");
        on.IqGet("urn:example:room", "query", request => (IqReply)request.Payload, Entity.Room);
    }

    public Entity? EntityOf(Jid address) => domain != "*" && address is { Local: not null, Resource: null } ? Entity.Room : null;

    public ValueTask<StanzaError?> CheckAsync(MessageEntry message) => Check(message);

    public void Deliver(MessageEntry message) => _taken.Writer.TryWrite(message.Message.ToString());

    public void Repeated(MessageEntry message) => _taken.Writer.TryWrite("again " + message.Message);

    public ValueTask<StanzaError?> PresenceAsync(Stanza presence)
    {
        _taken.Writer.TryWrite(presence.ToString());
        return ValueTask.FromResult(Refusal);
    }

    public ValueTask<StanzaError?> IqAsync(Stanza iq)
    {
        _taken.Writer.TryWrite(iq.ToString());
        return ValueTask.FromResult(Refusal);
    }

    /// <summary>The next thing it was given; its bytes are canonical.</summary>
    public async Task<string> NextAsync() => await _taken.Reader.ReadAsync().AsTask().WaitAsync(Testing.Wire.Patience, TimeProvider.System);

    public bool HasNothing => !_taken.Reader.TryPeek(out _);

    /// <summary>Sends a stanza as somebody of the host, or of anywhere; with the number of the stream it came on from another server.</summary>
    public async Task SendAsync(string stanza, long stream = 0)
    {
        var parsed = Stanza.Parse(System.Text.Encoding.UTF8.GetBytes(stanza));
        var handled = new TaskCompletionSource();
        await Router.RouteAsync(parsed, parsed.From!, parsed.To!, handled.SetResult, stream);
        await handled.Task.WaitAsync(Testing.Wire.Patience, TimeProvider.System);
    }
}

/// <summary>A server with a room service and other servers, both fake.</summary>
sealed class FakeWorld : IAsyncDisposable
{
    FakeWorld(Testing.TestServer server, FakeHost rooms, FakeHost others)
    {
        Server = server;
        Rooms = rooms;
        Others = others;
    }

    public Testing.TestServer Server { get; }

    public FakeHost Rooms { get; }

    public FakeHost Others { get; }

    public static async Task<FakeWorld> StartAsync()
    {
        FakeHost? rooms = null, others = null;
        var server = await Testing.TestServer.StartWithAsync(
            made => [rooms = new(made, "rooms.localhost"), others = new(made, "*")], null, null, "Rooms:Host=off");
        await server.AddUserAsync("romeo");
        return new(server, rooms!, others!);
    }

    /// <summary>Romeo's session, available.</summary>
    public async Task<Testing.Wire> RomeoAsync(string resource = "orchard")
    {
        var romeo = await Server.LoginAsync("romeo", resource);
        await romeo.SendAsync("<presence/>");
        await romeo.AwaitAsync($"<presence from='{romeo.Address}'/>");
        return romeo;
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
