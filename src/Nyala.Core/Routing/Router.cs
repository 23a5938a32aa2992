// HOT PATH
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using Nyala.Core.Diagnostics;
using Nyala.Core.Sessions;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Routing;

/// <summary>
/// Where each stanza of a local session goes (RFC 6120 §10, RFC 6121 §8). Messages take the log's way; iq and presence
/// take their handlers'. Safe from any thread.
/// </summary>
public sealed partial class Router
{
    readonly NyalaServer _server;
    readonly IqRouting _iqs;
    readonly PresenceRouting _presence;

    internal Router(NyalaServer server)
    {
        _server = server;
        _iqs = new(server);
        _presence = new(server);
        server.Store.Log.BatchCompleted = new LogBatch(server).Serve;
    }

    internal FeatureTable Features => _server.Features;

    internal ArchiveIds Ids => _server.Store.Archive.Ids;

    /// <summary>Starts a stanza on its way; null when everything about it is finished. Under the session's pipeline lock, in order.</summary>
    /// <param name="handled">The count this stanza brings the stream to.</param>
    internal ITicket? Start(Session session, Stanza stanza, uint handled)
    {
        _server.Metrics.StanzasReceived.Add(1);
        if (stanza.MalformedAddress)
        {
            return new Refusal(stanza, StanzaError.JidMalformed);
        }

        try
        {
            return stanza.Kind switch
            {
                StanzaKind.Message => StartMessage(session, stanza, handled),
                StanzaKind.Iq => _iqs.Start(session, stanza),
                _ => _presence.Start(session, stanza),
            };
        }
        catch (Exception e)
        {
            // One place catches: a feature that fails is answered for, and the stream goes on.
            _server.Log.HandlerFailed(stanza.Name, e);
            return new Refusal(stanza, StanzaError.InternalServerError);
        }
    }

    /// <summary>Notes a mark that rose, to be written soon (R8).</summary>
    internal void Marked(LocalAccount account, long mark)
    {
        if (mark > 0)
        {
            _server.Store.Mailboxes.SetMark(account.Id, mark);
        }
    }

    ITicket? StartMessage(Session session, Stanza stanza, uint handled)
    {
        var to = stanza.To ?? session.Jid.Bare;
        if (to.Domain != _server.Options.Domain)
        {
            return StartForeign(session, stanza, to, handled);
        }

        if (to.Local is null)
        {
            return Refused(stanza, StanzaError.ServiceUnavailable);
        }

        if (_server.Accounts.TryGet(to.Local, out var account))
        {
            return Submit(session, stanza, to, account, handled);
        }

        var locating = _server.Accounts.LocateAsync(to.Local);
        return locating.IsCompletedSuccessfully
            ? Submit(session, stanza, to, locating.GetAwaiter().GetResult(), handled)
            : SubmitLater(session, stanza, to, locating, handled);
    }

    // Apart, so that the closure is not made for those that need not wait.
    Later<LocalAccount?> SubmitLater(Session session, Stanza stanza, Jid to, ValueTask<LocalAccount?> locating, uint handled) =>
        new Later<LocalAccount?>(this, session, stanza, account => Submit(session, stanza, to, account, handled)).Begin(locating);

    /// <summary>All checks, then the log. Returns the ticket, or null when it is delivered already.</summary>
    ITicket? Submit(Session session, Stanza stanza, Jid to, LocalAccount? recipient, uint handled)
    {
        var sender = session.Account;
        var policy = MessagePolicy.Of(stanza);
        var flags = ReferenceEquals(recipient, sender) ? policy.Flags & ~RowFlags.InSenderArchive : policy.Flags;
        var message = Spoofed(stanza, sender.Jid.Domain, to) ? WithoutSpoofedIds(stanza, sender.Jid.Domain, to) : stanza;
        var entry = new MessageEntry(this, message.Rewrite(session.Jid, to), session.Jid, to)
        {
            Origin = session,
            FromAccount = sender,
            ToAccount = recipient,
            Policy = policy,
            Flags = flags,
            Sender = sender.Id,
            Recipient = recipient?.Id ?? 0,
            From = session.Jid.ToString(),
            To = to.ToString(),
            Stream = session.StreamNumber,
            Handled = handled,
        };
        return Outgoing(entry) is { } error ? Refused(stanza, error)
            : entry.Preparation is { } preparation ? ReceiveLater(session, stanza, entry, preparation)
            : Receive(session, stanza, entry);
    }

    ITicket? Receive(Session session, Stanza stanza, MessageEntry entry) =>
        !entry.IsDropped && Incoming(entry) is { } error ? Refused(stanza, error) : Commit(session, entry);

    // Apart, so that the closure is not made for those that need not wait.
    Later<StanzaError?> ReceiveLater(Session session, Stanza stanza, MessageEntry entry, Task preparation) =>
        new Later<StanzaError?>(this, session, stanza, _ => Receive(session, stanza, entry)).Begin(PreparedAsync(preparation, null, entry));

    /// <summary>Everybody agrees: to the log, or out at once.</summary>
    ITicket? Commit(Session session, MessageEntry entry)
    {
        if (entry.IsDropped)
        {
            return null;
        }

        entry.Stanza = entry.Message.Bytes;
        if (entry.Flags != RowFlags.None)
        {
            entry.Kind = LogKind.Message;
            entry.Fingerprint = Fingerprint(entry);
            _server.Store.Log.Append(entry);
            return entry;
        }

        if (session.Pipeline.HasUncommitted)
        {
            // R4: a transient message must not overtake those that wait for their commit.
            _server.Store.Log.Append(entry);
            return entry;
        }

        entry.Dispatch();
        return null;
    }

    StanzaError? Outgoing(MessageEntry entry)
    {
        if (Features.Blocks(entry.FromAccount!, entry.ToJid))
        {
            // XEP-0191 §3.2: one does not talk to whom one has blocked.
            return StanzaError.Blocked;
        }

        return Run(MessageStage.OutgoingCheck, entry) ?? Run(MessageStage.OutgoingStamp, entry);
    }

    StanzaError? Incoming(MessageEntry entry)
    {
        var recipient = entry.ToAccount;
        var full = entry.ToJid.Resource;

        // Who blocks answers like nobody (RFC 6121 §8.5.1, XEP-0191 §3.2).
        var isNobody = recipient is null || Features.Blocks(recipient, entry.FromJid);
        var rule = isNobody
            ? DeliveryRules.For(entry.Message.Type, full is not null, matched: false, Presence.NoAccount)
            : DeliveryRules.For(entry.Message.Type, full is not null, full is not null && recipient!.Find(full) is not null, recipient!.Presence);
        if (rule == Delivery.Refuse)
        {
            return StanzaError.ServiceUnavailable;
        }

        // R1: that one's own message came back is history also for who is away; who comes finds it there (RFC 6121 §8.5.3.2.1 delivers it to nobody).
        var isHistory = !isNobody && entry.Message.Type == StanzaType.Error && entry.Flags != RowFlags.None;
        entry.IsDropped |= rule == Delivery.Ignore && !isHistory;
        return Run(MessageStage.IncomingCheck, entry) ?? Run(MessageStage.Archive, entry);
    }

    StanzaError? Run(MessageStage stage, MessageEntry entry)
    {
        foreach (var hook in Features.Hooks[(int)stage])
        {
            if (hook(entry) is { } error)
            {
                return error;
            }
        }

        return null;
    }

    static Refusal? Refused(Stanza stanza, StanzaError error) =>
        stanza.Type == StanzaType.Error ? null : new Refusal(stanza, error);

    /// <summary>R6: ids that claim to be ours are taken out; others, and origin-id, stay.</summary>
    static bool Spoofed(Stanza stanza, string domain, Jid to)
    {
        return stanza.HasNamespace(Ns.StanzaIds) && Find(stanza, domain, to);

        static bool Find(Stanza stanza, string domain, Jid to) =>
            stanza.ToElement().Children.Any(child => IsSpoofed(child, domain, to));
    }

    static bool IsSpoofed(Element child, string domain, Jid to) =>
        child.Is("stanza-id", Ns.StanzaIds)
        && (!Jid.TryParse(child["by"], out var by) || by.Domain == domain || by.Equals(to.Bare));

    static Stanza WithoutSpoofedIds(Stanza stanza, string domain, Jid to)
    {
        var element = stanza.ToElement();
        var clean = new Element(element.Name, element.Namespace);
        foreach (var (key, value) in element.Attributes)
        {
            clean.Set(key, value);
        }

        foreach (var node in element.Nodes)
        {
            if (node is Element child)
            {
                clean.Add(IsSpoofed(child, domain, to) ? null : child);
            }
            else
            {
                clean.AddText((string)node);
            }
        }

        return Stanza.Of(clean);
    }

    /// <summary>R5: what a resend has in common with the first send; default when the client gave no id to know it by.</summary>
    internal static UInt128 Fingerprint(MessageEntry entry)
    {
        var message = entry.Message;
        if (!message.Has("body", Ns.Client) && !message.Has("encrypted", Ns.Omemo) && !message.Has("encrypted", Ns.Omemo2) && !message.Has("openpgp", Ns.OpenPgp))
        {
            return default;
        }

        var id = message.HasNamespace(Ns.StanzaIds) ? message.Child("origin-id", Ns.StanzaIds)?["id"] : null;
        id ??= message.Id is { Length: >= 16 } own ? own : null;
        if (id is null)
        {
            return default;
        }

        // No cryptography: only the sender's own messages are compared, and whoever makes two of them look alike loses one.
        var bare = entry.ToAccount?.Jid ?? entry.ToJid.Bare;
        var most = Encoding.UTF8.GetMaxByteCount(id.Length);
        Span<byte> text = most <= 512 ? stackalloc byte[512] : new byte[most];
        var seed = (long)XxHash3.HashToUInt64(MemoryMarshal.AsBytes(bare.ToString().AsSpan())) + (long)message.Type;
        return XxHash128.HashToUInt128(text[..Encoding.UTF8.GetBytes(id, text)], seed);
    }

    /// <summary>A stanza answered with an error in its turn.</summary>
    internal sealed class Refusal(Stanza stanza, StanzaError error) : ITicket
    {
        public bool IsDone => true;

        public bool IsOrdered => false;

        public bool HoldsMessages => false;

        public void Pop(Pipeline pipeline)
        {
            if (stanza.Type is not (StanzaType.Error or StanzaType.Result))
            {
                pipeline.Session.SendError(stanza, error);
            }
        }
    }

    /// <summary>A message that must wait until something about its recipient is known.</summary>
    sealed class Later<T>(Router router, Session session, Stanza stanza, Func<T, ITicket?> next) : ITicket
    {
        volatile ITicket? _ticket;
        volatile bool _found;

        public bool IsDone => _found && (_ticket is null || _ticket.IsDone);

        public bool IsOrdered => true;

        public bool HoldsMessages => !_found;

        public void Pop(Pipeline pipeline) => _ticket?.Pop(pipeline);

        public Later<T> Begin(ValueTask<T> looking)
        {
            _ = RunAsync(looking);
            return this;
        }

        async Task RunAsync(ValueTask<T> looking)
        {
            await Task.Yield();
            try
            {
                var found = await looking;
                session.Pipeline.Enter(() => _ticket = next(found));
            }
            catch (StoreException e)
            {
                _ticket = new Refusal(stanza, e.Failure == LogFailure.Full ? StanzaError.ResourceConstraint : StanzaError.InternalServerError);
            }
            catch (Exception e)
            {
                router._server.Log.HandlerFailed("message", e);
                _ticket = new Refusal(stanza, StanzaError.InternalServerError);
            }

            _found = true;
            session.Pipeline.Schedule();
        }
    }
}
