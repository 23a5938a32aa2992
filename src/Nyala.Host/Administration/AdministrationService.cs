using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Nyala.Core;
using Nyala.Features.Calls;
using Nyala.Features.Registration;
using Nyala.Host.Http;
using Nyala.Host.Portability;
using Nyala.Host.Portability.Readable;
using Nyala.Storage;
using Nyala.Xmpp;

namespace Nyala.Host.Administration;

/// <summary>The administration itself: the socket, the commands and the web form all end here. Safe from any thread.</summary>
/// <param name="by">Who acts, for the log.</param>
sealed partial class AdministrationService(IStore store, ServerOptions options, TimeProvider time, ILogger logger, string by) : IAdministration
{
    const int ListPage = 500;

    /// <summary>What StatusAsync answers; set by a running server.</summary>
    public Func<ServerStatus>? Status { get; init; }

    /// <summary>The running server, whose sessions hear of what is done; null where only the store is open.</summary>
    public XmppSide? Live { get; set; }

    /// <summary>The domain that is administered.</summary>
    public string Domain => options.Domain;

    public async Task<AccountView> AddUserAsync(NewUser user)
    {
        var username = Username(user.Address);
        var credentials = await CredentialsAsync(user.Password);
        var role = user.Admin ? AccountRole.Admin : AccountRole.User;
        var (result, account) = await store.Accounts.CreateAsync(username, credentials, role, inviteToken: null, time.GetUtcNow());
        if (result != CreateAccountResult.Created)
        {
            throw new AdministrationException($"The account {username}@{options.Domain} exists already.", AdministrationProblem.Conflict);
        }

        Log.AccountCreated(logger, username, by);
        return View(account!);
    }

    public async Task SetPasswordAsync(NewPassword change)
    {
        var account = await FindAsync(change.Address);
        await store.Accounts.SetCredentialsAsync(account.Id, await CredentialsAsync(change.Password));
        Log.PasswordChanged(logger, account.Username, by);
        await (Live?.PasswordChangedAsync(account.Username) ?? Task.CompletedTask);
    }

    public async Task RemoveUserAsync(string address)
    {
        var account = await FindAsync(address);
        if (Live is { } live)
        {
            await live.RemoveAccountAsync(account.Username, async () => await store.Accounts.RemoveAsync(account.Id));
        }
        else
        {
            // What features do for it while they run: nobody who takes the name later shall be what this account was.
            var jid = View(account).Address;
            await store.Rooms.ForgetAsync(jid);
            await store.PubSub.ForgetAsync(jid);
            await store.Reports.ForgetAsync(jid);
            await store.Accounts.RemoveAsync(account.Id);
        }

        Log.AccountRemoved(logger, account.Username, by);
    }

    public async Task SetDisabledAsync(UserDisabling change)
    {
        var account = await FindAsync(change.Address);
        await store.Accounts.SetDisabledAsync(account.Id, change.Disabled);
        Log.AccountDisabled(logger, account.Username, change.Disabled ? "disabled" : "enabled", by);
        await (Live?.DisabledAsync(account.Username, change.Disabled) ?? Task.CompletedTask);
    }

    public async Task SetAdminAsync(UserRole change)
    {
        var account = await FindAsync(change.Address);
        await store.Accounts.SetRoleAsync(account.Id, change.Admin ? AccountRole.Admin : AccountRole.User);
        Log.AccountRole(logger, account.Username, change.Admin ? "an administrator" : "no administrator", by);
    }

    public Task<IReadOnlyList<AccountView>> ListUsersAsync() => ListUsersAsync(AccountFilter.All, int.MaxValue);

    /// <summary>Those that are meant, the first so many.</summary>
    public async Task<IReadOnlyList<AccountView>> ListUsersAsync(AccountFilter filter, int max)
    {
        var all = new List<AccountView>();
        string? after = null;
        while (true)
        {
            var page = await store.Accounts.ListAsync(after, Math.Min(ListPage, max - all.Count), filter);
            all.AddRange(page.Select(View));
            if (page.Count < ListPage || all.Count >= max)
            {
                return all;
            }

            after = page[^1].Username;
        }
    }

    public async Task ExportUserAsync(UserFile export)
    {
        var account = await FindAsync(export.Address);
        try
        {
            await (export.Readable is { } language
                ? new ReadableExport(store, options, ExportTexts.For(language), time).WriteAsync(account, export.File)
                : new UserExport(store, options.Domain).WriteAsync(account, export.File));
            Log.AccountExported(logger, account.Username, by);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AdministrationException($"The file was not written: {e.Message}");
        }
    }

    public async Task<InviteView> CreateInviteAsync(NewInvite invite)
    {
        if (invite is { ContactOnly: true, From: null })
        {
            throw new AdministrationException("A contact invite needs somebody who becomes the contact: name the account with --from.");
        }

        if (!invite.ContactOnly && options.Registration == RegistrationMode.Closed)
        {
            throw new AdministrationException("Registration is closed, so nobody could use the invite: make accounts with 'nyala user add', or set Registration to invite.");
        }

        var inviter = invite.From is null ? null : await FindAsync(invite.From);
        var now = time.GetUtcNow();
        var made = new Invite(
            Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(18)), inviter?.Id, !invite.ContactOnly,
            invite.Admin ? AccountRole.Admin : AccountRole.User, invite.Uses, now, now.AddHours(invite.Hours));
        await store.Invites.CreateAsync(made);
        Log.InviteCreated(logger, by, made.Uses, made.ExpiresAt);
        return View(made, inviter?.Username);
    }

    /// <summary>
    /// The invite that lets the first administrator in: while there is no account, the same one at every start; null afterwards.
    /// </summary>
    public async Task<InviteView?> FirstInviteAsync()
    {
        if (options.Registration == RegistrationMode.Closed || await store.Accounts.CountAsync() > 0)
        {
            return null;
        }

        var waiting = await store.Invites.ListAsync(time.GetUtcNow(), max: 100);
        var first = waiting.FirstOrDefault(invite => invite is { Role: AccountRole.Admin, CreatesAccount: true, Inviter: null });
        return first is null
            ? await CreateInviteAsync(new(From: null, Admin: true, ContactOnly: false, Uses: 1, Hours: 7 * 24))
            : View(first, inviter: null);
    }

    public async Task<IReadOnlyList<PushTestView>> TestPushAsync(string address)
    {
        var account = await FindAsync(address);
        return Live is null
            ? throw new AdministrationException("No server runs: start it, then test.")
            : await Live.TestPushAsync(account.Username);
    }

    public Task<string> TurnSecretAsync() => ExternalServices.SecretAsync(options.Turn, store.Secrets);

    public async Task BackupAsync(string file)
    {
        try
        {
            await store.BackupAsync(file, CancellationToken.None);
            Log.BackupWritten(logger, file);
        }
        catch (IOException e)
        {
            throw new AdministrationException($"The backup was not written: {e.Message}");
        }
    }

    public Task<IReadOnlyList<string>> CheckIntegrityAsync() => store.CheckIntegrityAsync(CancellationToken.None);

    public async Task<IReadOnlyList<ReportView>> ListReportsAsync(bool closed)
    {
        var all = new List<ReportView>();
        while (await store.Reports.ListAsync(closed, all.Count > 0 ? all[^1].Id : 0, ListPage) is { Count: > 0 } page)
        {
            all.AddRange(page.Select(report => View(report, [.. report.Content.Stanzas.Select(stanza => new ReportedMessage(stanza.By, stanza.Id, null))])));
        }

        return all;
    }

    public async Task<ReportView> ShowReportAsync(long id)
    {
        var report = await store.Reports.FindAsync(id) ?? throw new AdministrationException($"There is no report {id}.", AdministrationProblem.NotFound);
        var messages = new List<ReportedMessage>();
        foreach (var (by, stanzaId) in report.Content.Stanzas)
        {
            messages.Add(new(by, stanzaId, by == $"{report.Reporter}@{options.Domain}" ? await StanzaAsync(report.Content.Reporter, stanzaId) : null));
        }

        return View(report, messages);
    }

    public async Task CloseReportAsync(long id)
    {
        if (!await store.Reports.CloseAsync(id, time.GetUtcNow()))
        {
            throw new AdministrationException($"There is no open report {id}.", AdministrationProblem.NotFound);
        }

        Log.ReportClosed(logger, id, by);
    }

    /// <summary>A message of the reporter's archive, which it has named itself.</summary>
    async Task<string?> StanzaAsync(long account, string id)
    {
        if (!store.Archive.Ids.TryDecode(account, id, out var position))
        {
            return null;
        }

        var page = await store.Archive.ReadAsync(new(account) { Only = [position], Max = 1 }, CancellationToken.None);
        return page is { UnknownPosition: false, Rows: [var row, ..] } ? Encoding.UTF8.GetString(row.Stanza.Span) : null;
    }

    ReportView View(Report report, IReadOnlyList<ReportedMessage> messages) => new(
        report.Id, report.Content.Jid, report.Content.Reason, $"{report.Reporter}@{options.Domain}", report.Content.Text, report.At, report.ClosedAt, messages);

    public Task<ServerStatus> StatusAsync() => Task.FromResult(
        Status?.Invoke() ?? new(Running: false, About.Version, options.Domain, Since: null, store.Trouble, []));

    /// <summary>The account of an address, or of a name alone.</summary>
    /// <exception cref="AdministrationException">There is none.</exception>
    public async Task<Account> FindAsync(string address)
    {
        var username = Username(address);
        return await store.Accounts.FindAsync(username)
            ?? throw new AdministrationException($"There is no account {username}@{options.Domain}: 'nyala user list' shows all.", AdministrationProblem.NotFound);
    }

    /// <summary>The prepared username of an address of this domain, or of a name alone.</summary>
    string Username(string address)
    {
        var text = address.Contains('@', StringComparison.Ordinal) ? address : $"{address}@{options.Domain}";
        if (!Jid.TryParse(text, out var jid) || jid.Local is null || jid.Resource is not null)
        {
            throw new AdministrationException($"'{address}' is not an address: it looks like name@{options.Domain}.", AdministrationProblem.BadValue);
        }

        return jid.Domain == options.Domain
            ? jid.Local
            : throw new AdministrationException($"'{address}' is not an address of this server: its domain is {options.Domain}.", AdministrationProblem.BadValue);
    }

    /// <summary>Off the caller's thread: it takes tens of milliseconds.</summary>
    async Task<IReadOnlyList<Credential>> CredentialsAsync(string password) =>
        await Task.Run(() => PasswordRules.TryDerive(password, options.ScramIterations))
        ?? throw new AdministrationException(
            $"The password cannot be used: it needs {PasswordRules.Least} to {PasswordRules.Most} characters and no control characters.", AdministrationProblem.BadValue);

    AccountView View(Account account) => new($"{account.Username}@{options.Domain}", account.Role, account.CreatedAt, account.IsDisabled);

    InviteView View(Invite invite, string? inviter) => new(
        invite.Token, WebAddresses.InvitePage(options.WebAddress, invite.Token), WebAddresses.InviteLink(options, invite, inviter),
        invite.Role == AccountRole.Admin, invite.Uses, invite.ExpiresAt);
}
