using System.Reflection;
using Nyala.Core.Routing;
using Nyala.Xmpp;
using Nyala.Xmpp.Xml;

namespace Nyala.Features;

/// <summary>Software Version: name and version of the server; its operating system is nobody's business (§5).</summary>
[Xep(92, "1.1")]
public sealed class SoftwareVersion : IFeature
{
    static readonly string Number =
        typeof(SoftwareVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    public void Register(FeatureBuilder on)
    {
        on.Advertise(Ns.Version);
        on.IqGet(Ns.Version, "query", _ => (IqReply)new Element("query", Ns.Version).Add("name", "Nyala").Add("version", Number), Entity.Domain);
    }
}
