using Nyala.Xmpp.Stanzas;

namespace Nyala.Core.Routing;

/// <summary>What becomes of a message, seen from its recipient's side.</summary>
public enum Delivery
{
    /// <summary>To the session whose full address it names.</summary>
    Resource,

    /// <summary>To every session of non-negative priority.</summary>
    NonNegative,

    /// <summary>Kept until a session of non-negative priority appears; what cannot be kept is dropped.</summary>
    Offline,

    /// <summary>Silently ignored.</summary>
    Ignore,

    /// <summary>Answered with service-unavailable.</summary>
    Refuse,
}

/// <summary>The recipient as the rules see it.</summary>
public enum Presence
{
    NoAccount,

    /// <summary>No available session.</summary>
    None,

    /// <summary>Available sessions, all of negative priority.</summary>
    OnlyNegative,

    /// <summary>At least one available session of non-negative priority.</summary>
    NonNegative,
}

/// <summary>
/// RFC 6121 §8.5 for messages as one table (§8.5.4). Where the RFC leaves a choice: several non-negative resources all get
/// the message; a message that may be ignored or refused is refused, so that senders know, except headlines.
/// </summary>
public static class DeliveryRules
{
    /// <param name="type">The message's type; absent and unknown ones count as normal (RFC 6121 §5.2.2).</param>
    /// <param name="toFull">It is addressed to a full address.</param>
    /// <param name="matched">That resource is connected (hibernated sessions are).</param>
    /// <param name="presence">The account's state.</param>
    public static Delivery For(StanzaType type, bool toFull, bool matched, Presence presence)
    {
        if (toFull && matched)
        {
            return Delivery.Resource;
        }

        return type switch
        {
            StanzaType.Error => Delivery.Ignore,
            StanzaType.Chat => Kept(presence),
            StanzaType.Groupchat => Delivery.Refuse,
            StanzaType.Headline when toFull => Delivery.Ignore,
            StanzaType.Headline => presence == Presence.NonNegative ? Delivery.NonNegative : Delivery.Ignore,
            _ when toFull => Delivery.Refuse,
            _ => Kept(presence),
        };
    }

    static Delivery Kept(Presence presence) => presence switch
    {
        Presence.NoAccount => Delivery.Refuse,
        Presence.NonNegative => Delivery.NonNegative,
        _ => Delivery.Offline,
    };
}
