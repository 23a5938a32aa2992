using System.Net;

namespace Nyala.Host.Http;

/// <summary>How many accounts an address may make in an hour (Limits:RegistrationsPerAddress). Safe from any thread; bounded memory.</summary>
sealed class RegistrationLimit(int perHour, TimeProvider time)
{
    const int MostAddresses = 10_000;

    readonly Dictionary<IPAddress, (DateTimeOffset Since, int Count)> _counts = [];
    readonly Lock _lock = new();

    /// <summary>Counts an attempt; false when there were too many.</summary>
    public bool TryTake(IPAddress address)
    {
        var now = time.GetUtcNow();
        var key = Network(address);
        lock (_lock)
        {
            if (!_counts.TryGetValue(key, out var entry) || now - entry.Since >= TimeSpan.FromHours(1))
            {
                Forget(now);
                entry = (now, 0);
            }

            if (entry.Count >= perHour || (entry.Count == 0 && _counts.Count >= MostAddresses))
            {
                return false;
            }

            _counts[key] = (entry.Since, entry.Count + 1);
            return true;
        }
    }

    void Forget(DateTimeOffset now)
    {
        if (_counts.Count < MostAddresses)
        {
            return;
        }

        foreach (var old in _counts.Where(pair => now - pair.Value.Since >= TimeSpan.FromHours(1)).Select(pair => pair.Key).ToArray())
        {
            _counts.Remove(old);
        }
    }

    // One IPv6 customer has at least a /64.
    static IPAddress Network(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != System.Net.Sockets.AddressFamily.InterNetworkV6)
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new(bytes);
    }
}
