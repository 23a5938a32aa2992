using Nyala.Core.Routing;
using Nyala.Xmpp;

namespace Nyala.Features;

/// <summary>Offline messages: the mailbox of the core keeps them (DELIVERY R8); here they are announced.</summary>
[Xep(160, "1.0.1")]
public sealed class OfflineMessages : IFeature
{
    public void Register(FeatureBuilder on) => on.Advertise(Ns.Offline);
}
