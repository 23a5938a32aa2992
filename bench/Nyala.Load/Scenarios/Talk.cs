using System.Globalization;
using System.Text;

namespace Nyala.Load.Scenarios;

/// <summary>
/// The process behind <see cref="Talkers"/>: pairs talk by the clock until standard input ends. Every message that arrives is a
/// line of two numbers, when it was due and how long it took, in Stopwatch ticks; the last line says how many did not arrive as they should.
/// </summary>
static class Talk
{
    /// <summary>Tells the parent that everybody is logged in.</summary>
    public const string Ready = "ready";

    /// <summary>What the last line begins with.</summary>
    public const string Missing = "missing ";

    public static async Task RunAsync(Fleet fleet)
    {
        var options = fleet.Options;
        var clients = options.Bare ? await fleet.ConnectBareAsync(options.Users) : await fleet.LoginAsync(0, options.Users, presence: true);
        var pairs = Enumerable.Range(0, options.Users / 2).Select(i => new ChatPair(options, i, clients[2 * i], clients[(2 * i) + 1])).ToArray();
        var reading = pairs.SelectMany(pair => pair.Start()).ToArray();
        var output = new StringBuilder();
        Array.ForEach(pairs, pair => pair.Arrived = (due, took) =>
        {
            lock (output)
            {
                output.Append(CultureInfo.InvariantCulture, $"{due} {took}\n");
            }
        });
        var pace = new ChatPace(pairs, options.Rate);
        pace.Begin();
        output.Append(Ready).Append('\n');

        var parent = Task.Run(Console.In.ReadToEnd, fleet.Token);
        while (!parent.IsCompleted)
        {
            await fleet.WaitAsync(0.1);
            await FlushAsync(output);
        }

        pace.Stop();
        await fleet.UntilAsync(() => pairs.All(pair => pair.Delivered == pair.Sent), 30);
        await FlushAsync(output);
        await Console.Out.WriteLineAsync(Missing + pairs.Sum(pair => pair.Sent - pair.Delivered + pair.OutOfOrder).ToString(CultureInfo.InvariantCulture));
        Array.ForEach(clients, client => client.Close());
        await Task.WhenAll(reading);
    }

    static Task FlushAsync(StringBuilder output)
    {
        string text;
        lock (output)
        {
            text = output.ToString();
            output.Clear();
        }

        return Console.Out.WriteAsync(text);
    }
}
