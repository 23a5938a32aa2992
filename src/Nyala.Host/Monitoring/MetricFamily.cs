using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Nyala.Host.Monitoring;

/// <summary>The instruments of one name and their series, one per combination of tags.</summary>
sealed class MetricFamily
{
    /// <summary>More combinations are not kept: a tag that grows without end must not take the memory.</summary>
    const int MostSeries = 1_000;

    const int MostKnown = 32;

    // Seconds, from the Prometheus client libraries' habit, with finer steps below.
    static readonly double[] DefaultBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    readonly Instrument _instrument;
    readonly Kind _kind;
    readonly double[] _bounds = [];
    readonly Series _plain;
    readonly ConcurrentDictionary<string, Series> _series = new(StringComparer.Ordinal);
    (KeyValuePair<string, object?>[] Tags, Series Series)[] _known = [];

    public MetricFamily(Instrument instrument)
    {
        _instrument = instrument;
        var type = instrument.GetType().GetGenericTypeDefinition();
        _kind = type switch
        {
            _ when type == typeof(Histogram<>) => Kind.Histogram,
            _ when type == typeof(Counter<>) || type == typeof(ObservableCounter<>) => Kind.Counter,
            _ => Kind.Gauge,
        };
        Adds = type == typeof(Counter<>) || type == typeof(UpDownCounter<>);
        if (_kind == Kind.Histogram)
        {
            _bounds = (instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries?.ToArray()
                ?? (instrument as Histogram<long>)?.Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound).ToArray()
                ?? (instrument as Histogram<int>)?.Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound).ToArray()
                ?? DefaultBounds;
        }

        _plain = new(_bounds.Length);
        Name = MakeName();
    }

    public string Name { get; }

    /// <summary>Measurements are added up, instead of replacing the value before.</summary>
    bool Adds { get; }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var series = tags.IsEmpty ? _plain : Find(tags);
        if (series is null)
        {
            return;
        }

        if (_kind == Kind.Histogram)
        {
            series.Observe(value, _bounds);
        }
        else if (Adds)
        {
            series.Add(value);
        }
        else
        {
            series.Set(value);
        }
    }

    /// <summary>What an observable instrument does not report any more is gone.</summary>
    public void BeforeObserving()
    {
        if (_instrument.IsObservable)
        {
            _series.Clear();
            _known = [];
            _plain.Clear();
        }
    }

    public void Write(StringBuilder text)
    {
        var series = _series.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (Labels: pair.Key, pair.Value)).ToList();
        if (_plain.Used || (series.Count == 0 && Adds))
        {
            // A counter that never counted is worth a zero: dashboards then know it.
            series.Insert(0, ("", _plain));
        }

        if (series.Count == 0)
        {
            return;
        }

        var help = (_instrument.Description ?? "").Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", " ", StringComparison.Ordinal);
        text.Append(CultureInfo.InvariantCulture, $"# HELP {Name} {help}\n# TYPE {Name} {_kind.ToString().ToLowerInvariant()}\n");
        foreach (var (labels, value) in series)
        {
            if (_kind == Kind.Histogram)
            {
                value.WriteHistogram(text, Name, labels, _bounds);
            }
            else
            {
                value.WriteValue(text, Name, labels);
            }
        }
    }

    Series? Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var known in _known)
        {
            if (SameTags(known.Tags, tags))
            {
                return known.Series;
            }
        }

        var series = FindByText(tags);
        if (series is not null)
        {
            lock (_series)
            {
                // A few combinations are looked up without making text of them; the rest are rare.
                _known = _known.Length < MostKnown ? [.. _known, (tags.ToArray(), series)] : _known;
            }
        }

        return series;
    }

    static bool SameTags(KeyValuePair<string, object?>[] known, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (known.Length != tags.Length)
        {
            return false;
        }

        for (var i = 0; i < known.Length; i++)
        {
            if (known[i].Key != tags[i].Key || !Equals(known[i].Value, tags[i].Value))
            {
                return false;
            }
        }

        return true;
    }

    Series? FindByText(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in tags)
        {
            text.Append(text.Length == 0 ? "" : ",").Append(Identifier(key)).Append("=\"");
            text.Append(Convert.ToString(value, CultureInfo.InvariantCulture)?
                .Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal));
            text.Append('"');
        }

        var labels = text.ToString();
        if (_series.TryGetValue(labels, out var series))
        {
            return series;
        }

        return _series.Count >= MostSeries ? null : _series.GetOrAdd(labels, _ => new(_bounds.Length));
    }

    string MakeName()
    {
        var name = Identifier(_instrument.Name);
        var unit = _instrument.Unit switch { "s" => "_seconds", "ms" => "_milliseconds", "By" => "_bytes", _ => "" };
        name = name.EndsWith(unit, StringComparison.Ordinal) ? name : name + unit;
        return _kind == Kind.Counter && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
    }

    static string Identifier(string name) =>
        string.Concat(name.Select((c, i) => char.IsAsciiLetter(c) || c == '_' || (i > 0 && char.IsAsciiDigit(c)) ? c : '_'));

    enum Kind
    {
        Counter,
        Gauge,
        Histogram,
    }
}
