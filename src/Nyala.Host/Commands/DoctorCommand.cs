using System.CommandLine;
using Nyala.Host.Administration;
using Nyala.Host.Configuration;
using Nyala.Host.Doctor;
using Nyala.Host.Output;

namespace Nyala.Host.Commands;

/// <summary><c>nyala doctor</c>: what is well, what is not, and what to do about it.</summary>
static class DoctorCommand
{
    public static Command Create(Terminal terminal)
    {
        var json = new Option<bool>("--json") { Description = "JSON for scripts" };
        var command = new Command("doctor", "Checks configuration, certificate, ports, the way of other servers, database, disk, clock and limits") { json };
        command.SetAction(async (arguments, _) =>
        {
            var findings = await terminal.WhileAsync("Looking at everything", () => ExamineAsync(() => GlobalOptions.ReadConfiguration(arguments)));
            if (arguments.GetValue(json))
            {
                terminal.AsJson(findings);
            }
            else
            {
                Show(terminal, findings);
            }

            return findings.Any(finding => finding.State == State.Problem) ? CommandLine.Failure : CommandLine.Success;
        });
        return command;
    }

    static async Task<IReadOnlyList<Finding>> ExamineAsync(Func<NyalaOptions> read)
    {
        const string Name = "Configuration";
        NyalaOptions options;
        try
        {
            options = read();
        }
        catch (ConfigurationException e)
        {
            return [Finding.Problem(Name, e.Message, "Correct it; 'nyala config' shows the result.")];
        }

        var configuration = Finding.Ok(Name, options.File is null ? "valid; no file is used" : $"valid, from {options.File}");
        if (StoreCheck.CheckAccess(options) is { } closed)
        {
            return [configuration, closed];
        }

        ServerStatus? running = null;
        Finding server;
        try
        {
            using var client = await AdministrationClient.TryConnectAsync(options.Data);
            running = client is null ? null : await client.StatusAsync();
            server = Finding.Ok("Server", running is null ? "not running" : $"version {running.Version} runs for {running.Domain}");
        }
        catch (AdministrationException e)
        {
            server = Finding.Problem("Server", e.Message, "Run this as the user that runs nyala.");
        }

        return
        [
            configuration,
            server,
            CertificateCheck.Run(options, TimeProvider.System),
            .. MachineChecks.Ports(options, running),
            await FederationCheck.RunAsync(options),
            await StoreCheck.RunAsync(options),
            MachineChecks.Disk(options),
            MachineChecks.Clock(options, TimeProvider.System),
            MachineChecks.Files(),
        ];
    }

    static void Show(Terminal terminal, IReadOnlyList<Finding> findings)
    {
        terminal.Rows(
            ["Check", "State", "What"],
            findings.Select(finding => new[]
            {
                finding.Check, finding.State == State.Ok ? "ok" : "problem",
                finding.Remedy is null ? finding.Text : $"{finding.Text}{(terminal.IsForPeople ? "\n→ " : " → ")}{finding.Remedy}",
            }),
            (column, cell) => (column, cell) switch { (1, "ok") => "green", (1, _) => "bold red", _ => null });
    }
}
