using System.Net;
using Nyala.Core;
using Nyala.Core.Connections;

namespace Nyala.Features.Registration;

/// <summary>
/// How many accounts an address may make in an hour without an invite (<see cref="Limits.RegistrationsPerAddress"/>). Loopback is
/// exempt. Bounded. Safe from any thread.
/// </summary>
public sealed class RegistrationLimit(Limits limits, TimeProvider time)
{
    const int MostAddresses = 10_000;

    static readonly TimeSpan Span = TimeSpan.FromHours(1);

    readonly Dictionary<UInt128, (long Since, int Count)> _counts = [];
    readonly Lock _lock = new();

    /// <summary>Counts an attempt; false when there were too many.</summary>
    public bool TryTake(IPAddress? address)
    {
        if (!limits.RateLimits || address is null || IPAddress.IsLoopback(address))
        {
            return true;
        }

        var key = AddressLimits.Key(address);
        lock (_lock)
        {
            if (!_counts.TryGetValue(key, out var entry) || time.GetElapsedTime(entry.Since) >= Span)
            {
                Forget();
                entry = (time.GetTimestamp(), 0);
            }

            if (entry.Count >= limits.RegistrationsPerAddress || (entry.Count == 0 && _counts.Count >= MostAddresses))
            {
                return false;
            }

            _counts[key] = (entry.Since, entry.Count + 1);
            return true;
        }
    }

    void Forget()
    {
        if (_counts.Count < MostAddresses)
        {
            return;
        }

        foreach (var old in _counts.Where(pair => time.GetElapsedTime(pair.Value.Since) >= Span).Select(pair => pair.Key).ToArray())
        {
            _counts.Remove(old);
        }
    }
}
