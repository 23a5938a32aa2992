using System.Buffers.Text;
using System.Security.Cryptography;
using Nyala.Core;
using Nyala.Features.Registration;
using Nyala.Host.Http;
using Nyala.Storage;
using Nyala.Xmpp;

namespace Nyala.Host.Administration;

/// <summary>The administration itself: the socket, the commands and the web form all end here. Safe from any thread.</summary>
/// <param name="by">Who acts, for the log.</param>
sealed class AdministrationService(IStore store, ServerOptions options, TimeProvider time, ILogger logger, string by) : IAdministration
{
    const int ListPage = 500;

    /// <summary>What StatusAsync answers; set by a running server.</summary>
    public Func<ServerStatus>? Status { get; init; }

    /// <summary>Set by a running server: carries out the removal of a username from the store, and ends its sessions.</summary>
    public Func<string, Func<Task>, Task> Removing { get; init; } = (_, remove) => remove();

    /// <summary>Set by a running server: ends the sessions that used the old password.</summary>
    public Func<string, Task> PasswordChanged { get; init; } = _ => Task.CompletedTask;

    public async Task<AccountView> AddUserAsync(NewUser user)
    {
        var username = Username(user.Address);
        var role = user.Admin ? AccountRole.Admin : AccountRole.User;
        var (result, account) = await store.Accounts.CreateAsync(username, Credentials(user.Password), role, inviteToken: null, time.GetUtcNow());
        if (result != CreateAccountResult.Created)
        {
            throw new AdministrationException($"The account {username}@{options.Domain} exists already.");
        }

        Log.AccountCreated(logger, username, by);
        return View(account!);
    }

    public async Task SetPasswordAsync(NewPassword change)
    {
        var account = await FindAsync(change.Address);
        await store.Accounts.SetCredentialsAsync(account.Id, Credentials(change.Password));
        Log.PasswordChanged(logger, account.Username, by);
        await PasswordChanged(account.Username);
    }

    public async Task RemoveUserAsync(string address)
    {
        var account = await FindAsync(address);
        await Removing(account.Username, async () => await store.Accounts.RemoveAsync(account.Id));
        Log.AccountRemoved(logger, account.Username, by);
    }

    public async Task<IReadOnlyList<AccountView>> ListUsersAsync()
    {
        var all = new List<AccountView>();
        string? after = null;
        while (true)
        {
            var page = await store.Accounts.ListAsync(after, ListPage);
            all.AddRange(page.Select(View));
            if (page.Count < ListPage)
            {
                return all;
            }

            after = page[^1].Username;
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

    public Task<ServerStatus> StatusAsync() => Task.FromResult(
        Status?.Invoke() ?? new(Running: false, About.Version, options.Domain, Since: null, store.Trouble, []));

    async Task<Account> FindAsync(string address)
    {
        var username = Username(address);
        return await store.Accounts.FindAsync(username)
            ?? throw new AdministrationException($"There is no account {username}@{options.Domain}: 'nyala user list' shows all.");
    }

    /// <summary>The prepared username of an address of this domain, or of a name alone.</summary>
    string Username(string address)
    {
        var text = address.Contains('@', StringComparison.Ordinal) ? address : $"{address}@{options.Domain}";
        if (!Jid.TryParse(text, out var jid) || jid.Local is null || jid.Resource is not null)
        {
            throw new AdministrationException($"'{address}' is not an address: it looks like name@{options.Domain}.");
        }

        return jid.Domain == options.Domain
            ? jid.Local
            : throw new AdministrationException($"'{address}' is not an address of this server: its domain is {options.Domain}.");
    }

    IReadOnlyList<Credential> Credentials(string password) =>
        PasswordRules.TryDerive(password, options.ScramIterations)
        ?? throw new AdministrationException(
            $"The password cannot be used: it needs {PasswordRules.Least} to {PasswordRules.Most} characters and no control characters.");

    AccountView View(Account account) => new($"{account.Username}@{options.Domain}", account.Role, account.CreatedAt);

    InviteView View(Invite invite, string? inviter) => new(
        invite.Token, WebAddresses.InvitePage(options.WebAddress, invite.Token), WebAddresses.InviteLink(options, invite, inviter),
        invite.Role == AccountRole.Admin, invite.Uses, invite.ExpiresAt);
}
