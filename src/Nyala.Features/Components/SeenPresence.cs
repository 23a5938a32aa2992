using System.IO.Hashing;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Features.Components;

/// <summary>What presence a component has been told last, so that it hears of a contact of many accounts once (XEP-0356 §8). Bounded. Safe from any thread.</summary>
sealed class SeenPresence
{
    /// <summary>Beyond this many it begins anew, and says some things twice.</summary>
    const int Most = 20_000;

    readonly Lock _lock = new();
    readonly Dictionary<Jid, ulong> _last = [];

    /// <summary>Whether this is not what was told of the address last.</summary>
    public bool IsNew(Jid from, Stanza presence)
    {
        var hash = XxHash3.HashToUInt64(presence.Content.Span, (long)presence.Type);
        lock (_lock)
        {
            if (_last.TryGetValue(from, out var told) && told == hash)
            {
                return false;
            }

            if (_last.Count >= Most)
            {
                _last.Clear();
            }

            _last[from] = hash;
            return true;
        }
    }

    public void Forget()
    {
        lock (_lock)
        {
            _last.Clear();
        }
    }
}
