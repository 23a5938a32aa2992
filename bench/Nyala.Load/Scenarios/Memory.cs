using System.Diagnostics;
using Nyala.Load.Measure;
using Nyala.Load.Wire;

namespace Nyala.Load.Scenarios;

/// <summary>
/// Everything mixed for a long time: pairs chat by the clock, half of the others are online and silent, the rest comes, reads
/// its archive, is written to while away, and goes, some without a word. The server's memory is read at regular times; after the
/// first third, which warms it up, it must not grow.
/// </summary>
static class Memory
{
    public static async Task RunAsync(Fleet fleet)
    {
        var options = fleet.Options;
        var tree = new ProcessTree(options.Pid ?? throw new LoadException("memory measures memory: it needs --pid."));
        var chatting = Math.Max(2, options.Users / 10 * 2);
        var (silent, silentReading) = await fleet.LoginSilentAsync(chatting, (options.Users - chatting) / 2);
        var clients = await fleet.LoginAsync(0, chatting, presence: true);
        var chat = Enumerable.Range(0, chatting / 2).Select(i => new ChatPair(options, i, clients[2 * i], clients[(2 * i) + 1])).ToArray();
        var reading = chat.SelectMany(pair => pair.Start()).Concat(silentReading).ToArray();
        var pace = new ChatPace(chat, options.Rate > 0 ? options.Rate : 100);
        pace.Begin();

        using var end = CancellationTokenSource.CreateLinkedTokenSource(fleet.Token);
        var churn = Enumerable.Range(0, options.Parallel).Select(worker => ComeAndGoAsync(fleet, chatting + silent.Length + worker, clients[0], end.Token)).ToArray();
        var samples = await SampleAsync(fleet, tree);
        await end.CancelAsync();
        pace.Stop();
        await fleet.UntilAsync(() => chat.All(pair => pair.Delivered == pair.Sent), 30);
        fleet.Measurements.Add("visits", (await Task.WhenAll(churn)).Sum());
        fleet.Measurements.Add("messages", chat.Sum(pair => pair.Delivered));
        Report(fleet, samples);
        if (chat.Sum(pair => pair.Sent - pair.Delivered + pair.OutOfOrder) is > 0 and var lost)
        {
            fleet.Measurements.Fault($"{lost} messages were lost, doubled or out of order.");
        }

        Array.ForEach(clients, client => client.Close());
        Array.ForEach(silent, client => client.Close());
        await Task.WhenAll(reading);
    }

    /// <summary>One worker visits with one account after the other: everybody who is neither chatting nor silent comes in turn.</summary>
    static async Task<long> ComeAndGoAsync(Fleet fleet, int first, LeanClient writer, CancellationToken end)
    {
        var options = fleet.Options;
        var (visits, account) = (0L, first);
        try
        {
            for (; !end.IsCancellationRequested; visits++, account += options.Parallel)
            {
                if (account >= options.Users)
                {
                    account = first;
                }

                var user = options.User(account);
                writer.Send($"<message type='chat' to='{user}@{options.Domain}' id='{Guid.NewGuid():N}'><body>Are you there?</body></message>");
                using var client = await LeanClient.LoginAsync(options, user, fleet.Keys, "load", end);
                client.Send("<presence/><iq type='set' id='mam'><query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><max>20</max><before/></set></query></iq>");
                await client.ResultAsync(end, "mam");
                if (visits % 4 == 0)
                {
                    client.Cut();
                }
                else
                {
                    client.Close();
                }

                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, end);
            }
        }
        catch (OperationCanceledException)
        {
            // The measurement is over.
        }

        return visits;
    }

    static async Task<List<(double Seconds, double Bytes)>> SampleAsync(Fleet fleet, ProcessTree tree)
    {
        var samples = new List<(double, double)>();
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < fleet.Options.Seconds)
        {
            await fleet.WaitAsync(fleet.Options.Interval);
            samples.Add((Stopwatch.GetElapsedTime(start).TotalSeconds, tree.PssBytes()));
        }

        return samples;
    }

    /// <summary>Growth is told by medians: of the last third of all readings against the one before.</summary>
    static void Report(Fleet fleet, List<(double Seconds, double Bytes)> samples)
    {
        double Median(int from, int to) => samples[(samples.Count * from / 3)..(samples.Count * to / 3)].Select(sample => sample.Bytes).Order().ElementAt(samples.Count / 6);

        if (samples.Count < 6)
        {
            throw new LoadException("memory needs at least six readings: more --seconds, or a shorter --interval.");
        }

        var (warm, last) = (Median(1, 2), Median(2, 3));
        fleet.Measurements.Add("PSS after warm-up", warm / 1e6, "MB");
        fleet.Measurements.Add("PSS at the end", last / 1e6, "MB");
        fleet.Measurements.Add("growth after warm-up", (last - warm) * 100 / warm, "%");
        foreach (var (seconds, bytes) in samples)
        {
            fleet.Measurements.Sample("PSS", seconds, bytes / 1e6);
        }
    }
}
