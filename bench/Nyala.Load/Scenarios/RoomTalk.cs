using System.Diagnostics;
using Nyala.Load.Measure;
using Nyala.Load.Wire;

namespace Nyala.Load.Scenarios;

/// <summary>
/// One person talks in a room full of others: what a message costs for each who gets it, and what it costs to let somebody in.
/// Everybody must hear everything once and in order.
/// </summary>
static class RoomTalk
{
    /// <summary>Comings and goings of one more person, when entering is measured.</summary>
    const int Entries = 400;

    public static async Task RunAsync(Fleet fleet)
    {
        var options = fleet.Options;
        var room = $"room{options.Offset}@{options.Rooms}.{options.Domain}";
        var clients = await fleet.LoginAsync(0, options.Users + 1, presence: true);
        var talker = clients[0];
        await MakeAsync(talker, room, fleet.Token);
        var listeners = clients[1..^1].Select(client => new Listener(client, room)).ToArray();
        await Parallel.ForEachAsync(listeners, new ParallelOptions { MaxDegreeOfParallelism = options.Parallel, CancellationToken = fleet.Token },
            (listener, token) => EnterAsync(listener.Client, room, token));
        var own = new Listener(talker, room);
        var reading = listeners.Append(own).Select(listener => listener.Client.RunAsync(listener)).ToArray();
        await fleet.WaitAsync(Math.Max(1, options.Warmup));

        await TalkAsync(fleet, own, listeners);

        // Once for nothing, so that what is measured is not a server that does this for the first time.
        await ComeAndGoAsync(fleet, clients[^1], room);
        var meter = CpuMeter.Start(options);
        await ComeAndGoAsync(fleet, clients[^1], room);
        var seconds = meter.Report(fleet.Measurements, "entry and exit", Entries);
        fleet.Measurements.Add("entries/s", Entries / seconds);
        Array.ForEach(clients, client => client.Close());
        await Task.WhenAll(reading);
    }

    /// <summary>The next message leaves when the talker has heard the last one.</summary>
    static async Task TalkAsync(Fleet fleet, Listener own, Listener[] listeners)
    {
        var options = fleet.Options;
        var text = new string('x', options.Size);
        var latencies = new Latencies();
        var (sent, start) = (0, Stopwatch.GetTimestamp());
        var meter = CpuMeter.Start(options);
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < options.Seconds)
        {
            var due = Stopwatch.GetTimestamp();
            own.Client.Send($"<message type='groupchat' id='{options.Offset}-talk-{sent}' to='{own.Room}'><body>{sent}. {text}</body></message>");
            sent++;
            if (!await fleet.UntilAsync(() => own.Heard >= sent, 30))
            {
                break;
            }

            latencies.Add(Stopwatch.GetTimestamp() - due);
        }

        if (!await fleet.UntilAsync(() => Array.TrueForAll(listeners, one => one.Heard == sent), 30))
        {
            fleet.Measurements.Fault($"{listeners.Sum(one => Math.Max(0, sent - one.Heard))} messages did not arrive.");
        }

        if (listeners.Sum(one => one.Wrong) is > 0 and var wrong)
        {
            fleet.Measurements.Fault($"{wrong} messages came twice or out of order.");
        }

        var deliveries = (long)sent * (listeners.Length + 1);
        var seconds = meter.Report(fleet.Measurements, "delivery", deliveries);
        fleet.Measurements.Add("deliveries/s", deliveries / seconds);
        latencies.Report(fleet.Measurements, "until the talker hears itself");
    }

    /// <summary>One more person enters and leaves again and again: everybody is told each time.</summary>
    static async Task ComeAndGoAsync(Fleet fleet, LeanClient guest, string room)
    {
        for (var i = 0; i < Entries; i++)
        {
            await EnterAsync(guest, room, fleet.Token);
            guest.Send($"<presence type='unavailable' to='{room}/{guest.User}'/>");
            await UntilAsync(
                guest,
                element => element.StartsWith("<presence", StringComparison.Ordinal) && element.Contains("unavailable", StringComparison.Ordinal)
                    && element.Contains("110", StringComparison.Ordinal),
                fleet.Token);
        }
    }

    /// <summary>An open room that keeps its history, on every server.</summary>
    static async Task MakeAsync(LeanClient owner, string room, CancellationToken token)
    {
        await EnterAsync(owner, room, token);
        owner.Send($"<iq type='set' id='make' to='{room}'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>"
            + "<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field><field var='muc#roomconfig_membersonly'><value>0</value></field>"
            + "<field var='muc#roomconfig_persistentroom'><value>1</value></field><field var='muc#roomconfig_whois'><value>anyone</value></field></x></query></iq>");
        await owner.ResultAsync(token, "make");
    }

    static async ValueTask EnterAsync(LeanClient client, string room, CancellationToken token)
    {
        client.Send($"<presence to='{room}/{client.User}'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>");
        await UntilAsync(
            client,
            element => element.StartsWith("<presence", StringComparison.Ordinal) && element.Contains("error", StringComparison.Ordinal)
                ? throw new LoadException($"{client.User} got {element}")
                : element.StartsWith("<message", StringComparison.Ordinal) && element.Contains("<subject", StringComparison.Ordinal),
            token);
    }

    static async Task UntilAsync(LeanClient client, Func<string, bool> isIt, CancellationToken token)
    {
        while (!isIt(await client.NextAsync(token)))
        {
            // Presence of others.
        }
    }

    /// <summary>Counts what is said, and whether it comes in order.</summary>
    sealed class Listener(LeanClient client, string room) : IReceiver
    {
        int _heard;

        public LeanClient Client => client;

        public string Room => room;

        public int Heard => Volatile.Read(ref _heard);

        public int Wrong { get; private set; }

        public void Received(LeanClient from, ReadOnlySpan<byte> element)
        {
            var body = element.IndexOf("<body>"u8);
            if (body < 0 || element[1] != 'm')
            {
                return;
            }

            if (!System.Buffers.Text.Utf8Parser.TryParse(element[(body + 6)..], out int number, out _) || number != _heard)
            {
                Wrong++;
            }

            Volatile.Write(ref _heard, _heard + 1);
        }
    }
}
