using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Nyala.Core.Diagnostics;
using Nyala.Core.Routing;
using Nyala.Storage;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Sessions;

/// <summary>
/// A session that reads the log instead of being written to as rows are committed: to get what waits for its account, or
/// because its client or socket was too slow. Goes page by page, as the client acknowledges, until it has met the present.
/// </summary>
sealed class CatchUp
{
    const int PageRows = 100;

    /// <summary>Transient stanzas that may wait for the rows before them, and their bytes; more are not taken.</summary>
    const int MaxBehind = 200;
    const int MaxBytesBehind = 262_144;

    /// <summary>How long it waits after a page that could not be read; twice as long each time, up to <see cref="Limits.ProbeAfter"/>.</summary>
    static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);

    readonly Session _session;
    readonly NyalaServer _server;
    readonly Queue<(long After, Outbound Stanza)> _behind = new();

    // Where rows are put together, one after the other.
    readonly ArrayBufferWriter<byte> _output = new(1_024);
    readonly ArrayBufferWriter<byte> _extra = new(StanzaId.MaxLength);
    long _lastAfter;
    int _bytesBehind;
    int _running;
    int _again;
    int _back;
    TimeSpan _retry = FirstRetry;

    /// <summary>The first row the session would have been given had it not read the log: from here on it gets what its account gets.</summary>
    long _live = long.MaxValue;

    /// <summary>Up to here rows were read before; now only those that are pending matter.</summary>
    long _read;

    /// <summary>All pending rows were taken on the way, unless some became pending again meanwhile (<see cref="Mailbox.Passed"/>).</summary>
    bool _takesAll;
    int _releases;

    /// <param name="session">Who reads.</param>
    /// <param name="server">Where.</param>
    /// <param name="from">The last row it has; null: it begins with what waits for the account.</param>
    public CatchUp(Session session, NyalaServer server, long? from)
    {
        _session = session;
        _server = server;
        Cursor = from ?? long.MaxValue;
        _back = from is null ? 1 : 0;
        GoBackIfAsked();
    }

    /// <summary>Everything up to here was read.</summary>
    public long Cursor { get; private set; }

    /// <summary>The newest row that the session was not given because it reads the log. Under the outbox's lock.</summary>
    public long End { get; private set; }

    /// <summary>It has to look again at what waits for the account.</summary>
    public bool MustGoBack => Volatile.Read(ref _back) != 0;

    /// <summary>The session takes what waits for its account from now on.</summary>
    public void GoBack() => Volatile.Write(ref _back, 1);

    public void Saw(long position)
    {
        _live = Math.Min(_live, position);
        End = Math.Max(End, position);
    }

    /// <summary>
    /// R4: whether a stanza that is not stored must wait, because rows that were there before it were not read yet. Presence
    /// does not wait for what came while the account was away. Under the outbox's lock.
    /// </summary>
    public bool MustWait(in Outbound stanza, out long after)
    {
        after = stanza.Kind == StanzaKind.Presence && _behind.Count == 0 ? End : Math.Max(End, _session.Account.Mailbox.End);
        return _behind.Count > 0 || after > Cursor;
    }

    /// <summary>Keeps it until the rows before it were given; false when there is no room. Under the outbox's lock.</summary>
    public bool Keep(in Outbound stanza, long after)
    {
        if (_behind.Count >= MaxBehind || _bytesBehind + stanza.Length > MaxBytesBehind)
        {
            return false;
        }

        _lastAfter = Math.Max(_lastAfter, after);
        _bytesBehind += stanza.Length;
        _behind.Enqueue((_lastAfter, stanza));
        return true;
    }

    /// <summary>The next stanza that waited for rows up to here, in order. Under the outbox's lock.</summary>
    public bool TryRelease(long upTo, out Outbound stanza)
    {
        if (!_behind.TryPeek(out var first) || first.After > upTo)
        {
            stanza = default;
            return false;
        }

        stanza = _behind.Dequeue().Stanza;
        _bytesBehind -= stanza.Length;
        return true;
    }

    /// <summary>Goes on if there is room; otherwise the next acknowledgement, drained socket or new connection calls again.</summary>
    public void Continue()
    {
        Volatile.Write(ref _again, 1);
        if (Interlocked.Exchange(ref _running, 1) == 0)
        {
            _ = Task.Run(RunAsync);
        }
    }

    async Task RunAsync()
    {
        do
        {
            Volatile.Write(ref _again, 0);
            try
            {
                while (_session.Outbox.HasRoom())
                {
                    if (_session.Outbox.TryGoLive(this))
                    {
                        _session.LagEnded();
                        return;
                    }

                    await ReadPageAsync();
                    _retry = FirstRetry;
                }
            }
            catch (Exception e)
            {
                // The rows stay where they are: the session's timer, or an acknowledgement before it, tries again.
                _session.ArmTimer(_retry);
                _server.Log.CatchUpFailed(_session.Jid.ToString(), _retry.TotalSeconds, e.Message);
                var longest = _server.Options.Limits.ProbeAfter;
                _retry = _retry * 2 < longest ? _retry * 2 : longest;
            }

            Volatile.Write(ref _running, 0);
        }
        while (Volatile.Read(ref _again) == 1 && Interlocked.Exchange(ref _running, 1) == 0);
    }

    void GoBackIfAsked()
    {
        if (Interlocked.Exchange(ref _back, 0) != 0)
        {
            var mailbox = _session.Account.Mailbox;
            _releases = mailbox.Releases;
            _takesAll = true;
            _read = Cursor == long.MaxValue ? 0 : Math.Max(_read, Cursor);
            Cursor = Math.Min(Cursor, mailbox.Cursor);
        }
    }

    async Task ReadPageAsync()
    {
        GoBackIfAsked();
        var mailbox = _session.Account.Mailbox;
        var upTo = Math.Max(End, mailbox.End);
        var own = Math.Min(Math.Max(_read, _live - 1), upTo);
        if (Cursor < own && !_session.TakesMail)
        {
            LeaveToOthers();
            Cursor = own;
        }

        var sent = _session.WantsCopies && upTo >= _live;
        var rows = await _server.Store.Archive.ReadForDeliveryAsync(_session.Account.Id, Cursor, upTo, sent, PageRows, CancellationToken.None);
        var all = rows.Count < PageRows;
        foreach (var row in rows)
        {
            if (!_session.Outbox.HasRoom())
            {
                all = false;
                break;
            }

            Give(row);
            Cursor = row.Position;
        }

        Cursor = all ? upTo : Cursor;
        _session.Outbox.Passed(this);
        if (_takesAll)
        {
            _server.Router.Marked(_session.Account, mailbox.Passed(Cursor, _releases));
        }

        _session.Outbox.Flush();
    }

    /// <summary>What waits for the account is not for this session any more.</summary>
    void LeaveToOthers()
    {
        _takesAll = false;
        _session.Account.Mailbox.Taker()?.Outbox.DeliverPending();
    }

    void Give(in ArchiveRow row)
    {
        if (!TryParse(row, out var message))
        {
            return;
        }

        var waited = row.Position < _live || row.Position <= _read;
        if (row.Outgoing)
        {
            if (!waited && message.From?.Resource != _session.Jid.Resource && MessagePolicy.Of(message).Copy)
            {
                Copy(row, message, CopyDirection.Sent, confirms: false);
            }

            return;
        }

        // R8: what a session of negative priority gets is not in flight, nor done.
        var confirms = _session.TakesMail;
        if (waited && !confirms)
        {
            LeaveToOthers();
            return;
        }

        // A row that it would have been written, had it been faster: by the rules of live delivery.
        var original = waited || IsForThis(message);
        if (!original && (!_session.WantsCopies || !MessagePolicy.Of(message).Copy))
        {
            return;
        }

        if (confirms && !_session.Account.Mailbox.TryTake(row, waited))
        {
            return;
        }

        if (waited && confirms && _session.Outbox.ConfirmsShown(row.Position))
        {
            return;
        }

        if (original)
        {
            Send(new Outbound(Stamped(row, message, _session.Account), StanzaKind.Message, row.Position) { Confirms = confirms, IsUrgent = true, FromLog = true });
        }
        else
        {
            Copy(row, message, CopyDirection.Received, confirms);
        }
    }

    /// <summary>Addressed to this session, or to nobody in particular of those who are there (RFC 6121 §8.5).</summary>
    bool IsForThis(Stanza message)
    {
        var resource = message.To?.Resource;
        return resource == _session.Jid.Resource || (_session.TakesMail && (resource is null || _session.Account.Find(resource) is null));
    }

    /// <summary>A row that cannot be read (a damaged database) must not keep the others from their reader.</summary>
    bool TryParse(in ArchiveRow row, [NotNullWhen(true)] out Stanza? message)
    {
        try
        {
            message = Stanza.Parse(row.Stanza);
            return true;
        }
        catch (FormatException e)
        {
            _server.Log.RowUnreadable(row.Position, _session.Jid.ToString(), e.Message);
            message = null;
            return false;
        }
    }

    void Copy(in ArchiveRow row, Stanza message, CopyDirection direction, bool confirms)
    {
        if (_server.Features.Copies is { } render)
        {
            var copy = render(_session.Account.Jid, _session.Jid, Stamped(row, message, _session.Account), direction);
            Send(new Outbound(copy, StanzaKind.Message, row.Position) { Confirms = confirms, IsUrgent = true, FromLog = true });
        }
    }

    void Send(in Outbound stanza)
    {
        if (!_session.Outbox.Send(stanza) && stanza.Confirms)
        {
            // The session has ended: whoever is there takes it.
            _session.Account.Mailbox.Released(stanza.Position);
            _session.Account.Mailbox.Taker()?.Outbox.DeliverPending();
        }
    }

    /// <summary>The row as delivered late: with its id and, from the server, the time it was stored (XEP-0203, XEP-0160 §3).</summary>
    byte[] Stamped(in ArchiveRow row, Stanza message, LocalAccount owner)
    {
        var (output, extra) = (_output, _extra);
        output.ResetWrittenCount();
        extra.ResetWrittenCount();
        var archive = row.Outgoing ? RowFlags.InSenderArchive : RowFlags.InRecipientArchive;
        if ((row.Flags & archive) != 0)
        {
            extra.Advance(StanzaId.Write(extra.GetSpan(StanzaId.MaxLength), owner, _server.Router.Ids, row.Position));
        }

        XmlOut.Raw(extra, "<delay xmlns='urn:xmpp:delay'");
        XmlOut.Attribute(extra, "from", _server.Options.Domain);
        XmlOut.Raw(extra, " stamp='");
        DateTimeProfile.Write(extra.GetSpan(DateTimeProfile.Size)[..DateTimeProfile.Size], DateTimeOffset.FromUnixTimeMilliseconds(row.At));
        extra.Advance(DateTimeProfile.Size);
        XmlOut.Raw(extra, "'/>");
        message.WriteTo(output, Framing.Stream, extra.WrittenSpan);
        return output.WrittenSpan.ToArray();
    }
}
