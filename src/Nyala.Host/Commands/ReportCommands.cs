using System.CommandLine;
using System.Globalization;
using Nyala.Host.Administration;
using Nyala.Host.Output;

namespace Nyala.Host.Commands;

/// <summary><c>nyala reports …</c>: what people say about addresses that they have blocked (XEP-0377).</summary>
static class ReportCommands
{
    static readonly Argument<long> Id = new("id") { Description = "The report's number", HelpName = "N" };
    static readonly Option<bool> Json = new("--json") { Description = "JSON for scripts" };

    public static Command Create(Terminal terminal) => new("reports", "Works through reports of abuse") { List(terminal), Show(terminal), Close(terminal) };

    static Command List(Terminal terminal)
    {
        var all = new Option<bool>("--all") { Description = "Also those that were dealt with in the last 90 days" };
        var command = new Command("list", "Lists the reports that nobody has dealt with") { all, Json };
        command.SetAction(async (arguments, _) =>
        {
            await using var access = await AdministrationAccess.OpenAsync(GlobalOptions.ReadConfiguration(arguments));
            var reports = await access.Administration.ListReportsAsync(arguments.GetValue(all));
            if (arguments.GetValue(Json))
            {
                terminal.AsJson(reports);
            }
            else if (reports.Count == 0 && terminal.IsForPeople)
            {
                terminal.Line("There are no reports.");
            }
            else
            {
                terminal.Rows(["Report", "Time", "About", "Reason", "By", "State"], reports.Select(report => new[]
                {
                    report.Id.ToString(CultureInfo.InvariantCulture), Time(report.At), report.Jid, report.Reason, report.Reporter, report.ClosedAt is null ? "open" : "closed",
                }));
            }
        });
        return command;
    }

    static Command Show(Terminal terminal)
    {
        var command = new Command("show", "Shows a report with the messages it names") { Id, Json };
        command.SetAction(async (arguments, _) =>
        {
            await using var access = await AdministrationAccess.OpenAsync(GlobalOptions.ReadConfiguration(arguments));
            var report = await access.Administration.ShowReportAsync(arguments.GetValue(Id));
            if (arguments.GetValue(Json))
            {
                terminal.AsJson(report);
                return;
            }

            terminal.Pairs(
            [
                ("About", report.Jid), ("Reason", report.Reason), ("By", report.Reporter), ("Time", Time(report.At)),
                ("State", report.ClosedAt is { } closed ? "closed " + Time(closed) : "open"), ("In their words", report.Text),
                .. report.Messages.Select(message => ("Message", message.Stanza ?? $"{message.Id} of {message.By}: not in the reporter's archive")),
            ]);
        });
        return command;
    }

    static Command Close(Terminal terminal)
    {
        var command = new Command("close", "Says that a report was dealt with; it is removed 90 days later") { Id };
        command.SetAction(async (arguments, _) =>
        {
            await using var access = await AdministrationAccess.OpenAsync(GlobalOptions.ReadConfiguration(arguments));
            await access.Administration.CloseReportAsync(arguments.GetValue(Id));
            terminal.Line($"Closed report {arguments.GetValue(Id).ToString(CultureInfo.InvariantCulture)}");
        });
        return command;
    }

    static string Time(DateTimeOffset at) => at.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
