using Nyala.Load.Measure;

namespace Nyala.Load.Scenarios;

/// <summary>Many people online who say nothing: what one of them costs in memory, and all of them in processor time.</summary>
static class Idle
{
    public static async Task RunAsync(Fleet fleet)
    {
        var options = fleet.Options;
        var tree = new ProcessTree(options.Pid ?? throw new LoadException("idle measures memory: it needs --pid."));

        // The first tenth loads code, fills pools and sizes the heap: what each of the others adds is what a connection costs.
        var few = Math.Max(1, options.Users / 10);
        var (clients, reading) = await fleet.LoginSilentAsync(0, few);
        var before = await SettledAsync(fleet, tree);
        var (others, othersReading) = await fleet.LoginSilentAsync(few, options.Users - few);
        await fleet.WaitAsync(1);
        var unsettled = tree.PssBytes();
        var after = await SettledAsync(fleet, tree);

        var meter = CpuMeter.Start(options);
        await fleet.WaitAsync(options.Seconds);
        fleet.Measurements.Add("PSS per connection", (after - before) / (double)others.Length, "B");
        fleet.Measurements.Add("PSS per connection at once", (unsettled - before) / (double)others.Length, "B");
        fleet.Measurements.Add("PSS with a tenth of them", before / 1e6, "MB");
        fleet.Measurements.Add("PSS with all", after / 1e6, "MB");
        meter.Report(fleet.Measurements, "idle connection", options.Users);
        Task[] all = [.. reading, .. othersReading];
        if (all.Count(task => task.IsCompleted) is > 0 and var lost)
        {
            fleet.Measurements.Fault($"{lost} idle connections were closed by the server.");
        }

        Array.ForEach([.. clients, .. others], client => client.Close());
        await Task.WhenAll(all);
    }

    /// <summary>The memory once it has stopped moving: three readings five seconds apart within 1 %, at most 60 s.</summary>
    static async Task<long> SettledAsync(Fleet fleet, ProcessTree tree)
    {
        var last = tree.PssBytes();
        var still = 0;
        for (var i = 0; i < 12 && still < 2; i++)
        {
            await fleet.WaitAsync(5);
            var now = tree.PssBytes();
            still = Math.Abs(now - last) < last / 100 ? still + 1 : 0;
            last = now;
        }

        return last;
    }
}
