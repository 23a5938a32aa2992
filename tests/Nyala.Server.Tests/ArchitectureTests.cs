using System.Text.RegularExpressions;
using Xunit;

namespace Nyala.Server.Tests;

/// <summary>Who may depend on whom (ARCHITECTURE.md), read off the project files and the using lines.</summary>
public sealed partial class ArchitectureTests
{
    static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Xmpp"] = [],
        ["Storage"] = ["Xmpp"],
        ["Core"] = ["Storage", "Xmpp"],
        ["Features"] = ["Core", "Storage", "Xmpp"],
        ["Client"] = ["Xmpp"],
        ["Host"] = ["Features", "Core", "Storage", "Xmpp"],
    };

    public static TheoryData<string> Projects => [.. Allowed.Keys];

    [Fact]
    public void Every_project_is_in_the_table() =>
        Assert.Equal(Allowed.Keys.Order(), Directory.GetDirectories(Source).Select(folder => Path.GetFileName(folder)["Nyala.".Length..]).Order());

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_references_only_what_it_may(string project)
    {
        var text = File.ReadAllText(Path.Combine(Source, "Nyala." + project, $"Nyala.{project}.csproj"));
        foreach (Match reference in Reference().Matches(text))
        {
            Assert.Contains(reference.Groups["name"].Value, Allowed[project]);
        }
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_uses_only_what_it_may(string project)
    {
        var folder = Path.Combine(Source, "Nyala." + project);
        var files = Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).ToList();
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            foreach (Match line in Using().Matches(File.ReadAllText(file)))
            {
                var used = line.Groups["name"].Value;
                Assert.True(used == project || Allowed[project].Contains(used), $"{Path.GetRelativePath(Source, file)} uses Nyala.{used}");
            }
        }
    }

    [Fact]
    public void The_protocol_layer_knows_no_socket_no_database_and_no_clock()
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Source, "Nyala.Xmpp"), "*.cs", SearchOption.AllDirectories))
        {
            Assert.DoesNotMatch(@"using (Microsoft|System\.Data)|NetworkStream|new Socket|TimeProvider|Stopwatch", File.ReadAllText(file));
        }
    }

    static string Source
    {
        get
        {
            var folder = AppContext.BaseDirectory;
            while (!File.Exists(Path.Combine(folder, "Nyala.slnx")))
            {
                folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("Not inside the repository.");
            }

            return Path.Combine(folder, "src");
        }
    }

    [GeneratedRegex(@"ProjectReference Include=""[^""]*Nyala\.(?<name>\w+)\.csproj""")]
    internal static partial Regex Reference();

    [GeneratedRegex(@"^using (static )?Nyala\.(?<name>\w+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    internal static partial Regex Using();
}
