using System.Diagnostics.Metrics;
using Nyala.Host.Monitoring;
using Xunit;

namespace Nyala.Server.Tests.Host;

public sealed class MetricsTests
{
    [Fact]
    public void Counters_gauges_and_histograms_are_written_as_Prometheus_reads_them()
    {
        using var exporter = new PrometheusExporter();
        using var meter = new Meter("Nyala.ExporterTest");
        var counter = meter.CreateCounter<long>("exporter.test.messages", "{message}", "Counted \\ things.");
        var gauge = meter.CreateUpDownCounter<int>("exporter.test.open");
        var histogram = meter.CreateHistogram("exporter.test.time", "s", "", [], new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        meter.CreateObservableGauge("exporter.test.size", () => new Measurement<double>(1.5, new KeyValuePair<string, object?>("kind", "a\"b")), "By");
        counter.Add(2, new KeyValuePair<string, object?>("type", "chat"));
        counter.Add(3, new KeyValuePair<string, object?>("type", "chat"));
        counter.Add(1, new KeyValuePair<string, object?>("type", "normal"));
        gauge.Add(5);
        gauge.Add(-2);
        histogram.Record(0.05);
        histogram.Record(0.1);
        histogram.Record(7);

        var own = exporter.Write().Split('\n').Where(line => line.Contains("exporter_test", StringComparison.Ordinal));
        Assert.Equal(
            """
            # HELP exporter_test_messages_total Counted \\ things.
            # TYPE exporter_test_messages_total counter
            exporter_test_messages_total{type="chat"} 5
            exporter_test_messages_total{type="normal"} 1
            # HELP exporter_test_open 
            # TYPE exporter_test_open gauge
            exporter_test_open 3
            # HELP exporter_test_size_bytes 
            # TYPE exporter_test_size_bytes gauge
            exporter_test_size_bytes{kind="a\"b"} 1.5
            # HELP exporter_test_time_seconds 
            # TYPE exporter_test_time_seconds histogram
            exporter_test_time_seconds_bucket{le="0.1"} 2
            exporter_test_time_seconds_bucket{le="1"} 2
            exporter_test_time_seconds_bucket{le="+Inf"} 3
            exporter_test_time_seconds_sum 7.15
            exporter_test_time_seconds_count 3
            """, string.Join('\n', own));
    }

    [Fact]
    public void Instruments_of_one_name_in_two_meters_are_one_series()
    {
        using var exporter = new PrometheusExporter();
        using var one = new Meter("Nyala.ExporterTest");
        using var other = new Meter("Nyala.ExporterTest");
        one.CreateUpDownCounter<long>("exporter.shared").Add(2);
        other.CreateUpDownCounter<long>("exporter.shared").Add(3);
        Assert.Equal(
            ["# HELP exporter_shared ", "# TYPE exporter_shared gauge", "exporter_shared 5"],
            exporter.Write().Split('\n').Where(line => line.Contains("exporter_shared", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_tag_that_grows_without_end_does_not_take_the_memory()
    {
        using var exporter = new PrometheusExporter();
        using var meter = new Meter("Nyala.ExporterTest");
        var counter = meter.CreateCounter<long>("exporter.flood");
        for (var i = 0; i < 5_000; i++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("id", i));
        }

        Assert.Equal(1_000, exporter.Write().Split('\n').Count(line => line.StartsWith("exporter_flood_total{", StringComparison.Ordinal)));
    }
}
