using System.Collections.Concurrent;
using System.Collections.Frozen;
using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.PubSub;

/// <summary>
/// Which nodes' events each resource wants: the <c>+notify</c> features behind the hash in its presence (XEP-0060 §9.2). A
/// hash that is not known yet is asked of one client, checked (XEP-0115 §5.4) and remembered for all.
/// </summary>
public sealed class ClientInterests : IFeature
{
    const string IdPrefix = "caps-";

    /// <summary>Resources elsewhere that are remembered for one account; more are not told of its events.</summary>
    const int MostForeign = 1_000;

    /// <summary>What the session's presence says, and the nodes that stands for once that is known.</summary>
    static readonly SlotKey<Interest> Current = new("interests");

    /// <summary>The same of the resources elsewhere that send the account their presence.</summary>
    static readonly SlotKey<ConcurrentDictionary<Jid, Interest>> Foreign = new("interests elsewhere");

    readonly NyalaServer _server;
    readonly LastItems _lastItems;
    readonly KnownCaps _known;

    public ClientInterests(NyalaServer server, LastItems lastItems)
    {
        _server = server;
        _lastItems = lastItems;
        _known = new(server.Timers, Ask);
    }

    public void Register(FeatureBuilder on)
    {
        on.PresenceSent(PresenceSent);
        on.PresenceArrived(PresenceArrived);
        on.IqAnswers(IdPrefix, Answered);
        on.SessionEnding(EndingAsync);
    }

    /// <summary>Whether a session wants events of a node.</summary>
    internal static bool Wants(Session session, string node) => session.Get(Current)?.Nodes?.Contains(node) == true;

    /// <summary>All nodes a session wants events of.</summary>
    internal static IReadOnlySet<string> Of(Session session) => session.Get(Current)?.Nodes ?? FrozenSet<string>.Empty;

    /// <summary>The resources of somebody elsewhere that want events of an account's node.</summary>
    internal static IEnumerable<Jid> Elsewhere(LocalAccount account, Jid bare, string node) => account.Get(Foreign) is { } all
        ? all.Where(entry => entry.Key.Bare.Equals(bare) && entry.Value.Nodes?.Contains(node) == true).Select(entry => entry.Key)
        : [];

    void PresenceSent(Session session)
    {
        var caps = session.Presence is { } presence ? ClientCaps.Of(presence) : null;
        var old = session.Get(Current);
        if (caps == old?.Caps)
        {
            return;
        }

        if (caps is null)
        {
            session.Set<Interest>(Current, null);
            return;
        }

        // What was wanted before stays wanted until the new is known: nothing is missed in between.
        session.Set(Current, new(caps, old?.Nodes));
        _known.Resolve(session.Jid, caps, nodes =>
        {
            // Unless its presence has changed meanwhile.
            if (session.Get(Current) is { } current && current.Caps == caps)
            {
                session.Set(Current, new(caps, nodes));
                if (Gained(current.Nodes, nodes) is { Count: > 0 } gained)
                {
                    _ = _lastItems.LaterAsync(() => _lastItems.SendAsync(session, gained));
                }
            }
        });
    }

    void PresenceArrived(LocalAccount account, Stanza presence)
    {
        var who = presence.From!;
        var caps = presence.Type == StanzaType.None && who.IsFull ? ClientCaps.Of(presence) : null;
        var all = account.Get(Foreign);
        var old = all?.GetValueOrDefault(who);
        if (caps == old?.Caps)
        {
            return;
        }

        if (caps is null)
        {
            all!.TryRemove(who, out _);
            return;
        }

        if (all is null)
        {
            account.Set(Foreign, all = new());
        }
        else if (old is null && all.Count >= MostForeign)
        {
            return;
        }

        all[who] = new(caps, old?.Nodes);
        _known.Resolve(who, caps, nodes =>
        {
            if (all.TryGetValue(who, out var current) && current.Caps == caps)
            {
                all[who] = new(caps, nodes);
                if (Gained(current.Nodes, nodes) is { Count: > 0 } gained)
                {
                    _ = _lastItems.LaterAsync(() => _lastItems.FromAsync(account, who, gained));
                }
            }
        });
    }

    static HashSet<string> Gained(FrozenSet<string>? before, FrozenSet<string> now) =>
        now.Except(before ?? FrozenSet<string>.Empty).ToHashSet(StringComparer.Ordinal);

    void Answered(Jid from, Stanza answer)
    {
        var info = answer.Type == StanzaType.Result && answer.Child("query", Ns.DiscoInfo) is { } query
            && DiscoInfo.TryParse(query, answer.Attribute("xml:lang"), out var read) ? read : null;
        _known.Answered(from, answer.Id![IdPrefix.Length..], info);
    }

    ValueTask EndingAsync(Session session)
    {
        _known.Gone(session.Jid);
        return ValueTask.CompletedTask;
    }

    void Ask(Jid who, ClientCaps caps, string id)
    {
        var request = new Element("iq", Ns.Client)
            .Set("type", "get").Set("id", IdPrefix + id).Set("from", _server.Options.Domain).Set("to", who.ToString())
            .Add(new Element("query", Ns.DiscoInfo).Set("node", caps.Node));
        if (who.Domain != _server.Options.Domain)
        {
            _server.Router.Send(Stanza.Of(request), Jid.FromPrepared(null, _server.Options.Domain), who);
        }
        else if (_server.Accounts.TryGet(who.Local!, out var account) && account.Find(who.Resource!) is { } session)
        {
            session.Send(request);
        }
    }

    sealed record Interest(ClientCaps Caps, FrozenSet<string>? Nodes);
}

/// <summary>What in a presence stands for a client's features.</summary>
/// <param name="Algorithm">The hash function, or empty for none (XEP-0115 before 1.4): only the client itself can be believed then.</param>
/// <param name="Hash">The hash.</param>
/// <param name="Node">What the client is asked for it by.</param>
/// <param name="IsSecond">It is of XEP-0390.</param>
sealed record ClientCaps(string Algorithm, string Hash, string Node, bool IsSecond)
{
    const int Longest = 1_024;

    public static ClientCaps? Of(Stanza presence)
    {
        if (presence.Child("c", Ns.Caps) is { } c && c["node"] is { Length: <= Longest } node && c["ver"] is { Length: > 0 and <= Longest } ver)
        {
            return new(c["hash"] is { Length: <= Longest } algorithm ? algorithm : "", ver, $"{node}#{ver}", IsSecond: false);
        }

        return presence.Child("c", Ns.Caps2) is { } second
            && second.Children.FirstOrDefault(child => child.Is("hash", Ns.Hashes) && child["algo"] == "sha-256")?.Text.Trim() is { Length: > 0 and <= Longest } hash
            ? new("sha-256", hash, Caps.Node(hash), IsSecond: true)
            : null;
    }

    /// <summary>Whether the information is what the hash stands for.</summary>
    public bool IsOf(DiscoInfo info) => IsSecond ? Caps.Hash(info) == Hash : Algorithm == "sha-1" && Caps.Ver(info) == Hash;
}
