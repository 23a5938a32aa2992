using System.CommandLine;
using Nyala.Host.Administration;
using Nyala.Host.Output;
using Nyala.Storage.Sqlite;

namespace Nyala.Host.Commands;

/// <summary><c>nyala backup</c> and <c>nyala restore</c>.</summary>
static class BackupCommands
{
    static readonly Argument<string> File = new("file") { Description = "The backup's file", HelpName = "FILE" };

    public static Command CreateBackup(Terminal terminal)
    {
        var command = new Command("backup", "Writes a consistent copy of everything into a new file; the server may run") { File };
        command.SetAction(async (arguments, _) =>
        {
            await using var access = await AdministrationAccess.OpenAsync(GlobalOptions.ReadConfiguration(arguments));

            // The running server has another current directory.
            var file = Path.GetFullPath(arguments.GetValue(File)!);
            await terminal.WhileAsync("Writing the backup", async () =>
            {
                await access.Administration.BackupAsync(file);
                return true;
            });
            terminal.Line($"Wrote {file} ({Sizes.Show(new FileInfo(file).Length)})");
        });
        return command;
    }

    public static Command CreateRestore(Terminal terminal)
    {
        var force = new Option<bool>("--force") { Description = "Replaces data that is there; it is kept beside the restored one" };
        var command = new Command("restore", "Puts a backup in place of the data; the server must not run") { File, force };
        command.SetAction(async (arguments, _) =>
        {
            var options = GlobalOptions.ReadConfiguration(arguments);
            var file = Path.GetFullPath(arguments.GetValue(File)!);
            if (await AdministrationClient.TryConnectAsync(options.Data) is { } running)
            {
                running.Dispose();
                throw new AdministrationException("The server runs: stop it, restore, and start it again.");
            }

            await SqliteStore.RestoreAsync(file, options.Data, arguments.GetValue(force), TimeProvider.System);
            terminal.Line($"Restored {file} into {options.Data}");
        });
        return command;
    }
}
