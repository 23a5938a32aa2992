using System.Globalization;
using Nyala.Core.Connections;
using Nyala.Core.Routing;
using Nyala.Xmpp;
using Nyala.Xmpp.Sasl;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Sessions.Negotiation;

/// <summary>The <c>stream:features</c> of each state. What extensions offer comes from the features that own it.</summary>
static class StreamFeatures
{
    /// <summary>TLS comes first (RFC 6120 §5.3.1: nothing else is offered where it is mandatory).</summary>
    public static Element BeforeTls() => New().Add(StartTls(required: true));

    /// <summary>Secure, not authenticated.</summary>
    public static Element BeforeAuthentication(NegotiationServices services, Connection connection, SaslOffer offer)
    {
        var features = New();
        if (connection.CanStartTls)
        {
            features.Add(StartTls(required: false));
        }

        return features
            .Add(services.Announced(offer))
            .Add(services.Server.Features.OfferedTo(connection, StreamState.BeforeAuthentication))
            .Add(Limits(services.Limits, services.Limits.StanzaBytesBeforeAuthentication));
    }

    /// <summary>How one can authenticate: the same for all connections with the same offer.</summary>
    public static Element[] Authentications(NegotiationServices services, SaslOffer offer)
    {
        var mechanisms = new Element("mechanisms", Ns.Sasl).Add(Names(offer.Mechanisms, Ns.Sasl));
        var authentication = Authentication(services, offer);
        return offer.ChannelBindings.Count == 0 ? [mechanisms, authentication] :
        [
            mechanisms, authentication,
            new Element("sasl-channel-binding", Ns.ChannelBinding)
                .Add(offer.ChannelBindings.Select(type => new Element("channel-binding", Ns.ChannelBinding).Set("type", type))),
        ];
    }

    /// <summary>Secure, at the door for those without an account (XEP-0175).</summary>
    public static Element ForGuests(NegotiationServices services, Connection connection) => New()
        .Add(connection.CanStartTls ? StartTls(required: false) : null)
        .Add(new Element("mechanisms", Ns.Sasl).Add("mechanism", Mechanisms.Anonymous))
        .Add(Limits(services.Limits, services.Limits.StanzaBytesBeforeAuthentication));

    /// <summary>Authenticated.</summary>
    /// <param name="session">The session that is bound already (Bind 2), or null: then binding is offered.</param>
    public static Element Authenticated(NegotiationServices services, Connection connection, Session? session)
    {
        var features = New();
        if (session is null)
        {
            features.Add(new Element("bind", Ns.Bind));
        }

        if (session is not { IsCounting: true })
        {
            features.Add(new Element("sm", Ns.StreamManagement));
        }

        return features
            .Add(services.Server.Features.OfferedTo(connection, StreamState.Authenticated))
            .Add(Limits(services.Limits, services.Limits.StanzaBytes));
    }

    static Element New() => new("features", Ns.Streams);

    static Element StartTls(bool required)
    {
        var element = new Element("starttls", Ns.Tls);
        return required ? element.Add(new Element("required", Ns.Tls)) : element;
    }

    /// <summary>SASL2 with all that can be done in its one step (XEP-0388 §2.1).</summary>
    static Element Authentication(NegotiationServices services, SaslOffer offer)
    {
        var inlines = services.Server.Features.BindInlines.Keys.Select(key => key.Ns).Append(Ns.StreamManagement).Distinct();
        return new Element("authentication", Ns.Sasl2)
            .Add(Names(offer.Mechanisms, Ns.Sasl2))
            .Add(new Element("inline", Ns.Sasl2)
                .Add(new Element("sm", Ns.StreamManagement))
                .Add(new Element("bind", Ns.Bind2)
                    .Add(new Element("inline", Ns.Bind2).Add(inlines.Select(ns => new Element("feature", Ns.Bind2).Set("var", ns)))))
                .Add(new Element("fast", Ns.Fast).Add(Names(NegotiationServices.FastMechanisms(offer), Ns.Fast))));
    }

    /// <summary>XEP-0478, and R14: no more than these two are announced.</summary>
    static Element Limits(Limits limits, int bytes) => new Element("limits", Ns.StreamLimits)
        .Add("max-bytes", bytes.ToString(CultureInfo.InvariantCulture))
        .Add("idle-seconds", ((int)limits.ProbeAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture));

    static IEnumerable<Element> Names(IEnumerable<string> names, string ns) =>
        names.Select(name => new Element("mechanism", ns).AddText(name));
}
