using Microsoft.Extensions.Logging.Console;
using Nyala.Host.Configuration;

namespace Nyala.Host;

/// <summary>How the process logs: one line per event on standard output, text or JSON.</summary>
static class Logging
{
    public static ILoggerFactory Create(NyalaOptions options) => LoggerFactory.Create(logging =>
    {
        logging.SetMinimumLevel(options.LogLevel);

        // The framework's own everyday events would drown what an operator looks for.
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("System", LogLevel.Warning);

        // A port that is taken ends the start with a sentence of ours; the trace behind it helps nobody.
        logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
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
}
