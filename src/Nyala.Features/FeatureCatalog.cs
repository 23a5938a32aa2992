using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Features.Registration;

namespace Nyala.Features;

/// <summary>Every extension of the server. Inside a message stage they run in this order.</summary>
public static class FeatureCatalog
{
    public static IEnumerable<IFeature> Create(NyalaServer server)
    {
        var registrar = new Registrar(server, (_, _) => Task.CompletedTask);
        return
        [
            new InBandRegistration(server, registrar),
            new MessageArchive(server),
            new Carbons(),
            new ClientState(),
        ];
    }
}
