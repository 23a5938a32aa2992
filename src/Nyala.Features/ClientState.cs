using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features;

/// <summary>Client State Indication: an inactive client's radio sleeps through presence and typing states (R12).</summary>
[Xep(352, "1.0.0")]
public sealed class ClientState : IFeature
{
    public void Register(FeatureBuilder on)
    {
        on.StreamFeature(StreamState.Authenticated, _ => new Element("csi", Ns.ClientState));
        on.Nonza(Ns.ClientState, "inactive", (session, _) => Become(session, inactive: true));
        on.Nonza(Ns.ClientState, "active", (session, _) => Become(session, inactive: false));
        on.BindInline(Ns.ClientState, "inactive", InactiveAsync);
        on.SessionResumed(session => session.Outbox.SetFilter(null));
    }

    static ValueTask<Element?> InactiveAsync(Session session, Element request)
    {
        Become(session, inactive: true);
        return ValueTask.FromResult<Element?>(null);
    }

    static void Become(Session session, bool inactive)
    {
        if (!inactive || session.Outbox.Filter is null)
        {
            session.Outbox.SetFilter(inactive ? new Held() : null);
        }
    }

    /// <summary>What waits, in the order it came: the newest presence and the newest typing state of each contact, at most so many.</summary>
    sealed class Held : IOutboundFilter
    {
        const int Bound = 500;

        readonly OrderedDictionary<(StanzaKind Kind, string From), Outbound> _waiting = [];

        public bool Hold(in Outbound stanza)
        {
            if (stanza.IsUrgent || stanza.Position != 0 || stanza.Kind == StanzaKind.Iq || _waiting.Count >= Bound)
            {
                return false;
            }

            var element = Inner(stanza.ToStanza());
            if (element.From is not { } from || !(stanza.Kind == StanzaKind.Message ? IsChatStateOnly(element) : IsAvailability(element)))
            {
                return false;
            }

            var key = (stanza.Kind, from.ToString());
            _waiting.Remove(key);
            _waiting.Add(key, stanza);
            return true;
        }

        public IReadOnlyList<Outbound> TakeHeld()
        {
            if (_waiting.Count == 0)
            {
                return [];
            }

            Outbound[] held = [.. _waiting.Values];
            _waiting.Clear();
            return held;
        }

        /// <summary>What a carbon carries (XEP-0280 §7): typing that other devices were shown is typing all the same.</summary>
        static Stanza Inner(Stanza stanza) =>
            stanza.HasNamespace(Ns.Carbons) && stanza.Payload?.Child("forwarded", Ns.Forward)?.Child("message", Ns.Client) is { } copied
                ? Stanza.Of(copied)
                : stanza;

        static bool IsChatStateOnly(Stanza message)
        {
            for (var i = 0; i < message.ChildCount; i++)
            {
                var (name, ns) = message.ChildName(i);
                if (ns is not (Ns.ChatStates or Ns.Hints) && name != "thread")
                {
                    return false;
                }
            }

            return message.HasNamespace(Ns.ChatStates);
        }

        /// <summary>R12: subscriptions and errors are never held, nor self-presence and status codes of rooms.</summary>
        static bool IsAvailability(Stanza presence)
        {
            if (presence.Type is not (StanzaType.None or StanzaType.Unavailable))
            {
                return false;
            }

            for (var i = 0; i < presence.ChildCount; i++)
            {
                if (presence.ChildName(i).Namespace == Ns.MucUser)
                {
                    return presence.ChildBytes(i).Span.IndexOf("<status"u8) < 0;
                }
            }

            return true;
        }
    }
}
