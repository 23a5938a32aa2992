using System.Diagnostics;

namespace Nyala.Load.Measure;

/// <summary>Collects durations exactly, up to a bound, and sorts them once at the end. Safe from any thread.</summary>
sealed class Latencies(int capacity = 4_000_000)
{
    readonly long[] _ticks = new long[capacity];
    int _count;

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

        var sorted = _ticks.AsSpan(0, Count);
        sorted.Sort();
        into.Add(name + " p50", Milliseconds(sorted[(int)(sorted.Length * 0.50)]), "ms");
        into.Add(name + " p90", Milliseconds(sorted[(int)(sorted.Length * 0.90)]), "ms");
        into.Add(name + " p99", Milliseconds(sorted[(int)(sorted.Length * 0.99)]), "ms");
        into.Add(name + " max", Milliseconds(sorted[^1]), "ms");
    }

    static double Milliseconds(long ticks) => ticks * 1000.0 / Stopwatch.Frequency;
}
