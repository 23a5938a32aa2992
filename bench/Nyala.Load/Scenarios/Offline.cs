using System.Globalization;
using System.Text;
using Nyala.Load.Measure;
using Nyala.Load.Wire;

namespace Nyala.Load.Scenarios;

/// <summary>
/// A few write to many who are away; then those come and get everything: all of it, in order. The server's processor time for
/// storing and for fetching is told apart.
/// </summary>
static class Offline
{
    /// <summary>Messages after which a sender waits until the server has handled them, as a client with an outbox does.</summary>
    const int Burst = 50;

    /// <summary>Messages for each of the absent before the measurement.</summary>
    const int Warmup = 25;

    public static async Task RunAsync(Fleet fleet)
    {
        var options = fleet.Options;
        var run = Guid.NewGuid().ToString("N")[..12];
        var total = (long)options.Users * options.Messages;
        await fleet.KnowKeysAsync(options.Users);
        var senders = await fleet.LoginAsync(options.Users, Math.Min(options.Senders, options.Users), presence: true);

        // Once for nothing, so that what is measured is not a server that runs this for the first time.
        await WriteAllAsync(fleet, senders, Warmup, "warm-up");
        await FetchAsync(fleet, options.Users, Warmup, "warm-up");
        await fleet.WaitAsync(2);

        var store = CpuMeter.Start(options);
        await WriteAllAsync(fleet, senders, options.Messages, run);
        var storing = new Measurements();
        var seconds = store.Report(storing, "stored message", total);
        Merge(fleet, storing, "storing: ");
        fleet.Measurements.Add("stored messages/s", total / seconds);
        Array.ForEach(senders, sender => sender.Close());

        var fetch = CpuMeter.Start(options);
        var (arrived, wrong) = await FetchAsync(fleet, options.Users, options.Messages, run);
        var fetching = new Measurements();
        seconds = fetch.Report(fetching, "fetched message", arrived);
        Merge(fleet, fetching, "fetching: ");
        fleet.Measurements.Add("fetched messages/s", arrived / seconds);
        fleet.Measurements.Add("fetched", arrived);
        fleet.Measurements.Add("lost, doubled or out of order", total - arrived + wrong);
        if (arrived != total || wrong > 0)
        {
            fleet.Measurements.Fault($"Of {total} messages {arrived} arrived; {wrong} twice or out of order.");
        }
    }

    static void Merge(Fleet fleet, Measurements from, string prefix)
    {
        foreach (var measurement in from.All)
        {
            fleet.Measurements.Add(prefix + measurement.Name, measurement.Value, measurement.Unit);
        }
    }

    static Task WriteAllAsync(Fleet fleet, LeanClient[] senders, int messages, string run) =>
        Task.WhenAll(senders.Select((sender, i) => WriteAsync(fleet, sender, i, senders.Length, messages, run)));

    /// <summary>One sender's part: every n-th of the absent gets all its messages from it, in turn with the others.</summary>
    static async Task WriteAsync(Fleet fleet, LeanClient sender, int first, int step, int messages, string run)
    {
        var options = fleet.Options;
        var text = new string('x', options.Size);
        var written = 0;
        for (var n = 1; n <= messages; n++)
        {
            for (var i = first; i < options.Users; i += step)
            {
                sender.Send($"<message type='chat' to='{options.User(i)}@{options.Domain}' id='{run}-{i}-{n:D8}'><body>~~{run} {n:D10} {text}</body></message>");
                if (++written % Burst == 0)
                {
                    await HandledAsync(fleet, sender);
                }
            }
        }

        await HandledAsync(fleet, sender);
    }

    /// <summary>An iq's answer comes after everything before it was handled.</summary>
    static async Task HandledAsync(Fleet fleet, LeanClient sender)
    {
        sender.Send("<iq type='get' id='done'><query xmlns='jabber:iq:roster'/></iq>");
        await sender.ResultAsync(fleet.Token, "done");
    }

    static async Task<(long Arrived, long Wrong)> FetchAsync(Fleet fleet, int absent, int expected, string run)
    {
        var inboxes = new Inbox[absent];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = fleet.Options.Parallel, CancellationToken = fleet.Token };
        await Parallel.ForAsync(0, absent, parallel, async (i, token) =>
        {
            using var client = await LeanClient.LoginAsync(fleet.Options, fleet.Options.User(i), fleet.Keys, "load", token);
            var inbox = inboxes[i] = new Inbox(run);
            client.Send("<presence/>");
            var reading = client.RunAsync(inbox);
            await fleet.UntilAsync(() => inbox.Count >= expected, 30);

            // What was delivered has to be acknowledged, or it is offline again.
            client.Send("<iq type='get' id='bye'><query xmlns='jabber:iq:roster'/></iq>");
            await fleet.UntilAsync(() => inbox.Finished, 5);
            client.Close();
            await reading;
        });
        return (inboxes.Sum(inbox => (long)inbox.Count), inboxes.Sum(inbox => inbox.Wrong));
    }

    sealed class Inbox(string run) : IReceiver
    {
        readonly byte[] _mark = Encoding.UTF8.GetBytes("<body>~~" + run + " ");

        public int Count { get; private set; }

        public long Wrong { get; private set; }

        public bool Finished { get; private set; }

        public void Received(LeanClient client, ReadOnlySpan<byte> element)
        {
            if (element.StartsWith("<iq"u8) && element.IndexOf("bye"u8) > 0)
            {
                Finished = true;
            }

            var at = element.IndexOf(_mark);
            if (at < 0)
            {
                return;
            }

            var number = int.Parse(element.Slice(at + _mark.Length, 10), CultureInfo.InvariantCulture);
            if (number != Count + 1)
            {
                Wrong++;
                return;
            }

            Count = number;
        }
    }
}
