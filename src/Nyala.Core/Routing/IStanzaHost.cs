using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Core.Routing;

/// <summary>
/// Somebody who answers for a domain beside the server's own (rooms, a PubSub service, a component), or for all other
/// servers. What it is given has <c>from</c> and <c>to</c>; senders may be local or not. Errors it returns are answered to the
/// sender. What it sends goes through <see cref="Router.Send"/>, or straight to a session. Safe from any thread.
/// </summary>
public interface IStanzaHost
{
    /// <summary>Which entity an address here is to an iq request, which the handlers registered for it then answer; null: <see cref="IqAsync"/> takes it.</summary>
    Entity? EntityOf(Jid address) => null;

    /// <summary>Whether anybody answers for a domain of this host at this moment: then it is an item of the server.</summary>
    bool IsThere(string domain) => true;

    /// <summary>
    /// Looks at a message in the sender's order, before anything is stored. May set <see cref="Storage.LogEntry.Flags"/> and
    /// <see cref="Storage.LogEntry.Recipient"/> (an owner of its own, a negative number: then the row is in that owner's archive),
    /// replace the stanza, or drop it. While it is pending the sender's later messages wait.
    /// </summary>
    ValueTask<StanzaError?> CheckAsync(MessageEntry message);

    /// <summary>
    /// The message is durable, or nothing of it is to be stored. Called in the order of the log, on its thread or under the lock
    /// of the sender's pipeline: must be quick, must not block.
    /// </summary>
    void Deliver(MessageEntry message);

    /// <summary>A message that is stored already came again (R5): its position and time are those of the original. As <see cref="Deliver"/>.</summary>
    void Repeated(MessageEntry message)
    {
    }

    /// <summary>Presence of any type, in the sender's order. Also when a session ends that had sent its presence here (RFC 6121 §4.6).</summary>
    ValueTask<StanzaError?> PresenceAsync(Stanza presence);

    /// <summary>A request for an address that is no entity, and every result and error.</summary>
    ValueTask<StanzaError?> IqAsync(Stanza iq);
}
