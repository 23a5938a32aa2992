using System.Globalization;
using Nyala.Features.AdHoc;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Host.Administration.AdHoc;

/// <summary>The queue of abuse reports (XEP-0377) in two stages: which one, and what is to be done.</summary>
sealed class ReportCommands(AdministrationService service)
{
    /// <summary>Reports in the first form, the oldest.</summary>
    const int Shown = 50;

    public async ValueTask<CommandStep> BeginAsync(CommandAsker asker)
    {
        var waiting = await service.OldestReportsAsync(Shown);
        if (waiting.Count == 0)
        {
            return CommandResult.Note("There are no reports.");
        }

        var form = new DataForm("form", Ns.OwnCommands + "#reports") { Title = "Reports of abuse" }
            .Instruct("The oldest reports that nobody has dealt with.")
            .Add(new DataFormField("report", "list-single", [])
            {
                Label = "Report", Required = true,
                Options = [.. waiting.Select(report => ((string?)$"{report.At:yyyy-MM-dd} {report.Jid}: {Name(report.Reason)}", report.Id.ToString(CultureInfo.InvariantCulture)))],
            });
        return new CommandForm(form, submitted => AdministrationCommands.GuardAsync(
            () => ShowAsync(asker, long.Parse(submitted["report"]!.Value!, NumberStyles.None, CultureInfo.InvariantCulture)))) { HasMore = true };
    }

    async Task<CommandStep> ShowAsync(CommandAsker asker, long id)
    {
        var report = await service.ShowReportAsync(id);
        var jid = Jid.Parse(report.Jid);
        var form = new DataForm("form", Ns.OwnCommands + "#report") { Title = $"Report of {report.Jid}" };
        Fixed(form, "Reported", report.Jid);
        Fixed(form, "Reason", Name(report.Reason));
        Fixed(form, "By", $"{report.Reporter}, {DateTimeProfile.Format(report.At)}");
        Fixed(form, "In their words", report.Text);
        foreach (var message in report.Messages)
        {
            Fixed(form, $"Message {message.Id} of {message.By}", message.Stanza ?? "not in the reporter's archive");
        }

        (string?, string)[] choices = service.IsOurs(jid.Domain)
            ? [("Close the report", "close"), ("Disable the account and close", "act")]
            : [("Close the report", "close"), ($"Put {jid.Bare} on the blacklist and close", "act")];
        form.Add(new DataFormField("decision", "list-single", ["close"]) { Label = "What is to be done", Required = true, Options = choices });
        return new CommandForm(form, submitted => AdministrationCommands.GuardAsync(() => DecideAsync(asker, id, jid, submitted["decision"]!.Value == "act")));
    }

    async Task<CommandStep> DecideAsync(CommandAsker asker, long id, Jid jid, bool acts)
    {
        if (acts && jid.Bare.Equals(asker.Account.Jid))
        {
            return StanzaError.NotAllowed with { Text = "You cannot do that to your own account." };
        }

        if (acts && service.IsOurs(jid.Domain))
        {
            await service.SetDisabledAsync(new(jid.Bare.ToString(), Disabled: true));
        }
        else if (acts)
        {
            await service.Peers.ReplaceAsync([.. service.Peers.Rules.Blocked, jid.Bare.ToString()], null);
        }

        await service.CloseReportAsync(id);
        return CommandResult.Note($"Report {id.ToString(CultureInfo.InvariantCulture)} is closed.");
    }

    static void Fixed(DataForm form, string label, string text)
    {
        if (text.Length > 0)
        {
            form.Add(new DataFormField(null, "fixed", [text]) { Label = label });
        }
    }

    static string Name(string reason) => reason.StartsWith("urn:xmpp:reporting:", StringComparison.Ordinal) ? reason["urn:xmpp:reporting:".Length..] : reason;
}
