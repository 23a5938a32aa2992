using System.Diagnostics;
using System.Globalization;
using Nyala.Load.Measure;

namespace Nyala.Load.Scenarios;

/// <summary>
/// Pairs that talk by the clock while something else happens to the server, and what they notice of it: their latency before
/// and during. They are a process of their own (<see cref="Talk"/>): this one is busy making the storm, and its delays must not
/// be taken for the server's. A message belongs to the time it was due in, so that one that a busy server holds back counts.
/// </summary>
sealed class Talkers : IDisposable
{
    /// <summary>Messages a second from each pair.</summary>
    const int Rate = 10;

    readonly Fleet _fleet;
    readonly Process _process;
    readonly List<(long Due, long Took)> _all = [];
    long _quietFrom;
    long _stormFrom;
    long _stormTo;

    Talkers(Fleet fleet, Process process) => (_fleet, _process) = (fleet, process);

    /// <summary>Logs the pairs in and lets them begin.</summary>
    /// <param name="first">The first account.</param>
    public static Task<Talkers> StartAsync(Fleet fleet, int first)
    {
        var options = fleet.Options;
        return StartAsync(fleet,
        [
            "--server", $"{options.Host}:{options.Port}", "--domain", options.Domain, "--password", options.Password,
            "--tls", options.Tls.ToString().ToLowerInvariant(), "--offset", $"{options.Offset + first}",
        ]);
    }

    /// <summary>As many pairs that talk through a relay that does nothing but sync each message: what they notice is the machine's doing, not the server's.</summary>
    public static Task<Talkers> StartAtRelayAsync(Fleet fleet, string relay) => StartAsync(fleet, ["--server", relay, "--bare", "on", "--sm", "off"]);

    static async Task<Talkers> StartAsync(Fleet fleet, string[] where)
    {
        var options = fleet.Options;
        string[] arguments =
            ["talk", "--users", $"{options.Untouched * 2}", "--rate", $"{options.Untouched * Rate}", "--size", $"{options.Size}", .. where];
        var start = new ProcessStartInfo(Environment.ProcessPath!, arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true };
        var talkers = new Talkers(fleet, Process.Start(start)!);
        if (await talkers._process.StandardOutput.ReadLineAsync(fleet.Token) != Talk.Ready)
        {
            throw new LoadException("The pairs that talk meanwhile could not log in.");
        }

        return talkers;
    }

    public void MeasureQuiet() => _quietFrom = Stopwatch.GetTimestamp();

    public void MeasureStorm() => _stormFrom = Stopwatch.GetTimestamp();

    /// <summary>The storm is over: ends the talk when everything sent has arrived; what did not is a fault.</summary>
    public async Task StopAsync()
    {
        _stormTo = Stopwatch.GetTimestamp();
        _process.StandardInput.Close();
        while (await _process.StandardOutput.ReadLineAsync(_fleet.Token) is { } line)
        {
            if (!line.StartsWith(Talk.Missing, StringComparison.Ordinal))
            {
                var space = line.IndexOf(' ', StringComparison.Ordinal);
                _all.Add((long.Parse(line.AsSpan(0, space), CultureInfo.InvariantCulture), long.Parse(line.AsSpan(space + 1), CultureInfo.InvariantCulture)));
            }
            else if (line != Talk.Missing + "0")
            {
                _fleet.Measurements.Fault($"Messages of untouched sessions did not arrive, or twice, or out of order: {line}.");
            }
        }
    }

    /// <param name="name">Whose latencies these are.</param>
    public void Report(string name)
    {
        var (quiet, storm) = (Between(_quietFrom, _stormFrom), Between(_stormFrom, _stormTo));
        quiet.Report(_fleet.Measurements, name + " before");
        storm.Report(_fleet.Measurements, name + " during");
        if (quiet.Count > 0 && storm.Count > 0)
        {
            _fleet.Measurements.Add(name + " p99, during ÷ before", storm.Milliseconds(0.99) / quiet.Milliseconds(0.99));
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    Latencies Between(long from, long to)
    {
        var latencies = new Latencies(_all.Count);
        foreach (var (due, took) in _all)
        {
            if (due >= from && due < to)
            {
                latencies.Add(took);
            }
        }

        return latencies;
    }
}
