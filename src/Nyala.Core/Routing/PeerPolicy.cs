using Nyala.Storage;
using Nyala.Xmpp;

namespace Nyala.Core.Routing;

/// <summary>
/// Whom everybody here talks with or not, as administrators have it while the server runs (XEP-0133 §4.11, §4.12); what the
/// configuration says of other servers holds beside it. Safe from any thread.
/// </summary>
public sealed class PeerPolicy
{
    readonly IPeerRules _store;
    readonly SemaphoreSlim _one = new(1);
    volatile Lists _lists;

    PeerPolicy(IPeerRules store, PeerRules rules)
    {
        _store = store;
        _lists = Lists.Of(rules);
    }

    internal static async Task<PeerPolicy> LoadAsync(IPeerRules store) => new(store, await store.LoadAsync());

    /// <summary>The lists in force.</summary>
    public PeerRules Rules => _lists.Rules;

    /// <summary>Whether people here may talk with an address elsewhere: its own entries count, those of its domain, and of domains above.</summary>
    public bool Allows(Jid peer) => _lists is { IsEmpty: true } || Allows(_lists, peer);

    /// <summary>Whether anybody of a domain may be talked with, so that streams with its server make sense.</summary>
    public bool AllowsDomain(string domain)
    {
        var lists = _lists;
        return lists.IsEmpty || (!HasDomain(lists.Blocked, domain) && (lists.Allowed.Count == 0 || HasDomain(lists.Allowed, domain) || lists.AllowedAt.Contains(domain)));
    }

    /// <summary>Puts lists in place of those there are (null: it stays), durably.</summary>
    public async Task ReplaceAsync(IReadOnlyCollection<string>? blocked, IReadOnlyCollection<string>? allowed)
    {
        await _one.WaitAsync();
        try
        {
            await _store.ReplaceAsync(blocked, allowed);
            _lists = Lists.Of(await _store.LoadAsync());
        }
        finally
        {
            _one.Release();
        }
    }

    static bool Allows(Lists lists, Jid peer) => !Has(lists.Blocked, peer) && (lists.Allowed.Count == 0 || Has(lists.Allowed, peer));

    // XEP-0016 §2.1: the most exact entry first; here all of one list say the same, so the order does not matter.
    static bool Has(HashSet<string> list, Jid peer) =>
        list.Count > 0
        && ((peer.Resource is not null && list.Contains(peer.ToString()))
            || (peer.Local is not null && list.Contains(peer.Bare.ToString()))
            || HasDomain(list, peer.Domain));

    static bool HasDomain(HashSet<string> list, string domain)
    {
        if (list.Count == 0)
        {
            return false;
        }

        for (var rest = domain; ;)
        {
            if (list.Contains(rest))
            {
                return true;
            }

            var dot = rest.IndexOf('.', StringComparison.Ordinal);
            if (dot < 0)
            {
                return false;
            }

            rest = rest[(dot + 1)..];
        }
    }

    sealed record Lists(PeerRules Rules, HashSet<string> Blocked, HashSet<string> Allowed, HashSet<string> AllowedAt)
    {
        public bool IsEmpty => Blocked.Count == 0 && Allowed.Count == 0;

        public static Lists Of(PeerRules rules) => new(
            rules, [.. rules.Blocked], [.. rules.Allowed], [.. rules.Allowed.Select(address => Jid.TryParse(address, out var jid) ? jid.Domain : address)]);
    }
}
