using Nyala.Load.Measure;

namespace Nyala.Load.Report;

/// <summary>Median and bounds of one number over the rounds.</summary>
sealed record Spread(double Median, double Least, double Most)
{
    public static Spread? Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length switch
        {
            0 => null,
            var n when n % 2 == 1 => new(sorted[n / 2], sorted[0], sorted[^1]),
            var n => new((sorted[(n / 2) - 1] + sorted[n / 2]) / 2, sorted[0], sorted[^1]),
        };
    }
}

/// <summary>All results, to be asked by run, server and measurement.</summary>
sealed class ResultTable(IReadOnlyList<RunResult> runs)
{
    public const string Ours = "nyala";

    /// <summary>No servers: what no server that does the same can be better than. Those that do more come first.</summary>
    static readonly string[] Limits = ["relay-tls", "relay-sync", "relay"];

    static readonly string[] Order = [Ours, "ejabberd", "prosody", "relay", "relay-sync", "relay-tls"];

    /// <summary>Whether a result is a relay's.</summary>
    public static bool IsLimit(string server) => Limits.Contains(server);

    public IReadOnlyList<RunResult> Runs(string name) => [.. runs.Where(run => run.Name == name)];

    /// <summary>The servers that took part in a run, ours first.</summary>
    public string[] Servers(string name) =>
        [.. Runs(name).Select(run => run.Label).Distinct(StringComparer.Ordinal).OrderBy(label => (uint)Array.IndexOf(Order, label)).ThenBy(label => label, StringComparer.Ordinal)];

    public Spread? Value(string name, string server, string measurement) =>
        Spread.Of(runs.Where(run => run.Name == name && run.Label == server).SelectMany(run => run.Measurements).Where(m => m.Name == measurement).Select(m => m.Value));

    public string Unit(string name, string measurement) =>
        Runs(name).SelectMany(run => run.Measurements).FirstOrDefault(m => m.Name == measurement)?.Unit ?? "";

    /// <summary>The better of the peers: the one with more of what is counted per second, or with less of anything else.</summary>
    public (string Server, Spread Value)? BetterPeer(string name, string measurement)
    {
        var peers = Servers(name).Where(server => server != Ours && !IsLimit(server)).Select(server => (Server: server, Value: Value(name, server, measurement)))
            .Where(peer => peer.Value is { Median: > 0 }).Select(peer => (peer.Server, peer.Value!)).OrderBy(peer => peer.Item2.Median).ToArray();
        return peers.Length == 0 ? null : measurement.EndsWith("/s", StringComparison.Ordinal) ? peers[^1] : peers[0];
    }

    /// <summary>What the platform alone needs: the relay's number, or what pairs noticed that talked through it in the same storm.</summary>
    public (string What, Spread Value)? Floor(string name, string measurement)
    {
        const string Untouched = "untouched", Control = "relay-sync";
        if (measurement.StartsWith(Untouched, StringComparison.Ordinal))
        {
            return Value(name, Ours, Control + measurement[Untouched.Length..]) is { } meanwhile ? ("relay-sync beside it", meanwhile) : null;
        }

        foreach (var limit in Limits)
        {
            if (Value(name, limit, measurement) is { } value)
            {
                return (limit, value);
            }
        }

        return null;
    }
}
