using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Features;

namespace Nyala.Host;

/// <summary>Every feature of the server. Inside a message stage they run in this order.</summary>
static class FeatureList
{
    public static IEnumerable<IFeature> Create(NyalaServer server) =>
    [
        new MessageArchive(server),
        new Carbons(),
        new ClientState(),
    ];
}
