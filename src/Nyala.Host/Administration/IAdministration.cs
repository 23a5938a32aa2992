using Nyala.Storage;

namespace Nyala.Host.Administration;

/// <summary>What an administrator can do, whether the server runs (over its socket) or not (on the store directly).</summary>
interface IAdministration
{
    /// <summary>Creates an account; the address may be a username alone.</summary>
    /// <exception cref="AdministrationException">Taken, not an address of this domain, or the password cannot be used.</exception>
    Task<AccountView> AddUserAsync(NewUser user);

    /// <summary>Sets a password and forgets all tokens of the account.</summary>
    /// <exception cref="AdministrationException">No such account, or the password cannot be used.</exception>
    Task SetPasswordAsync(NewPassword change);

    /// <exception cref="AdministrationException">No such account.</exception>
    Task RemoveUserAsync(string address);

    Task<IReadOnlyList<AccountView>> ListUsersAsync();

    /// <summary>Lets nobody into an account any more, or lets its owner in again; nothing of it is lost.</summary>
    /// <exception cref="AdministrationException">No such account.</exception>
    Task SetDisabledAsync(UserDisabling change);

    /// <summary>Makes an account an administrator, or no more than others.</summary>
    /// <exception cref="AdministrationException">No such account.</exception>
    Task SetAdminAsync(UserRole change);

    /// <summary>What people say about addresses that they have blocked, the oldest first.</summary>
    /// <param name="closed">Also those that were dealt with.</param>
    Task<IReadOnlyList<ReportView>> ListReportsAsync(bool closed);

    /// <summary>One report with the messages it names, as far as the reporter's archive has them.</summary>
    /// <exception cref="AdministrationException">No such report.</exception>
    Task<ReportView> ShowReportAsync(long id);

    /// <summary>A report was dealt with.</summary>
    /// <exception cref="AdministrationException">No such open report.</exception>
    Task CloseReportAsync(long id);

    /// <summary>Writes all that is kept of an account into a new file (XEP-0227).</summary>
    /// <exception cref="AdministrationException">No such account, or the file exists or cannot be written.</exception>
    Task ExportUserAsync(UserFile export);

    /// <exception cref="AdministrationException">The inviter does not exist.</exception>
    Task<InviteView> CreateInviteAsync(NewInvite invite);

    /// <summary>Tells all devices of an account that this is a test, and says what each service answered.</summary>
    /// <exception cref="AdministrationException">No such account, or no server runs.</exception>
    Task<IReadOnlyList<PushTestView>> TestPushAsync(string address);

    /// <summary>What is shared with the relay for calls.</summary>
    Task<string> TurnSecretAsync();

    /// <summary>Writes a consistent copy of everything into a new file.</summary>
    /// <exception cref="AdministrationException">The file exists or cannot be written.</exception>
    Task BackupAsync(string file);

    /// <summary>Reads all of the database and says what is wrong; empty when it is sound.</summary>
    Task<IReadOnlyList<string>> CheckIntegrityAsync();

    Task<ServerStatus> StatusAsync();
}

sealed record NewUser(string Address, string Password, bool Admin);

sealed record NewPassword(string Address, string Password);

/// <param name="From">Who invites: the new account and this one become contacts; or null.</param>
/// <param name="ContactOnly">Creates no account, only a contact of <paramref name="From"/>.</param>
/// <param name="Hours">How long it can be used.</param>
sealed record NewInvite(string? From, bool Admin, bool ContactOnly, int Uses, int Hours);

/// <param name="File">Its whole path.</param>
/// <param name="Readable">For people, as a ZIP in this language; null: for servers.</param>
sealed record UserFile(string Address, string File, string? Readable = null);

sealed record UserDisabling(string Address, bool Disabled);

sealed record UserRole(string Address, bool Admin);

sealed record AccountView(string Address, AccountRole Role, DateTimeOffset CreatedAt, bool IsDisabled);

/// <param name="Reporter">Who has blocked the address and reports it.</param>
sealed record ReportView(
    long Id, string Jid, string Reason, string Reporter, string Text, DateTimeOffset At, DateTimeOffset? ClosedAt, IReadOnlyList<ReportedMessage> Messages);

/// <param name="By">Whose archive it is in.</param>
/// <param name="Stanza">The message itself; null: it is not in the reporter's archive.</param>
sealed record ReportedMessage(string By, string Id, string? Stanza);

/// <param name="Page">The landing page for people.</param>
/// <param name="Link">The xmpp: link for apps.</param>
sealed record InviteView(string Token, string Page, string Link, bool Admin, int Uses, DateTimeOffset ExpiresAt);

/// <param name="Device">What its client calls the device.</param>
/// <param name="Service">Where the notification went.</param>
/// <param name="Result">taken, gone, later or refused.</param>
/// <param name="Answer">What the service said.</param>
sealed record PushTestView(string Device, string Service, string Result, string Answer);

/// <param name="Running">Whether a server answers; otherwise the rest is about the store alone.</param>
/// <param name="Trouble">What is wrong with storage, or null.</param>
/// <param name="Listening">What listens where.</param>
sealed record ServerStatus(bool Running, string Version, string Domain, DateTimeOffset? Since, string? Trouble, IReadOnlyList<Listener> Listening);

/// <param name="What">Such as XMPP (STARTTLS).</param>
sealed record Listener(string What, string Address, int Port);

/// <summary>What was asked for cannot be done; the message is one sentence for the administrator.</summary>
sealed class AdministrationException(string message, AdministrationProblem problem = AdministrationProblem.Impossible) : Exception(message)
{
    public AdministrationProblem Problem => problem;
}

/// <summary>Why something cannot be done, for those who must answer with a condition.</summary>
enum AdministrationProblem
{
    Impossible,
    NotFound,
    Conflict,
    BadValue,
}
