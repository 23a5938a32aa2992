// HOT PATH
using System.Data.Common;

namespace Nyala.Storage;

/// <summary>
/// The one ordered way of all messages: what is appended is committed in groups and then completed in log order,
/// on the log's own thread. The order of <see cref="LogEntry.Position"/> is the order of becoming visible (R6).
/// </summary>
public interface IMessageLog
{
    /// <summary>Queues an entry; never blocks, never refuses. Takes no cancellation: an append survives its session (DESIGN: the way of a message).</summary>
    void Append(LogEntry entry);

    /// <summary>True when the queue is beyond its bound: readers of sockets must wait for <see cref="WaitForRoomAsync"/>.</summary>
    bool IsFull { get; }

    /// <summary>Completes when the queue is below its bound again; at once when it is.</summary>
    ValueTask WaitForRoomAsync();

    /// <summary>Called on the log's thread after all entries of a batch were completed: the moment to flush what they wrote.</summary>
    Action? BatchCompleted { get; set; }

    /// <summary>The newest visible position; 0 when there is none.</summary>
    long Head { get; }

    /// <summary>What the log has done since it was opened. Any thread.</summary>
    LogStatistics Statistics { get; }

    /// <summary>
    /// What was durably handled of a stream (R3): the highest committed count, or null when the stream is unknown, or
    /// belongs to another account, or the value is not certain.
    /// </summary>
    ValueTask<uint?> FindHandledAsync(long account, long stream);

    /// <summary>The next stream number, never used before, also after a crash or a restore.</summary>
    /// <exception cref="StoreException">Numbers could not be reserved for so long that none is left (a disk that stays full).</exception>
    long NextStream();

    /// <summary>Completes when everything appended before the call is committed and completed, and lazy marks are written.</summary>
    Task FlushAsync();
}

/// <summary>What a log has done since it was opened.</summary>
/// <param name="Commits">Transactions that became durable.</param>
/// <param name="Rows">Messages stored.</param>
/// <param name="Refused">Entries that were not stored.</param>
/// <param name="CommitTime">Time spent on all commits, writing the rows included.</param>
/// <param name="Waiting">Entries that wait now.</param>
public readonly record struct LogStatistics(long Commits, long Rows, long Refused, TimeSpan CommitTime, int Waiting);

/// <summary>What an entry asks of the log.</summary>
public enum LogKind
{
    /// <summary>Nothing is written; it only keeps its place in the order (R4).</summary>
    PassThrough,

    /// <summary>A message row.</summary>
    Message,

    /// <summary>Only (stream, account, handled) is written, so that an <c>&lt;a/&gt;</c> may carry it (R3).</summary>
    Handled,
}

/// <summary>What became of an entry.</summary>
public enum LogOutcome
{
    Pending,

    /// <summary>Durable (or, for PassThrough, passed).</summary>
    Committed,

    /// <summary>A resend of a message that is stored already (R5): counts, but is neither stored nor delivered again.</summary>
    Duplicate,

    /// <summary>Not stored; see <see cref="LogEntry.Failure"/>. Nothing of it will appear later.</summary>
    Failed,
}

/// <summary>Why an entry was not stored.</summary>
public enum LogFailure
{
    None,

    /// <summary>No space left: the sender is told resource-constraint.</summary>
    Full,

    /// <summary>Anything else: internal-server-error.</summary>
    Error,
}

/// <summary>What a message row is to its owners.</summary>
[Flags]
public enum RowFlags
{
    None = 0,

    /// <summary>The row shows in the sender's archive.</summary>
    InSenderArchive = 1,

    /// <summary>The row shows in the recipient's archive.</summary>
    InRecipientArchive = 2,

    /// <summary>The row is to be delivered to the recipient, now or when a session becomes available (R8).</summary>
    /// <remarks>In a message to oneself either archive flag means both.</remarks>
    Deliver = 4,
}

/// <summary>
/// One entry of the log; the subclass says what its completion does. Fields are set before Append and not touched
/// by the appender until <see cref="Complete"/>.
/// </summary>
public abstract class LogEntry
{
    public LogKind Kind { get; set; }

    /// <summary>The account id of a local sender; a negative number by which a sender elsewhere is known again (R5); or 0.</summary>
    public long Sender { get; set; }

    /// <summary>The account id of a local recipient, or 0. Equal to <see cref="Sender"/> for a message to oneself: one row, once (R7).</summary>
    public long Recipient { get; set; }

    /// <summary>The <c>from</c> as it is in <see cref="Stanza"/>, prepared.</summary>
    public string From { get; set; } = "";

    /// <summary>The <c>to</c> as it is in <see cref="Stanza"/> (the sender's bare address when absent), prepared.</summary>
    public string To { get; set; } = "";

    public RowFlags Flags { get; set; }

    /// <summary>The canonical stanza bytes, without stanza-id.</summary>
    public ReadOnlyMemory<byte> Stanza { get; set; }

    /// <summary>Identifies a resend (R5): hash of recipient, type and id; default when the message has no usable id.</summary>
    public UInt128 Fingerprint { get; set; }

    /// <summary>The sender's stream number (0: none) and the count that this stanza brings it to; committed with the row.</summary>
    public long Stream { get; set; }

    /// <summary>0 while the stream does not count yet: then nothing is said about it.</summary>
    public uint Handled { get; set; }

    /// <summary>Another durable consequence that joins the commit, or null.</summary>
    public IJoinedWrite? Joined { get; set; }

    /// <summary>The row's position; for a duplicate that of the stored original. Set before <see cref="Complete"/>.</summary>
    public long Position { get; internal set; }

    /// <summary>The row's time, milliseconds since 1970, never decreasing with the position.</summary>
    public long At { get; internal set; }

    public LogOutcome Outcome { get; internal set; }

    public LogFailure Failure { get; internal set; }

    /// <summary>Runs on the log's thread after the commit, in log order. Must not block and not throw.</summary>
    public abstract void Complete();

    /// <summary>The entry behind this one in whatever list of the log holds it; the log's alone.</summary>
    internal LogEntry? Next { get; set; }
}

/// <summary>Writes that must become durable in the same commit as a message.</summary>
public interface IJoinedWrite
{
    /// <summary>Runs on the log's thread inside the transaction; throwing rolls back only this entry.</summary>
    void Write(DbConnection connection, DbTransaction transaction, LogEntry entry);
}
