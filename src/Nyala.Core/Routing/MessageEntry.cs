// HOT PATH
using System.Buffers;
using System.Text;
using Nyala.Core.Sessions;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Core.Routing;

/// <summary>
/// A message on its way: what the stages look at, the row the log writes, and its dispatch after the commit. One object for
/// all three, so that a message costs one allocation beside its bytes.
/// </summary>
public class MessageEntry : LogEntry, ITicket
{
    readonly Router _router;
    volatile bool _done;
    StanzaError? _error;
    bool _isLeftInLog;

    internal MessageEntry(Router router, Stanza message, Jid from, Jid to)
    {
        _router = router;
        Message = message;
        FromJid = from;
        ToJid = to;
    }

    /// <summary>The stanza as it will be stored and delivered, <c>from</c> and <c>to</c> stamped.</summary>
    public Stanza Message { get; private set; }

    /// <summary>The sender's full address (of a room or a service: as it sends).</summary>
    public Jid FromJid { get; }

    /// <summary>Whom it is for (the sender's own bare address when it named nobody).</summary>
    public Jid ToJid { get; }

    /// <summary>The local sender, or null.</summary>
    public LocalAccount? FromAccount { get; internal init; }

    /// <summary>The local recipient, or null (the domain, another server).</summary>
    public LocalAccount? ToAccount { get; internal set; }

    /// <summary>The session it came from; null for what the server itself or others send.</summary>
    public Session? Origin { get; internal init; }

    /// <summary>The stream it came on, of a client or another server; 0: none by which a resend is known (R5).</summary>
    public long CameOn { get; internal init; }

    /// <summary>What a resend of it has in common with it (R5); default: it has no id to be known by.</summary>
    public UInt128 Likeness => Router.Fingerprint(this);

    public MessagePolicy Policy { get; internal set; }

    /// <summary>
    /// A hook on the sender's side sets this to what must be durable before the message counts (R2): until it is done, this message
    /// and what follows it wait; when it fails, the sender is told so instead of being counted for it. Null: nothing.
    /// </summary>
    public Task? Preparation { get; set; }

    /// <summary>A hook sets this to end the way of the message in silence: it counts, and nothing is sent or stored.</summary>
    public bool IsDropped { get; set; }

    /// <summary>What the sender is told when the entry's turn comes, or null.</summary>
    internal StanzaError? Error
    {
        get => _error;
        set => _error = value;
    }

    private protected Router Router => _router;

    bool ITicket.IsDone => _done;

    bool ITicket.IsOrdered => true;

    bool ITicket.HoldsMessages => false;

    /// <summary>Puts a changed stanza in place of the message (a stage that stamps).</summary>
    public void Replace(Stanza message) => Message = message;

    /// <summary>On the log's thread, in log order: what is durable goes out now.</summary>
    public override void Complete()
    {
        LogBatch.Enter();
        try
        {
            switch (Outcome)
            {
                case LogOutcome.Committed when !IsDropped:
                    Dispatch();
                    break;
                case LogOutcome.Failed:
                    _error = Failure == LogFailure.Full
                        ? StanzaError.ResourceConstraint with { Text = "The server's disk is full; the message was not stored." }
                        : StanzaError.InternalServerError with { Text = "The message could not be stored." };
                    break;
            }
        }
        finally
        {
            // Whatever a hook throws, the sender's stream goes on.
            Finish();
        }
    }

    void ITicket.Pop(Pipeline pipeline)
    {
        if (_error is not null && Message.Type != StanzaType.Error)
        {
            pipeline.Session.SendError(Message, _error);
        }

        if (Kind != LogKind.Message)
        {
            return;
        }

        // Also of a resend that was stored long ago, when nothing could be written this time: its count is not durable.
        if (Failure != LogFailure.None)
        {
            pipeline.NotCommitted();
        }
        else
        {
            pipeline.Committed(Handled);
        }
    }

    /// <summary>Nothing more will happen to it; its ticket may be taken off the sender's pipeline.</summary>
    internal void Finish()
    {
        _done = true;
        if (Origin is { } origin)
        {
            LogBatch.Finished(origin);
        }

        Left();
    }

    /// <summary>Hands the message to every session that gets it, now.</summary>
    internal void Dispatch()
    {
        if (ToAccount is { IsRemoved: false } recipient)
        {
            var inFlight = DeliverTo(recipient);
            if ((Flags & RowFlags.Deliver) != 0)
            {
                var releases = recipient.Mailbox.Releases;
                _router.Marked(recipient, recipient.Mailbox.Dispatched(Position, inFlight));
                if ((inFlight == 0 && !_isLeftInLog) || releases != recipient.Mailbox.Releases)
                {
                    // A session that became available between the look at the sessions and here has not seen the row as pending.
                    recipient.Mailbox.Taker()?.Outbox.DeliverPending();
                }
            }
        }
        else
        {
            HandOver();
        }

        if (Policy.Copy && FromAccount is { } sender && !ReferenceEquals(sender, ToAccount))
        {
            byte[]? rendered = null;
            foreach (var session in sender.Sessions)
            {
                Copy(sender, session, CopyDirection.Sent, takesMail: false, ref rendered);
            }
        }

        foreach (var hook in _router.Features.Hooks[(int)MessageStage.Delivered])
        {
            hook(this);
        }
    }

    /// <summary>It goes to somebody who is no account here.</summary>
    private protected virtual void HandOver()
    {
    }

    /// <summary>The log is finished with it.</summary>
    private protected virtual void Left()
    {
    }

    int DeliverTo(LocalAccount recipient)
    {
        var full = ToJid.Resource;
        var match = full is null ? null : recipient.Find(full);
        var rule = DeliveryRules.For(Message.Type, full is not null, match is not null, recipient.Presence);
        var copies = Policy.Copy && rule is not (Delivery.Ignore or Delivery.Refuse);
        var inFlight = 0;
        byte[]? rendered = null;
        foreach (var session in recipient.Sessions)
        {
            // Looked at once: a session that becomes available at this moment gets the original or a copy, never neither.
            var takesMail = session.TakesMail;
            if (rule == Delivery.Resource ? ReferenceEquals(session, match) : rule == Delivery.NonNegative && takesMail)
            {
                inFlight += Deliver(session, takesMail);
            }
            else if (copies)
            {
                inFlight += Copy(recipient, session, CopyDirection.Received, takesMail, ref rendered);
            }
        }

        return inFlight;
    }

    int Deliver(Session session, bool takesMail) => Send(session, new Outbound(Message, Position)
    {
        StampId = (Flags & RowFlags.InRecipientArchive) != 0,
        Confirms = (Flags & RowFlags.Deliver) != 0 && takesMail,
        Waits = (Flags & RowFlags.Deliver) != 0 && !takesMail,
        IsUrgent = Policy.Urgent,
    });

    /// <summary>1 when the row is in flight now: only sessions of non-negative priority count (R8).</summary>
    int Send(Session session, in Outbound outbound)
    {
        var accepted = session.Outbox.Send(outbound);
        LogBatch.Touch(session);
        _isLeftInLog |= !accepted && session.Outbox.ReadsLog;
        return accepted && outbound.Confirms ? 1 : 0;
    }

    /// <summary>XEP-0280 §7, §8: for a device of the account that did not get (or send) the original, if it asked for copies.</summary>
    int Copy(LocalAccount owner, Session session, CopyDirection direction, bool takesMail, ref byte[]? rendered)
    {
        if (!session.WantsCopies || ReferenceEquals(session, Origin) || _router.Features.Copies is not { } render)
        {
            return 0;
        }

        rendered ??= Complete(owner, direction);
        return Send(session, new Outbound(render(owner.Jid, session.Jid, rendered, direction), StanzaKind.Message, Position)
        {
            Confirms = direction == CopyDirection.Received && (Flags & RowFlags.Deliver) != 0 && takesMail,
            Waits = direction == CopyDirection.Received && (Flags & RowFlags.Deliver) != 0 && !takesMail,
            IsUrgent = Policy.Urgent,
        });
    }

    byte[] Complete(LocalAccount owner, CopyDirection direction)
    {
        var archive = direction == CopyDirection.Sent ? RowFlags.InSenderArchive : RowFlags.InRecipientArchive;
        Span<byte> id = stackalloc byte[StanzaId.MaxLength];
        var length = (Flags & archive) != 0 ? StanzaId.Write(id, owner, _router.Ids, Position) : 0;
        var buffer = new ArrayBufferWriter<byte>(Message.Bytes.Length + length + 16);
        Message.WriteTo(buffer, Xmpp.Xml.Framing.Stream, id[..length]);
        return buffer.WrittenSpan.ToArray();
    }
}

/// <summary>The element that carries an archive's id (XEP-0359 §3).</summary>
static class StanzaId
{
    /// <summary>Enough for the longest bare address.</summary>
    public const int MaxLength = 2_048 + 128;

    public static int Write(Span<byte> output, LocalAccount owner, ArchiveIds ids, long position)
    {
        // A prepared bare address has no character that XML wants escaped (RFC 7622 §3.3.1).
        var at = Put(output, "<stanza-id xmlns='urn:xmpp:sid:0' by='"u8);
        at += Encoding.UTF8.GetBytes(owner.Jid.ToString(), output[at..]);
        at += Put(output[at..], "' id='"u8);
        ids.Encode(owner.Id, position, output.Slice(at, ArchiveIds.Length));
        at += ArchiveIds.Length;
        return at + Put(output[at..], "'/>"u8);
    }

    static int Put(Span<byte> output, ReadOnlySpan<byte> text)
    {
        text.CopyTo(output);
        return text.Length;
    }
}
