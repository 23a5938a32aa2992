using Nyala.Core.Diagnostics;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Core.Routing;

// What is sent in the name of an account by somebody who may (XEP-0356).
public sealed partial class Router
{
    /// <summary>
    /// Takes a message as if the account had sent it: checked as its own, kept in its archive, shown to its devices. Errors are
    /// answered to the account. Completes when it has its place in the order.
    /// </summary>
    /// <param name="sender">In whose name; its bare address is the message's <c>from</c>.</param>
    /// <param name="message">The message.</param>
    /// <param name="to">Whom it is for.</param>
    public async ValueTask SendForAsync(LocalAccount sender, Stanza message, Jid to)
    {
        var from = sender.Jid;
        var stamped = (Spoofed(message, from.Domain, to) ? WithoutSpoofedIds(message, from.Domain, to) : message).Rewrite(from, to);
        try
        {
            if (await RefusalAsync(sender, stamped, to) is { } error)
            {
                Answer(stamped, error);
            }
        }
        catch (Exception e)
        {
            _server.Log.HandlerFailed(stamped.Name, e);
            Answer(stamped, IqRouting.ErrorOf(e));
        }
    }

    /// <summary>Appends it to the log, or says why not.</summary>
    async ValueTask<StanzaError?> RefusalAsync(LocalAccount sender, Stanza message, Jid to)
    {
        var isHere = to.Domain == _server.Options.Domain;
        var recipient = isHere && to.Local is not null ? await _server.Accounts.LocateAsync(to.Local) : null;
        var host = isHere ? null : Features.HostOf(to.Domain);
        if (!isHere && host is null)
        {
            return StanzaError.RemoteServerNotFound;
        }

        var policy = MessagePolicy.Of(message);
        var entry = new ForeignMessage(this, message, sender.Jid, to, host, null)
        {
            FromAccount = sender,
            ToAccount = recipient,
            Policy = policy,
            Flags = !isHere ? policy.Flags & RowFlags.InSenderArchive : ReferenceEquals(recipient, sender) ? policy.Flags & ~RowFlags.InSenderArchive : policy.Flags,
            Sender = sender.Id,
            Recipient = recipient?.Id ?? 0,
            From = sender.Jid.ToString(),
            To = to.ToString(),
        };
        var refused = Outgoing(entry);
        if (refused is null && entry.Preparation is { } preparation)
        {
            await preparation;
        }

        if ((refused ?? (host is null ? Incoming(entry) : await CheckAsync(host, entry))) is { } error)
        {
            return error;
        }

        if (!entry.IsDropped)
        {
            entry.Stanza = entry.Message.Bytes;
            entry.Kind = entry.Flags == RowFlags.None ? LogKind.PassThrough : LogKind.Message;
            _server.Store.Log.Append(entry);
        }

        return null;
    }

    /// <summary>Answers a request that was taken before and not answered yet.</summary>
    public void Reply(IqRequest request, IqReply reply) => _iqs.Reply(request, reply);
}
