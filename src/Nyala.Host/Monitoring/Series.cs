using System.Globalization;
using System.Text;

namespace Nyala.Host.Monitoring;

/// <summary>The numbers of one combination of tags. Safe from any thread.</summary>
sealed class Series(int bounds)
{
    readonly long[] _buckets = new long[bounds + 1];
    double _value;
    long _count;

    /// <summary>Something was recorded.</summary>
    public bool Used => Volatile.Read(ref _count) > 0;

    public void Add(double value)
    {
        var seen = Volatile.Read(ref _value);
        while (true)
        {
            var before = Interlocked.CompareExchange(ref _value, seen + value, seen);
            if (before.Equals(seen))
            {
                break;
            }

            seen = before;
        }

        Interlocked.Increment(ref _count);
    }

    public void Set(double value)
    {
        Volatile.Write(ref _value, value);
        Interlocked.Increment(ref _count);
    }

    public void Clear() => Interlocked.Exchange(ref _count, 0);

    public void Observe(double value, double[] bounds)
    {
        var bucket = Array.BinarySearch(bounds, value);
        Interlocked.Increment(ref _buckets[bucket < 0 ? ~bucket : bucket]);
        Add(value);
    }

    public void WriteValue(StringBuilder text, string name, string labels) =>
        text.Append(CultureInfo.InvariantCulture, $"{name}{Braces(labels)} {PrometheusExporter.Number(Volatile.Read(ref _value))}\n");

    public void WriteHistogram(StringBuilder text, string name, string labels, double[] bounds)
    {
        var comma = labels.Length > 0 ? "," : "";
        long sum = 0;
        for (var i = 0; i <= bounds.Length; i++)
        {
            sum += Interlocked.Read(ref _buckets[i]);
            var bound = PrometheusExporter.Number(i < bounds.Length ? bounds[i] : double.PositiveInfinity);
            text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{labels}{comma}le=\"{bound}\"}} {sum}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"{name}_sum{Braces(labels)} {PrometheusExporter.Number(Volatile.Read(ref _value))}\n");
        text.Append(CultureInfo.InvariantCulture, $"{name}_count{Braces(labels)} {sum}\n");
    }

    static string Braces(string labels) => labels.Length > 0 ? "{" + labels + "}" : "";
}
