using System.IO.Hashing;
using System.Runtime.InteropServices;
using Nyala.Core.Diagnostics;
using Nyala.Core.Sessions;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Routing;

// What does not come from a session here, or does not go to an account here.
public sealed partial class Router
{
    /// <summary>As <see cref="RouteAsync"/>, for who need not know what becomes of it.</summary>
    public void Send(Stanza stanza, Jid from, Jid to)
    {
        var routing = RouteAsync(stanza, from, to);
        if (!routing.IsCompletedSuccessfully)
        {
            _ = routing.AsTask();
        }
    }

    /// <summary>
    /// Takes a stanza that the server, a room, a component or another server sends to anybody: an account or session here, the
    /// domain, a host or another server. It enters on the recipient's side; errors are answered to <paramref name="from"/>.
    /// Completes when it has its place in the order, so that the next one may come; never fails.
    /// </summary>
    /// <param name="stanza">Its addresses are replaced by the two that follow.</param>
    /// <param name="from">Whoever calls vouches for it.</param>
    /// <param name="to">Whom it is for.</param>
    /// <param name="handled">Called once, from any thread, when all about it is durable or answered (R2); must not block.</param>
    /// <param name="stream">The number of the stream between servers it came on: what was stored from another one is known again (R5). 0: it is new.</param>
    public async ValueTask RouteAsync(Stanza stanza, Jid from, Jid to, Action? handled = null, long stream = 0)
    {
        var stamped = from.Equals(stanza.From) && to.Equals(stanza.To) ? stanza : stanza.Rewrite(from, to);
        try
        {
            switch (stamped.Kind)
            {
                case StanzaKind.Message when to.Local is null && to.Domain == _server.Options.Domain && Features.DomainMessage(stamped) is { } handler:
                    if (await handler(stamped) is { } refusal)
                    {
                        Answer(stamped, refusal);
                    }

                    break;
                case StanzaKind.Message when await TakeAsync(stamped, from, to, handled, stream):
                    // The log says when it is done.
                    return;
                case StanzaKind.Iq:
                    await _iqs.TakeAsync(stamped, from, to);
                    break;
                case StanzaKind.Presence:
                    await _presence.TakeAsync(stamped, from, to);
                    break;
            }
        }
        catch (Exception e)
        {
            // One place catches: what fails here is answered, and the sender's stream goes on.
            _server.Log.HandlerFailed(stamped.Name, e);
            Answer(stamped, IqRouting.ErrorOf(e));
        }

        handled?.Invoke();
    }

    /// <summary>A session's presence is told again, changed, as if it had sent it so.</summary>
    public void RepeatPresence(Session session, Func<Stanza, Stanza> change) => _presence.Repeat(session, change);

    /// <summary>Answers a stanza with an error, in the name of whom it was for (RFC 6120 §8.3.1); errors and results never.</summary>
    public void Answer(Stanza about, StanzaError error)
    {
        var answering = AnswerAsync(about, error);
        if (!answering.IsCompletedSuccessfully)
        {
            _ = answering.AsTask();
        }
    }

    /// <summary>As <see cref="Answer"/>, for who must know when the answer is safe (R1); see <see cref="RouteAsync"/>.</summary>
    public ValueTask AnswerAsync(Stanza about, StanzaError error, Action? handled = null)
    {
        if (about.Type is StanzaType.Error or StanzaType.Result)
        {
            handled?.Invoke();
            return ValueTask.CompletedTask;
        }

        var answer = new Element(about.Name, Ns.Client).Set("type", "error").Set("id", about.Id);
        answer.Add(about.Kind == StanzaKind.Iq ? about.Payload : null).Add(error.ToElement());
        return RouteAsync(Stanza.Of(answer), about.To!, about.From!, handled);
    }

    /// <summary>A message of a session here to a host.</summary>
    ITicket? StartForeign(Session session, Stanza stanza, Jid to, uint handled)
    {
        if (Features.HostOf(to.Domain) is not { } host)
        {
            return Refused(stanza, StanzaError.RemoteServerNotFound);
        }

        var sender = session.Account;
        var policy = MessagePolicy.Of(stanza);
        var message = Spoofed(stanza, sender.Jid.Domain, to) ? WithoutSpoofedIds(stanza, sender.Jid.Domain, to) : stanza;
        var entry = new ForeignMessage(this, message.Rewrite(session.Jid, to), session.Jid, to, host, null)
        {
            Origin = session,
            FromAccount = sender,
            Policy = policy,
            Flags = policy.Flags & RowFlags.InSenderArchive,
            Sender = sender.Id,
            From = session.Jid.ToString(),
            To = to.ToString(),
            Stream = session.StreamNumber,
            CameOn = session.StreamNumber,
            Handled = handled,
        };
        if (Outgoing(entry) is { } error)
        {
            return Refused(stanza, error);
        }

        if (entry.IsDropped)
        {
            return null;
        }

        var checking = entry.Preparation is { } preparation ? PreparedAsync(preparation, host, entry) : CheckAsync(host, entry);
        return checking.IsCompletedSuccessfully
            ? Checked(checking.GetAwaiter().GetResult())
            : new Later<StanzaError?>(this, session, stanza, Checked).Begin(checking);

        ITicket? Checked(StanzaError? refusal) => refusal is null ? Commit(session, entry) : Refused(stanza, refusal);
    }

    async ValueTask<StanzaError?> CheckAsync(IStanzaHost host, MessageEntry entry) =>
        await host.CheckAsync(entry) ?? (entry.IsDropped ? null : Run(MessageStage.Archive, entry));

    async ValueTask<StanzaError?> PreparedAsync(Task preparation, IStanzaHost? host, MessageEntry entry)
    {
        await preparation;
        return host is null ? null : await CheckAsync(host, entry);
    }

    /// <summary>The number by which a sender elsewhere is known again: below those of all accounts and rooms, above those of queues.</summary>
    static long Elsewhere(Jid from) =>
        -(1L << 59) - 1 - (long)(XxHash3.HashToUInt64(MemoryMarshal.AsBytes(from.Bare.ToString().AsSpan())) >> 5);

    /// <summary>A message from elsewhere; true when the log has it.</summary>
    async ValueTask<bool> TakeAsync(Stanza message, Jid from, Jid to, Action? handled, long stream)
    {
        var isHere = to.Domain == _server.Options.Domain;
        var account = isHere && to.Local is not null ? await _server.Accounts.LocateAsync(to.Local) : null;
        var host = isHere ? null : Features.HostOf(to.Domain);
        if (!isHere && host is null)
        {
            Answer(message, StanzaError.RemoteServerNotFound);
            return false;
        }

        var policy = MessagePolicy.Of(message);
        policy = MessagePolicy.IsFromOccupant(message, from) ? policy with { Copy = false } : policy;
        var clean = Spoofed(message, _server.Options.Domain, to) ? WithoutSpoofedIds(message, _server.Options.Domain, to) : message;
        var entry = new ForeignMessage(this, clean, from, to, host, handled)
        {
            ToAccount = account,
            CameOn = stream,
            Policy = policy,
            Flags = isHere ? policy.Flags & ~RowFlags.InSenderArchive : RowFlags.None,
            Recipient = account?.Id ?? 0,
            From = from.ToString(),
            To = to.ToString(),
        };
        if ((host is null ? Incoming(entry) : await CheckAsync(host, entry)) is { } error)
        {
            Answer(message, error);
            return false;
        }

        if (entry.IsDropped)
        {
            return false;
        }

        entry.Stanza = entry.Message.Bytes;
        entry.Kind = entry.Flags == RowFlags.None ? LogKind.PassThrough : LogKind.Message;
        if (stream != 0 && Fingerprint(entry) is var fingerprint && fingerprint != default)
        {
            (entry.Fingerprint, entry.Stream, entry.Sender) = (fingerprint, stream, Elsewhere(from));
        }

        _server.Store.Log.Append(entry);
        return true;
    }
}
