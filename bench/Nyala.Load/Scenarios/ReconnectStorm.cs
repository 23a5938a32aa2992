using System.Diagnostics;
using Nyala.Load.Measure;
using Nyala.Load.Wire;

namespace Nyala.Load.Scenarios;

/// <summary>
/// A router fails: N sockets are cut at once and all come back at once, while M pairs keep talking and must not notice.
/// A client counts as back when a message it sends to itself has arrived.
/// </summary>
static class ReconnectStorm
{
    const double Patience = 120;

    public static async Task RunAsync(Fleet fleet)
    {
        var options = fleet.Options;
        var (clients, reading) = await fleet.LoginSilentAsync(0, options.Users);
        using var others = await Talkers.StartAsync(fleet, first: options.Users);
        using var control = options.Control is null ? null : await Talkers.StartAtRelayAsync(fleet, options.Control);
        await fleet.WaitAsync(options.Warmup);
        others.MeasureQuiet();
        control?.MeasureQuiet();
        await fleet.WaitAsync(options.Seconds);

        var back = new Latencies(options.Users);
        var tries = 0;
        others.MeasureStorm();
        control?.MeasureStorm();
        var meter = CpuMeter.Start(options);
        var start = Stopwatch.GetTimestamp();
        Array.ForEach(clients, client => client.Cut());
        await Task.WhenAll(Enumerable.Range(0, options.Users).Select(async i => Interlocked.Add(ref tries, await ReturnAsync(fleet, i, start, back))));
        var seconds = meter.Report(fleet.Measurements, "returned session", back.Count);
        await others.StopAsync();
        await (control?.StopAsync() ?? Task.CompletedTask);

        fleet.Measurements.Add("all back after", seconds * 1000, "ms");
        back.Report(fleet.Measurements, "back after");
        fleet.Measurements.Add("second tries", tries - options.Users);
        fleet.Measurements.Add("back", back.Count);
        others.Report("untouched");
        control?.Report("relay-sync");
        if (back.Count < options.Users)
        {
            fleet.Measurements.Fault($"{options.Users - back.Count} sessions did not come back within {Patience} s.");
        }

        await Task.WhenAll(reading);
    }

    /// <summary>Tries until it works, as clients do: at once, then with a growing, random pause.</summary>
    /// <returns>How often it tried.</returns>
    static async Task<int> ReturnAsync(Fleet fleet, int number, long start, Latencies back)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var client = await LeanClient.LoginAsync(fleet.Options, fleet.Options.User(number), fleet.Keys, "load", fleet.Token);
                client.Send($"<presence/><message type='chat' to='{client.Address}' id='{Guid.NewGuid():N}'><body>I am back</body></message>");
                while (!(await client.NextAsync(fleet.Token)).Contains("I am back", StringComparison.Ordinal))
                {
                    // Presence and iq come first.
                }

                back.Add(Stopwatch.GetTimestamp() - start);
                client.Close();
                return attempt;
            }
            catch (Exception e) when (e is LoadException or IOException or System.Net.Sockets.SocketException)
            {
                // The server is busy: again.
            }

            if (Stopwatch.GetElapsedTime(start).TotalSeconds > Patience)
            {
                return attempt;
            }

            await fleet.WaitAsync(Random.Shared.NextDouble() * Math.Min(8, 1 << attempt));
        }
    }
}
