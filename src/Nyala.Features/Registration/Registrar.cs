using System.Net;
using Nyala.Core;
using Nyala.Core.Diagnostics;
using Nyala.Storage;
using Nyala.Xmpp;

namespace Nyala.Features.Registration;

/// <summary>What came of a registration; the account when there was no problem.</summary>
public sealed record RegistrationResult(RegistrationProblem Problem, Account? Account = null);

public enum RegistrationProblem
{
    None,

    /// <summary>The name is no localpart (RFC 7622 §3.3).</summary>
    BadUsername,

    /// <summary>See <see cref="PasswordRules"/>.</summary>
    BadPassword,

    /// <summary>Somebody has the name, or an invite reserves it.</summary>
    Taken,

    /// <summary>The invite is unknown, used up or too old.</summary>
    InvalidInvite,

    /// <summary>The address has made too many accounts lately.</summary>
    TooMany,
}

/// <summary>Makes accounts for people, in-band or on the invite's web page. Safe from any thread.</summary>
/// <param name="welcome">Called when an invite with an inviter has made an account: they become contacts (XEP-0401 §5).</param>
public sealed class Registrar(NyalaServer server, Func<Account, long, Task> welcome)
{
    /// <summary>Called with each account that was made.</summary>
    public Func<Account, Task> Registered { get; set; } = _ => Task.CompletedTask;

    /// <summary>Called when an invite into a room has made an account.</summary>
    public Func<Account, Invite, Task> Admit { get; set; } = (_, _) => Task.CompletedTask;

    readonly RegistrationLimit _limit = new(server.Options.Limits, server.Time);

    // PBKDF2 keeps a processor busy for some ten milliseconds: not all of them at a time, so that those who chat find one.
    readonly SemaphoreSlim _derivations = new(Math.Max(1, Environment.ProcessorCount / 2));

    /// <summary>Creates an account with a password. What is wrong is said as closely as the person may know.</summary>
    /// <param name="invite">The invite in hand, or null where anybody may register.</param>
    /// <param name="invitedAt">When the invite was found to be good: it cannot expire after that (XEP-0445 §4).</param>
    /// <param name="address">Where the person is, for the limit on accounts without an invite.</param>
    /// <exception cref="StoreException">The store cannot serve.</exception>
    public Task<RegistrationResult> RegisterAsync(string username, string password, Invite? invite, DateTimeOffset invitedAt, IPAddress? address) =>
        RegisterAsync(username, () => DeriveAsync(password), invite, invitedAt, address);

    /// <summary>Creates an account with keys that the client derived from a password nobody else knows.</summary>
    /// <exception cref="StoreException">The store cannot serve.</exception>
    public Task<RegistrationResult> RegisterAsync(
        string username, IReadOnlyList<Credential> credentials, Invite? invite, DateTimeOffset invitedAt, IPAddress? address) =>
        RegisterAsync(username, () => Task.FromResult<IReadOnlyList<Credential>?>(credentials), invite, invitedAt, address);

    async Task<RegistrationResult> RegisterAsync(
        string username, Func<Task<IReadOnlyList<Credential>?>> derive, Invite? invite, DateTimeOffset invitedAt, IPAddress? address)
    {
        if (TryPrepare(username) is not { } name)
        {
            return new(RegistrationProblem.BadUsername);
        }

        if (invite?.Username is { } kept && kept != name)
        {
            return new(RegistrationProblem.BadUsername);
        }

        if (await server.Store.Accounts.FindAsync(name) is not null)
        {
            return new(RegistrationProblem.Taken);
        }

        // Whoever holds an invite is known to somebody, and a whole campus may share an address (R14).
        if (invite is null && !_limit.TryTake(address))
        {
            return new(RegistrationProblem.TooMany);
        }

        if (await derive() is not { } credentials)
        {
            return new(RegistrationProblem.BadPassword);
        }

        var (result, account) = await server.Store.Accounts.CreateAsync(name, credentials, AccountRole.User, invite?.Token, invitedAt, AccountOrigin.SelfRegistered);
        if (result != CreateAccountResult.Created)
        {
            return new(result == CreateAccountResult.Conflict ? RegistrationProblem.Taken : RegistrationProblem.InvalidInvite);
        }

        server.Log.AccountRegistered(name, invite is null ? "open registration" : "an invite", address);
        if (invite?.Room is not null)
        {
            await Admit(account!, invite);
        }
        else if (invite?.Inviter is { } inviter)
        {
            await welcome(account!, inviter);
        }

        await Registered(account!);
        return new(RegistrationProblem.None, account);
    }

    /// <summary>Whether a name could be registered now; what is kept for the holder of an invite is free to that alone.</summary>
    /// <exception cref="StoreException">The store cannot serve.</exception>
    public async Task<RegistrationProblem> CheckNameAsync(string username, Invite? invite) =>
        TryPrepare(username) is not { } name || (invite?.Username is { } kept && kept != name) ? RegistrationProblem.BadUsername
        : await server.Store.Accounts.FindAsync(name) is not null || await server.Store.Invites.IsKeptAsync(name, invite?.Token ?? "", server.Time.GetUtcNow())
            ? RegistrationProblem.Taken
            : RegistrationProblem.None;

    /// <summary>What is stored for a password, made off the caller's thread and in turn; null when it cannot be one.</summary>
    public async Task<IReadOnlyList<Credential>?> DeriveAsync(string password)
    {
        await _derivations.WaitAsync();
        try
        {
            return await Task.Run(() => PasswordRules.TryDerive(password, server.Options.ScramIterations));
        }
        finally
        {
            _derivations.Release();
        }
    }

    /// <summary>The localpart as it is stored, or null.</summary>
    public string? TryPrepare(string username) =>
        !username.Contains('@', StringComparison.Ordinal) && !username.Contains('/', StringComparison.Ordinal)
        && Jid.TryParse($"{username}@{server.Options.Domain}", out var jid)
            ? jid.Local
            : null;
}
