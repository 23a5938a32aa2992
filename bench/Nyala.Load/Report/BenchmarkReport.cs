using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Nyala.Load.Measure;

namespace Nyala.Load.Report;

/// <summary>Makes docs/benchmarks.md, its plots and the README's sentence from bench/results: no number in them is typed by hand.</summary>
sealed class BenchmarkReport
{
    /// <summary>How results are written and read.</summary>
    public static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    readonly RunResult[] _runs;
    readonly ResultTable _table;
    readonly string _documents;

    BenchmarkReport(RunResult[] runs, string documents) => (_runs, _table, _documents) = (runs, new ResultTable(runs), documents);

    /// <exception cref="LoadException">There is no result.</exception>
    public static void Write(string results, string output)
    {
        var runs = Directory.EnumerateFiles(results, "*.json").Order(StringComparer.Ordinal)
            .Select(file => JsonSerializer.Deserialize<RunResult>(File.ReadAllText(file), Json)!).ToArray();
        if (runs.Length == 0)
        {
            throw new LoadException($"{results} holds no results.");
        }

        var documents = Path.GetDirectoryName(Path.GetFullPath(output))!;
        var report = new BenchmarkReport(runs, documents);
        report.Plot();
        File.WriteAllText(output, report.Page());
        report.Readme(Path.Combine(documents, "..", "README.md"));
    }

    string Page()
    {
        var text = new StringBuilder(Texts.Introduction);
        var machines = _runs.Select(run => run.Machine).Distinct().Select(machine => string.Create(
            CultureInfo.InvariantCulture, $"{machine.Processor}, {machine.Cores} cores, {machine.MemoryBytes / 1e9:0} GB, {machine.System}, Linux {machine.Kernel}, {machine.Runtime}"));
        text.Append(CultureInfo.InvariantCulture, $"\nMachine: {string.Join("; ", machines)}. Server and generator share it.\n");
        var versions = _runs.GroupBy(run => run.Label, run => run.Version, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => $"{group.Key} {string.Join(" and ", group.Distinct(StringComparer.Ordinal))}");
        text.Append(CultureInfo.InvariantCulture, $"Versions: {string.Join(", ", versions)}. Measured {_runs.Min(run => run.Started):yyyy-MM-dd} to {_runs.Max(run => run.Started):yyyy-MM-dd}.\n\n");
        Glance(text);
        Images(text);
        text.Append(Texts.Guarantees);
        Configuration(text);
        Extrapolation(text);
        foreach (var chapter in Chapters.All)
        {
            Section(text, chapter);
        }

        return text.ToString();
    }

    /// <summary>All targets in one table.</summary>
    void Glance(StringBuilder text)
    {
        text.Append("## Targets\n\nWhat stands between the unmet ones and the platform: [decision 19](decisions/019-what-the-platform-costs.md).\n\n| | what | Nyala | better peer | ratio | target | met | the platform alone |\n|---|---|---:|---:|---:|---:|---|---:|\n");
        foreach (var chapter in Chapters.All)
        {
            foreach (var target in chapter.Targets)
            {
                if (_table.Value(chapter.Name, ResultTable.Ours, target.Measurement) is not { } ours)
                {
                    continue;
                }

                var unit = _table.Unit(chapter.Name, target.Measurement);
                var peer = _table.BetterPeer(chapter.Name, target.Measurement);
                var other = target.Other is null ? null : _table.Value(target.Other, ResultTable.Ours, target.Measurement);
                text.Append(CultureInfo.InvariantCulture, $"| {chapter.Title} | {target.Measurement} | {Show(ours.Median, unit)} |");
                text.Append(CultureInfo.InvariantCulture, $" {(peer is { } p ? $"{Show(p.Value.Median, unit)} ({p.Server})" : "")} | {Ratio(ours, peer)} | {Wanted(target, unit)} | {Met(target, ours, peer?.Value, other)} |");
                text.Append(CultureInfo.InvariantCulture, $" {(_table.Floor(chapter.Name, target.Measurement) is { } floor ? $"{Show(floor.Value.Median, unit)} ({floor.What})" : "")} |\n");
            }
        }

        text.Append('\n');
    }

    static string Show(double value, string unit) => Measurements.Show(value) + (unit.Length > 0 ? " " + unit : "");

    static string Ratio(Spread ours, (string, Spread Value)? peer) =>
        peer is { } better ? (ours.Median / better.Value.Median).ToString("0.000", CultureInfo.InvariantCulture) : "";

    static string Wanted(Target target, string unit) => target.Bound switch
    {
        Bound.AtMost => "≤ " + Show(target.Value, unit),
        Bound.AtLeast => "≥ " + Show(target.Value, unit),
        Bound.OfPeer => $"≤ {target.Value.ToString("0.###", CultureInfo.InvariantCulture)} of the peer",
        _ => $"≤ {target.Value.ToString("0.##", CultureInfo.InvariantCulture)} × {target.Other}",
    };

    static string Met(Target target, Spread ours, Spread? peer, Spread? other)
    {
        if (target.Of(peer?.Median, other?.Median) is not { } bound)
        {
            return "not compared";
        }

        var met = target.Bound == Bound.AtLeast ? ours.Median >= bound : ours.Median <= bound;
        return met ? "yes" : $"**no** ({(ours.Median / bound).ToString(target.Bound == Bound.AtLeast ? "0.00" : "0.0", CultureInfo.InvariantCulture)} × it)";
    }

    void Images(StringBuilder text)
    {
        foreach (var (file, panels) in Chapters.Plots)
        {
            if (panels.Any(panel => _table.Servers(panel.Name).Length > 0))
            {
                text.Append(CultureInfo.InvariantCulture, $"![{string.Join("; ", panels.Select(panel => panel.Title))}](images/{file})\n\n");
            }
        }
    }

    void Plot()
    {
        var images = Path.Combine(_documents, "images");
        Directory.CreateDirectory(images);
        foreach (var (file, panels) in Chapters.Plots)
        {
            Panel[] filled = [.. panels.Select(panel => new Panel(panel.Title, _table.Unit(panel.Name, panel.Measurement), Bars(panel.Name, panel.Measurement))).Where(panel => panel.Bars.Count > 0)];
            if (filled.Length > 0)
            {
                File.WriteAllText(Path.Combine(images, file), Svg.Bars(filled));
            }
        }

        if (_table.Runs("memory").LastOrDefault(run => run.Label == ResultTable.Ours) is { Samples.Count: > 0 } memory)
        {
            File.WriteAllText(Path.Combine(images, "bench-memory.svg"), Svg.Line("Memory of Nyala over time (PSS)", "MB", memory.Samples));
        }
    }

    Bar[] Bars(string name, string measurement) =>
        [.. _table.Servers(name).Select(server => (server, Value: _table.Value(name, server, measurement))).Where(bar => bar.Value is not null)
            .Select(bar => new Bar(bar.server, bar.Value!.Median, bar.Value.Least, bar.Value.Most))];

    /// <summary>The exact lines by which our configuration differs from the defaults.</summary>
    void Configuration(StringBuilder text)
    {
        var file = Path.Combine(_documents, "..", "bench", "peers", "nyala.json");
        text.Append("## How Nyala's configuration differs from its defaults\n\nOnly in this, `bench/peers/nyala.json` (what stands between @ is filled in by the script):\n\n```json\n");
        text.Append(File.ReadAllText(file)).Append("```\n\n");
    }

    void Extrapolation(StringBuilder text)
    {
        const double Memory = 24.0 * 1024 * 1024 * 1024;
        var told = new List<string>();
        foreach (var (what, names) in new[] { ("plain", new[] { "idle-19k", "idle-2k" }), ("with TLS", ["idle-19k-tls", "idle-2k-tls"]) })
        {
            if (names.Select(name => (name, Value: _table.Value(name, ResultTable.Ours, "PSS per connection"))).FirstOrDefault(found => found.Value is not null) is { Value: { } value } found)
            {
                told.Add(string.Create(CultureInfo.InvariantCulture, $"{Memory / value.Median / 1e6:0.0} million {what} ({Measurements.Show(value.Median)} bytes each, measured at {found.name["idle-".Length..]})"));
            }
        }

        if (told.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{Texts.Extrapolation}Nyala's idle connections would make that {string.Join(", ", told)}: an extrapolation, not a measurement.\n\n");
        }
    }

    void Section(StringBuilder text, Chapter chapter)
    {
        var servers = _table.Servers(chapter.Name);
        if (servers.Length == 0)
        {
            return;
        }

        var runs = _table.Runs(chapter.Name);
        text.Append(CultureInfo.InvariantCulture, $"## {chapter.Title}\n\n`bench/compare {chapter.Name}`. {chapter.Text}\n\n");
        if (chapter.Name == "memory")
        {
            text.Append("![Memory over time](images/bench-memory.svg)\n\n");
        }

        text.Append('|').Append(string.Concat(servers.Select(server => $" | {server} ({runs.Count(run => run.Label == server)} rounds)"))).Append(" | ratio |\n|---|")
            .Append(string.Concat(Enumerable.Repeat("---:|", servers.Length + 1))).Append('\n');
        foreach (var (name, unit) in runs.SelectMany(run => run.Measurements).Select(m => (m.Name, m.Unit)).Distinct())
        {
            text.Append(CultureInfo.InvariantCulture, $"| {name}{(unit.Length == 0 ? "" : ", " + unit)} |");
            foreach (var server in servers)
            {
                text.Append(_table.Value(chapter.Name, server, name) is { } value
                    ? $" **{Measurements.Show(value.Median)}** ({Measurements.Show(value.Least)}–{Measurements.Show(value.Most)}) |"
                    : " |");
            }

            text.Append(_table.Value(chapter.Name, ResultTable.Ours, name) is { } ours ? $" {Ratio(ours, _table.BetterPeer(chapter.Name, name))} |\n" : " |\n");
        }

        text.Append('\n').Append(string.Concat(runs.SelectMany(run => run.Faults.Select(fault => $"Fault: {run.Label}: {fault}\n\n"))));
    }

    /// <summary>Fills what stands between the marks in the README.</summary>
    void Readme(string file)
    {
        const string Begin = "<!-- bench: written by bench/compare -->\n", End = "<!-- /bench -->";
        var readme = File.ReadAllText(file);
        var (from, to) = (readme.IndexOf(Begin, StringComparison.Ordinal), readme.IndexOf(End, StringComparison.Ordinal));
        if (from >= 0 && to > from && Sentence() is { } sentence)
        {
            File.WriteAllText(file, $"{readme[..(from + Begin.Length)]}{sentence}{readme[to..]}");
        }
    }

    string? Sentence()
    {
        string? Part(string name, string measurement) =>
            _table.Value(name, ResultTable.Ours, measurement) is { } ours && _table.BetterPeer(name, measurement) is { } peer
                ? $"1/{(peer.Value.Median / ours.Median).ToString("0", CultureInfo.InvariantCulture)}"
                : null;

        return Part("chat-closed", "server CPU per message") is { } chat && Part("login", "server CPU per login") is { } login
            && Part("idle-2k", "PSS per connection") is { } memory
            ? $"![{string.Join("; ", Chapters.Plots[0].Panels.Select(panel => panel.Title))}](docs/images/{Chapters.Plots[0].File})\n\n"
                + $"On one machine, in one run, Nyala needs {chat} of the better peer's processor time for a message, {login} for a login, and {memory} of its\n"
                + "memory for an idle connection, with every message on disk before it is acknowledged: [docs/benchmarks.md](docs/benchmarks.md).\n"
            : null;
    }
}
