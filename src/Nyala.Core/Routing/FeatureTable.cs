using Nyala.Core.Connections;
using Nyala.Core.Sessions;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Routing;

/// <summary>Everything the features registered. Filled at start, read-only afterwards.</summary>
public sealed class FeatureTable
{
    readonly Dictionary<(StanzaType, Entity, string, string), IqHandler> _iqs = [];
    bool _presenceSet;

    internal List<(string Feature, Entity Where)> Advertised { get; } = [];

    internal MessageHook[][] Hooks { get; } = [[], [], [], [], []];

    internal PresenceHandler Presence { get; private set; } = (_, _) => ValueTask.CompletedTask;

    internal Func<Session, Jid, ValueTask<bool>> SharesPresence { get; set; } = (_, _) => ValueTask.FromResult(false);

    internal Func<LocalAccount, Jid, bool> Blocks { get; set; } = (_, _) => false;

    internal CopyRenderer? Copies { get; set; }

    /// <summary>Who answers for the nodes of the domain.</summary>
    public Dictionary<(string Ns, string Node), IqHandler> DiscoNodes { get; } = [];

    internal HashSet<(string Ns, string Name)> Queries { get; } = [];

    internal Dictionary<(string Ns, string Name), Action<Session, Stanza>> Nonzas { get; } = [];

    internal List<Func<LocalAccount, ValueTask>> AccountLoading { get; } = [];

    internal List<Func<LocalAccount, ValueTask>> AccountRemoving { get; } = [];

    internal List<Func<LocalAccount, ValueTask>> AccountRemoved { get; } = [];

    internal List<Func<Session, ValueTask>> SessionEnding { get; } = [];

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

    /// <summary>The elements to offer in a state of negotiation.</summary>
    public IEnumerable<Element> OfferedTo(Connection connection, StreamState state) =>
        StreamFeatures.Where(entry => entry.State == state).Select(entry => entry.Feature(connection)).OfType<Element>();

    /// <summary>The handler of an iq before authentication, or null.</summary>
    public EarlyIqHandler? EarlyIq(string ns, string name) => EarlyIqs.GetValueOrDefault((ns, name));

    /// <summary>Whether an account has blocked an address (XEP-0191).</summary>
    public bool IsBlocked(LocalAccount account, Jid other) => Blocks(account, other);

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
