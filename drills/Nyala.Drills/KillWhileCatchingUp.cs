using Nyala.Drills.Stage;

namespace Nyala.Drills;

/// <summary>
/// A power cut in the moment between the journal and the database: the commit that takes the journal in is held up at its sync
/// (by the library of <see cref="LoseUnsyncedWrites"/>) while messages go on being acknowledged from the journal alone, and then
/// the server is killed and every write that was not synced is gone. The next start must bring the database to where the journal is.
/// </summary>
static class KillWhileCatchingUp
{
    public const string Name = "kill-while-catching-up";

    public static async Task<Verdict> RunAsync(DrillOptions options)
    {
        using var run = new Run(Name, options);
        if (await LoseUnsyncedWrites.BuildAsync(run.Directory) is not { } library)
        {
            return run.End("there is no C compiler (gcc)");
        }

        using var machine = new UnsyncedMachine(options.Server, run.Directory, library);
        await machine.Server.StartAsync();
        await using var cast = new Cast(machine.Server, run.Ledger, options.Seed, size: 80);
        await cast.RegisterAsync();
        cast.Begin();
        var (cuts, held) = (options.Rounds ?? (options.Long ? 25 : 4), 0);
        for (var i = 0; i < cuts; i++)
        {
            await KillTheServer.TrafficAsync(cast, run.Ledger, run.Random, run.Random.Next(300, 900));
            await machine.HoldAsync(hold: true);
            var before = run.Ledger.Acknowledged;
            await Task.Delay(TimeSpan.FromMilliseconds(run.Random.Next(700, 1_500)), TimeProvider.System);
            held += run.Ledger.Acknowledged - before;
            await machine.CutAsync();
            await machine.HoldAsync(hold: false);
            await machine.Server.StartAsync();
        }

        await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
        await cast.FinishAsync(run.Ledger);
        run.Fact("power cuts while the database was held up", cuts);
        run.Fact("messages acknowledged meanwhile", held);
        if (held == 0)
        {
            run.Ledger.Fault("Nothing was acknowledged while the database was held up: the drill proves nothing.");
        }

        return await run.JudgeAsync(cast);
    }
}
