using Nyala.Core.Routing;
using Nyala.Xmpp;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Sessions.Negotiation;

/// <summary>The session iq of RFC 3921 §3, which has no meaning any more and which old clients insist on: offered as optional, answered.</summary>
public sealed class LegacySession : IFeature
{
    public void Register(FeatureBuilder on)
    {
        on.StreamFeature(StreamState.Authenticated, _ => new Element("session", Ns.Session).Add(new Element("optional", Ns.Session)));
        on.IqSet(Ns.Session, "session", _ => IqReply.Done, Entity.OwnAccount | Entity.Domain);
    }
}
