namespace Nyala.Storage;

/// <summary>Everything Nyala keeps. One per process; safe from any thread.</summary>
public interface IStore : IAsyncDisposable
{
    IMessageLog Log { get; }

    IArchive Archive { get; }

    IMailboxes Mailboxes { get; }

    IAccounts Accounts { get; }

    IRosters Rosters { get; }

    IBlocklists Blocklists { get; }

    IDocuments Documents { get; }

    IPubSub PubSub { get; }

    IInvites Invites { get; }

    IRooms Rooms { get; }

    IFiles Files { get; }

    /// <summary>The bytes of the files.</summary>
    IFileContents FileContents { get; }

    IPushRegistrations Push { get; }

    ITokens Tokens { get; }

    ISecrets Secrets { get; }

    IPeerRules PeerRules { get; }

    INotices Notices { get; }

    IDirectory Directory { get; }

    IReports Reports { get; }

    /// <summary>
    /// Runs several reads one behind the other, in one snapshot: a fraction of what they cost apart. They may await nothing but
    /// reads of this store.
    /// </summary>
    ValueTask<T> ReadTogetherAsync<T>(Func<ValueTask<T>> reads);

    /// <summary>A consistent copy of everything in one file while the store is in use; the file must not exist.</summary>
    /// <exception cref="IOException">The file cannot be written, or exists.</exception>
    Task BackupAsync(string file, CancellationToken cancellation);

    /// <summary>Problems found in the stored data, in words; empty when it is sound. Reads everything: slow.</summary>
    Task<IReadOnlyList<string>> CheckIntegrityAsync(CancellationToken cancellation);

    /// <summary>What is wrong with storage right now (full or failing disk), in one sentence with the remedy; null when nothing.</summary>
    string? Trouble { get; }
}

/// <summary>Thrown by cold operations when the store cannot serve; the text names cause and remedy.</summary>
public sealed class StoreException : Exception
{
    public StoreException(string message, LogFailure failure, Exception? inner = null)
        : base(message, inner) => Failure = failure;

    /// <summary>What kind of failure; decides between resource-constraint and internal-server-error.</summary>
    public LogFailure Failure { get; }
}
