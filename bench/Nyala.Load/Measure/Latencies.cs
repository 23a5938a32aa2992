using System.Diagnostics;

namespace Nyala.Load.Measure;

/// <summary>Collects durations exactly, up to a bound, and sorts them once at the end. Safe from any thread.</summary>
sealed class Latencies(int capacity = 4_000_000)
{
    readonly long[] _ticks = new long[capacity];
    int _count;
    bool _isSorted;

    public int Count => Math.Min(_count, _ticks.Length);

    /// <param name="ticks">In <see cref="Stopwatch"/> ticks.</param>
    public void Add(long ticks)
    {
        var index = Interlocked.Increment(ref _count) - 1;
        if (index < _ticks.Length)
        {
            _ticks[index] = ticks;
        }
    }

    /// <summary>Adds p50, p90, p99 and the largest, in milliseconds, under names that begin with <paramref name="name"/>.</summary>
    public void Report(Measurements into, string name)
    {
        if (Count == 0)
        {
            return;
        }

        into.Add(name + " p50", Milliseconds(0.50), "ms");
        into.Add(name + " p90", Milliseconds(0.90), "ms");
        into.Add(name + " p99", Milliseconds(0.99), "ms");
        into.Add(name + " max", Milliseconds(1), "ms");
    }

    /// <summary>What so large a part of them did not exceed. Only when nothing is added any more.</summary>
    public double Milliseconds(double part)
    {
        if (!_isSorted)
        {
            Array.Sort(_ticks, 0, Count);
            _isSorted = true;
        }

        return _ticks[Math.Min(Count - 1, (int)(Count * part))] * 1000.0 / Stopwatch.Frequency;
    }
}
