using System.CommandLine;
using System.CommandLine.Parsing;
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
        root.Subcommands.Add(AdminCommands.Create(terminal));
        root.Subcommands.Add(ReportCommands.Create(terminal));
        root.Subcommands.Add(InviteCommands.Create(terminal));
        root.Subcommands.Add(PushCommands.Create(terminal));
        root.Subcommands.Add(TurnCommands.Create(terminal));
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
        var parsed = root.Parse(arguments switch { [] => ["run"], ["--version"] => ["version"], _ => arguments });
        if (parsed.Errors.Count > 0)
        {
            var command = Name(parsed.CommandResult);
            terminal.Error(Explain(parsed, command));
            terminal.Error($"'{command} --help' shows what there is.");
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

    /// <summary>What is wrong with the words of the command line. An unknown word comes first: what else is missing follows from it.</summary>
    static string Explain(ParseResult parsed, string name)
    {
        var command = parsed.CommandResult.Command;
        if (parsed.UnmatchedTokens is [var unknown, ..])
        {
            IEnumerable<Symbol> known = [.. command.Subcommands, .. command.Options, .. parsed.RootCommandResult.Command.Options];
            var near = Suggestion.For(unknown, known.Select(one => one.Name));
            return $"{name} has no '{unknown}'" + (near is null ? "." : $": did you mean {near}?");
        }

        return command.Subcommands.Count > 0
            ? $"{name} needs one of these: {string.Join(", ", command.Subcommands.Select(one => one.Name))}."
            : parsed.Errors[0].Message;
    }

    static string Name(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{Name(parent)} {result.Command.Name}" : "nyala";
}
