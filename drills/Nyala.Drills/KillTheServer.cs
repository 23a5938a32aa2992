using Nyala.Drills.Stage;

namespace Nyala.Drills;

/// <summary>
/// kill -9 at random moments, under traffic, while connections of clients are cut too. Every acknowledged message must be
/// at its recipient exactly once and in order, on every device and in the archives of both sides (R1–R5, R8, R9), and every
/// file whose upload was answered with 201 is there, whole.
/// </summary>
static class KillTheServer
{
    public const string Name = "kill-the-server";

    public static async Task<Verdict> RunAsync(DrillOptions options)
    {
        using var run = new Run(Name, options);
        using var server = new ServerProcess(options.Server, Directory.CreateDirectory(Path.Combine(run.Directory, "data")).FullName);
        await server.StartAsync();
        await using var cast = new Cast(server, run.Ledger, options.Seed, size: 80);
        await cast.RegisterAsync();
        cast.Begin();

        var kills = options.Rounds ?? (options.Long ? 60 : 8);
        var starts = new List<double>();
        for (var i = 0; i < kills; i++)
        {
            await TrafficAsync(cast, run.Ledger, run.Random, run.Random.Next(200, 1500));
            await server.KillAsync();
            starts.Add((await server.StartAsync()).TotalMilliseconds);
        }

        await TrafficAsync(cast, run.Ledger, run.Random, 500);
        await cast.FinishAsync(run.Ledger);
        run.Fact("kills", kills);
        run.Fact("slowest start after a kill, ms", (int)starts.Max());
        return await run.JudgeAsync(cast);
    }

    /// <summary>
    /// Lets them talk for a while; now and then somebody's connection breaks. On a slow machine the while begins when some of what
    /// they say is acknowledged: else nobody would be back before the next break, and the drill would prove nothing.
    /// </summary>
    public static async Task TrafficAsync(Cast cast, Ledger ledger, Random random, int milliseconds)
    {
        const int Some = 20, Patience = 60;
        var before = ledger.Acknowledged;
        await Cast.UntilAsync(() => ledger.Acknowledged >= before + Some, Patience);
        while (milliseconds > 0)
        {
            var step = Math.Min(milliseconds, random.Next(50, 250));
            await Task.Delay(TimeSpan.FromMilliseconds(step), TimeProvider.System);
            milliseconds -= step;
            cast.CutSomebody(random);
        }
    }
}
