using Xunit;

namespace Nyala.Interop.Tests.Stage;

/// <summary>Programs of other people that a test needs, and the test's polite end where one is missing.</summary>
static class Tool
{
    public const string Python = "/usr/bin/python3";
    const string Remedy = "run tests/Nyala.Interop.Tests/install as root, or install the package yourself";

    /// <summary>Debian's Python packages are for Debian's Python only.</summary>
    public static bool HasModule(string name) => Directory.Exists($"/usr/lib/python3/dist-packages/{name}");

    /// <summary>The npm packages of this folder.</summary>
    public static bool HasNodeModules => Has("node") && Directory.Exists(Path.Combine(Folders.Project, "node_modules"));

    public static bool Has(string command) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Any(folder => File.Exists(Path.Combine(folder, command)));

    /// <summary>Skips the test, saying what to install, unless all these clients are here.</summary>
    public static void Need(params IEnumerable<string> clients)
    {
        foreach (var client in clients)
        {
            var here = client switch
            {
                "slixmpp" or "nbxmpp" => HasModule(client),
                "npm packages" => HasNodeModules,
                _ => Has(client),
            };
            Assert.SkipUnless(here, $"{client} is not installed: {Remedy}.");
        }
    }
}
