using System.Buffers;
using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features;

/// <summary>Message Archive Management: a client reads what it missed, or all there ever was, page by page.</summary>
[Xep(313, "1.1.3")]
[Xep(359, "0.7.0", Note = "stanza-ids of the account's archive, live, in carbons and in the archive")]
public sealed class MessageArchive(NyalaServer server) : IFeature
{
    const int DefaultPage = 50;

    /// <summary>A page ends before it holds more than this; a client may only count on getting one row (§4.3.2).</summary>
    const int PageBytes = 1_048_576;

    public void Register(FeatureBuilder on)
    {
        on.Advertise(Ns.Mam, Entity.OwnAccount);
        on.Advertise(Ns.MamExtended, Entity.OwnAccount);
        on.Advertise(Ns.StanzaIds, Entity.OwnAccount | Entity.OtherAccount);
        on.IqGet(Ns.Mam, "query", _ => (IqReply)Form());
        on.IqQuery(Ns.Mam, "query", QueryAsync);
        on.IqGet(Ns.Mam, "metadata", MetadataAsync);
        on.Bound(async session => await MetadataOfAsync(session.Account));
        // §8: nobody else may ask, and they are told so.
        on.IqGet(Ns.Mam, "query", _ => (IqReply)StanzaError.ServiceUnavailable, Entity.OtherAccount);
        on.IqSet(Ns.Mam, "query", _ => (IqReply)StanzaError.ServiceUnavailable, Entity.OtherAccount);
    }

    static Element Form() => new Element("query", Ns.Mam).Add(new DataForm("form", Ns.Mam)
        .Add("with", "jid-single")
        .Add("start", "text-single")
        .Add("end", "text-single")
        .Add("before-id", "text-single")
        .Add("after-id", "text-single")
        .Add(new DataFormField("ids", "list-multi", []) { IsOpen = true })
        .ToElement());

    async ValueTask<IqReply> QueryAsync(IqRequest request)
    {
        var session = request.Session!;
        var (query, error) = new ArchiveRequest(session.Account, server.Store.Archive.Ids, DefaultPage, server.Options.Limits.ArchivePage).Read(request.Payload);
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

        page = Fitting(page, query);
        var flip = request.Payload.Child("flip-page") is not null;
        var rows = flip ? page.Rows.Reverse() : page.Rows;
        foreach (var row in rows)
        {
            // The answer is never dropped, so it must not grow faster than it is read.
            await session.Outbox.RoomAsync();
            session.Outbox.Send(new Outbound(Result(session, row, request.Payload["queryid"]), StanzaKind.Message) { IsUrgent = true, IsAnswer = true });
        }

        return Fin(session.Account, page, query.FromEnd);
    }

    /// <summary>The part of a page that fits, from the side that paging began at.</summary>
    static ArchivePage Fitting(ArchivePage page, ArchiveQuery query)
    {
        var bytes = 0L;
        var count = 0;
        foreach (var row in query.FromEnd ? page.Rows.Reverse() : page.Rows)
        {
            bytes += row.Stanza.Length;
            if (count > 0 && bytes > PageBytes)
            {
                break;
            }

            count++;
        }

        var dropped = page.Rows.Count - count;
        return dropped == 0 ? page : page with
        {
            Rows = query.FromEnd ? [.. page.Rows.Skip(dropped)] : [.. page.Rows.Take(count)],
            Complete = false,
            FirstIndex = query.FromEnd ? page.FirstIndex + dropped : page.FirstIndex,
        };
    }

    async ValueTask<IqReply> MetadataAsync(IqRequest request) => await MetadataOfAsync(request.Account!);

    async ValueTask<Element> MetadataOfAsync(LocalAccount account)
    {
        var metadata = new Element("metadata", Ns.Mam);
        if (await server.Store.Archive.MetadataAsync(account.Id, CancellationToken.None) is var (first, last))
        {
            metadata.Add(End("start", first)).Add(End("end", last));
        }

        return metadata;

        Element End(string name, in ArchiveRow row) => new Element(name, Ns.Mam)
            .Set("id", server.Store.Archive.Ids.Encode(account.Id, row.Position))
            .Set("timestamp", DateTimeProfile.Format(DateTimeOffset.FromUnixTimeMilliseconds(row.At)));
    }

    /// <summary>§4.2: the message as it was delivered, wrapped; written straight from the stored bytes.</summary>
    byte[] Result(Session session, in ArchiveRow row, string? queryId)
    {
        var output = new ArrayBufferWriter<byte>(row.Stanza.Length + 400);
        XmlOut.Raw(output, "<message");
        XmlOut.Attribute(output, "from", session.Account.Jid.ToString());
        XmlOut.Attribute(output, "to", session.Jid.ToString());
        XmlOut.Raw(output, "><result xmlns='urn:xmpp:mam:2'");
        if (queryId is not null)
        {
            XmlOut.Attribute(output, "queryid", queryId);
        }

        XmlOut.Attribute(output, "id", server.Store.Archive.Ids.Encode(session.Account.Id, row.Position));
        XmlOut.Raw(output, "><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay'");
        XmlOut.Attribute(output, "stamp", DateTimeProfile.Format(DateTimeOffset.FromUnixTimeMilliseconds(row.At)));
        XmlOut.Raw(output, "/><message xmlns='jabber:client'");
        output.Write(row.Stanza.Span["<message"u8.Length..]);
        XmlOut.Raw(output, "</forwarded></result></message>");
        return output.WrittenSpan.ToArray();
    }

    Element Fin(LocalAccount account, ArchivePage page, bool backwards)
    {
        var ids = server.Store.Archive.Ids;
        string? first = null, last = null;
        if (page.Rows.Count > 0)
        {
            // §4.3.3: a flipped page keeps its first and last: RSM speaks of the archive's order.
            first = ids.Encode(account.Id, page.Rows[0].Position);
            last = ids.Encode(account.Id, page.Rows[^1].Position);
        }

        // COMPAT(slixmpp 1.8): told the index, it takes the page that reaches the end for the last one, also when it pages
        // backwards and that page is its first. XEP-0059 §2.3 leaves the index to us. Remove when slixmpp looks.
        var index = backwards ? null : (int?)page.FirstIndex;
        return new Element("fin", Ns.Mam)
            .Set("complete", page.Complete ? "true" : null)
            .Add(new ResultSet(first, last, (int?)page.Count, index).ToElement());
    }
}
