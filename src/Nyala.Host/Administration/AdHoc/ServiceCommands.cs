using System.Globalization;
using Nyala.Features.AdHoc;
using Nyala.Federation;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Host.Administration.AdHoc;

/// <summary>XEP-0133 §4.11, §4.12, §4.29–4.31: whom the server talks with, who administers it, and its end.</summary>
sealed class ServiceCommands(AdministrationService service, FederationOptions? federation, Departure departure)
{
    static readonly (string? Label, string Value)[] Delays =
    [
        ("30 seconds", "30"), ("60 seconds", "60"), ("90 seconds", "90"), ("2 minutes", "120"), ("3 minutes", "180"), ("4 minutes", "240"), ("5 minutes", "300"),
    ];

    public void AddTo(AdministrationCommands commands)
    {
        commands.Add("edit-blacklist", "Edit the blacklist", () => ListForm(
            "Edit the blacklist", "blacklistjids", "Nobody here talks with these domains, those below them, and these addresses.",
            service.Peers.Rules.Blocked, federation?.Denied ?? []), (_, form) => EditAsync(form, "blacklistjids", isBlacklist: true));
        commands.Add("edit-whitelist", "Edit the whitelist", () => ListForm(
            "Edit the whitelist", "whitelistjids", "People here talk with no other domains and addresses elsewhere than these; an empty list allows all.",
            service.Peers.Rules.Allowed, federation?.Allowed ?? []), (_, form) => EditAsync(form, "whitelistjids", isBlacklist: false));
        commands.Add("edit-admin", "Edit the list of administrators", AdminsFormAsync, EditAdminsAsync);
        commands.Add("restart", "Restart the service", () => DepartureForm("Restart the service"), (_, form) => DepartAsync(form, startsAnew: true));
        commands.Add("shutdown", "Shut the service down", () => DepartureForm("Shut the service down"), (_, form) => DepartAsync(form, startsAnew: false));
    }

    static DataForm ListForm(string title, string field, string instructions, IReadOnlyList<string> present, IReadOnlyList<string> configured)
    {
        var form = AdministrationCommands.Form(title, instructions);
        if (configured.Count > 0)
        {
            form.Instruct($"Beside this list the configuration names: {string.Join(", ", configured)}.");
        }

        return form.Add(new DataFormField(field, "jid-multi", present) { Label = "Domains and addresses" });
    }

    async Task<CommandStep> EditAsync(DataForm form, string field, bool isBlacklist)
    {
        var entries = (form[field]?.Values ?? []).Where(text => text.Length > 0).Select(Jid.Parse).Distinct().ToList();
        if (entries.Exists(entry => service.IsOurs(entry.Domain)))
        {
            return StanzaError.NotAcceptable with { Text = "Accounts of this server are disabled instead, and its own services are not other servers." };
        }

        string[] texts = [.. entries.Select(entry => entry.ToString())];
        await service.Peers.ReplaceAsync(isBlacklist ? texts : null, isBlacklist ? null : texts);
        return CommandResult.Note($"The list has {texts.Length.ToString(CultureInfo.InvariantCulture)} entries.");
    }

    async ValueTask<DataForm> AdminsFormAsync()
    {
        var admins = await service.ListUsersAsync(AccountFilter.Admins, int.MaxValue);
        return AdministrationCommands.Form("Edit the list of administrators", "Accounts of this server that may do everything.")
            .Add(new DataFormField("adminjids", "jid-multi", [.. admins.Select(account => account.Address)]) { Label = "Administrators", Required = true });
    }

    async Task<CommandStep> EditAdminsAsync(CommandAsker asker, DataForm form)
    {
        var wanted = new Dictionary<long, Account>();
        foreach (var address in form["adminjids"]!.Values.Where(address => address.Length > 0))
        {
            var account = await service.FindAsync(address);
            wanted[account.Id] = account;
        }

        if (!wanted.ContainsKey(asker.Account.Id))
        {
            return StanzaError.NotAllowed with { Text = "You cannot take yourself from the list: another administrator can." };
        }

        // The new ones first: at no time is there none.
        foreach (var account in wanted.Values.Where(account => account.Role != AccountRole.Admin))
        {
            await service.SetAdminAsync(new(account.Username, Admin: true));
        }

        foreach (var present in await service.ListUsersAsync(AccountFilter.Admins, int.MaxValue))
        {
            if (!wanted.Values.Any(account => present.Address == $"{account.Username}@{service.Domain}"))
            {
                await service.SetAdminAsync(new(present.Address, Admin: false));
            }
        }

        return CommandResult.Note($"There are {wanted.Count.ToString(CultureInfo.InvariantCulture)} administrators.");
    }

    static DataForm DepartureForm(string title) => AdministrationCommands.Form(title, "Everybody who is online is told the announcement at once.")
        .Add(new DataFormField("delay", "list-single", ["30"]) { Label = "Delay", Options = Delays, Required = true })
        .Add(new DataFormField("announcement", "text-multi", []) { Label = "Announcement" });

    Task<CommandStep> DepartAsync(DataForm form, bool startsAnew)
    {
        var live = service.Live!;
        var delay = TimeSpan.FromSeconds(int.Parse(form["delay"]!.Value!, NumberStyles.None, CultureInfo.InvariantCulture));
        if (!departure.TryPlan(live.Server.Timers, delay, startsAnew))
        {
            return Task.FromResult<CommandStep>(StanzaError.Conflict with { Text = "That is planned already." });
        }

        if (string.Join('\n', form["announcement"]?.Values ?? []) is { Length: > 0 } text)
        {
            live.Notices.Announce(text);
        }

        return Task.FromResult<CommandStep>(CommandResult.Note($"In {delay.TotalSeconds.ToString(CultureInfo.InvariantCulture)} seconds."));
    }
}
