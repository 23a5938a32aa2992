namespace Nyala.Storage;

/// <summary>
/// Reading the message log as an account's archive (XEP-0313) and as its mailbox (R8). A room's archive has the owner
/// <c>-id</c> of the room and only incoming rows.
/// </summary>
public interface IArchive
{
    ArchiveIds Ids { get; }

    ValueTask<ArchivePage> ReadAsync(ArchiveQuery query, CancellationToken cancellation);

    /// <summary>First and last archived row, or null for an empty archive (XEP-0313 §4.4 metadata).</summary>
    ValueTask<(ArchiveRow First, ArchiveRow Last)?> MetadataAsync(long account, CancellationToken cancellation);

    /// <summary>With whom the account has talked lately, the latest first; bounded also by how far back is looked.</summary>
    ValueTask<IReadOnlyList<Conversation>> ConversationsAsync(long account, int max, CancellationToken cancellation);

    /// <summary>
    /// Rows after a position, up to and including another, oldest first, for delivery: incoming rows with
    /// <see cref="RowFlags.Deliver"/>, and, with <paramref name="sent"/>, also what the account itself sent (for its other devices).
    /// </summary>
    ValueTask<IReadOnlyList<ArchiveRow>> ReadForDeliveryAsync(long account, long after, long upTo, bool sent, int max, CancellationToken cancellation);

    /// <summary>Puts another stanza in place of a row's (a tombstone, XEP-0424 §5); false when the owner has no such row.</summary>
    ValueTask<bool> ReplaceAsync(long account, long position, ReadOnlyMemory<byte> stanza);

    /// <summary>Removes archived rows of all accounts older than a time; returns how many. Rows awaiting delivery stay.</summary>
    Task<long> ExpireAsync(DateTimeOffset before, CancellationToken cancellation);
}

/// <summary>A page to read. Positions come from <see cref="ArchiveIds"/>; a position that is not in the archive makes the answer <see cref="ArchivePage.UnknownPosition"/>.</summary>
public sealed record ArchiveQuery(long Account)
{
    /// <summary>Only rows whose other side is this address (prepared); a bare one matches all its resources.</summary>
    public string? With { get; init; }

    public DateTimeOffset? Start { get; init; }

    public DateTimeOffset? End { get; init; }

    /// <summary>Only rows behind this position (RSM <c>after</c>). Must exist.</summary>
    public long? After { get; init; }

    /// <summary>Only rows before this position (RSM <c>before</c>). Must exist.</summary>
    public long? Before { get; init; }

    /// <summary>The form's <c>after-id</c> and <c>before-id</c> (#extended). Must exist.</summary>
    public long? AfterId { get; init; }

    public long? BeforeId { get; init; }

    /// <summary>Exactly these rows (#extended <c>ids</c>). All must exist.</summary>
    public IReadOnlyList<long>? Only { get; init; }

    /// <summary>The page ends at the newest matching row instead of beginning at the oldest (RSM <c>before</c>, also empty). Rows stay oldest first.</summary>
    public bool FromEnd { get; init; }

    /// <summary>At most this many rows, 0 to ask only for the count.</summary>
    public int Max { get; init; } = 50;

    /// <summary>Whether <see cref="ArchivePage.Count"/> is wanted.</summary>
    public bool WithCount { get; init; }
}

/// <param name="Rows">Oldest first.</param>
/// <param name="Complete">No matching row remains beyond the page in the direction of paging.</param>
/// <param name="Count">How many rows match the filters in all (ignoring RSM's after/before), when asked for.</param>
/// <param name="FirstIndex">The first row's place among them, when asked for.</param>
public sealed record ArchivePage(IReadOnlyList<ArchiveRow> Rows, bool Complete, long? Count = null, long? FirstIndex = null)
{
    /// <summary>A position the query named is not in this archive: item-not-found.</summary>
    public bool UnknownPosition { get; init; }
}

/// <param name="With">The other side's bare address.</param>
/// <param name="Last">The position of the newest row between the two.</param>
public sealed record Conversation(string With, long Last);

/// <param name="Position">Maps to the opaque id.</param>
/// <param name="At">Milliseconds since 1970.</param>
/// <param name="Stanza">Canonical bytes without stanza-id.</param>
/// <param name="Outgoing">The account sent it (for a message to oneself: false).</param>
/// <param name="Flags">As stored.</param>
public readonly record struct ArchiveRow(long Position, long At, ReadOnlyMemory<byte> Stanza, bool Outgoing, RowFlags Flags)
{
    /// <summary>In the archive of a room the real address of the sender, which the stanza does not show; null in an account's.</summary>
    public string? From { get; init; }
}

/// <summary>
/// How far each account's mail, or what a queue to another server holds, is done (R8). Rows up to the mark need no delivery; kept in memory by the caller, written lazily.
/// </summary>
public interface IMailboxes
{
    /// <summary>The bound below which all rows are done; 0 for a new account.</summary>
    ValueTask<long> LoadMarkAsync(long account);

    /// <summary>Raises the mark; durable within a second, at the latest at <see cref="IMessageLog.FlushAsync"/>. Never lowers it.</summary>
    void SetMark(long account, long position);

    /// <summary>
    /// Of each owner numbered below a bound (queues to other servers) that has rows to deliver behind its mark, <c>from</c> and
    /// <c>to</c> of the first.
    /// </summary>
    ValueTask<IReadOnlyList<(string From, string To)>> FindPendingAsync(long below);

    /// <summary>How many delivered-flagged rows wait behind the mark, up to a position, counting at most <paramref name="max"/>.</summary>
    ValueTask<int> CountPendingAsync(long account, int max, long upTo = long.MaxValue);
}
