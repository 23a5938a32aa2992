using System.Diagnostics;
using Nyala.Drills.Stage;

namespace Nyala.Drills;

/// <summary>
/// The disk is full: senders are told so by an error that counts in h, everything else goes on, and the server recovers by
/// itself when there is space again. What was acknowledged without an error is not lost; what was refused does not arrive.
/// Who comes back while the disk is full gets what waits as soon as it can be read.
/// </summary>
static class FullDisk
{
    public const string Name = "full-disk";

    const int DiskMegabytes = 48;

    /// <summary>Connections that are lost while the disk is full.</summary>
    const int Cuts = 8;

    public static async Task<Verdict> RunAsync(DrillOptions options)
    {
        using var run = new Run(Name, options);
        var disk = Directory.CreateDirectory(Path.Combine(run.Directory, "disk")).FullName;
        if (!await RunAsync("mount", "-t", "tmpfs", "-o", $"size={DiskMegabytes}m", "nyala-drill", disk))
        {
            return run.End("mounting a tmpfs is not allowed here");
        }

        try
        {
            return await FillAsync(run, options, disk);
        }
        finally
        {
            await RunAsync("umount", "-l", disk);
        }
    }

    static async Task<Verdict> FillAsync(Run run, DrillOptions options, string disk)
    {
        using var server = new ServerProcess(options.Server, Directory.CreateDirectory(Path.Combine(disk, "data")).FullName);
        await server.StartAsync();
        await using var cast = new Cast(server, run.Ledger, options.Seed, size: 4000);
        await cast.RegisterAsync();
        cast.Begin();

        var slowest = TimeSpan.Zero;
        var rounds = options.Rounds ?? (options.Long ? 5 : 1);
        var ballast = Path.Combine(disk, "ballast");
        var random = new Random(options.Seed);
        for (var i = 0; i < rounds; i++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
            var refused = run.Ledger.Refused;
            FillUp(ballast);
            if (!await Cast.UntilAsync(() => run.Ledger.Refused > refused + 20, 30))
            {
                run.Ledger.Fault("The disk was full and nobody was told.");
            }

            for (var cut = 0; cut < Cuts; cut++)
            {
                cast.CutSomebody(random);
            }

            // Refusals are answers too: nothing may be stuck behind them.
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
            File.Delete(ballast);
            var freed = Stopwatch.GetTimestamp();
            var acknowledged = run.Ledger.Acknowledged - run.Ledger.Refused;
            if (!await Cast.UntilAsync(() => run.Ledger.Acknowledged - run.Ledger.Refused > acknowledged + 50, 30))
            {
                run.Ledger.Fault("There was space again, and the server did not recover within 30 s.");
            }

            var took = Stopwatch.GetElapsedTime(freed);
            slowest = took > slowest ? took : slowest;
        }

        await cast.FinishAsync(run.Ledger);
        run.Fact("times the disk was full", rounds);
        run.Fact("slowest recovery, until 50 more messages were safe, ms", (int)slowest.TotalMilliseconds);
        return await run.JudgeAsync(cast);
    }

    /// <summary>Takes all space that is left.</summary>
    static void FillUp(string ballast)
    {
        var block = new byte[1 << 16];
        try
        {
            using var file = new FileStream(ballast, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            while (true)
            {
                file.Write(block);
            }
        }
        catch (IOException)
        {
            // Full: as intended.
        }
    }

    static async Task<bool> RunAsync(string command, params string[] arguments)
    {
        try
        {
            var start = new ProcessStartInfo(command, arguments) { UseShellExecute = false, RedirectStandardError = true };
            using var process = Process.Start(start)!;
            await process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
