using System.Diagnostics;
using System.Security.Cryptography;
using Nyala.Load.Measure;

namespace Nyala.Load.Scenarios;

/// <summary>
/// A town hears of the messenger: new accounts while others chat and must not notice. In-band, or
/// through Nyala's HTTP endpoint, to which each client sends keys that it derived itself; as fast as they can be made, or by the clock.
/// </summary>
static class SignUp
{
    public static async Task RunAsync(Fleet fleet)
    {
        var options = fleet.Options;
        using var others = await Talkers.StartAsync(fleet, first: 0);
        using var http = options.Http is { } address ? new HttpSignUp(address, options.Password) : null;

        // Once for nothing, so that what is measured is not a server that does this for the first time.
        await SurgeAsync(fleet, http, new());
        await fleet.WaitAsync(options.Warmup);
        others.MeasureQuiet();
        await fleet.WaitAsync(options.Seconds);

        var latencies = new Latencies();
        others.MeasureStorm();
        var meter = CpuMeter.Start(options);
        await SurgeAsync(fleet, http, latencies);
        var seconds = meter.Report(fleet.Measurements, "account", latencies.Count);
        await others.StopAsync();
        fleet.Measurements.Add("accounts/s", latencies.Count / seconds);
        latencies.Report(fleet.Measurements, "account made after");
        others.Report("untouched");
    }

    static async Task SurgeAsync(Fleet fleet, HttpSignUp? http, Latencies latencies)
    {
        var options = fleet.Options;
        var run = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        var made = 0;
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, options.Parallel).Select(async _ =>
        {
            while (Stopwatch.GetElapsedTime(start).TotalSeconds < options.Seconds)
            {
                var number = Interlocked.Increment(ref made);
                if (options.Rate > 0)
                {
                    await fleet.WaitAsync(Math.Max(0, (double)number / options.Rate - Stopwatch.GetElapsedTime(start).TotalSeconds));
                }

                var began = Stopwatch.GetTimestamp();
                await (http is null
                    ? Accounts.RegisterAsync(options, $"n{run}{number}", fleet.Token)
                    : http.RegisterAsync($"n{run}{number}", fleet.Token));
                latencies.Add(Stopwatch.GetTimestamp() - began);
            }
        }));
    }
}
