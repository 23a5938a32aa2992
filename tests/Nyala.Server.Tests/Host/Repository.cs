namespace Nyala.Server.Tests.Host;

/// <summary>The working copy the tests were built in.</summary>
static class Repository
{
    public static string Root { get; } = Find();

    static string Find()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Nyala.slnx")))
        {
            directory = Path.GetDirectoryName(directory) ?? throw new InvalidOperationException("The tests do not run inside the repository.");
        }

        return directory;
    }
}
