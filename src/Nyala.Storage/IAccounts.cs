namespace Nyala.Storage;

public enum AccountRole
{
    User,
    Admin,
}

/// <param name="Id">Never reused.</param>
/// <param name="Username">The prepared localpart.</param>
public sealed record Account(long Id, string Username, AccountRole Role, DateTimeOffset CreatedAt)
{
    /// <summary>Nobody is let in until it is enabled again; everything it has stays.</summary>
    public bool IsDisabled { get; init; }

    public AccountOrigin Origin { get; init; }
}

/// <summary>How an account came to be.</summary>
public enum AccountOrigin
{
    /// <summary>An administrator made it.</summary>
    Provisioned,

    /// <summary>Somebody who was invited made it.</summary>
    Invited,

    /// <summary>Somebody made it whom nobody here knew.</summary>
    SelfRegistered,
}

/// <summary>Salted keys of one mechanism family, serialised (Nyala.Xmpp.Sasl.ScramKeys); never a password.</summary>
public sealed record Credential(string Mechanism, byte[] Keys);

public enum CreateAccountResult
{
    Created,

    /// <summary>The username is taken, or kept for an invite.</summary>
    Conflict,

    /// <summary>The invite does not exist, is used up or has expired.</summary>
    InvalidInvite,
}

/// <summary>Which accounts are meant.</summary>
public enum AccountFilter
{
    All,
    Disabled,
    Admins,
}

public interface IAccounts
{
    ValueTask<Account?> FindAsync(string username);

    ValueTask<Account?> FindAsync(long id);

    /// <summary>Account and credentials in one read, or null.</summary>
    ValueTask<(Account Account, IReadOnlyList<Credential> Credentials)?> LoadForLoginAsync(string username);

    /// <summary>
    /// Creates the account and, with a token, consumes one use of that invite in the same transaction (the invite's role wins, and
    /// the account counts as invited).
    /// </summary>
    ValueTask<(CreateAccountResult Result, Account? Account)> CreateAsync(
        string username, IReadOnlyList<Credential> credentials, AccountRole role, string? inviteToken, DateTimeOffset now,
        AccountOrigin origin = AccountOrigin.Provisioned);

    /// <summary>Replaces all credentials and removes all FAST tokens of the account, in one transaction.</summary>
    ValueTask SetCredentialsAsync(long account, IReadOnlyList<Credential> credentials);

    /// <summary>Removes the account and everything that belongs to it; archive rows another account shares stay for that one.</summary>
    ValueTask<bool> RemoveAsync(long account);

    ValueTask SetRoleAsync(long account, AccountRole role);

    /// <summary>Disables an account, which also takes its FAST tokens, or enables it again.</summary>
    ValueTask SetDisabledAsync(long account, bool disabled);

    /// <summary>Accounts in order of username behind <paramref name="after"/>.</summary>
    ValueTask<IReadOnlyList<Account>> ListAsync(string? after, int max, AccountFilter filter = AccountFilter.All);

    ValueTask<long> CountAsync(AccountFilter filter = AccountFilter.All);
}

/// <summary>A subscription as the roster shows it (RFC 6121 §2.1.2.5).</summary>
[Flags]
public enum Subscription
{
    None = 0,

    /// <summary>The account sees the contact's presence.</summary>
    To = 1,

    /// <summary>The contact sees the account's presence.</summary>
    From = 2,
    Both = To | From,
}

/// <param name="Jid">The contact's prepared bare address.</param>
/// <param name="Listed">Whether the item is in the roster the client sees; false for a mere pending request or pre-approval.</param>
/// <param name="Ask">A subscription request of the account's is unanswered (pending out).</param>
/// <param name="Approved">The contact is pre-approved (RFC 6121 §3.4).</param>
/// <param name="Request">The contact's unanswered subscription request as it came, canonical bytes (pending in), or null.</param>
public sealed record RosterItem(
    string Jid, bool Listed, string? Name, IReadOnlyList<string> Groups, Subscription Subscription, bool Ask, bool Approved, byte[]? Request);

/// <param name="Version">Grows with each change of a listed item; opaque to clients.</param>
public sealed record Roster(long Version, IReadOnlyList<RosterItem> Items);

/// <summary>An item is inserted or replaced, or with null removed.</summary>
/// <param name="Jid">The contact's prepared bare address.</param>
public sealed record RosterChange(long Account, string Jid, RosterItem? Item);

/// <summary>What became of the listed view since a version, in the order of the last change of each contact.</summary>
public sealed record RosterChanges(long Version, IReadOnlyList<RosterStep> Steps);

/// <summary>The version with which a contact became what it is now: an item, or null when it left.</summary>
public sealed record RosterStep(long Version, string Jid, RosterItem? Item);

public interface IRosters
{
    ValueTask<Roster> LoadAsync(long account);

    /// <summary>
    /// Makes all these changes, also of several rosters, or none. A version rises with each change of its listed view; returns
    /// the version of the roster after each change.
    /// </summary>
    ValueTask<IReadOnlyList<long>> ChangeAsync(IReadOnlyList<RosterChange> changes);

    /// <summary>What changed in the listed view since a version, or null when that version is unknown (send the whole roster).</summary>
    ValueTask<RosterChanges?> ChangesSinceAsync(long account, long version);
}

public interface IBlocklists
{
    /// <summary>Prepared addresses: bare, full, domain or domain with resource (XEP-0191 §3).</summary>
    ValueTask<IReadOnlyList<string>> LoadAsync(long account);

    /// <summary>Adds addresses in one transaction; those there already stay.</summary>
    ValueTask AddAsync(long account, IReadOnlyCollection<string> jids);

    /// <summary>Removes addresses; null removes all.</summary>
    ValueTask RemoveAsync(long account, IReadOnlyCollection<string>? jids);
}

/// <summary>Small documents of an account (vCard, private XML, preferences, last activity), each under a kind and a key.</summary>
public interface IDocuments
{
    ValueTask<byte[]?> GetAsync(long account, string kind, string key);

    /// <summary>All documents of a kind, by key.</summary>
    ValueTask<IReadOnlyList<KeyValuePair<string, byte[]>>> ListAsync(long account, string kind);

    ValueTask SetAsync(long account, string kind, string key, byte[] document);

    /// <summary>
    /// Sets all of these or, when the kind would grow beyond <paramref name="max"/> documents, none: false. What is replaced
    /// does not count.
    /// </summary>
    /// <param name="documents">By key.</param>
    ValueTask<bool> SetAsync(long account, string kind, IReadOnlyDictionary<string, byte[]> documents, int max);

    /// <summary>Sets one document of many accounts; accounts that are not there any more are passed over.</summary>
    /// <param name="documents">By account.</param>
    ValueTask SetAsync(string kind, string key, IReadOnlyDictionary<long, byte[]> documents);

    ValueTask RemoveAsync(long account, string kind, string key);
}

/// <param name="Token">Unguessable, URL-safe.</param>
/// <param name="Inviter">The account the new one becomes a contact of, or null.</param>
/// <param name="CreatesAccount">Whether it may create an account (else it is only a contact invite).</param>
/// <param name="Role">The role a created account gets.</param>
/// <param name="Uses">How many uses are left.</param>
public sealed record Invite(string Token, long? Inviter, bool CreatesAccount, AccountRole Role, int Uses, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt)
{
    /// <summary>The prepared name of the account it makes, kept free for it while it is usable (XEP-0445 §5); null: whoever has it chooses.</summary>
    public string? Username { get; init; }

    /// <summary>What the inviter says to who opens it, or null.</summary>
    public string? Greeting { get; init; }

    /// <summary>The prepared name of the room it leads into, or null; then the inviter becomes no contact.</summary>
    public string? Room { get; init; }

    /// <summary>The room's admins are asked first.</summary>
    public bool NeedsApproval { get; init; }
}

public interface IInvites
{
    ValueTask CreateAsync(Invite invite);

    /// <summary>The invite if it is usable now, or null.</summary>
    ValueTask<Invite?> FindAsync(string token, DateTimeOffset now);

    /// <summary>Takes one use; false when there is none left.</summary>
    ValueTask<bool> ConsumeAsync(string token, DateTimeOffset now);

    /// <summary>Undoes one <see cref="ConsumeAsync"/> that came to nothing.</summary>
    ValueTask GiveBackAsync(string token);

    ValueTask<IReadOnlyList<Invite>> ListAsync(DateTimeOffset now, int max);

    /// <summary>Usable invites an account has made, for its limit.</summary>
    ValueTask<int> CountByInviterAsync(long account, DateTimeOffset now);

    /// <summary>Whether a usable invite, other than this one, keeps a name free for its holder.</summary>
    ValueTask<bool> IsKeptAsync(string username, string token, DateTimeOffset now);

    ValueTask<bool> RevokeAsync(string token);

    /// <summary>Revokes all that lead into a room.</summary>
    /// <param name="room">Its prepared name.</param>
    ValueTask RevokeRoomAsync(string room);
}

/// <param name="Device">The client's user-agent id (XEP-0388 §2.2).</param>
/// <param name="Mechanism">The HT mechanism it is for.</param>
/// <param name="Secret">What the client proves to have; high-entropy.</param>
/// <param name="Counter">The highest <c>count</c> seen (XEP-0484 replay protection), or 0.</param>
public sealed record FastToken(long Account, string Device, string Mechanism, byte[] Secret, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt, long Counter)
{
    /// <summary>The client has used it before, and the tokens before it are gone.</summary>
    public bool IsUsed { get; init; }
}

/// <summary>FAST tokens (XEP-0484). Per device at most two: the current one and one newly issued that was not used yet.</summary>
public interface ITokens
{
    /// <summary>A device's tokens, the newest first; expired ones stay for a while, so that who holds one can be told.</summary>
    ValueTask<IReadOnlyList<FastToken>> LoadAsync(long account, string device);

    /// <summary>An account and a device's tokens, the newest first, in one read; null when there is no such account.</summary>
    ValueTask<(Account Account, IReadOnlyList<FastToken> Tokens)?> LoadForLoginAsync(string username, string device);

    /// <summary>Adds a token.</summary>
    /// <param name="token">The new one.</param>
    /// <param name="proved">The one that the client logged in with to get it, or null: it counts as used from now on.</param>
    ValueTask AddAsync(FastToken token, FastToken? proved = null);

    /// <summary>
    /// Marks a use: drops the device's older tokens and raises the counter; false when the counter did not rise (a replay).
    /// A counter of 0 is a client that sends no <c>count</c>: accepted until it sends one.
    /// </summary>
    ValueTask<bool> UseAsync(FastToken token, long counter);

    /// <summary>The devices that may log in by token, with the time from which and until which, by name.</summary>
    ValueTask<IReadOnlyList<(string Device, DateTimeOffset Since, DateTimeOffset Until)>> DevicesAsync(long account);

    /// <summary>Removes a device's tokens, or with null all of the account's.</summary>
    ValueTask RemoveAsync(long account, string? device);
}

/// <summary>Random values of this installation, made when first asked for and kept.</summary>
public interface ISecrets
{
    ValueTask<byte[]> GetOrCreateAsync(string name, int length);
}
