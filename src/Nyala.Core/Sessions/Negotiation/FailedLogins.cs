using System.Net;
using Nyala.Core.Connections;

namespace Nyala.Core.Sessions.Negotiation;

/// <summary>
/// Who failed to log in lately: after <see cref="Limits.FailedLogins"/> failures of one account from one address each further
/// attempt is refused for a time that doubles; ten times as many failures of one address, whatever the account, count too
/// (loopback excepted). An account that does not exist counts like any other. Bounded. Safe from any thread.
/// </summary>
sealed class FailedLogins(Limits limits, TimeProvider time)
{
    const int Bound = 50_000;
    const int AddressFactor = 10;

    static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(5);
    static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(15);

    /// <summary>Failures older than this are forgotten.</summary>
    static readonly TimeSpan Memory = TimeSpan.FromMinutes(30);

    readonly Lock _lock = new();
    readonly Dictionary<(string Account, UInt128 Address), Entry> _entries = [];

    /// <summary>Whether an attempt is to be refused without a look at the credentials.</summary>
    public bool IsRefused(string account, IPAddress? address)
    {
        if (!limits.RateLimits)
        {
            return false;
        }

        var now = time.GetTimestamp();
        lock (_lock)
        {
            return Refuses((account, Key(address)), now) || (CountsAlone(address) && Refuses(("", Key(address)), now));
        }
    }

    /// <summary>Notes a failure.</summary>
    public void Failed(string account, IPAddress? address)
    {
        if (!limits.RateLimits)
        {
            return;
        }

        var now = time.GetTimestamp();
        lock (_lock)
        {
            Note((account, Key(address)), limits.FailedLogins, now);
            if (CountsAlone(address))
            {
                Note(("", Key(address)), limits.FailedLogins * AddressFactor, now);
            }
        }
    }

    /// <summary>Forgets the failures of an account that got in. Those of the address stay: it may have one account and guess others.</summary>
    public void Succeeded(string account, IPAddress? address)
    {
        lock (_lock)
        {
            _entries.Remove((account, Key(address)));
        }
    }

    static UInt128 Key(IPAddress? address) => address is null ? default : AddressLimits.Key(address);

    static bool CountsAlone(IPAddress? address) => address is not null && !IPAddress.IsLoopback(address);

    bool Refuses((string, UInt128) key, long now) =>
        _entries.TryGetValue(key, out var entry) && time.GetElapsedTime(entry.LastFailure, now) < entry.Pause;

    void Note((string, UInt128) key, int allowed, long now)
    {
        if (_entries.Count >= Bound && !_entries.ContainsKey(key))
        {
            Forget(now);
        }

        _entries.TryGetValue(key, out var entry);
        var failures = entry.Failures > 0 && time.GetElapsedTime(entry.LastFailure, now) < Memory ? entry.Failures + 1 : 1;
        var pause = TimeSpan.Zero;
        if (failures >= allowed)
        {
            var doubled = FirstPause * Math.Pow(2, Math.Min(failures - allowed, 20));
            pause = doubled < LongestPause ? doubled : LongestPause;
        }

        _entries[key] = new(failures, now, pause);
    }

    void Forget(long now)
    {
        foreach (var (key, entry) in _entries)
        {
            if (time.GetElapsedTime(entry.LastFailure, now) >= Memory)
            {
                _entries.Remove(key);
            }
        }

        if (_entries.Count >= Bound)
        {
            // Somebody guesses from everywhere at once; starting to count anew is the lesser evil.
            _entries.Clear();
        }
    }

    readonly record struct Entry(int Failures, long LastFailure, TimeSpan Pause);
}
