using System.Globalization;

namespace Nyala.Host;

/// <summary>Which program listens on a port, as far as this user may know (Linux).</summary>
static class PortOwner
{
    /// <summary>Such as "prosody (process 4711)", or null.</summary>
    public static string? Find(int port)
    {
        try
        {
            var inodes = Sockets("/proc/net/tcp", port).Concat(Sockets("/proc/net/tcp6", port)).ToHashSet(StringComparer.Ordinal);
            return inodes.Count == 0 ? null : Directory.EnumerateDirectories("/proc").Select(process => Match(process, inodes)).FirstOrDefault(found => found is not null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    static IEnumerable<string> Sockets(string table, int port)
    {
        const string Listening = "0A";
        var end = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        return (File.Exists(table) ? File.ReadLines(table).Skip(1) : [])
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields.Length > 9 && fields[1].EndsWith(end, StringComparison.Ordinal) && fields[3] == Listening)
            .Select(fields => $"socket:[{fields[9]}]");
    }

    static string? Match(string process, HashSet<string> sockets)
    {
        if (!int.TryParse(Path.GetFileName(process), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
        {
            return null;
        }

        try
        {
            var owns = Directory.EnumerateFiles(Path.Combine(process, "fd")).Any(file => new FileInfo(file).LinkTarget is { } target && sockets.Contains(target));
            return owns ? $"{File.ReadAllText(Path.Combine(process, "comm")).Trim()} (process {id.ToString(CultureInfo.InvariantCulture)})" : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another user's process, or one that just ended.
            return null;
        }
    }
}
