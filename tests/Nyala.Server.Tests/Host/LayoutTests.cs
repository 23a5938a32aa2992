using System.Text.RegularExpressions;
using Xunit;

namespace Nyala.Server.Tests.Host;

/// <summary>Who may depend on whom, also inside one build: the table of ARCHITECTURE.md.</summary>
public sealed partial class LayoutTests
{
    static readonly Dictionary<string, string[]> May = new(StringComparer.Ordinal)
    {
        ["Nyala.Xmpp"] = [],
        ["Nyala.Storage"] = ["Nyala.Xmpp"],
        ["Nyala.Core"] = ["Nyala.Xmpp", "Nyala.Storage"],
        ["Nyala.Features"] = ["Nyala.Xmpp", "Nyala.Storage", "Nyala.Core"],
        ["Nyala.Federation"] = ["Nyala.Xmpp", "Nyala.Storage", "Nyala.Core"],
        ["Nyala.Host"] = ["Nyala.Xmpp", "Nyala.Storage", "Nyala.Core", "Nyala.Features", "Nyala.Federation"],
        ["Nyala.Client"] = ["Nyala.Xmpp"],
    };

    [Fact]
    public void Projects_depend_only_on_those_they_may()
    {
        var wrong = new List<string>();
        foreach (var (project, allowed) in May)
        {
            foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", project), "*.cs", SearchOption.AllDirectories))
            {
                var used = OwnNamespace().Matches(File.ReadAllText(file)).Select(match => match.Groups["project"].Value).Distinct();
                wrong.AddRange(used.Where(name => name != project && !allowed.Contains(name)).Select(name => $"{file} uses {name}"));
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void The_protocol_knows_no_sockets_no_database_and_no_clock()
    {
        var files = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", "Nyala.Xmpp"), "*.cs", SearchOption.AllDirectories);
        Assert.DoesNotContain(files, file => Forbidden().IsMatch(File.ReadAllText(file)));
    }

    [GeneratedRegex(@"^\s*using (?:static )?(?<project>Nyala\.(?:Xmpp|Storage|Core|Features|Federation|Host|Client))\b", RegexOptions.Multiline)]
    private static partial Regex OwnNamespace();

    [GeneratedRegex(@"\bnew (?:Socket|TcpClient)\b|using (?:System\.Data|Microsoft\.AspNetCore|Microsoft\.Data)|TimeProvider|Stopwatch")]
    private static partial Regex Forbidden();
}
