using System.CommandLine;
using System.Runtime.InteropServices;
using Nyala.Host.Output;

namespace Nyala.Host.Commands;

/// <summary><c>nyala version</c>.</summary>
static class VersionCommand
{
    public static Command Create(Terminal terminal)
    {
        var json = new Option<bool>("--json") { Description = "JSON instead of a line" };
        var command = new Command("version", "Shows the version") { json };
        command.SetAction(arguments =>
        {
            if (arguments.GetValue(json))
            {
                terminal.AsJson(new { About.Version, About.Commit, Runtime = RuntimeInformation.FrameworkDescription, System = RuntimeInformation.RuntimeIdentifier });
                return;
            }

            var commit = About.Commit is { Length: >= 9 } full ? $" ({full[..9]})" : "";
            terminal.Line($"nyala {About.Version}{commit} on {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}");
        });
        return command;
    }
}
