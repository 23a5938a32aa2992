using System.CommandLine;
using Nyala.Host.Administration;
using Nyala.Host.Output;

namespace Nyala.Host.Commands;

/// <summary><c>nyala push …</c>: notifications that wake devices.</summary>
static class PushCommands
{
    public static Command Create(Terminal terminal) => new("push", "Tests push notifications") { Test(terminal) };

    static Command Test(Terminal terminal)
    {
        var address = new Argument<string>("address") { Description = "An address of the server's domain, or a username", HelpName = "JID-or-name" };
        var json = new Option<bool>("--json") { Description = "JSON for scripts" };
        var command = new Command("test", "Sends a test notification to all devices of an account and says what each service answered") { address, json };
        command.SetAction(async (arguments, _) =>
        {
            await using var access = await AdministrationAccess.OpenAsync(GlobalOptions.ReadConfiguration(arguments));
            var answers = await access.Administration.TestPushAsync(arguments.GetValue(address)!);
            if (arguments.GetValue(json))
            {
                terminal.AsJson(answers);
            }
            else if (answers.Count == 0)
            {
                terminal.Line("No device of this account has registered for push notifications: its client does that when it logs in.");
            }
            else
            {
                terminal.Rows(["Device", "Service", "Result", "Answer"], answers.Select(answer => new[] { answer.Device, answer.Service, answer.Result, answer.Answer }));
            }

            return answers.Count > 0 && answers.All(answer => answer.Result == "taken") ? CommandLine.Success : CommandLine.Failure;
        });
        return command;
    }
}
