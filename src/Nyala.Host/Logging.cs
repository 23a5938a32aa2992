using Microsoft.Extensions.Logging.Console;
using Nyala.Host.Configuration;

namespace Nyala.Host;

/// <summary>How the process logs: one line per event on standard output, text or JSON.</summary>
static class Logging
{
    public static ILoggerFactory Create(NyalaOptions options) => LoggerFactory.Create(logging =>
    {
        Filter(logging, options.LogLevel);
        if (options.LogFormat == LogFormat.Json)
        {
            logging.AddJsonConsole(json =>
            {
                json.TimestampFormat = LineFormatter.TimeFormat;
                json.UseUtcTimestamp = true;
            });
        }
        else
        {
            logging.AddConsole(console => console.FormatterName = LineFormatter.FormatterName);
            logging.AddConsoleFormatter<LineFormatter, ConsoleFormatterOptions>();
        }

        Telemetry.AddLogs(logging);
    });

    /// <summary>Lets through what an operator looks for; also keeps addresses with tokens in them out, which the framework would log.</summary>
    public static void Filter(ILoggingBuilder logging, LogLevel least)
    {
        logging.SetMinimumLevel(least);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("System", LogLevel.Warning);

        // A port that is taken ends the start with a sentence of ours; the trace behind it helps nobody.
        logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
    }
}
