using System.Collections.Concurrent;
using Nyala.Core.Routing;
using Nyala.Storage;

namespace Nyala.Server.Tests.Delivery;

/// <summary>A real store whose log can be held up, and made to fail, also when it is read, and whose writes of rosters are seen.</summary>
sealed class SteeredStore(IStore inner, ConcurrentBag<string> refused) : IStore
{
    public SteeredLog Steered { get; } = new(inner.Log, refused);

    public IMessageLog Log => Steered;

    public IArchive Archive => SteeredArchive;

    public SteeredArchive SteeredArchive { get; } = new(inner.Archive);

    public IMailboxes Mailboxes => inner.Mailboxes;

    public IAccounts Accounts => inner.Accounts;

    public IRosters Rosters => SeenRosters;

    public SeenRosters SeenRosters { get; } = new(inner.Rosters);

    public IBlocklists Blocklists => inner.Blocklists;

    public IDocuments Documents => inner.Documents;

    public IPubSub PubSub => inner.PubSub;

    public IInvites Invites => inner.Invites;

    public IRooms Rooms => inner.Rooms;

    public IFiles Files => inner.Files;

    public IFileContents FileContents => inner.FileContents;

    public IPushRegistrations Push => inner.Push;

    public ITokens Tokens => inner.Tokens;

    public ISecrets Secrets => inner.Secrets;

    public IPeerRules PeerRules => inner.PeerRules;

    public INotices Notices => inner.Notices;

    public IDirectory Directory => inner.Directory;

    public IReports Reports => inner.Reports;

    public string? Trouble => inner.Trouble;

    public ValueTask<T> ReadTogetherAsync<T>(Func<ValueTask<T>> reads) => inner.ReadTogetherAsync(reads);

    public Task BackupAsync(string file, CancellationToken cancellation) => inner.BackupAsync(file, cancellation);

    public Task<IReadOnlyList<string>> CheckIntegrityAsync(CancellationToken cancellation) => inner.CheckIntegrityAsync(cancellation);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

/// <summary>Remembers which rosters each write changed. Safe from any thread.</summary>
sealed class SeenRosters(IRosters inner) : IRosters
{
    /// <summary>The accounts of each write, each once.</summary>
    public ConcurrentQueue<long[]> Writes { get; } = [];

    public ValueTask<Roster> LoadAsync(long account) => inner.LoadAsync(account);

    public ValueTask<IReadOnlyList<long>> ChangeAsync(IReadOnlyList<RosterChange> changes)
    {
        Writes.Enqueue([.. changes.Select(change => change.Account).Distinct()]);
        return inner.ChangeAsync(changes);
    }

    public ValueTask<RosterChanges?> ChangesSinceAsync(long account, long version) => inner.ChangesSinceAsync(account, version);
}

/// <summary>Cannot be read for delivery while a test says so. Safe from any thread.</summary>
sealed class SteeredArchive(IArchive inner) : IArchive
{
    volatile bool _isUnreadable;

    public bool IsUnreadable
    {
        get => _isUnreadable;
        set => _isUnreadable = value;
    }

    public ArchiveIds Ids => inner.Ids;

    public ValueTask<ArchivePage> ReadAsync(ArchiveQuery query, CancellationToken cancellation) => inner.ReadAsync(query, cancellation);

    public ValueTask<(ArchiveRow First, ArchiveRow Last)?> MetadataAsync(long account, CancellationToken cancellation) =>
        inner.MetadataAsync(account, cancellation);

    public ValueTask<IReadOnlyList<Conversation>> ConversationsAsync(long account, int max, CancellationToken cancellation) =>
        inner.ConversationsAsync(account, max, cancellation);

    public ValueTask<IReadOnlyList<ArchiveRow>> ReadForDeliveryAsync(
        long account, long after, long upTo, bool sent, int max, CancellationToken cancellation) =>
        IsUnreadable
            ? ValueTask.FromException<IReadOnlyList<ArchiveRow>>(new IOException("The disk is full."))
            : inner.ReadForDeliveryAsync(account, after, upTo, sent, max, cancellation);

    public ValueTask<bool> ReplaceAsync(long account, long position, ReadOnlyMemory<byte> stanza) => inner.ReplaceAsync(account, position, stanza);

    public Task<long> ExpireAsync(DateTimeOffset before, CancellationToken cancellation) => inner.ExpireAsync(before, cancellation);
}

/// <summary>Holds entries back in their order, or lets them fail in their place. Safe from any thread.</summary>
/// <param name="refused">Gets the bodies of messages that were refused instead of being stored.</param>
sealed class SteeredLog(IMessageLog inner, ConcurrentBag<string> refused) : IMessageLog
{
    readonly Lock _gate = new();
    readonly Queue<LogEntry> _held = [];
    bool _stalled;

    /// <summary>What entries that write come to from now on; null: what the log says.</summary>
    public LogFailure? Failing { get; set; }

    /// <summary>What fails is recognised as stored before.</summary>
    public bool Recognising { get; set; }

    /// <summary>How many entries wait.</summary>
    public int Held
    {
        get
        {
            lock (_gate)
            {
                return _held.Count;
            }
        }
    }

    public bool IsFull => inner.IsFull;

    public Action? BatchCompleted
    {
        get => inner.BatchCompleted;
        set => inner.BatchCompleted = value;
    }

    public long Head => inner.Head;

    public LogStatistics Statistics => inner.Statistics;

    public void Stall()
    {
        lock (_gate)
        {
            _stalled = true;
        }
    }

    /// <summary>Lets the oldest entries through, or all and everything after them.</summary>
    public void Release(int count = int.MaxValue)
    {
        lock (_gate)
        {
            _stalled = count != int.MaxValue;
            for (; count > 0 && _held.TryDequeue(out var entry); count--)
            {
                Pass(entry);
            }
        }
    }

    public void Append(LogEntry entry)
    {
        lock (_gate)
        {
            if (_stalled)
            {
                _held.Enqueue(entry);
            }
            else
            {
                Pass(entry);
            }
        }
    }

    public ValueTask WaitForRoomAsync() => inner.WaitForRoomAsync();

    public ValueTask<uint?> FindHandledAsync(long account, long stream) => inner.FindHandledAsync(account, stream);

    public long NextStream() => inner.NextStream();

    public Task FlushAsync() => inner.FlushAsync();

    void Pass(LogEntry entry)
    {
        if (Failing is not { } failure || entry.Kind == LogKind.PassThrough)
        {
            inner.Append(entry);
            return;
        }

        if (!Recognising && entry is MessageEntry message)
        {
            refused.Add(Player.BodyOf(message.Message));
        }

        inner.Append(new Failed(entry, Recognising && entry is MessageEntry ? LogOutcome.Duplicate : LogOutcome.Failed, failure));
    }

    /// <summary>Fails on the log's thread, in the order of the log.</summary>
    sealed class Failed(LogEntry entry, LogOutcome outcome, LogFailure failure) : LogEntry
    {
        public override void Complete()
        {
            entry.Outcome = outcome;
            entry.Failure = failure;
            entry.Complete();
        }
    }
}
