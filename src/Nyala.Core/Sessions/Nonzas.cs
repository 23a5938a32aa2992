using System.Globalization;
using Nyala.Core.Connections;
using Nyala.Core.Routing;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Sessions;

/// <summary>What a bound session may send beside stanzas: stream management (XEP-0198), and what features registered.</summary>
[Xep(198, "1.6.3")]
sealed class Nonzas(NyalaServer server)
{
    public async ValueTask ReceiveAsync(Session session, Stanza nonza)
    {
        if (nonza.Namespace == Ns.StreamManagement)
        {
            await StreamManagementAsync(session, nonza);
        }
        else if (server.Features.Nonzas.TryGetValue((nonza.Namespace, nonza.Name), out var handler))
        {
            handler(session, nonza);
        }
        else
        {
            // RFC 6120 §4.9.3.24
            await session.EndAsync(EndReason.ProtocolError, StreamError.UnsupportedStanzaType);
        }
    }

    static async ValueTask StreamManagementAsync(Session session, Stanza nonza)
    {
        switch (nonza.Name)
        {
            case "r" when session.IsCounting:
                session.Pipeline.AckRequested();
                break;
            case "a":
                await AcknowledgedAsync(session, nonza);
                break;
            case "enable" when !session.IsCounting:
                // §3: counting begins behind this element, so what came before it is finished first.
                await session.Pipeline.SettleAsync();
                session.EnableStreamManagement(nonza.Attribute("resume") is "true" or "1", send: true);
                session.Outbox.Flush();
                break;
            case "enable":
                // §3: there is one attempt only.
                await session.EndAsync(EndReason.ProtocolError, StreamError.PolicyViolation with { Text = "Stream management is enabled already." });
                break;
            default:
                session.Outbox.SendNonza(new Element("failed", Ns.StreamManagement).Add(new Element("unexpected-request", Ns.StanzaErrors)));
                break;
        }
    }

    static async ValueTask AcknowledgedAsync(Session session, Stanza nonza)
    {
        if (!uint.TryParse(nonza.Attribute("h"), NumberStyles.None, CultureInfo.InvariantCulture, out var handled))
        {
            await session.EndAsync(EndReason.ProtocolError, StreamError.PolicyViolation with { Text = "An <a/> needs a number h." });
        }
        else if (!session.Outbox.Acknowledge(handled, out var sent))
        {
            await session.EndAsync(EndReason.ProtocolError, TooHigh(handled, sent));
        }
    }

    /// <summary>§4: the client acknowledges what it was never sent.</summary>
    internal static StreamError TooHigh(uint handled, uint sent) => StreamError.UndefinedCondition with
    {
        Text = "You acknowledged more stanzas than were sent.",
        Application = new Element("handled-count-too-high", Ns.StreamManagement)
            .Set("h", handled.ToString(CultureInfo.InvariantCulture))
            .Set("send-count", sent.ToString(CultureInfo.InvariantCulture)),
    };
}
