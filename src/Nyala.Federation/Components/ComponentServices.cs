using Nyala.Core;
using Nyala.Core.Diagnostics;
using Nyala.Federation.Streams;

namespace Nyala.Federation.Components;

/// <summary>What all streams of components share. Safe from any thread.</summary>
sealed class ComponentServices(NyalaServer server, FederationOptions options) : QueueServices(server, options)
{
    /// <summary>The queue of a domain.</summary>
    public required Func<string, RemoteQueue> Queue { get; init; }

    public override async Task<(IStanzaStream? Stream, string Problem, bool IsFinal)> OpenAsync(string from, string to, IStreamOwner owner)
    {
        // Never at once: the queue is in the middle of something.
        await Task.Yield();
        if (Server.Components.Find(to) is ComponentStream stream)
        {
            owner.Ready(stream, handled: null);
            return (stream, "", false);
        }

        var isKnown = Server.Features.Hosts.ContainsKey(to);
        return (null, isKnown ? "the component is not connected" : "there is no such component any more", !isKnown);
    }

    /// <summary>Features greet a component that has come.</summary>
    public void Greet(ComponentStream stream)
    {
        foreach (var greet in Server.Features.ComponentConnected)
        {
            _ = GreetAsync(greet, stream);
        }
    }

    async Task GreetAsync(Func<Core.Components.IComponentLink, Task> greet, ComponentStream stream)
    {
        try
        {
            await greet(stream);
        }
        catch (Exception e)
        {
            Log.BackgroundFailed("greeting " + stream.Jid.Domain, e);
        }
    }
}
