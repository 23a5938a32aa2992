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

    /// <summary>Whether the session shares its presence, by subscription or directed (RFC 6121 §8.5.3.1).</summary>
    public async ValueTask<bool> SharesAsync(Session session, Jid other) => HasDirected(session, other) || await MaySeeAsync(session.Account, other);

    /// <summary>Those addresses directed presence went to that match; they are forgotten.</summary>
    internal static IReadOnlyList<Jid> TakeDirected(Session session, Func<Jid, bool> match)
    {
        if (session.Get(Directed) is not { } directed)
        {
            return [];
        }

        lock (directed)
        {
            List<Jid> taken = [.. directed.Where(match)];
            directed.ExceptWith(taken);
            return taken;
        }
    }

    /// <summary>Whether presence was directed to anybody of a domain.</summary>
    internal static bool HasDirectedTo(Session session, string domain)
    {
        if (session.Get(Directed) is not { } directed)
        {
            return false;
        }

        lock (directed)
        {
            return directed.Any(shown => shown.Domain == domain);
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
            // Who is in a room by one name there is so for all who are in it.
            return directed.Contains(other) || directed.Any(shown => shown.Bare.Equals(other.Bare));
        }
    }
}
