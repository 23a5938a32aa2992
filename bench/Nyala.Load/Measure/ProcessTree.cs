using System.Globalization;

namespace Nyala.Load.Measure;

/// <summary>What a process and its descendants use, from /proc.</summary>
sealed class ProcessTree(int root)
{
    /// <summary>Processor seconds, user and system, of all processes alive in the tree.</summary>
    public double CpuSeconds() => Members().Sum(ProcessClock.Seconds);

    /// <summary>Proportional set size in bytes: memory shared with others counts by its share.</summary>
    public long PssBytes() => Members().Sum(PssBytes);

    /// <summary>Processor seconds of this process.</summary>
    public static double OwnCpuSeconds() => ProcessClock.Seconds(Environment.ProcessId);

    List<int> Members()
    {
        var parents = new Dictionary<int, int>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && Stat(pid) is { } stat)
            {
                parents[pid] = int.Parse(stat[1], CultureInfo.InvariantCulture);
            }
        }

        if (!parents.ContainsKey(root))
        {
            throw new LoadException($"There is no process {root}.");
        }

        var members = new List<int> { root };
        for (var i = 0; i < members.Count; i++)
        {
            members.AddRange(parents.Where(pair => pair.Value == members[i]).Select(pair => pair.Key));
        }

        return members;
    }

    /// <summary>The fields of /proc/PID/stat from the third on (state, parent, …); null when the process is gone.</summary>
    static string[]? Stat(int pid)
    {
        try
        {
            // The second field, the name in parentheses, may hold anything.
            var text = File.ReadAllText($"/proc/{pid}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    static long PssBytes(int pid)
    {
        try
        {
            var line = File.ReadLines($"/proc/{pid}/smaps_rollup").First(line => line.StartsWith("Pss:", StringComparison.Ordinal));
            return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
