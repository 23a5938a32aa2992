using System.Net;
using System.Net.Sockets;
using Nyala.Drills.Stage;

namespace Nyala.Drills;

/// <summary>
/// SIGTERM under traffic (R15): exit code 0 within seconds, every stream ended with system-shutdown, the ports free at
/// once, and nothing lost.
/// </summary>
static class Terminate
{
    public const string Name = "terminate";

    public static async Task<Verdict> RunAsync(DrillOptions options)
    {
        using var run = new Run(Name, options);
        using var server = new ServerProcess(options.Server, Directory.CreateDirectory(Path.Combine(run.Directory, "data")).FullName);
        await server.StartAsync();
        await using var cast = new Cast(server, run.Ledger, options.Seed, size: 80);
        await cast.RegisterAsync();
        cast.Begin();

        var rounds = options.Rounds ?? (options.Long ? 15 : 3);
        var slowest = TimeSpan.Zero;
        for (var i = 0; i < rounds; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(run.Random.Next(600, 1800)), TimeProvider.System);
            if (await server.TerminateAsync() is not var (code, took))
            {
                run.Ledger.Fault("The server had not ended 15 s after SIGTERM.");
            }
            else
            {
                slowest = took > slowest ? took : slowest;
                if (code != 0)
                {
                    run.Ledger.Fault($"The server ended with code {code} after SIGTERM: {server.Tail()}");
                }
            }

            foreach (var port in (int[])[server.Port, server.TlsPort, server.HttpPort])
            {
                CheckFree(run.Ledger, port);
            }

            await server.StartAsync();
        }

        await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
        await cast.FinishAsync(run.Ledger);
        run.Fact("SIGTERMs", rounds);
        run.Fact("slowest exit, ms", (int)slowest.TotalMilliseconds);
        var told = cast.Devices.Concat<Member>(cast.Senders).Sum(member => member.Ended("system-shutdown"));
        run.Fact("streams ended with system-shutdown", told);
        if (told == 0)
        {
            run.Ledger.Fault("No client was told system-shutdown.");
        }

        return await run.JudgeAsync(cast);
    }

    static void CheckFree(Ledger ledger, int port)
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, optionValue: true);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen();
        }
        catch (SocketException e)
        {
            ledger.Fault($"Port {port} was not free after the server's end: {e.Message}");
        }
    }
}
