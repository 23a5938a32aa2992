using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Nyala.Core.Diagnostics;
using Nyala.Core.Routing;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Sessions;

/// <summary>
/// A session that reads the log instead of being written to as rows are committed: to get what waited while the account was
/// away (only pending rows), or because its client or socket was too slow (everything since its last row). Goes page by
/// page, as the client acknowledges, until it has met the present.
/// </summary>
sealed class CatchUp(Session session, NyalaServer server, long from, bool onlyPending)
{
    const int PageRows = 50;

    int _running;
    int _again;

    /// <summary>The first row the session would have been given had it not read the log: from here on it gets what its account gets.</summary>
    long _live = long.MaxValue;

    /// <summary>Everything up to here was read.</summary>
    public long Cursor { get; private set; } = from;

    /// <summary>The newest row that the session was not given because it reads the log. Under the outbox's lock.</summary>
    public long End { get; private set; }

    public void Saw(long position)
    {
        _live = Math.Min(_live, position);
        End = Math.Max(End, position);
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
                while (session.Outbox.HasRoom())
                {
                    if (session.Outbox.TryGoLive(this))
                    {
                        session.LagEnded();
                        return;
                    }

                    await ReadPageAsync();
                }
            }
            catch (Exception e)
            {
                // The rows stay where they are: the next acknowledgement, or the session's timer, tries again.
                server.Log.CatchUpFailed(session.Jid.ToString(), e.Message);
            }

            Volatile.Write(ref _running, 0);
        }
        while (Volatile.Read(ref _again) == 1 && Interlocked.Exchange(ref _running, 1) == 0);
    }

    async Task ReadPageAsync()
    {
        var account = session.Account;
        var releases = account.Mailbox.Releases;
        var upTo = Math.Max(End, account.Mailbox.End);
        var sent = session.WantsCopies && (!onlyPending || upTo >= _live);
        var rows = await server.Store.Archive.ReadForDeliveryAsync(account.Id, Cursor, upTo, sent, PageRows, CancellationToken.None);
        var all = rows.Count < PageRows;
        foreach (var row in rows)
        {
            if (onlyPending && !session.TakesMail)
            {
                session.Outbox.Abandon(this);
                return;
            }

            if (!session.Outbox.HasRoom())
            {
                all = false;
                break;
            }

            Give(row);
            Cursor = row.Position;
        }

        Cursor = all ? upTo : Cursor;
        if (onlyPending)
        {
            server.Router.Marked(account, account.Mailbox.Passed(Cursor, releases));
        }

        session.Outbox.Flush();
    }

    void Give(in ArchiveRow row)
    {
        if (!TryParse(row, out var message))
        {
            return;
        }

        var account = session.Account;
        var waited = onlyPending && row.Position < _live;
        if (row.Outgoing)
        {
            if (!waited && message.From?.Resource != session.Jid.Resource && MessagePolicy.Of(message).Copy)
            {
                Copy(row, message, CopyDirection.Sent, confirms: false);
            }

            return;
        }

        // A row that it would have been written, had it been faster: by the rules of live delivery.
        var original = waited || IsForThis(message);
        if (!original && (!session.WantsCopies || !MessagePolicy.Of(message).Copy))
        {
            return;
        }

        // R8: what a session of negative priority gets is not in flight, nor done.
        var confirms = session.TakesMail;
        if (confirms && !account.Mailbox.TryTake(row, waited))
        {
            return;
        }

        if (original)
        {
            Send(new Outbound(Stamped(row, message, account), StanzaKind.Message, row.Position) { Confirms = confirms, IsUrgent = true, FromLog = true });
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
        return resource == session.Jid.Resource || (session.TakesMail && (resource is null || session.Account.Find(resource) is null));
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
            server.Log.CatchUpFailed(session.Jid.ToString(), e.Message);
            message = null;
            return false;
        }
    }

    void Copy(in ArchiveRow row, Stanza message, CopyDirection direction, bool confirms)
    {
        if (server.Features.Copies is { } render)
        {
            var copy = render(session.Account.Jid, session.Jid, Stamped(row, message, session.Account), direction);
            Send(new Outbound(copy, StanzaKind.Message, row.Position) { Confirms = confirms, IsUrgent = true, FromLog = true });
        }
    }

    void Send(in Outbound stanza)
    {
        if (!session.Outbox.Send(stanza) && stanza.Confirms)
        {
            // The session has ended: whoever is there takes it.
            session.Account.Mailbox.Released(stanza.Position);
            session.Account.Mailbox.Taker()?.Outbox.DeliverPending();
        }
    }

    /// <summary>The row as delivered late: with its id and, from the server, the time it was stored (XEP-0203, XEP-0160 §3).</summary>
    byte[] Stamped(in ArchiveRow row, Stanza message, LocalAccount owner)
    {
        var output = new ArrayBufferWriter<byte>(row.Stanza.Length + 256);
        var extra = new ArrayBufferWriter<byte>(256);
        var archive = row.Outgoing ? RowFlags.InSenderArchive : RowFlags.InRecipientArchive;
        if ((row.Flags & archive) != 0)
        {
            extra.Advance(StanzaId.Write(extra.GetSpan(StanzaId.MaxLength), owner, server.Router.Ids, row.Position));
        }

        XmlOut.Write(extra, new Delay(DateTimeOffset.FromUnixTimeMilliseconds(row.At), Jid.FromPrepared(null, server.Options.Domain)).ToElement(), Ns.Client);
        message.WriteTo(output, Framing.Stream, extra.WrittenSpan);
        return output.WrittenSpan.ToArray();
    }
}
