using System.Diagnostics;
using Nyala.Drills.Stage;

namespace Nyala.Drills;

/// <summary>
/// A power cut: kill -9, and every write that was not synced is gone (R16). A library preloaded into the server keeps, for
/// each file, what the disk would hold; after each kill that takes the place of the data. The control lets syncs succeed and
/// do nothing for the last seconds: the drill has to notice, or it proves nothing.
/// </summary>
static class LoseUnsyncedWrites
{
    public const string Name = "lose-unsynced-writes";

    public static async Task<Verdict> RunAsync(DrillOptions options)
    {
        using var run = new Run(Name, options);
        var library = await BuildAsync(run.Directory);
        if (library is null)
        {
            return run.End("there is no C compiler (gcc)");
        }

        var cuts = options.Rounds ?? (options.Long ? 25 : 4);
        await CutAsync(run, library, cuts, lies: false, run.Ledger);
        var control = new Ledger();
        await CutAsync(run, library, 1, lies: true, control);
        run.Fact("control: lost when the disk lies", control.FaultCount);
        if (control.FaultCount == 0)
        {
            run.Ledger.Fault("The control lost nothing although no sync was kept: the drill proves nothing.");
        }

        return run.End();
    }

    static async Task CutAsync(Run run, string library, int cuts, bool lies, Ledger ledger)
    {
        var root = Directory.CreateDirectory(Path.Combine(run.Directory, lies ? "control" : "drill")).FullName;
        using var machine = new UnsyncedMachine(run.Options.Server, root, library);
        await machine.Server.StartAsync();
        await using var cast = new Cast(machine.Server, ledger, run.Options.Seed, size: 80);
        await cast.RegisterAsync();
        cast.Begin();
        for (var i = 0; i < cuts; i++)
        {
            await KillTheServer.TrafficAsync(cast, ledger, run.Random, run.Random.Next(400, 1500));
            if (lies)
            {
                await machine.LieAsync(lie: true);
                await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
            }

            await machine.CutAsync();
            await machine.Server.StartAsync();
        }

        await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
        await cast.FinishAsync(ledger, lies ? 3 : 40);
        if (lies)
        {
            await Verdict.CheckAsync(cast, ledger);
            return;
        }

        run.Fact("power cuts", cuts);
        await run.CheckAsync(cast);
    }

    /// <summary>Compiles the library; null: there is no compiler.</summary>
    public static async Task<string?> BuildAsync(string directory)
    {
        var library = Path.Combine(directory, "unsynced.so");
        var source = Path.Combine(AppContext.BaseDirectory, "unsynced.c");
        try
        {
            using var compiler = Process.Start("gcc", ["-shared", "-fPIC", "-O2", "-o", library, source, "-ldl", "-lpthread"]);
            await compiler.WaitForExitAsync();
            return compiler.ExitCode == 0 ? library : throw new DrillException("gcc could not build drills/shim/unsynced.c.");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
