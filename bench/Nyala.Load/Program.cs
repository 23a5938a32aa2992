using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using Nyala.Load;
using Nyala.Load.Measure;
using Nyala.Load.Report;
using Nyala.Load.Scenarios;
using Spectre.Console;

// One thread for all sockets, and what it reads is worked on right there: the cheapest way to be many clients. Read by
// the runtime when the first socket is made.
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT", "1");

try
{
    var options = LoadOptions.Parse(args);
    if (options.Scenario == "report")
    {
        BenchmarkReport.Write(options.Results, options.Output);
        return 0;
    }

    if (options.Scenario == "archive")
    {
        ArchiveFill.Run(options.Database, options.Rows);
        return 0;
    }

    return await RunAsync(options);
}
catch (Exception e) when (e is LoadException or SocketException or IOException or HttpRequestException)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 2;
}

static async Task<int> RunAsync(LoadOptions options)
{
    using var stop = new CancellationTokenSource();
    Console.CancelKeyPress += (_, e) =>
    {
        e.Cancel = true;
        stop.Cancel();
    };
    if (options.Scenario == "relay")
    {
        await Relay.RunAsync(options, stop.Token);
        return 0;
    }

    Func<Fleet, Task> scenario = options.Scenario switch
    {
        "accounts" => Accounts.RunAsync,
        "idle" => Idle.RunAsync,
        "chat" => Chat.RunAsync,
        "login-storm" => LoginStorm.RunAsync,
        "reconnect-storm" => ReconnectStorm.RunAsync,
        "sign-up" => SignUp.RunAsync,
        "offline" => Offline.RunAsync,
        "memory" => Memory.RunAsync,
        "room" => RoomTalk.RunAsync,
        "talk" => Talk.RunAsync,
        _ => throw new LoadException($"{options.Scenario} is not a scenario; run without arguments for help."),
    };
    var fleet = new Fleet(options, stop.Token);
    var started = TimeProvider.System.GetUtcNow();
    await scenario(fleet);
    if (options.Scenario == "talk")
    {
        return 0;
    }

    var measured = fleet.Measurements;
    var result = new RunResult(
        options.Name, options.Scenario, options.Label, options.Version, started, Commit(), Machine.Here(), Parameters(options),
        measured.All, measured.Samples, measured.Faults);
    Print(result);
    if (options.Json is not null)
    {
        await File.WriteAllTextAsync(options.Json, JsonSerializer.Serialize(result, BenchmarkReport.Json) + "\n");
    }

    return result.Faults.Count == 0 ? 0 : 1;
}

static void Print(RunResult result)
{
    var table = new Table().Title($"{result.Scenario} · {result.Label}".EscapeMarkup()).AddColumn("what").AddColumn(new TableColumn("value").RightAligned()).AddColumn("unit");
    foreach (var measurement in result.Measurements)
    {
        table.AddRow(measurement.Name.EscapeMarkup(), Measurements.Show(measurement.Value), measurement.Unit.EscapeMarkup());
    }

    AnsiConsole.Write(table);
    foreach (var fault in result.Faults)
    {
        AnsiConsole.MarkupLine("[red]FAULT[/] " + fault.EscapeMarkup());
    }
}

static Dictionary<string, string> Parameters(LoadOptions options) => new(StringComparer.Ordinal)
{
    ["tls"] = options.Tls.ToString(),
    ["users"] = $"{options.Users}",
    ["seconds"] = $"{options.Seconds}",
    ["rate"] = options.Rate == 0 ? "closed loop" : $"{options.Rate}/s",
    ["window"] = $"{options.Window}",
    ["size"] = $"{options.Size}",
    ["messages"] = $"{options.Messages}",
    ["untouched"] = $"{options.Untouched}",
    ["stream management"] = $"{options.StreamManagement}",
    ["carbons"] = $"{options.Carbons}",
};

static string Commit()
{
    try
    {
        using var git = Process.Start(new ProcessStartInfo("git", "rev-parse --short HEAD") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true });
        return git?.StandardOutput.ReadLine() ?? "unknown";
    }
    catch (System.ComponentModel.Win32Exception)
    {
        return "unknown";
    }
}
