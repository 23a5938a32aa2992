using System.Diagnostics;
using System.Security.Cryptography;
using Nyala.Load.Measure;

namespace Nyala.Load.Scenarios;

/// <summary>
/// A town hears of the messenger: new accounts, as fast as they can be made, while others chat and must not notice. In-band, or
/// through Nyala's HTTP endpoint, to which each client sends keys that it derived itself.
/// </summary>
static class SignUp
{
    public static async Task RunAsync(Fleet fleet)
    {
        var options = fleet.Options;
        using var others = await Talkers.StartAsync(fleet, first: 0);
        await fleet.WaitAsync(options.Warmup);
        others.MeasureQuiet();
        await fleet.WaitAsync(options.Seconds);

        using var http = options.Http is { } address ? new HttpSignUp(address, options.Password) : null;
        var run = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        var (made, latencies) = (0, new Latencies());
        others.MeasureStorm();
        var meter = CpuMeter.Start(options);
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, options.Parallel).Select(async _ =>
        {
            while (Stopwatch.GetElapsedTime(start).TotalSeconds < options.Seconds)
            {
                var number = Interlocked.Increment(ref made);
                var began = Stopwatch.GetTimestamp();
                await (http is null
                    ? Accounts.RegisterAsync(options, $"n{run}{number}", fleet.Token)
                    : http.RegisterAsync($"n{run}{number}", fleet.Token));
                latencies.Add(Stopwatch.GetTimestamp() - began);
            }
        }));
        var seconds = meter.Report(fleet.Measurements, "account", made);
        await others.StopAsync();
        fleet.Measurements.Add("accounts/s", made / seconds);
        latencies.Report(fleet.Measurements, "account made after");
        others.Report("untouched");
    }
}
