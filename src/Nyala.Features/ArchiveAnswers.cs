using System.Buffers;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Xml;

namespace Nyala.Features;

/// <summary>What archives answer (XEP-0313 §4), those of accounts and those of rooms.</summary>
sealed class ArchiveAnswers(IArchive archive)
{
    /// <summary>A page ends before it holds more than this; a client may only count on getting one row (§4.3.2).</summary>
    const int PageBytes = 1_048_576;

    public static Element Form() => new Element("query", Ns.Mam).Add(new DataForm("form", Ns.Mam)
        .Add("with", "jid-single")
        .Add("start", "text-single")
        .Add("end", "text-single")
        .Add("before-id", "text-single")
        .Add("after-id", "text-single")
        .Add(new DataFormField("ids", "list-multi", []) { IsOpen = true })
        .ToElement());

    /// <summary>The part of a page that fits, from the side that paging began at.</summary>
    public static ArchivePage Fitting(ArchivePage page, ArchiveQuery query)
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

    /// <summary>The rows as the query wants them sent (§4.3.3).</summary>
    public static IEnumerable<ArchiveRow> InOrder(ArchivePage page, Element query) =>
        query.Child("flip-page") is null ? page.Rows : page.Rows.Reverse();

    /// <summary>§4.4: where an archive begins and ends.</summary>
    public async ValueTask<Element> MetadataAsync(long owner)
    {
        var metadata = new Element("metadata", Ns.Mam);
        if (await archive.MetadataAsync(owner, CancellationToken.None) is var (first, last))
        {
            metadata.Add(End("start", first)).Add(End("end", last));
        }

        return metadata;

        Element End(string name, in ArchiveRow row) => new Element(name, Ns.Mam)
            .Set("id", archive.Ids.Encode(owner, row.Position))
            .Set("timestamp", DateTimeProfile.Format(DateTimeOffset.FromUnixTimeMilliseconds(row.At)));
    }

    /// <summary>§4.2: the message as it was delivered, wrapped; written straight from the stored bytes.</summary>
    /// <param name="owner">Whose archive.</param>
    /// <param name="from">The address of the archive.</param>
    /// <param name="to">Who asked.</param>
    /// <param name="row">The row.</param>
    /// <param name="message">The row's stanza as the asker may see it, canonical.</param>
    /// <param name="queryId">As the query has it, or null.</param>
    /// <param name="beside">What comes before it in the same message, or null.</param>
    public byte[] Result(long owner, Jid from, Jid to, in ArchiveRow row, ReadOnlySpan<byte> message, string? queryId, Element? beside = null)
    {
        var output = new ArrayBufferWriter<byte>(message.Length + 400);
        XmlOut.Raw(output, "<message");
        XmlOut.Attribute(output, "from", from.ToString());
        XmlOut.Attribute(output, "to", to.ToString());
        XmlOut.Raw(output, ">");
        output.Write(beside is null ? [] : beside.ToUtf8());
        XmlOut.Raw(output, "<result xmlns='urn:xmpp:mam:2'");
        if (queryId is not null)
        {
            XmlOut.Attribute(output, "queryid", queryId);
        }

        XmlOut.Attribute(output, "id", archive.Ids.Encode(owner, row.Position));
        XmlOut.Raw(output, "><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay'");
        XmlOut.Attribute(output, "stamp", DateTimeProfile.Format(DateTimeOffset.FromUnixTimeMilliseconds(row.At)));
        XmlOut.Raw(output, "/><message xmlns='jabber:client'");
        output.Write(message["<message"u8.Length..]);
        XmlOut.Raw(output, "</forwarded></result></message>");
        return output.WrittenSpan.ToArray();
    }

    /// <summary>§4.3: what ends a page.</summary>
    public Element Fin(long owner, ArchivePage page, bool backwards)
    {
        string? first = null, last = null;
        if (page.Rows.Count > 0)
        {
            // §4.3.3: a flipped page keeps its first and last: RSM speaks of the archive's order.
            first = archive.Ids.Encode(owner, page.Rows[0].Position);
            last = archive.Ids.Encode(owner, page.Rows[^1].Position);
        }

        // COMPAT(slixmpp 1.8): told the index, it takes the page that reaches the end for the last one, also when it pages
        // backwards and that page is its first. XEP-0059 §2.3 leaves the index to us. Remove when slixmpp looks.
        var index = backwards ? null : (int?)page.FirstIndex;
        return new Element("fin", Ns.Mam)
            .Set("complete", page.Complete ? "true" : null)
            .Add(new ResultSet(first, last, (int?)page.Count, index).ToElement());
    }
}
