namespace Nyala.Host.Http;

/// <summary>
/// What the web app of the builds before this one had under <c>assets/</c>, kept in the data directory: a page that was open
/// while the server was renewed still finds the parts that it loads later. Bounded in number and time.
/// </summary>
sealed class EarlierBuilds(string directory, TimeProvider time)
{
    const string Assets = "assets";

    /// <summary>Builds that are kept, with the present one.</summary>
    const int Most = 3;

    static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    /// <summary>Keeps the present build, lets go of what is too old, and returns what is there of earlier ones: names and paths.</summary>
    /// <param name="present">The present build.</param>
    public IReadOnlyList<(string Name, string Path)> Take(string present)
    {
        try
        {
            var own = Keep(present);
            var builds = new DirectoryInfo(directory).GetDirectories().OrderByDescending(build => build.LastWriteTimeUtc).ToList();
            var oldest = time.GetUtcNow().UtcDateTime - Lifetime;
            foreach (var build in builds.Where((build, i) => build.FullName != own && (i >= Most || build.LastWriteTimeUtc < oldest)))
            {
                build.Delete(recursive: true);
            }

            return [.. builds.Where(build => build.FullName != own && Directory.Exists(build.FullName)).SelectMany(Files)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk is no reason not to start; pages that are open then load themselves anew.
            return [];
        }
    }

    /// <summary>Copies the present build, unless that is there already; returns where it is.</summary>
    string Keep(string present)
    {
        var files = Directory.EnumerateFiles(Path.Combine(present, Assets)).Select(Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal).ToList();
        var name = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', files))))[..16];
        var own = Path.Combine(Path.GetFullPath(directory), name);
        if (!Directory.Exists(own))
        {
            // Whole or not at all: what was interrupted lies under another name and goes with time.
            var half = Directory.CreateDirectory(own + ".new").FullName;
            foreach (var file in files)
            {
                File.Copy(Path.Combine(present, Assets, file), Path.Combine(half, file), overwrite: true);
            }

            Directory.Move(half, own);
        }

        Directory.SetLastWriteTimeUtc(own, time.GetUtcNow().UtcDateTime);
        return own;
    }

    static IEnumerable<(string Name, string Path)> Files(DirectoryInfo build) => build.EnumerateFiles()
        .Where(file => !WebApp.IsPacked(file.Name)).Select(file => ($"{Assets}/{file.Name}", file.FullName));
}
