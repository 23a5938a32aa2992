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

    /// <exception cref="AdministrationException">The inviter does not exist.</exception>
    Task<InviteView> CreateInviteAsync(NewInvite invite);

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

sealed record AccountView(string Address, AccountRole Role, DateTimeOffset CreatedAt);

/// <param name="Page">The landing page for people.</param>
/// <param name="Link">The xmpp: link for apps.</param>
sealed record InviteView(string Token, string Page, string Link, bool Admin, int Uses, DateTimeOffset ExpiresAt);

/// <param name="Running">Whether a server answers; otherwise the rest is about the store alone.</param>
/// <param name="Trouble">What is wrong with storage, or null.</param>
/// <param name="Listening">What listens where.</param>
sealed record ServerStatus(bool Running, string Version, string Domain, DateTimeOffset? Since, string? Trouble, IReadOnlyList<Listener> Listening);

/// <param name="What">Such as XMPP (STARTTLS).</param>
sealed record Listener(string What, string Address, int Port);

/// <summary>What was asked for cannot be done; the message is one sentence for the administrator.</summary>
sealed class AdministrationException(string message) : Exception(message);
