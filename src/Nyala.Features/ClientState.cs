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

    /// <summary>What waits: the newest presence of each contact, nothing of typing states, at most so many.</summary>
    sealed class Held : IOutboundFilter
    {
        const int Bound = 500;

        readonly Dictionary<string, Outbound> _presence = new(StringComparer.Ordinal);

        public bool Hold(in Outbound stanza)
        {
            if (stanza.IsUrgent || stanza.Position != 0 || stanza.Kind == StanzaKind.Iq)
            {
                return false;
            }

            if (stanza.Kind == StanzaKind.Message)
            {
                // Typing states are worth nothing later (§5); everything else in a message matters.
                return IsChatStateOnly(stanza.ToStanza());
            }

            var presence = stanza.ToStanza();
            if (presence.Type is not (StanzaType.None or StanzaType.Unavailable) || IsOfRoom(presence) || presence.From is null || _presence.Count >= Bound)
            {
                return false;
            }

            _presence.Remove(presence.From.ToString());
            _presence.Add(presence.From.ToString(), stanza);
            return true;
        }

        public IReadOnlyList<Outbound> TakeHeld()
        {
            if (_presence.Count == 0)
            {
                return [];
            }

            Outbound[] held = [.. _presence.Values];
            _presence.Clear();
            return held;
        }

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

        /// <summary>R12: self-presence and status codes of rooms are never held.</summary>
        static bool IsOfRoom(Stanza presence) => presence.HasNamespace(Ns.MucUser);
    }
}
