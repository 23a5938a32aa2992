using Nyala.Core.Components;
using Nyala.Core.Connections;
using Nyala.Core.Sessions;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
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

/// <summary>
/// Handles presence that comes from elsewhere to an address of an account here; null: there is no such account
/// (RFC 6121 §3, §4, §8.5). Runs in the sender's order.
/// </summary>
public delegate ValueTask ForeignPresenceHandler(LocalAccount? account, Stanza presence);

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

    /// <summary>Says in service discovery what an entity is, beside what it is anyway.</summary>
    public void Identify(DiscoIdentity identity, Entity where) => _table.Identities.Add((identity, where));

    /// <summary>Adds to what service discovery tells of an entity (XEP-0128).</summary>
    public void Describe(DataForm form, Entity where = Entity.Domain) => _table.Forms.Add((form, where));

    /// <summary>Answers service discovery (info or items, by namespace) of one node of the domain, or of the sender's own account.</summary>
    public void DiscoNode(string ns, string node, IqHandler handler, Entity where = Entity.Domain) => _table.AddDiscoNode(ns, node, handler, where);

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

    /// <summary>May change presence a local session sends, broadcast or directed, before anybody sees it. Must be quick.</summary>
    public void PresenceStamp(Func<Session, Stanza, Stanza> stamp) => _table.PresenceStamps.Add(stamp);

    /// <summary>A session has broadcast its presence, and those who see it were told. Must be quick.</summary>
    public void PresenceSent(Action<Session> handler) => _table.PresenceSent.Add(handler);

    /// <summary>Presence without an address of a resource has come to an account from elsewhere, and its sessions were told. Must be quick.</summary>
    public void PresenceArrived(Action<LocalAccount, Stanza> handler) => _table.PresenceArrived.Add(handler);

    /// <summary>Hears the answers to requests the server itself has sent, known by the beginning of their ids, from sessions and from elsewhere. Must be quick.</summary>
    public void IqAnswers(string idPrefix, Action<Jid, Stanza> handler) => _table.IqAnswers.Add((idPrefix, handler));

    /// <summary>The handler of presence that comes from other servers, rooms and components.</summary>
    public void ForeignPresence(ForeignPresenceHandler handler) => _table.ForeignPresence = handler;

    /// <summary>
    /// Answers for a domain beside the server's own: its handlers of iq are registered as those of any other entity. It is an
    /// item of the server in service discovery.
    /// </summary>
    /// <param name="domain">Prepared, such as rooms.example.org.</param>
    /// <param name="host">Who takes what is sent there.</param>
    /// <param name="name">For people, or null.</param>
    public void Host(string domain, IStanzaHost host, string? name = null)
    {
        if (domain == Server.Options.Domain)
        {
            throw new InvalidOperationException($"{domain} is the server itself.");
        }

        _table.AddHost(domain, host, name);
    }

    /// <summary>A component has connected (XEP-0114), before anything else is sent to it. Not awaited by anybody.</summary>
    public void ComponentConnected(Func<IComponentLink, Task> handler) => _table.ComponentConnected.Add(handler);

    /// <summary>Takes messages from elsewhere to the domain itself that have such a child; an error is answered.</summary>
    public void DomainMessage(string ns, string name, Func<Stanza, ValueTask<StanzaError?>> handler) => _table.DomainMessages.Add((ns, name), handler);

    /// <summary>Answers an iq from elsewhere, to whatever address here.</summary>
    public void ForeignIq(string ns, string name, IqHandler handler) => _table.ForeignIqs.Add((ns, name), handler);

    /// <summary>Lets others answer requests to the server and its accounts.</summary>
    public void Delegation(IDelegation delegation) => _table.Delegation = delegation;

    /// <summary>Changes what service discovery tells of the domain and of accounts. Must be quick.</summary>
    public void DiscoOverlay(Func<DiscoInfo, Entity, DiscoInfo> overlay) => _table.DiscoOverlay = overlay;

    /// <summary>Takes what is for any domain that nobody here answers for.</summary>
    public void OtherServers(IStanzaHost host) => _table.SetOtherServers(host);

    /// <summary>Whether a session shares its presence with an address (subscription or directed presence, RFC 6121 §8.5.3.1).</summary>
    public void SharesPresence(Func<Session, Jid, ValueTask<bool>> answer) => _table.SharesPresence = answer;

    /// <summary>Whether an account has blocked an address (XEP-0191); asked for every stanza, so it must be quick.</summary>
    public void Blocks(Func<LocalAccount, Jid, bool> answer) => _table.Blocks = answer;

    /// <summary>Makes the copy other devices get (XEP-0280): account, canonical stanza bytes with stanza-id, sent or received.</summary>
    public void Copies(CopyRenderer renderer) => _table.Copies = renderer;

    /// <summary>A nonza a bound session may send.</summary>
    public void Nonza(string ns, string name, Action<Session, Stanza> handler) => _table.Nonzas.Add((ns, name), handler);

    /// <summary>Loads state of an account when it comes into memory, before anything is done with it; awaits nothing but reads of the store.</summary>
    public void AccountLoading(Func<LocalAccount, ValueTask> load) => _table.AccountLoading.Add(load);

    /// <summary>The account is about to be removed; everything it has is still there.</summary>
    public void AccountRemoving(Func<LocalAccount, ValueTask> handler) => _table.AccountRemoving.Add(handler);

    /// <summary>The account was removed and its sessions ended.</summary>
    public void AccountRemoved(Func<LocalAccount, ValueTask> handler) => _table.AccountRemoved.Add(handler);

    /// <summary>A resource was bound: nothing was sent to the session yet. Must be quick.</summary>
    public void SessionBound(Action<Session> handler) => _table.SessionBound.Add(handler);

    /// <summary>An address that a guest had will be nobody's: what was noted of it goes.</summary>
    public void AddressGone(Func<Jid, ValueTask> handler) => _table.AddressGone.Add(handler);

    /// <summary>Lets people in without an account.</summary>
    public void Guests(Sessions.Negotiation.IGuestDoor door) => _table.GuestDoor = door;

    /// <summary>A session ends for good; its presence is still as it was.</summary>
    public void SessionEnding(Func<Session, ValueTask> handler) => _table.SessionEnding.Add(handler);

    /// <summary>The server goes down; all sessions are still there. Must not wait for anybody.</summary>
    public void Stopping(Func<ValueTask> handler) => _table.Stopping.Add(handler);

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
