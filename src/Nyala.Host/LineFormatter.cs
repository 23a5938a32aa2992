using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Nyala.Host;

/// <summary>Time, level, where from, and the message: one line, whatever strangers put into the texts.</summary>
sealed class LineFormatter() : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "nyala";
    public const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        textWriter.Write(TimeProvider.System.GetUtcNow().ToString(TimeFormat, CultureInfo.InvariantCulture));
        textWriter.Write(Level(logEntry.LogLevel));
        textWriter.Write(logEntry.Category[(logEntry.Category.LastIndexOf('.') + 1)..]);
        textWriter.Write(": ");
        WriteOnOneLine(textWriter, message);
        if (logEntry.Exception is { } exception)
        {
            textWriter.Write(" | ");
            WriteOnOneLine(textWriter, exception.ToString());
        }

        textWriter.Write('\n');
    }

    static void WriteOnOneLine(TextWriter writer, string text)
    {
        foreach (var c in text)
        {
            if (c is '\n')
            {
                writer.Write(" ⏎ ");
            }
            else if (!char.IsControl(c))
            {
                writer.Write(c);
            }
        }
    }

    static string Level(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => " debug ",
        LogLevel.Information => " info  ",
        LogLevel.Warning => " warn  ",
        LogLevel.Error => " error ",
        _ => " fatal ",
    };
}
