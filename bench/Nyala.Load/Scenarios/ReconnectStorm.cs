using System.Diagnostics;
using Nyala.Load.Measure;
using Nyala.Load.Wire;

namespace Nyala.Load.Scenarios;

/// <summary>
/// A router fails: N sockets are cut at once and all come back at once, while M others keep talking and must not notice.
/// A client counts as back when a message it sends to itself has arrived.
/// </summary>
static class ReconnectStorm
{
    public static async Task RunAsync(Fleet fleet)
    {
        var options = fleet.Options;
        var clients = await fleet.LoginAsync(0, options.Users, presence: true);
        var reading = clients.Select(client => client.RunAsync(Nobody.Instance)).ToList();
        var untouched = await fleet.LoginAsync(options.Users, options.Untouched * 2, presence: true);
        var pairs = Enumerable.Range(0, options.Untouched).Select(i => new ChatPair(options, i, untouched[2 * i], untouched[(2 * i) + 1])).ToArray();
        reading.AddRange(pairs.SelectMany(pair => pair.Start()));
        var pace = new ReconnectPace(pairs);
        pace.Begin();

        var calm = new Latencies();
        Array.ForEach(pairs, pair => pair.Latencies = calm);
        await fleet.WaitAsync(options.Warmup + 2);

        var stormy = new Latencies();
        var back = new Latencies(options.Users);
        Array.ForEach(pairs, pair => pair.Latencies = stormy);
        var meter = CpuMeter.Start(options);
        var start = Stopwatch.GetTimestamp();
        Array.ForEach(clients, client => client.Cut());
        await Task.WhenAll(Enumerable.Range(0, options.Users).Select(i => ReturnAsync(fleet, i, start, back)));
        Array.ForEach(pairs, pair => pair.Latencies = null);
        meter.Report(fleet.Measurements, "returned session", back.Count);
        pace.Stop();

        back.Report(fleet.Measurements, "back after");
        calm.Report(fleet.Measurements, "untouched before");
        stormy.Report(fleet.Measurements, "untouched during");
        fleet.Measurements.Add("back", back.Count);
        if (back.Count < options.Users)
        {
            fleet.Measurements.Fault($"{options.Users - back.Count} sessions did not come back within 120 s.");
        }

        await fleet.UntilAsync(() => pairs.All(pair => pair.Delivered == pair.Sent), 10);
        if (pairs.Sum(pair => pair.Sent - pair.Delivered + pair.OutOfOrder) is > 0 and var lost)
        {
            fleet.Measurements.Fault($"{lost} messages of untouched sessions were lost or out of order.");
        }

        Array.ForEach(untouched, client => client.Close());
        await Task.WhenAll(reading);
    }

    /// <summary>Tries until it works, as clients do: at once, then with a growing, random pause.</summary>
    static async Task ReturnAsync(Fleet fleet, int number, long start, Latencies back)
    {
        for (var attempt = 0; Stopwatch.GetElapsedTime(start).TotalSeconds < 120; attempt++)
        {
            if (attempt > 0)
            {
                await fleet.WaitAsync(Random.Shared.NextDouble() * Math.Min(8, 1 << attempt));
            }

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
                return;
            }
            catch (Exception e) when (e is LoadException or IOException or System.Net.Sockets.SocketException)
            {
                // The server is busy: again.
            }
        }
    }
}

/// <summary>Ten messages a second from each untouched pair, by the clock.</summary>
sealed class ReconnectPace(ChatPair[] pairs)
{
    readonly ManualResetEvent _stop = new(initialState: false);

    public void Begin() => new Thread(Send) { IsBackground = true, Name = "pace" }.Start();

    public void Stop() => _stop.Set();

    void Send()
    {
        while (!_stop.WaitOne(100))
        {
            foreach (var pair in pairs)
            {
                pair.Send(Stopwatch.GetTimestamp());
            }
        }
    }
}
