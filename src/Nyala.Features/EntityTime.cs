using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Xml;

namespace Nyala.Features;

/// <summary>Entity Time: the server's clock, in UTC wherever it stands.</summary>
[Xep(202, "2.0")]
public sealed class EntityTime(NyalaServer server) : IFeature
{
    public void Register(FeatureBuilder on)
    {
        on.Advertise(Ns.Time);
        on.IqGet(Ns.Time, "time", _ => (IqReply)Now(), Entity.Domain);
    }

    Element Now() => new Element("time", Ns.Time).Add("tzo", "+00:00").Add("utc", DateTimeProfile.Format(server.Time.GetUtcNow()));
}
