using System.Text;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Rooms;

/// <summary>The archive of a room (XEP-0313 §3.2, §5.1.2): for who may enter it, with real addresses for who may see them.</summary>
sealed class RoomArchive(RoomOperations rooms)
{
    readonly ArchiveAnswers _answers = new(rooms.Server.Store.Archive);

    public static ValueTask<IqReply> FormAsync(IqRequest request, LiveRoom room) =>
        Check(request, room) is { } error ? (IqReply)error : ArchiveAnswers.Form();

    public async ValueTask<IqReply> MetadataAsync(IqRequest request, LiveRoom room) =>
        Check(request, room) is { } error ? error : await _answers.MetadataAsync(room.Owner);

    public async ValueTask<IqReply> QueryAsync(IqRequest request, LiveRoom room)
    {
        if (Check(request, room) is { } refusal)
        {
            return refusal;
        }

        var server = rooms.Server;
        var (query, error) = new ArchiveRequest(room.Owner, server.Store.Archive.Ids, server.Options.Limits.ArchivePage).Read(request.Payload);
        if (query is null)
        {
            return error!;
        }

        var seesAddresses = RoomOperations.Look(room, rules => rules.ActorOf(request.From) is var actor && rules.SeesAddresses(actor.Role, actor.Affiliation));
        if (query.With is { } with)
        {
            if (with == room.Rules.Address.ToString())
            {
                query = query with { With = null };
            }
            else if (Jid.TryParse(with, out var occupant) && occupant.Resource is { } nick && occupant.Bare.Equals(room.Rules.Address))
            {
                // Whoever goes by that nickname; of somebody unknown there is nothing.
                query = query with { With = RoomOperations.Look(room, rules => rules.AccountOf(nick))?.ToString() ?? with };
            }
            else if (!seesAddresses)
            {
                // §4.1.1: who wrote what is for those to ask who may know.
                return StanzaError.Forbidden;
            }
        }

        if (request.Session is { Outbox.IsCrowded: true })
        {
            return StanzaError.ResourceConstraint with { Text = "Acknowledge what you were sent before asking for more." };
        }

        var page = await server.Store.Archive.ReadAsync(query, CancellationToken.None);
        if (page.UnknownPosition)
        {
            return StanzaError.ItemNotFound;
        }

        page = ArchiveAnswers.Fitting(page, query);
        var sent = Task.CompletedTask;
        foreach (var row in ArchiveAnswers.InOrder(page, request.Payload))
        {
            var message = seesAddresses && row.From is { } real ? Revealed(row, real) : row.Stanza;
            sent = await SendAsync(request, row.Position, _answers.Result(room.Owner, room.Rules.Address, request.From, row, message.Span, request.Payload["queryid"]));
        }

        // Messages for elsewhere take the log's way: what ends the page must not overtake them.
        await sent;
        return _answers.Fin(room.Owner, page, query.FromEnd);
    }

    /// <summary>Completes when the result has its place in the order; then the task in it when it has gone.</summary>
    async ValueTask<Task> SendAsync(IqRequest request, long position, byte[] result)
    {
        if (request.Session is not { } session)
        {
            var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await rooms.Server.Router.RouteAsync(Stanza.Parse(result), request.To, request.From, () => gone.TrySetResult());
            return gone.Task;
        }

        // The answer is never dropped, so it must not grow faster than it is read.
        await session.Outbox.RoomAsync();
        session.Outbox.Send(new Outbound(result, StanzaKind.Message, position) { IsUrgent = true, IsAnswer = true, BesideMailbox = true });
        return Task.CompletedTask;
    }

    static StanzaError? Check(IqRequest request, LiveRoom room) => RoomOperations.Look(room, rules =>
    {
        if (!rules.Config.Archived)
        {
            return StanzaError.ServiceUnavailable;
        }

        return rules.MayRead(rules.ActorOf(request.From)) ? null : StanzaError.Forbidden;
    });

    /// <summary>§5.1.2: with who sent it, as the room knows.</summary>
    static ReadOnlyMemory<byte> Revealed(in ArchiveRow row, string real)
    {
        const string EndTag = "</message>";
        var x = new Element("x", Ns.MucUser).Add(new Element("item", Ns.MucUser).Set("jid", real)).ToUtf8();
        var bytes = row.Stanza.Span;
        return (byte[])[.. bytes[..^EndTag.Length], .. x, .. Encoding.UTF8.GetBytes(EndTag)];
    }
}
