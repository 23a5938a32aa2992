using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Nyala.Host;

/// <summary>Metrics and logs to an OTLP collector, when OTEL_EXPORTER_OTLP_ENDPOINT names one. All OTEL_ variables are the exporter's own.</summary>
sealed class Telemetry : IDisposable
{
    readonly MeterProvider _metrics;
    Telemetry() => _metrics = Sdk.CreateMeterProviderBuilder()
        .ConfigureResource(Describe).AddMeter("Nyala", "Nyala.*", "System.Runtime", "Microsoft.AspNetCore.Server.Kestrel").AddOtlpExporter().Build();

    static bool IsWanted => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT"));

    /// <summary>The exporters, or null when nobody wants them.</summary>
    public static Telemetry? Start() => IsWanted ? new() : null;

    public static void AddLogs(ILoggingBuilder logging)
    {
        if (IsWanted)
        {
            logging.AddOpenTelemetry(logs =>
            {
                logs.SetResourceBuilder(ResourceBuilder.CreateDefault().AddService("nyala", serviceVersion: About.Version));
                logs.IncludeFormattedMessage = true;
                logs.AddOtlpExporter();
            });
        }
    }

    public void Dispose() => _metrics.Dispose();

    static void Describe(ResourceBuilder resource) => resource.AddService("nyala", serviceVersion: About.Version);
}
