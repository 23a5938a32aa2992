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

    /// <summary>Programs in windows run on a display, a bus and a mount namespace of their own; the last needs root.</summary>
    static bool HasDesktop => Environment.IsPrivilegedProcess && Has("unshare") && Has("setpriv") && Has("Xvfb") && Has("dbus-run-session");

    public static bool Has(string command) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Any(folder => File.Exists(Path.Combine(folder, command)));

    /// <summary>Skips the test, saying what to install, unless all these clients are here.</summary>
    public static void Need(params IEnumerable<string> clients)
    {
        foreach (var client in clients)
        {
            Assert.SkipUnless(IsHere(client), $"{client} is not installed: {Remedy}.");
        }
    }

    /// <summary>Whether a client is here, by the name that <see cref="Need"/> knows it by.</summary>
    public static bool IsHere(string client) => client switch
    {
        "slixmpp" or "nbxmpp" or "aiohttp" => HasModule(client),
        "npm packages" => HasNodeModules,
        "ngircd" => File.Exists("/usr/sbin/ngircd"),
        "a desktop" => HasDesktop,
        "python3-pyatspi" => HasModule("pyatspi"),
        "gajim-omemo" => Directory.Exists("/usr/share/gajim/plugins/omemo"),
        _ => Has(client),
    };
}
