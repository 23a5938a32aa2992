using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Features.Rosters;
using Nyala.Xmpp;

namespace Nyala.Features.Sharing;

/// <summary>Who may see an account's presence: the one rule behind all that shows whether somebody is there.</summary>
public sealed class PresenceAccess(RosterCache rosters)
{
    /// <summary>Addresses a session has shown its presence to beyond its subscribers (RFC 6121 §4.6). Bounded by <see cref="MaxDirected"/>.</summary>
    internal static readonly SlotKey<HashSet<Jid>> Directed = new("directed presence");

    /// <summary>How many addresses directed presence is remembered for; more are refused.</summary>
    internal const int MaxDirected = 500;

    /// <summary>The account itself, and its subscribers.</summary>
    public async ValueTask<bool> MaySeeAsync(LocalAccount account, Jid other) =>
        other.Bare.Equals(account.Jid) || (await rosters.GetAsync(account.Id)).IsSubscriber(other.Bare);

    /// <summary>Whether the account shares its presence, by subscription or directed (RFC 6121 §8.5.3.1).</summary>
    public async ValueTask<bool> SharesAsync(LocalAccount account, Jid other)
    {
        foreach (var session in account.SessionList)
        {
            if (HasDirected(session, other))
            {
                return true;
            }
        }

        return await MaySeeAsync(account, other);
    }

    /// <summary>All addresses directed presence went to; none afterwards.</summary>
    internal static IReadOnlyList<Jid> TakeDirected(Session session)
    {
        var all = DirectedOf(session);
        session.Set<HashSet<Jid>>(Directed, null);
        return all;
    }

    /// <summary>All addresses directed presence went to.</summary>
    internal static IReadOnlyList<Jid> DirectedOf(Session session)
    {
        if (session.Get(Directed) is not { } directed)
        {
            return [];
        }

        lock (directed)
        {
            return [.. directed];
        }
    }

    internal static bool HasDirected(Session session, Jid other)
    {
        if (session.Get(Directed) is not { } directed)
        {
            return false;
        }

        lock (directed)
        {
            return directed.Contains(other) || directed.Contains(other.Bare);
        }
    }
}
