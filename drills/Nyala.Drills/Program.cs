using Nyala.Drills;
using Nyala.Drills.Stage;
using Spectre.Console;

try
{
    var options = DrillOptions.Parse(args);
    if (options.Drill == "report")
    {
        DrillReport.Write(options.Results ?? "artifacts/drills.json", options.Output);
        return 0;
    }

    if (!File.Exists(options.Server))
    {
        throw new DrillException($"There is no server at {options.Server}: dotnet build -c Release first.");
    }

    var drills = new Dictionary<string, Func<DrillOptions, Task<Verdict>>>(StringComparer.Ordinal)
    {
        [KillTheServer.Name] = KillTheServer.RunAsync,
        [Terminate.Name] = Terminate.RunAsync,
        [FullDisk.Name] = FullDisk.RunAsync,
        [LoseUnsyncedWrites.Name] = LoseUnsyncedWrites.RunAsync,
        [KillWhileCatchingUp.Name] = KillWhileCatchingUp.RunAsync,
    };
    var chosen = options.Drill == "all"
        ? [.. drills.Values]
        : drills.TryGetValue(options.Drill, out var one) ? new[] { one } : throw new DrillException($"{options.Drill} is not a drill; run without arguments for help.");
    var (passed, held) = (true, true);
    foreach (var drill in chosen)
    {
        AnsiConsole.MarkupLine($"[grey]seed {options.Seed}[/]");
        var verdict = await drill(options);
        Print(verdict);
        passed &= verdict.Passed;
        held &= verdict.Skipped is null;
        if (options.Results is not null)
        {
            DrillReport.Add(options.Results, verdict);
        }
    }

    return !passed ? 1 : held ? 0 : 2;
}
catch (DrillException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}

static void Print(Verdict verdict)
{
    foreach (var (what, value) in verdict.Facts)
    {
        AnsiConsole.MarkupLine($"  {what.EscapeMarkup()}: {value.EscapeMarkup()}");
    }

    foreach (var fault in verdict.Faults)
    {
        AnsiConsole.MarkupLine("  [red]FAULT[/] " + fault.EscapeMarkup());
    }

    AnsiConsole.MarkupLine(verdict.Skipped is { } why
        ? $"{verdict.Drill}: [yellow]skipped[/], {why.EscapeMarkup()}"
        : $"{verdict.Drill}: {(verdict.Passed ? "[green]passed[/]" : "[red]FAILED[/]")} (seed {verdict.Seed})");
}
