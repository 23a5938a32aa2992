using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Nyala.Host.Administration;
using Nyala.Host.Output;
using Nyala.Host.Portability;
using Nyala.Storage;
using Nyala.Storage.Sqlite;

namespace Nyala.Host.Commands;

/// <summary><c>nyala user …</c>: accounts.</summary>
static class UserCommands
{
    static readonly Argument<string> Address = new("address") { Description = "An address of the server's domain, or a username", HelpName = "JID-or-name" };
    static readonly Option<bool> Json = new("--json") { Description = "JSON for scripts" };

    public static Command Create(Terminal terminal) => new("user", "Manages accounts")
    {
        Add(terminal), Password(terminal), List(terminal),
        Disable(terminal, "disable", "Lets nobody into an account until it is enabled again; all it has stays", disabled: true, "Disabled"),
        Disable(terminal, "enable", "Lets the owner of a disabled account in again", disabled: false, "Enabled"),
        Remove(terminal), Export(terminal), Import(terminal),
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
                    account.Address, (account.Role == AccountRole.Admin ? "admin" : "user") + (account.IsDisabled ? ", disabled" : ""),
                    account.CreatedAt.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                }));
            }
        });
        return command;
    }

    static Command Disable(Terminal terminal, string name, string description, bool disabled, string done)
    {
        var command = new Command(name, description) { Address, Json };
        command.SetAction(async (arguments, _) =>
        {
            await using var access = await AdministrationAccess.OpenAsync(GlobalOptions.ReadConfiguration(arguments));
            var address = arguments.GetValue(Address)!;
            await access.Administration.SetDisabledAsync(new(address, disabled));
            Show(terminal, arguments, address, $"{done} {address}", password: null);
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

    static Command Export(Terminal terminal)
    {
        var file = new Argument<string>("file") { Description = "The file that is made", HelpName = "FILE" };
        var readable = new Option<bool>("--readable") { Description = "A ZIP of pages, files and the account's XML, for its owner, without keys" };
        var language = new Option<string>("--language") { Description = "Of the pages: en or id", DefaultValueFactory = _ => "en" };
        language.AcceptOnlyFromAmong("en", "id");
        var command = new Command("export", "Writes all that is kept of an account into a new file (XEP-0227, or --readable)") { Address, file, readable, language };
        command.SetAction(async (arguments, _) =>
        {
            await using var access = await AdministrationAccess.OpenAsync(GlobalOptions.ReadConfiguration(arguments));

            // The running server has another current directory.
            var path = Path.GetFullPath(arguments.GetValue(file)!);
            var isReadable = arguments.GetValue(readable);
            await access.Administration.ExportUserAsync(new(arguments.GetValue(Address)!, path, isReadable ? arguments.GetValue(language) : null));
            terminal.Line($"Wrote {path} ({Sizes.Show(new FileInfo(path).Length)}): it holds {(isReadable ? "what was said" : "keys to log in with")}, so keep it to yourself");
        });
        return command;
    }

    static Command Import(Terminal terminal)
    {
        var file = new Argument<string>("file") { Description = "A file of exported accounts (XEP-0227), of this or another server", HelpName = "FILE" };
        var command = new Command("import", "Takes in accounts from a file; the server must not run. Doing it again changes nothing") { file };
        command.SetAction(async (arguments, _) =>
        {
            var options = GlobalOptions.ReadConfiguration(arguments);
            if (await AdministrationClient.TryConnectAsync(options.Data) is { } running)
            {
                running.Dispose();
                throw new AdministrationException("The server runs: stop it, import, and start it again.");
            }

            await using var store = await SqliteStore.OpenAsync(options.Data, TimeProvider.System, NullLogger.Instance);
            var (accounts, remarks) = await new UserImport(store, options.Server, TimeProvider.System).ReadAsync(arguments.GetValue(file)!);
            foreach (var remark in remarks)
            {
                terminal.Line(remark);
            }

            terminal.Line($"Took in {accounts} account{(accounts == 1 ? "" : "s")}");
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
