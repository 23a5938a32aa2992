using System.CommandLine;
using Nyala.Host.Administration;
using Nyala.Host.Certificates;
using Nyala.Host.Configuration;
using Nyala.Host.Output;
using Nyala.Storage;

namespace Nyala.Host.Commands;

/// <summary>The command line: every command, and what its exit code means.</summary>
static class CommandLine
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>What was asked for could not be done, or a check found a problem.</summary>
    public const int Failure = 1;

    /// <summary>The command line or the configuration is wrong.</summary>
    public const int Misuse = 2;

    public static async Task<int> RunAsync(string[] arguments, Terminal terminal)
    {
        var root = new RootCommand("Nyala: an XMPP server that stays on");
        GlobalOptions.AddTo(root);
        root.Subcommands.Add(RunCommand.Create(terminal));
        root.Subcommands.Add(ConfigCommand.Create(terminal));
        root.Subcommands.Add(UserCommands.Create(terminal));
        root.Subcommands.Add(InviteCommands.Create(terminal));
        root.Subcommands.Add(BackupCommands.CreateBackup(terminal));
        root.Subcommands.Add(BackupCommands.CreateRestore(terminal));
        root.Subcommands.Add(DoctorCommand.Create(terminal));
        root.Subcommands.Add(FeaturesCommand.Create(terminal));
        root.Subcommands.Add(VersionCommand.Create(terminal));
        foreach (var own in root.Options.OfType<VersionOption>().ToArray())
        {
            root.Options.Remove(own);
        }

        // 'dotnet run --project src/Nyala.Host' with nothing more runs the server.
        var parsed = root.Parse(arguments.Length == 0 ? ["run"] : arguments);
        if (parsed.Errors.Count > 0)
        {
            terminal.Error(parsed.Errors[0].Message);
            terminal.Error("'nyala --help' shows what there is.");
            return Misuse;
        }

        try
        {
            return await parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false });
        }
        catch (ConfigurationException e)
        {
            terminal.Error(e.Message);
            return Misuse;
        }
        catch (Exception e) when (e is AdministrationException or StoreException or CertificateException or StartException)
        {
            terminal.Error(e.Message);
            return Failure;
        }
    }
}
