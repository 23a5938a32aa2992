using System.Text.Json;
using System.Text.Json.Serialization;
using QRCoder;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Nyala.Host.Output;

/// <summary>What commands write to: tables and colours on a terminal, plain lines elsewhere (also with NO_COLOR), JSON where asked for.</summary>
sealed class Terminal(TextWriter output, TextWriter error, bool rich)
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerOptions.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    readonly IAnsiConsole _console = AnsiConsole.Create(new()
    {
        Out = new AnsiConsoleOutput(output),
        Ansi = rich ? AnsiSupport.Detect : AnsiSupport.No,
        ColorSystem = rich ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        Interactive = InteractionSupport.Detect,
    });

    /// <summary>The process's own terminal.</summary>
    public static Terminal Standard { get; } = new(Console.Out, Console.Error, IsRich());

    /// <summary>Somebody looks at this, not a program.</summary>
    public bool IsForPeople => rich;

    public void Line(string text = "") => output.WriteLine(text);

    public void Error(string text)
    {
        if (rich && !Console.IsErrorRedirected)
        {
            error.WriteLine($"\u001b[31m{text}\u001b[0m");
        }
        else
        {
            error.WriteLine(text);
        }
    }

    public void AsJson<T>(T value) => output.WriteLine(JsonSerializer.Serialize(value, Json));

    /// <summary>A table; without a terminal one line per row with tabs between columns.</summary>
    public void Rows(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows, Func<int, string, string?>? style = null)
    {
        if (!rich)
        {
            foreach (var row in rows)
            {
                output.WriteLine(string.Join('\t', row));
            }

            return;
        }

        var table = new Table { Border = TableBorder.Rounded, BorderStyle = new Style(Color.Grey) };
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))));
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select((cell, i) => (IRenderable)new Text(cell, Style.Parse(style?.Invoke(i, cell) ?? "default"))));
        }

        _console.Write(table);
    }

    /// <summary>Names and values below each other.</summary>
    public void Pairs(IEnumerable<(string Name, string Value)> pairs)
    {
        var all = pairs.ToArray();
        var width = all.Max(pair => pair.Name.Length);
        foreach (var (name, value) in all)
        {
            output.WriteLine($"  {name.PadRight(width)}  {value}");
        }
    }

    public void Heading(string text)
    {
        if (rich)
        {
            _console.Write(new Text(text + "\n", new Style(decoration: Decoration.Bold)));
        }
        else
        {
            output.WriteLine(text);
        }
    }

    /// <summary>A QR code of half blocks, dark on light whatever the terminal's colours are; nothing when no person looks.</summary>
    public void Qr(string text)
    {
        if (!rich)
        {
            return;
        }

        using var generator = new QRCodeGenerator();
        using var code = generator.CreateQrCode(text, QRCodeGenerator.ECCLevel.L);
        var matrix = code.ModuleMatrix;

        // QRCoder's quiet zone is four wide; two are enough for cameras and fit small windows.
        for (var y = 2; y < matrix.Count - 2; y += 2)
        {
            output.Write("  \u001b[38;5;16m\u001b[48;5;231m");
            for (var x = 2; x < matrix.Count - 2; x++)
            {
                var (top, bottom) = (matrix[y][x], y + 1 < matrix.Count - 2 && matrix[y + 1][x]);
                output.Write((top, bottom) switch { (true, true) => '█', (true, false) => '▀', (false, true) => '▄', _ => ' ' });
            }

            output.WriteLine("\u001b[0m");
        }
    }

    /// <summary>Asks for a secret twice, without echo; null when the two differ.</summary>
    public string? AskTwice(string question)
    {
        string Ask(string text) => _console.Prompt(new TextPrompt<string>(text).Secret(mask: null).AllowEmpty());
        var first = Ask(question + ":");
        return Ask(question + " again:") == first ? first : null;
    }

    /// <summary>Shows that something long is going on, where somebody looks.</summary>
    public async Task<T> WhileAsync<T>(string what, Func<Task<T>> work) =>
        rich ? await _console.Status().StartAsync(what, _ => work()) : await work();

    static bool IsRich() =>
        !Console.IsOutputRedirected
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
        && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
}
