using System.Globalization;
using Nyala.Features.AdHoc;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Host.Administration.AdHoc;

/// <summary>XEP-0133 §4.1–4.10: single accounts.</summary>
sealed class AccountCommands(AdministrationService service)
{
    public void AddTo(AdministrationCommands commands)
    {
        commands.Add("add-user", "Add a user", AddForm, AddAsync);
        Several(commands, "delete-user", "Delete users", "The accounts and all that belongs to them are removed for good.", sparesOneself: true, account => service.RemoveUserAsync(account.Username));
        Several(commands, "disable-user", "Disable users", "Their sessions end and nobody gets in; all they have stays.", sparesOneself: true, account => service.SetDisabledAsync(new(account.Username, true)));
        Several(commands, "reenable-user", "Re-enable users", "They may log in again.", sparesOneself: false, account => service.SetDisabledAsync(new(account.Username, false)));
        commands.Add("end-user-session", "End sessions of users", () => AccountsForm("End sessions of users", "An address with a resource ends that session, without one all of them."), EndAsync);
        commands.Refuse("get-user-password", "Get a password", StanzaError.FeatureNotImplemented with { Text = "No passwords are kept that could be told." });
        commands.Add("change-user-password", "Change a password", PasswordForm, ChangePasswordAsync);
        commands.Add("get-user-roster", "Get rosters", () => AccountsForm("Get rosters", "The contacts of these accounts."), RosterAsync);
        commands.Add("get-user-lastlogin", "Get times of the last login", () => AccountsForm("Get times of the last login", "When these accounts were last connected."), LastLoginAsync);
        commands.Add("user-stats", "Get statistics of a user", StatisticsForm, StatisticsAsync);
    }

    static DataForm AccountsForm(string title, string instructions) => AdministrationCommands.Form(title, instructions)
        .Add(new DataFormField("accountjids", "jid-multi", []) { Label = "Addresses", Required = true });

    static DataForm AccountForm(string title, string instructions) => AdministrationCommands.Form(title, instructions)
        .Add(new DataFormField("accountjid", "jid-single", []) { Label = "Address", Required = true });

    static DataForm AddForm() => AccountForm("Add a user", "Fill in the address and a password for the new account.")
        .Add(new DataFormField("password", "text-private", []) { Label = "Password", Required = true })
        .Add(new DataFormField("password-verify", "text-private", []) { Label = "Password again", Required = true });

    static DataForm PasswordForm() => AccountForm("Change a password", "All devices of the account must log in again.")
        .Add(new DataFormField("password", "text-private", []) { Label = "Password", Required = true });

    // COMPAT(Openfire's clients, XMPP Interop Testing 2025): they fill in a list of addresses here too, and give up on a form without
    // one. Remove when they ask as §4.10 does.
    static DataForm StatisticsForm() => AdministrationCommands.Form("Get statistics of a user", "Where an account is connected from, and how many contacts it has.")
        .Add(new DataFormField("accountjid", "jid-single", []) { Label = "Address" })
        .Add(new DataFormField("accountjids", "jid-multi", []) { Label = "Or a list of one address" });

    async Task<CommandStep> AddAsync(CommandAsker asker, DataForm form)
    {
        if (form["password"]!.Value != form["password-verify"]!.Value)
        {
            return StanzaError.NotAcceptable with { Text = "The two passwords differ." };
        }

        var account = await service.AddUserAsync(new(form["accountjid"]!.Value!, form["password"]!.Value!, Admin: false));
        return CommandResult.Of(AdministrationCommands.Result().Add("accountjid", "jid-single", account.Address));
    }

    /// <summary>Adds a command that does one thing to some accounts: all of them must be there before anything is done.</summary>
    void Several(AdministrationCommands commands, string node, string title, string instructions, bool sparesOneself, Func<Account, Task> act) =>
        commands.Add(node, title, () => AccountsForm(title, instructions), async (asker, form) =>
        {
            var accounts = await FindAsync(form);
            if (sparesOneself && accounts.Exists(account => account.Id == asker.Account.Id))
            {
                return StanzaError.NotAllowed with { Text = "You cannot do that to your own account." };
            }

            foreach (var account in accounts)
            {
                await act(account);
            }

            return CommandResult.Note($"Done for {accounts.Count.ToString(CultureInfo.InvariantCulture)} of them.");
        });

    async Task<List<Account>> FindAsync(DataForm form)
    {
        var accounts = new List<Account>();
        foreach (var address in form["accountjids"]!.Values.Where(address => address.Length > 0).Distinct(StringComparer.Ordinal))
        {
            accounts.Add(await service.FindAsync(address));
        }

        return accounts;
    }

    async Task<CommandStep> EndAsync(CommandAsker asker, DataForm form)
    {
        var addresses = form["accountjids"]!.Values.Where(address => address.Length > 0).Select(Jid.Parse).ToList();
        foreach (var address in addresses)
        {
            await service.FindAsync(address.Bare.ToString());
        }

        var ended = 0;
        foreach (var address in addresses)
        {
            ended += await service.EndSessionsAsync(address);
        }

        return CommandResult.Note($"{ended.ToString(CultureInfo.InvariantCulture)} sessions were ended.");
    }

    async Task<CommandStep> ChangePasswordAsync(CommandAsker asker, DataForm form)
    {
        await service.SetPasswordAsync(new(form["accountjid"]!.Value!, form["password"]!.Value!));
        return CommandResult.Note("The password was changed.");
    }

    /// <summary>§4.8: a form for each account, and in it the roster as its owner gets it.</summary>
    async Task<CommandStep> RosterAsync(CommandAsker asker, DataForm form)
    {
        var answer = new List<Element>();
        foreach (var account in await FindAsync(form))
        {
            answer.Add(Of(account).ToElement().Add(new Element("query", Ns.Roster).Add((await service.RosterAsync(account.Id)).Select(item => new Element("item", Ns.Roster)
                .Set("jid", item.Jid).Set("name", item.Name).Set("subscription", item.Subscription.ToString().ToLowerInvariant()).Set("ask", item.Ask ? "subscribe" : null)
                .Add(item.Groups.Select(group => new Element("group", Ns.Roster).AddText(group)))))));
        }

        return new CommandResult(answer);
    }

    async Task<CommandStep> LastLoginAsync(CommandAsker asker, DataForm form)
    {
        var answer = new List<Element>();
        foreach (var account in await FindAsync(form))
        {
            var result = Of(account);
            if (await service.LastLoginAsync(account) is { } at)
            {
                result.Add("lastlogin", "text-single", DateTimeProfile.Format(at));
            }

            answer.Add(result.ToElement());
        }

        return new CommandResult(answer);
    }

    async Task<CommandStep> StatisticsAsync(CommandAsker asker, DataForm form)
    {
        var address = form["accountjid"]?.Value is { Length: > 0 } one ? one
            : form["accountjids"]?.Values is [{ Length: > 0 } only] ? only
            : null;
        if (address is null)
        {
            return StanzaError.BadRequest with { Text = "One address is needed." };
        }

        var account = await service.FindAsync(address);
        var sessions = service.SessionsOf(account.Username);
        var contacts = await service.RosterAsync(account.Id);
        return CommandResult.Of(AdministrationCommands.Result()
            .Add("ipaddresses", "text-multi", [.. sessions.Select(session => session.Remote?.ToString()).OfType<string>().Distinct(StringComparer.Ordinal)])
            .Add("rostersize", "text-single", contacts.Count().ToString(CultureInfo.InvariantCulture))
            .Add("onlineresources", "text-multi", [.. sessions.Where(session => session.IsAvailable).Select(session => session.Jid.Resource!)]));
    }

    DataForm Of(Account account) => AdministrationCommands.Result().Add("accountjids", "jid-multi", $"{account.Username}@{service.Domain}");
}
