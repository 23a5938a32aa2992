using Nyala.Core.Components;
using Nyala.Core.Connections;
using Nyala.Core.Sessions;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Routing;

/// <summary>Everything the features registered. Filled at start, read-only afterwards.</summary>
public sealed class FeatureTable
{
    readonly Dictionary<(StanzaType, Entity, string, string), IqHandler> _iqs = [];
    readonly Dictionary<(Entity, string Ns, string Node), IqHandler> _discoNodes = [];
    readonly SortedDictionary<string, string?> _hostNames = new(StringComparer.Ordinal);
    readonly Dictionary<string, IStanzaHost> _hosts = new(StringComparer.Ordinal);
    IStanzaHost? _others;
    bool _presenceSet;

    internal List<(string Feature, Entity Where)> Advertised { get; } = [];

    internal List<(DiscoIdentity Identity, Entity Where)> Identities { get; } = [];

    internal List<(DataForm Form, Entity Where)> Forms { get; } = [];

    internal List<Func<Session, Stanza, Stanza>> PresenceStamps { get; } = [];

    internal List<Action<Session>> PresenceSent { get; } = [];

    /// <summary>Who wants to know of presence from elsewhere.</summary>
    public List<Action<LocalAccount, Stanza>> PresenceArrived { get; } = [];

    internal List<(string Prefix, Action<Jid, Stanza> Handler)> IqAnswers { get; } = [];

    internal MessageHook[][] Hooks { get; } = [[], [], [], [], []];

    internal PresenceHandler Presence { get; private set; } = (_, _) => ValueTask.CompletedTask;

    internal ForeignPresenceHandler ForeignPresence { get; set; } = (_, _) => ValueTask.CompletedTask;

    internal Func<Session, Jid, ValueTask<bool>> SharesPresence { get; set; } = (_, _) => ValueTask.FromResult(false);

    internal Func<LocalAccount, Jid, bool> Blocks { get; set; } = (_, _) => false;

    internal CopyRenderer? Copies { get; set; }

    /// <summary>Who answers for a node of an entity, or null.</summary>
    public IqHandler? DiscoNode(Entity entity, string ns, string node) => _discoNodes.GetValueOrDefault((entity, ns, node));

    internal List<Func<Jid, ValueTask>> AddressGone { get; } = [];

    internal Sessions.Negotiation.IGuestDoor? GuestDoor { get; set; }

    /// <summary>Who wants to greet a component.</summary>
    public List<Func<IComponentLink, Task>> ComponentConnected { get; } = [];

    internal Dictionary<(string Ns, string Name), Func<Stanza, ValueTask<StanzaError?>>> DomainMessages { get; } = [];

    internal Dictionary<(string Ns, string Name), IqHandler> ForeignIqs { get; } = [];

    internal IDelegation? Delegation { get; set; }

    internal Func<DiscoInfo, Entity, DiscoInfo>? DiscoOverlay { get; set; }

    internal HashSet<(string Ns, string Name)> Queries { get; } = [];

    internal Dictionary<(string Ns, string Name), Action<Session, Stanza>> Nonzas { get; } = [];

    internal List<Func<LocalAccount, ValueTask>> AccountLoading { get; } = [];

    internal List<Func<LocalAccount, ValueTask>> AccountRemoving { get; } = [];

    internal List<Func<LocalAccount, ValueTask>> AccountRemoved { get; } = [];

    internal List<Action<Session>> SessionBound { get; } = [];

    internal List<Func<Session, ValueTask>> SessionEnding { get; } = [];

    internal List<Func<ValueTask>> Stopping { get; } = [];

    internal List<Action<Session>> SessionResumed { get; } = [];

    internal List<(StreamState State, Func<Connection, Element?> Feature)> StreamFeatures { get; } = [];

    /// <summary>What Bind 2 answers beside what was asked for.</summary>
    internal List<Func<Session, ValueTask<Element?>>> Bound { get; } = [];

    internal Dictionary<(string Ns, string Name), EarlyIqHandler> EarlyIqs { get; } = [];

    /// <summary>The inline parts Bind 2 offers.</summary>
    public Dictionary<(string Ns, string Name), BindInline> BindInlines { get; } = [];

    /// <summary>What service discovery says of an entity, sorted.</summary>
    public IReadOnlyList<string> FeaturesOf(Entity where) =>
        [.. Advertised.Where(entry => (entry.Where & where) != 0).Select(entry => entry.Feature).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>What an entity is beside what it is anyway.</summary>
    public IEnumerable<DiscoIdentity> IdentitiesOf(Entity where) => Identities.Where(entry => (entry.Where & where) != 0).Select(entry => entry.Identity);

    /// <summary>What else service discovery tells of an entity.</summary>
    public IEnumerable<DataForm> FormsOf(Entity where) => Forms.Where(entry => (entry.Where & where) != 0).Select(entry => entry.Form);

    /// <summary>The elements to offer in a state of negotiation.</summary>
    public IEnumerable<Element> OfferedTo(Connection connection, StreamState state) =>
        StreamFeatures.Where(entry => entry.State == state).Select(entry => entry.Feature(connection)).OfType<Element>();

    /// <summary>The handler of an iq before authentication, or null.</summary>
    public EarlyIqHandler? EarlyIq(string ns, string name) => EarlyIqs.GetValueOrDefault((ns, name));

    /// <summary>The domains answered here beside the server's own, with their names for people.</summary>
    public IReadOnlyDictionary<string, string?> Hosts => _hostNames;

    /// <summary>Whether somebody answers for one of these domains at this moment.</summary>
    public bool IsThere(string domain) => _hosts.TryGetValue(domain, out var host) && host.IsThere(domain);

    /// <summary>What service discovery tells depends on others, and changes.</summary>
    public bool IsOverlaid => DiscoOverlay is not null;

    /// <summary>What service discovery tells in the end.</summary>
    public DiscoInfo Shown(DiscoInfo info, Entity where) => DiscoOverlay?.Invoke(info, where) ?? info;

    /// <summary>Whether anybody takes what is for a domain that is not the server's own.</summary>
    public bool Reaches(string domain) => HostOf(domain) is not null;

    /// <summary>Whether an account has blocked an address (XEP-0191).</summary>
    public bool IsBlocked(LocalAccount account, Jid other) => Blocks(account, other);

    /// <summary>Who takes a message to the domain itself, or null.</summary>
    internal Func<Stanza, ValueTask<StanzaError?>>? DomainMessage(Stanza message)
    {
        for (var i = 0; DomainMessages.Count > 0 && i < message.ChildCount; i++)
        {
            var (name, ns) = message.ChildName(i);
            if (DomainMessages.TryGetValue((ns, name), out var handler))
            {
                return handler;
            }
        }

        return null;
    }

    internal IqHandler? Iq(StanzaType type, Entity entity, string ns, string name) => _iqs.GetValueOrDefault((type, entity, ns, name));

    internal void AddIq(StanzaType type, string ns, string name, IqHandler handler, Entity where)
    {
        foreach (var entity in Enum.GetValues<Entity>())
        {
            if ((where & entity) != 0 && !_iqs.TryAdd((type, entity, ns, name), handler))
            {
                throw new InvalidOperationException($"Two features handle iq {type} {{{ns}}}{name} for {entity}.");
            }
        }
    }

    internal void AddDiscoNode(string ns, string node, IqHandler handler, Entity where)
    {
        foreach (var entity in Enum.GetValues<Entity>().Where(entity => (where & entity) != 0))
        {
            _discoNodes.Add((entity, ns, node), handler);
        }
    }

    /// <summary>Somebody has answered a request of the server's own.</summary>
    internal void Answered(Jid from, Stanza iq)
    {
        foreach (var (prefix, handler) in IqAnswers)
        {
            if (iq.Id!.StartsWith(prefix, StringComparison.Ordinal))
            {
                handler(from, iq);
            }
        }
    }

    internal IStanzaHost? HostOf(string domain) => _hosts.GetValueOrDefault(domain) ?? _others;

    internal void AddHost(string domain, IStanzaHost host, string? name)
    {
        if (!_hosts.TryAdd(domain, host))
        {
            throw new InvalidOperationException($"Two features answer for {domain}.");
        }

        _hostNames.Add(domain, name);
    }

    internal void SetOtherServers(IStanzaHost host) =>
        _others = _others is null ? host : throw new InvalidOperationException("Two features reach other servers.");

    internal void SetPresence(PresenceHandler handler)
    {
        if (_presenceSet)
        {
            throw new InvalidOperationException("Two features handle presence.");
        }

        _presenceSet = true;
        Presence = handler;
    }
}
