using System.CommandLine;
using System.Globalization;
using Nyala.Host.Administration;
using Nyala.Host.Output;
using Nyala.Storage;

namespace Nyala.Host.Commands;

/// <summary><c>nyala user …</c>: accounts.</summary>
static class UserCommands
{
    static readonly Argument<string> Address = new("address") { Description = "An address of the server's domain, or a username", HelpName = "JID-or-name" };
    static readonly Option<bool> Json = new("--json") { Description = "JSON for scripts" };

    public static Command Create(Terminal terminal) => new("user", "Manages accounts")
    {
        Add(terminal), Password(terminal), List(terminal), Remove(terminal),
    };

    static Command Add(Terminal terminal)
    {
        var password = new PasswordOptions(terminal);
        var admin = new Option<bool>("--admin") { Description = "Makes the account an administrator" };
        var command = new Command("add", "Creates an account") { Address, admin, Json };
        password.AddTo(command);
        command.SetAction(async (arguments, _) =>
        {
            await using var access = await AdministrationAccess.OpenAsync(GlobalOptions.ReadConfiguration(arguments));
            var (secret, generated) = password.Read(arguments);
            var account = await access.Administration.AddUserAsync(new(arguments.GetValue(Address)!, secret, arguments.GetValue(admin)));
            Show(terminal, arguments, account.Address, $"Created {account.Address}", generated ? secret : null);
        });
        return command;
    }

    static Command Password(Terminal terminal)
    {
        var password = new PasswordOptions(terminal);
        var command = new Command("password", "Sets an account's password; its devices must log in again") { Address, Json };
        password.AddTo(command);
        command.SetAction(async (arguments, _) =>
        {
            await using var access = await AdministrationAccess.OpenAsync(GlobalOptions.ReadConfiguration(arguments));
            var (secret, generated) = password.Read(arguments);
            var address = arguments.GetValue(Address)!;
            await access.Administration.SetPasswordAsync(new(address, secret));
            Show(terminal, arguments, address, $"Changed the password of {address}", generated ? secret : null);
        });
        return command;
    }

    static Command List(Terminal terminal)
    {
        var command = new Command("list", "Lists all accounts") { Json };
        command.SetAction(async (arguments, _) =>
        {
            await using var access = await AdministrationAccess.OpenAsync(GlobalOptions.ReadConfiguration(arguments));
            var all = await access.Administration.ListUsersAsync();
            if (arguments.GetValue(Json))
            {
                terminal.AsJson(all);
            }
            else if (all.Count == 0 && terminal.IsForPeople)
            {
                terminal.Line("There are no accounts yet: 'nyala invite create' makes an invite, 'nyala user add' an account.");
            }
            else
            {
                terminal.Rows(["Address", "Role", "Since"], all.Select(account => new[]
                {
                    account.Address, account.Role == AccountRole.Admin ? "admin" : "user",
                    account.CreatedAt.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                }));
            }
        });
        return command;
    }

    static Command Remove(Terminal terminal)
    {
        var command = new Command("remove", "Removes an account and all that belongs to it") { Address, Json };
        command.SetAction(async (arguments, _) =>
        {
            await using var access = await AdministrationAccess.OpenAsync(GlobalOptions.ReadConfiguration(arguments));
            var address = arguments.GetValue(Address)!;
            await access.Administration.RemoveUserAsync(address);
            Show(terminal, arguments, address, $"Removed {address}", password: null);
        });
        return command;
    }

    static void Show(Terminal terminal, ParseResult arguments, string address, string sentence, string? password)
    {
        if (arguments.GetValue(Json))
        {
            terminal.AsJson(new { Address = address, Password = password });
            return;
        }

        terminal.Line(sentence);
        if (password is not null)
        {
            terminal.Line($"Password: {password}");
        }
    }
}
