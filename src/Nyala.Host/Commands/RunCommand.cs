using System.CommandLine;
using System.Runtime.InteropServices;
using Nyala.Host.Output;

namespace Nyala.Host.Commands;

/// <summary><c>nyala run</c>: the server, until a signal.</summary>
static class RunCommand
{
    public static Command Create(Terminal terminal)
    {
        var quiet = new Option<bool>("--quiet") { Description = "Prints only the log, for services" };
        var command = new Command("run", "Runs the server") { quiet };
        command.SetAction((arguments, _) => RunAsync(arguments, arguments.GetValue(quiet), terminal));
        return command;
    }

    static async Task<int> RunAsync(ParseResult arguments, bool quiet, Terminal terminal)
    {
        var signalled = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        void OnSignal(PosixSignalContext context)
        {
            context.Cancel = true;
            if (!signalled.TrySetResult(context.Signal.ToString()))
            {
                // The second one: whoever sends it does not want to wait.
                Environment.Exit(CommandLine.Failure);
            }
        }

        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var telemetry = Telemetry.Start();

        // An administrator may have it start anew (XEP-0133 §4.30), with the configuration as it is then.
        while (await RunOnceAsync(arguments, quiet, terminal, signalled.Task))
        {
        }

        return CommandLine.Success;
    }

    /// <summary>Runs until somebody wants it to end; true: to start anew.</summary>
    static async Task<bool> RunOnceAsync(ParseResult arguments, bool quiet, Terminal terminal, Task<string> signalled)
    {
        var options = GlobalOptions.ReadConfiguration(arguments);
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
