using System.CommandLine;
using Nyala.Host.Configuration;
using Nyala.Host.Demo;
using Nyala.Host.Output;

namespace Nyala.Host.Commands;

/// <summary><c>nyala run</c>: the server, until a signal.</summary>
static class RunCommand
{
    public static Command Create(Terminal terminal)
    {
        var quiet = new Option<bool>("--quiet") { Description = "Prints only the log, for services" };
        var demo = new Option<bool>("--demo") { Description = "Shows two people side by side, on this machine only, with data that is thrown away" };
        var demoServer = new Option<bool>(DemoServer.Option) { Hidden = true };
        var command = new Command("run", "Runs the server") { quiet, demo, demoServer };
        command.SetAction((arguments, _) => arguments.GetValue(demo)
            ? DemoRun.RunAsync(GlobalOptions.ReadConfiguration(arguments), terminal)
            : RunAsync(arguments, arguments.GetValue(quiet), arguments.GetValue(demoServer), terminal));
        return command;
    }

    static async Task<int> RunAsync(ParseResult arguments, bool quiet, bool isDemo, Terminal terminal)
    {
        using var signals = new StopSignals();
        using var telemetry = Telemetry.Start();

        // Not Console.In, whose asynchronous methods block.
        using var input = isDemo ? new StreamReader(Console.OpenStandardInput()) : null;
        var demo = input is null ? null : await DemoServer.AcceptAsync(GlobalOptions.ReadConfiguration(arguments), input);
        var ended = input is null ? signals.Received : Task.WhenAny(signals.Received, DemoServer.ParentGoneAsync(input)).Unwrap();

        // An administrator may have it start anew (XEP-0133 §4.30), with the configuration as it is then.
        while (await RunOnceAsync(demo ?? GlobalOptions.ReadConfiguration(arguments), quiet, terminal, ended))
        {
        }

        return CommandLine.Success;
    }

    /// <summary>Runs until somebody wants it to end; true: to start anew.</summary>
    static async Task<bool> RunOnceAsync(NyalaOptions options, bool quiet, Terminal terminal, Task<string> signalled)
    {
        using var loggers = Logging.Create(options);
        await using var server = await RunningServer.StartAsync(options, TimeProvider.System, loggers);
        var logger = loggers.CreateLogger("Nyala.Host");
        if (quiet)
        {
            await LogStateAsync(server, logger);
        }
        else
        {
            await new Welcome(terminal, server).PrintAsync();
        }

        var reason = await Task.WhenAny(signalled, server.Departure.Wanted);
        Log.Stopping(logger, await reason);
        await server.StopAsync();
        return !signalled.IsCompleted && server.Departure.StartsAnew;
    }

    static async Task LogStateAsync(RunningServer server, ILogger logger)
    {
        if (await server.Store.Accounts.CountAsync() == 0)
        {
            Log.NoAccounts(logger);
        }

        foreach (var (what, _, endpoints) in Listeners.All(server.Options))
        {
            foreach (var endpoint in endpoints)
            {
                Log.Listening(logger, what, endpoint);
            }
        }
    }
}
