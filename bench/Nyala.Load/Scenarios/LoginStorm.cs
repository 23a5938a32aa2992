using System.Diagnostics;
using Nyala.Load.Measure;
using Nyala.Load.Wire;

namespace Nyala.Load.Scenarios;

/// <summary>Everybody logs in at the same moment, as after a power cut in a town.</summary>
static class LoginStorm
{
    public static async Task RunAsync(Fleet fleet)
    {
        var options = fleet.Options;

        // Once before: the salted passwords are known as they are to a real client, and the server has done this before.
        await fleet.KnowKeysAsync(options.Users);
        if (options.Fast)
        {
            // The first time asked for tokens; this time they are used, so that here too the server has done it before.
            await fleet.KnowKeysAsync(options.Users);
        }

        await fleet.WaitAsync(2);
        var latencies = new Latencies(options.Users);
        var clients = new LeanClient?[options.Users];
        var meter = CpuMeter.Start(options);
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, options.Users).Select(async i =>
        {
            try
            {
                clients[i] = await fleet.LoginAsync(options.User(i), fleet.Token);
                latencies.Add(Stopwatch.GetTimestamp() - start);
            }
            catch (Exception e) when (e is LoadException or IOException or System.Net.Sockets.SocketException)
            {
                // Counted below: a refused login is a result, not a reason to stop.
            }
        }));
        var seconds = meter.Report(fleet.Measurements, "login", latencies.Count);
        fleet.Measurements.Add("logins/s", latencies.Count / seconds);
        fleet.Measurements.Add("logged in", latencies.Count);
        latencies.Report(fleet.Measurements, "login done after");
        if (latencies.Count < options.Users)
        {
            fleet.Measurements.Fault($"{options.Users - latencies.Count} logins failed.");
        }

        Array.ForEach(clients, client => client?.Close());
    }
}
