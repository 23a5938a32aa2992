using Microsoft.Extensions.Logging;
using Nyala.Core;
using Nyala.Core.Diagnostics;
using Nyala.Core.Routing;
using Nyala.Federation.Streams;

namespace Nyala.Federation;

/// <summary>What queues need of whoever they belong to: all other servers, or the components. Safe from any thread.</summary>
abstract class QueueServices(NyalaServer server, FederationOptions options)
{
    /// <summary>What the ids of this server's own questions to others begin with.</summary>
    public const string QuestionId = "nyala-arrived-";

    public FederationOptions Options => options;

    public Router Router => server.Router;

    public ILogger Log => server.Log;

    public Metrics Metrics => server.Metrics;

    public NyalaServer Server => server;

    /// <summary>A stream for a queue, which hears from it; null with the reason when there is none now.</summary>
    public abstract Task<(IStanzaStream? Stream, string Problem, bool IsFinal)> OpenAsync(string from, string to, IStreamOwner owner);
}
