using System.Diagnostics;
using Nyala.Load.Measure;

namespace Nyala.Load.Scenarios;

/// <summary>
/// Pairs of people chat. Closed loop: each pair has a fixed number of messages under way and sends the next when one
/// arrives. With a rate: messages leave by the clock, and latency counts from when each was due, so that a server
/// that stalls cannot hide it. Every message is checked: none lost, none twice, all in order.
/// </summary>
static class Chat
{
    public static async Task RunAsync(Fleet fleet)
    {
        var options = fleet.Options;
        var pairs = Math.Max(1, options.Users / 2);
        var (bystanders, silent) = await fleet.LoginSilentAsync(pairs * 2, options.Bystanders);
        var clients = options.Bare ? await fleet.ConnectBareAsync(pairs * 2) : await fleet.LoginAsync(0, pairs * 2, presence: true);
        var chat = Enumerable.Range(0, pairs).Select(i => new ChatPair(options, i, clients[2 * i], clients[(2 * i) + 1])).ToArray();
        var reading = chat.SelectMany(pair => pair.Start()).Concat(silent).ToArray();
        var sending = new ChatPace(chat, options.Rate, options.Window);

        sending.Begin();
        await fleet.WaitAsync(Math.Max(0.2, options.Warmup));

        var latencies = new Latencies();
        var delivered = -chat.Sum(pair => pair.Delivered);
        var meter = CpuMeter.Start(options);
        Array.ForEach(chat, pair => pair.Latencies = latencies);
        await fleet.WaitAsync(options.Seconds);
        Array.ForEach(chat, pair => pair.Latencies = null);
        delivered += chat.Sum(pair => pair.Delivered);
        var seconds = meter.Report(fleet.Measurements, "message", delivered);

        sending.Stop();
        await fleet.UntilAsync(() => chat.All(pair => pair.Delivered == pair.Sent), 10);
        fleet.Measurements.Add("messages/s", delivered / seconds);
        latencies.Report(fleet.Measurements, "latency");
        await CheckAsync(fleet, chat);
        if (options.Pid is { } pid)
        {
            fleet.Measurements.Add("PSS after chatting", new ProcessTree(pid).PssBytes() / 1e6, "MB");
        }

        if (reading.Count(task => task.IsCompleted) is > 0 and var closed)
        {
            fleet.Measurements.Fault($"{closed} connections were closed by the server.");
        }

        Array.ForEach(clients, client => client.Close());
        Array.ForEach(bystanders, client => client.Close());
        await Task.WhenAll(reading);
    }

    static async Task CheckAsync(Fleet fleet, ChatPair[] chat)
    {
        var managed = chat.Where(pair => pair.Sender.Managed).ToArray();
        if (managed.Length > 0)
        {
            // The roster, carbons and presence went out after <enable/> too.
            var before = 1 + (fleet.Options.Carbons ? 1 : 0) + (fleet.Options.Roster ? 1 : 0);
            Array.ForEach(managed, pair => pair.Sender.RequestAck());
            if (!await fleet.UntilAsync(() => managed.All(pair => pair.Sender.Acknowledged >= pair.Sent + before), 10))
            {
                fleet.Measurements.Fault($"{managed.Sum(pair => Math.Max(0, pair.Sent + before - pair.Sender.Acknowledged))} messages were not acknowledged.");
            }
        }

        if (chat.Sum(pair => pair.Sent - pair.Delivered) is > 0 and var lost)
        {
            fleet.Measurements.Fault($"{lost} messages did not arrive.");
        }

        if (chat.Sum(pair => pair.OutOfOrder) is > 0 and var wrong)
        {
            fleet.Measurements.Fault($"{wrong} messages came twice or out of order.");
        }
    }
}

/// <summary>When messages leave: at once in a closed loop (a rate of 0), else by the clock from a thread of its own.</summary>
sealed class ChatPace(ChatPair[] pairs, int rate, int window = 1)
{
    readonly ManualResetEvent _stop = new(initialState: false);
    Thread? _clock;

    public void Begin()
    {
        if (rate == 0)
        {
            foreach (var pair in pairs)
            {
                pair.Open(window);
            }

            return;
        }

        _clock = new Thread(SendByTheClock) { IsBackground = true, Name = "pace" };
        _clock.Start();
    }

    /// <summary>Nothing is sent after it, except answers of a closed loop that are under way.</summary>
    public void Stop()
    {
        _stop.Set();
        _clock?.Join();
        foreach (var pair in pairs)
        {
            pair.Open(0);
        }
    }

    void SendByTheClock()
    {
        var start = Stopwatch.GetTimestamp();
        long sent = 0;
        while (!_stop.WaitOne(1))
        {
            var now = Stopwatch.GetTimestamp();
            for (; sent * Stopwatch.Frequency / rate <= now - start; sent++)
            {
                pairs[sent % pairs.Length].Send(due: start + (sent * Stopwatch.Frequency / rate));
            }
        }
    }
}
