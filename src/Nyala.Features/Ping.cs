using Nyala.Core.Routing;
using Nyala.Xmpp;

namespace Nyala.Features;

/// <summary>XMPP Ping: the server and the own account answer that they are there; other accounts say nothing about themselves.</summary>
[Xep(199, "2.0.1")]
public sealed class Ping : IFeature
{
    public void Register(FeatureBuilder on)
    {
        on.Advertise(Ns.Ping, Entity.Domain | Entity.OwnAccount);
        on.IqGet(Ns.Ping, "ping", _ => IqReply.Done, Entity.Domain | Entity.OwnAccount);
    }
}
