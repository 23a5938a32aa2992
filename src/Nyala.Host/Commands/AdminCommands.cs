using System.CommandLine;
using Nyala.Host.Administration;
using Nyala.Host.Output;
using Nyala.Storage;

namespace Nyala.Host.Commands;

/// <summary><c>nyala admin …</c>: accounts that may administer the server from a client (XEP-0133).</summary>
static class AdminCommands
{
    static readonly Argument<string> Address = new("address") { Description = "An address of the server's domain, or a username", HelpName = "JID-or-name" };
    static readonly Option<bool> Json = new("--json") { Description = "JSON for scripts" };

    public static Command Create(Terminal terminal) => new("admin", "Manages who administers the server from a client")
    {
        Change(terminal, "add", "Makes an account an administrator", isAdmin: true, "{0} is an administrator"),
        Change(terminal, "remove", "Takes that right from an account, which stays", isAdmin: false, "{0} is no administrator"),
        List(terminal),
    };

    static Command Change(Terminal terminal, string name, string description, bool isAdmin, string sentence)
    {
        var command = new Command(name, description) { Address };
        command.SetAction(async (arguments, _) =>
        {
            await using var access = await AdministrationAccess.OpenAsync(GlobalOptions.ReadConfiguration(arguments));
            var address = arguments.GetValue(Address)!;
            await access.Administration.SetAdminAsync(new(address, isAdmin));
            terminal.Line(string.Format(System.Globalization.CultureInfo.InvariantCulture, sentence, address));
        });
        return command;
    }

    static Command List(Terminal terminal)
    {
        var command = new Command("list", "Lists all administrators") { Json };
        command.SetAction(async (arguments, _) =>
        {
            await using var access = await AdministrationAccess.OpenAsync(GlobalOptions.ReadConfiguration(arguments));
            var admins = (await access.Administration.ListUsersAsync()).Where(account => account.Role == AccountRole.Admin).ToArray();
            if (arguments.GetValue(Json))
            {
                terminal.AsJson(admins);
            }
            else
            {
                terminal.Rows(["Address", "State"], admins.Select(account => new[] { account.Address, account.IsDisabled ? "disabled" : "active" }));
            }
        });
        return command;
    }
}
