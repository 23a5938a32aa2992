namespace Nyala.Interop.Tests.Stage;

/// <summary>Where things are in the repository.</summary>
static class Folders
{
    /// <summary>The root: the folder of the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>This test project, with its scripts and node_modules.</summary>
    public static string Project { get; } = Path.Combine(Root, "tests", "Nyala.Interop.Tests");

    /// <summary>For logs and screenshots that people may want to look at.</summary>
    public static string Output { get; } = Directory.CreateDirectory(Path.Combine(Root, "artifacts", "interop")).FullName;

    static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Nyala.slnx")))
        {
            folder = folder.Parent;
        }
        return folder?.FullName ?? throw new DirectoryNotFoundException("The tests run outside the repository.");
    }
}
