using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Nyala.Core.Connections;

/// <summary>
/// Counts unauthenticated connections per address: an IPv4 address, or an IPv6 /64, which is what one subscriber gets.
/// Loopback is exempt. Safe from any thread.
/// </summary>
public sealed class AddressLimits(Limits limits)
{
    readonly Lock _lock = new();
    readonly Dictionary<UInt128, int> _counts = [];

    /// <summary>Counts one more; false when the address has as many as it may. After true, <see cref="Leave"/> must follow once.</summary>
    public bool TryEnter(IPAddress? address)
    {
        if (!limits.RateLimits || address is null || IPAddress.IsLoopback(address))
        {
            return true;
        }

        var key = Key(address);
        lock (_lock)
        {
            _counts.TryGetValue(key, out var count);
            if (count >= limits.UnauthenticatedPerAddress)
            {
                return false;
            }

            _counts[key] = count + 1;
            return true;
        }
    }

    /// <summary>One less: it has authenticated, or is gone.</summary>
    public void Leave(IPAddress? address)
    {
        if (!limits.RateLimits || address is null || IPAddress.IsLoopback(address))
        {
            return;
        }

        var key = Key(address);
        lock (_lock)
        {
            if (_counts.TryGetValue(key, out var count) && count > 1)
            {
                _counts[key] = count - 1;
            }
            else
            {
                _counts.Remove(key);
            }
        }
    }

    /// <summary>What counts as one address, for limits of any kind.</summary>
    public static UInt128 Key(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (address.AddressFamily == AddressFamily.InterNetwork || address.IsIPv4MappedToIPv6)
        {
            (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).TryWriteBytes(bytes, out _);
            return BinaryPrimitives.ReadUInt32BigEndian(bytes);
        }

        address.TryWriteBytes(bytes, out _);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes) >> 64 << 64;
    }
}
