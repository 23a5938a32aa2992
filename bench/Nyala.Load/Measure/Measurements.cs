using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Nyala.Load.Measure;

/// <summary>One number of a run.</summary>
/// <param name="Name">What it is; the same in every run of a scenario.</param>
/// <param name="Value">The number.</param>
/// <param name="Unit">Its unit; empty for counts.</param>
sealed record Measurement(string Name, double Value, string Unit);

/// <summary>Where a run happened: numbers without it mean nothing.</summary>
sealed record Machine(string Processor, int Cores, long MemoryBytes, string System, string Kernel, string Runtime)
{
    public static Machine Here()
    {
        var model = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal));
        return new Machine(
            model is null ? "unknown" : model[(model.IndexOf(':', StringComparison.Ordinal) + 2)..],
            Environment.ProcessorCount,
            GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            RuntimeInformation.OSDescription,
            File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
            RuntimeInformation.FrameworkDescription);
    }
}

/// <summary>A reading of something over time, for a plot.</summary>
/// <param name="Name">What was read.</param>
/// <param name="Seconds">When, since the measurement began.</param>
/// <param name="Value">The number.</param>
sealed record Sample(string Name, double Seconds, double Value);

/// <summary>What a run found, as it goes to the table and the JSON file.</summary>
/// <param name="Name">What kind of run this is; those of one name are compared.</param>
/// <param name="Label">The server.</param>
/// <param name="Version">Which version of it.</param>
/// <param name="Commit">Of this repository.</param>
sealed record RunResult(
    string Name,
    string Scenario,
    string Label,
    string Version,
    DateTimeOffset Started,
    string Commit,
    Machine Machine,
    IReadOnlyDictionary<string, string> Parameters,
    IReadOnlyList<Measurement> Measurements,
    IReadOnlyList<Sample> Samples,
    IReadOnlyList<string> Faults);

/// <summary>Collects the numbers of one run, and what went wrong in it.</summary>
sealed class Measurements
{
    readonly List<Measurement> _all = [];
    readonly List<Sample> _samples = [];
    readonly List<string> _faults = [];

    public IReadOnlyList<Measurement> All => _all;

    public IReadOnlyList<Sample> Samples => _samples;

    public IReadOnlyList<string> Faults => _faults;

    public void Add(string name, double value, string unit = "") => _all.Add(new(name, value, unit));

    public void Sample(string name, double seconds, double value) => _samples.Add(new(name, seconds, value));

    /// <summary>Something that must not happen did: the run fails, its numbers are still told.</summary>
    public void Fault(string sentence) => _faults.Add(sentence);

    /// <summary>A number as people read it: four significant digits.</summary>
    public static string Show(double value) => Math.Abs(value) switch
    {
        >= 1000 => value.ToString("#,##0", CultureInfo.InvariantCulture),
        >= 100 => value.ToString("0.#", CultureInfo.InvariantCulture),
        >= 1 => value.ToString("0.##", CultureInfo.InvariantCulture),
        _ => value.ToString("0.####", CultureInfo.InvariantCulture),
    };
}

/// <summary>Processor time of server and generator over one stretch of a run.</summary>
sealed class CpuMeter
{
    readonly ProcessTree? _server;
    readonly double _serverStart;
    readonly double _ownStart;
    readonly long _start;

    CpuMeter(ProcessTree? server)
    {
        _server = server;
        _serverStart = server?.CpuSeconds() ?? 0;
        _ownStart = ProcessTree.OwnCpuSeconds();
        _start = Stopwatch.GetTimestamp();
    }

    public static CpuMeter Start(LoadOptions options) => new(options.Pid is { } pid ? new ProcessTree(pid) : null);

    /// <summary>Adds processor time per <paramref name="unit"/> since the start, of both sides.</summary>
    /// <returns>The seconds that passed.</returns>
    public double Report(Measurements into, string unit, long count)
    {
        var seconds = Stopwatch.GetElapsedTime(_start).TotalSeconds;
        count = Math.Max(1, count);
        if (_server is not null)
        {
            var server = _server.CpuSeconds() - _serverStart;
            into.Add($"server CPU per {unit}", server * 1e6 / count, "µs");
            into.Add("server CPU", server * 100 / seconds, "% of a core");
        }

        var own = ProcessTree.OwnCpuSeconds() - _ownStart;
        into.Add($"generator CPU per {unit}", own * 1e6 / count, "µs");
        return seconds;
    }
}
