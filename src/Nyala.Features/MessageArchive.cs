using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Features;

/// <summary>Message Archive Management: a client reads what it missed, or all there ever was, page by page.</summary>
[Xep(313, "1.1.3")]
[Xep(359, "0.7.0", Note = "stanza-ids of the account's archive, live, in carbons and in the archive")]
public sealed class MessageArchive(NyalaServer server) : IFeature
{
    readonly ArchiveAnswers _answers = new(server.Store.Archive);

    public void Register(FeatureBuilder on)
    {
        on.Advertise(Ns.Mam, Entity.OwnAccount);
        on.Advertise(Ns.MamExtended, Entity.OwnAccount);
        on.Advertise(Ns.StanzaIds, Entity.OwnAccount | Entity.OtherAccount);
        on.IqGet(Ns.Mam, "query", _ => (IqReply)ArchiveAnswers.Form());
        on.IqQuery(Ns.Mam, "query", QueryAsync);
        on.IqGet(Ns.Mam, "metadata", MetadataAsync);
        on.Bound(async session => await _answers.MetadataAsync(session.Account.Id));
        // §8: nobody else may ask, and they are told so, whether there is such an archive or not.
        on.IqGet(Ns.Mam, "query", _ => (IqReply)StanzaError.Forbidden, Entity.OtherAccount | Entity.NoAccount);
        on.IqSet(Ns.Mam, "query", _ => (IqReply)StanzaError.Forbidden, Entity.OtherAccount | Entity.NoAccount);
    }

    async ValueTask<IqReply> QueryAsync(IqRequest request)
    {
        if (request.Session is not { } session)
        {
            // Its rows go to a session that reads; in the name of an account nobody does.
            return StanzaError.FeatureNotImplemented;
        }

        var (query, error) = new ArchiveRequest(session.Account.Id, server.Store.Archive.Ids, server.Options.Limits.ArchivePage).Read(request.Payload);
        if (query is null)
        {
            return error!;
        }

        if (session.Outbox.IsCrowded)
        {
            return StanzaError.ResourceConstraint with { Text = "Acknowledge what you were sent before asking for more." };
        }

        if (!session.IsAvailable)
        {
            // R9: who reads the archive before it is available does not want the same again as offline messages.
            session.Account.Mailbox.ArchivedAreDone();
        }

        var page = await server.Store.Archive.ReadAsync(query, CancellationToken.None);
        if (page.UnknownPosition)
        {
            return StanzaError.ItemNotFound;
        }

        page = ArchiveAnswers.Fitting(page, query);
        foreach (var row in ArchiveAnswers.InOrder(page, request.Payload))
        {
            // The answer is never dropped, so it must not grow faster than it is read.
            await session.Outbox.RoomAsync();
            session.Outbox.Send(new Outbound(_answers.Result(session.Account.Id, session.Account.Jid, session.Jid, row, row.Stanza.Span, request.Payload["queryid"]), StanzaKind.Message, row.Position) { IsUrgent = true, IsAnswer = true, BesideMailbox = true });
        }

        return _answers.Fin(session.Account.Id, page, query.FromEnd);
    }

    async ValueTask<IqReply> MetadataAsync(IqRequest request) => await _answers.MetadataAsync(request.Account!.Id);
}
