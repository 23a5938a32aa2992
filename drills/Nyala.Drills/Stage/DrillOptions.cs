using System.Globalization;

namespace Nyala.Drills.Stage;

/// <summary>The drill cannot be held, or the command line is not understood; told in one sentence.</summary>
sealed class DrillException(string message) : Exception(message);

/// <summary>What the command line asks for.</summary>
sealed record DrillOptions
{
    public const string Help = """
        Nyala.Drills DRILL [options]
        Breaks a real server in one way, again and again, and counts what is lost. Exit code 0: nothing.

        Drills
          kill-the-server        kill -9 at random moments
          terminate              SIGTERM at random moments
          full-disk              a disk without space (root: mounts a small tmpfs)
          lose-unsynced-writes   kill -9, and every write that was not synced is lost (needs gcc)
          kill-while-catching-up the same while the database is held up in taking the journal in (needs gcc)
          all                    one after the other
          report                 writes docs/drills.md from --results FILE (needs no server)

        Options
          --long                 the long version (kill-the-server: 50 kills)
          --rounds N             how often to break it
          --seed N               repeats what was random
          --server FILE          the nyala binary (found in artifacts/bin when run from the repository)
          --results FILE         where results are added (artifacts/drills.json)
        """;

    public string Drill { get; private init; } = "";
    public bool Long { get; private set; }
    public int? Rounds { get; private set; }
    public int Seed { get; private set; } = Random.Shared.Next(1, 1_000_000);
    public string Server { get; private set; } = "artifacts/bin/Nyala.Host/release/nyala";
    public string? Results { get; private set; }
    public string Output { get; private set; } = "docs/drills.md";

    /// <exception cref="DrillException">An option is unknown or its value impossible.</exception>
    public static DrillOptions Parse(string[] args)
    {
        if (args.Length == 0 || args[0].StartsWith('-'))
        {
            throw new DrillException(Help);
        }

        var options = new DrillOptions { Drill = args[0] };
        for (var i = 1; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--long": options.Long = true; break;
                case "--rounds": options.Rounds = Number(args, ref i); break;
                case "--seed": options.Seed = Number(args, ref i); break;
                case "--server": options.Server = Value(args, ref i); break;
                case "--results": options.Results = Value(args, ref i); break;
                case "--output": options.Output = Value(args, ref i); break;
                default: throw new DrillException($"{args[i]} is not an option; run without arguments for help.");
            }
        }

        return options;
    }

    static string Value(string[] args, ref int i) => ++i < args.Length ? args[i] : throw new DrillException($"{args[i - 1]} needs a value.");

    static int Number(string[] args, ref int i) =>
        int.TryParse(Value(args, ref i), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new DrillException($"{args[i - 1]} is a whole number of at least 1.");
}
