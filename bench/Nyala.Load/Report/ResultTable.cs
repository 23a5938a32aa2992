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

    /// <summary>Not a server: what no server can be better than.</summary>
    public const string Limit = "relay";

    static readonly string[] Order = [Ours, "ejabberd", "prosody", Limit];

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
        var peers = Servers(name).Where(server => server is not (Ours or Limit)).Select(server => (Server: server, Value: Value(name, server, measurement)))
            .Where(peer => peer.Value is { Median: > 0 }).Select(peer => (peer.Server, peer.Value!)).OrderBy(peer => peer.Item2.Median).ToArray();
        return peers.Length == 0 ? null : measurement.EndsWith("/s", StringComparison.Ordinal) ? peers[^1] : peers[0];
    }
}
