using Nyala.Core.Connections;
using Nyala.Core.Sessions;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Routing;

/// <summary>One extension: registers all it does, in one place. Its stores and services arrive through the constructor.</summary>
public interface IFeature
{
    /// <summary>The table of contents of the feature.</summary>
    void Register(FeatureBuilder on);
}

/// <summary>
/// The stages of a message, in order. The first two happen on the sender's side, the others on the recipient's (messages
/// from rooms, components and other servers enter there). Inside a stage the order is that of the feature list.
/// </summary>
public enum MessageStage
{
    /// <summary>May the sender do this? Before anything is stored.</summary>
    OutgoingCheck,

    /// <summary>Changes to the stanza on the sender's side (<see cref="MessageEntry.Replace"/>).</summary>
    OutgoingStamp,

    /// <summary>Does the recipient take it? Before anything is stored.</summary>
    IncomingCheck,

    /// <summary>What is kept where: may change <see cref="LogEntry.Flags"/>.</summary>
    Archive,

    /// <summary>It is durable and was handed to the recipient's sessions. On the log's thread: must be quick, must not block.</summary>
    Delivered,
}

/// <summary>Looks at a message in a stage; an error is answered to the sender (who then has been answered, R2), null goes on.</summary>
public delegate StanzaError? MessageHook(MessageEntry message);

/// <summary>Handles a presence stanza that a local session sent (RFC 6121 §3, §4). Runs in the session's order.</summary>
public delegate ValueTask PresenceHandler(Session session, Stanza presence);

/// <summary>Part of a Bind 2 request (XEP-0386 §4): gets the inline element, returns what goes into <c>bound</c>, or null.</summary>
public delegate ValueTask<Element?> BindInline(Session session, Element request);

/// <summary>Answers an iq on a stream that is not authenticated yet (XEP-0077), or null when it does not want it.</summary>
public delegate ValueTask<Element?> EarlyIqHandler(Connection connection, Stanza iq);

/// <summary>When a stream feature is offered.</summary>
public enum StreamState
{
    /// <summary>Secure, before authentication.</summary>
    BeforeAuthentication,

    /// <summary>Authenticated, before or after resource binding.</summary>
    Authenticated,
}

/// <summary>What features register with. Used at start, frozen afterwards.</summary>
public sealed class FeatureBuilder
{
    readonly FeatureTable _table;

    internal FeatureBuilder(FeatureTable table) => _table = table;

    /// <summary>The server the feature is part of: router, sessions, accounts, clock.</summary>
    public required NyalaServer Server { get; init; }

    /// <summary>Announces a feature in service discovery (XEP-0030) of an entity; for accounts to those who may see them.</summary>
    public void Advertise(string feature, Entity where = Entity.Domain) => _table.Advertised.Add((feature, where));

    /// <summary>Answers service discovery (info or items, by namespace) of one node of the domain.</summary>
    public void DiscoNode(string ns, string node, IqHandler handler) => _table.DiscoNodes.Add((ns, node), handler);

    public void IqGet(string ns, string name, IqHandler handler, Entity where = Entity.OwnAccount) =>
        _table.AddIq(StanzaType.Get, ns, name, handler, where);

    public void IqSet(string ns, string name, IqHandler handler, Entity where = Entity.OwnAccount) =>
        _table.AddIq(StanzaType.Set, ns, name, handler, where);

    /// <summary>An iq set that only asks (a query that carries a form): it is answered like a get, and nothing waits for its answer (R2, R4).</summary>
    public void IqQuery(string ns, string name, IqHandler handler, Entity where = Entity.OwnAccount)
    {
        _table.Queries.Add((ns, name));
        IqSet(ns, name, handler, where);
    }

    public void Message(MessageStage stage, MessageHook hook) => _table.Hooks[(int)stage] = [.. _table.Hooks[(int)stage], hook];

    /// <summary>The one handler of presence from local sessions.</summary>
    public void Presence(PresenceHandler handler) => _table.SetPresence(handler);

    /// <summary>Whether a session shares its presence with an address (subscription or directed presence, RFC 6121 §8.5.3.1).</summary>
    public void SharesPresence(Func<Session, Jid, ValueTask<bool>> answer) => _table.SharesPresence = answer;

    /// <summary>Whether an account has blocked an address (XEP-0191); asked for every stanza, so it must be quick.</summary>
    public void Blocks(Func<LocalAccount, Jid, bool> answer) => _table.Blocks = answer;

    /// <summary>Makes the copy other devices get (XEP-0280): account, canonical stanza bytes with stanza-id, sent or received.</summary>
    public void Copies(CopyRenderer renderer) => _table.Copies = renderer;

    /// <summary>A nonza a bound session may send.</summary>
    public void Nonza(string ns, string name, Action<Session, Stanza> handler) => _table.Nonzas.Add((ns, name), handler);

    /// <summary>Loads state of an account when it comes into memory, before anything is done with it.</summary>
    public void AccountLoading(Func<LocalAccount, ValueTask> load) => _table.AccountLoading.Add(load);

    /// <summary>The account is about to be removed; everything it has is still there.</summary>
    public void AccountRemoving(Func<LocalAccount, ValueTask> handler) => _table.AccountRemoving.Add(handler);

    /// <summary>The account was removed and its sessions ended.</summary>
    public void AccountRemoved(Func<LocalAccount, ValueTask> handler) => _table.AccountRemoved.Add(handler);

    /// <summary>A session ends for good; its presence is still as it was.</summary>
    public void SessionEnding(Func<Session, ValueTask> handler) => _table.SessionEnding.Add(handler);

    /// <summary>A hibernated session is back on a new connection; runs before anything is sent again.</summary>
    public void SessionResumed(Action<Session> handler) => _table.SessionResumed.Add(handler);

    /// <summary>Offers an element in stream features; null leaves it out on that connection.</summary>
    public void StreamFeature(StreamState state, Func<Connection, Element?> feature) => _table.StreamFeatures.Add((state, feature));

    public void EarlyIq(string ns, string name, EarlyIqHandler handler) => _table.EarlyIqs.Add((ns, name), handler);

    /// <summary>Adds to what every Bind 2 is answered with (XEP-0386 §4.2); null adds nothing.</summary>
    public void Bound(Func<Session, ValueTask<Element?>> part) => _table.Bound.Add(part);

    /// <summary>Offers inline use in Bind 2 and handles it.</summary>
    public void BindInline(string ns, string name, BindInline handler) => _table.BindInlines.Add((ns, name), handler);
}

/// <summary>Which way a copied message went.</summary>
public enum CopyDirection
{
    Sent,
    Received,
}

/// <summary>Renders the carbon of a message as complete canonical bytes.</summary>
/// <param name="owner">The account's bare address; <c>from</c> and <c>to</c> of the copy are derived from it.</param>
/// <param name="recipient">The session's full address.</param>
/// <param name="message">The message as delivered, complete with stanza-id where the owner's archive has one.</param>
public delegate byte[] CopyRenderer(Jid owner, Jid recipient, ReadOnlySpan<byte> message, CopyDirection direction);
