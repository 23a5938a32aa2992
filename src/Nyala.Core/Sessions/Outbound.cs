// HOT PATH
using Nyala.Xmpp.Stanzas;

namespace Nyala.Core.Sessions;

/// <summary>One stanza on its way to a session: shared bytes, and what its acknowledgement means.</summary>
public readonly struct Outbound
{
    public Outbound(Stanza stanza, long position = 0)
    {
        Stanza = stanza;
        Kind = stanza.Kind;
        Position = position;
    }

    public Outbound(byte[] bytes, StanzaKind kind, long position = 0)
    {
        Bytes = bytes;
        Kind = kind;
        Position = position;
    }

    /// <summary>The stanza, or null when <see cref="Bytes"/> is the whole element.</summary>
    public Stanza? Stanza { get; }

    /// <summary>A complete canonical element made for this session, or for many (<see cref="IsAddressed"/>).</summary>
    public byte[]? Bytes { get; }

    public StanzaKind Kind { get; }

    /// <summary>The archive row it shows, or 0 for what is not stored.</summary>
    public long Position { get; }

    /// <summary>
    /// The row is shown beside the account's mailbox (an archive's answer, a message to a room): nothing falls back to reading it
    /// from the log, and its acknowledgement is of interest to the session's <see cref="IRowWatcher"/> alone.
    /// </summary>
    public bool BesideMailbox { get; init; }

    /// <summary>A row of the account's own, which a reader of the log finds there.</summary>
    internal bool IsRow => Position != 0 && !BesideMailbox;

    /// <summary>The row's stanza-id in the session's own archive is added while writing.</summary>
    public bool StampId { get; init; }

    /// <summary>Its acknowledgement makes the row done in the account's mailbox (R8).</summary>
    public bool Confirms { get; init; }

    /// <summary>The row waits for the account all the same, because this session does not take its mail yet (R8).</summary>
    public bool Waits { get; init; }

    /// <summary>
    /// <see cref="Bytes"/> are shared by many and have no <c>to</c>: the session's full address is written in while sending.
    /// </summary>
    public bool IsAddressed { get; init; }

    /// <summary>An inactive client gets it at once (R12).</summary>
    public bool IsUrgent { get; init; }

    /// <summary>
    /// Part of the answer to the client's own request: never dropped. It is bounded by not reading further requests while the
    /// socket does not take the answers.
    /// </summary>
    public bool IsAnswer { get; init; }

    /// <summary>Read from the log by the session's own catch-up.</summary>
    internal bool FromLog { get; init; }

    /// <summary>Bytes it keeps in memory.</summary>
    internal int Length => Bytes?.Length ?? Stanza!.Bytes.Length;

    /// <summary>The complete element, for whoever looks into it. Cold.</summary>
    public Stanza ToStanza() => Stanza ?? Stanza.Parse(Bytes!);
}

/// <summary>Hears which rows a client has. Called under the outbox's lock: must be quick.</summary>
public interface IRowWatcher
{
    /// <summary>The client has acknowledged something that shows this row: the message, a copy, or an archive's answer.</summary>
    void Acknowledged(long position);
}

/// <summary>Decides what an inactive client need not see yet (XEP-0352). Called under the outbox's lock: must be quick.</summary>
public interface IOutboundFilter
{
    /// <summary>True: the filter keeps the stanza (bounded) and gives it back from <see cref="TakeHeld"/>.</summary>
    bool Hold(in Outbound stanza);

    /// <summary>What was held, in order; empty afterwards. Written before anything else goes out.</summary>
    IReadOnlyList<Outbound> TakeHeld();
}
