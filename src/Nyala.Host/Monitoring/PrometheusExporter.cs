using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Nyala.Host.Monitoring;

/// <summary>
/// Collects the process's instruments and writes them in Prometheus' text format (0.0.4). Counting allocates nothing for
/// series that exist. Safe from any thread.
/// </summary>
sealed class PrometheusExporter : IDisposable
{
    static readonly string[] Meters = ["Nyala", "System.Runtime", "Microsoft.AspNetCore.Server.Kestrel"];

    readonly MeterListener _listener = new();
    readonly List<MetricFamily> _families = [];
    readonly Lock _lock = new();

    public PrometheusExporter()
    {
        _listener.InstrumentPublished = Publish;
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, state) => ((MetricFamily)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, state) => ((MetricFamily)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, state) => ((MetricFamily)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<float>(static (_, value, tags, state) => ((MetricFamily)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<short>(static (_, value, tags, state) => ((MetricFamily)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<byte>(static (_, value, tags, state) => ((MetricFamily)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<decimal>(static (_, value, tags, state) => ((MetricFamily)state!).Record((double)value, tags));
        _listener.Start();
    }

    public string Write()
    {
        MetricFamily[] families;
        lock (_lock)
        {
            foreach (var family in _families)
            {
                family.BeforeObserving();
            }

            _listener.RecordObservableInstruments();
            families = [.. _families.OrderBy(family => family.Name, StringComparer.Ordinal)];
        }

        var text = new StringBuilder();
        foreach (var family in families)
        {
            family.Write(text);
        }

        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    void Publish(Instrument instrument, MeterListener listener)
    {
        if (!Array.Exists(Meters, name => instrument.Meter.Name == name || instrument.Meter.Name.StartsWith(name + ".", StringComparison.Ordinal)))
        {
            return;
        }

        var family = new MetricFamily(instrument);
        lock (_lock)
        {
            // Every Kestrel has a meter of its own (the pages', the administration socket's): a name is one family all the same.
            if (_families.Find(other => other.Name == family.Name) is { } known)
            {
                family = known;
            }
            else
            {
                _families.Add(family);
            }
        }

        listener.EnableMeasurementEvents(instrument, family);
    }

    /// <summary>A number as Prometheus reads it.</summary>
    internal static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf" : value.ToString("R", CultureInfo.InvariantCulture);
}
