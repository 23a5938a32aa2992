using System.Globalization;
using System.Runtime.CompilerServices;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Client;

/// <summary>A message from an archive (XEP-0313 §4).</summary>
/// <param name="Id">The archive's id of it.</param>
/// <param name="Message">The message as it was.</param>
/// <param name="Stamp">When the archive got it.</param>
public sealed record ArchivedMessage(string Id, Stanza Message, DateTimeOffset Stamp);

/// <summary>What to ask an archive for.</summary>
public sealed record ArchiveQuery
{
    /// <summary>Whose archive: a room's address, or null for the own account.</summary>
    public Jid? Of { get; init; }

    /// <summary>Only messages with this address.</summary>
    public Jid? With { get; init; }

    /// <summary>Only what comes after the message of this id.</summary>
    public string? After { get; init; }

    /// <summary>How many a page holds.</summary>
    public int PageSize { get; init; } = 100;
}

/// <summary>One page of an archive.</summary>
/// <param name="Messages">In the archive's order.</param>
/// <param name="Complete">There is nothing behind it.</param>
/// <param name="Last">The id to go on after; null when the page is empty.</param>
public sealed record ArchivePage(IReadOnlyList<ArchivedMessage> Messages, bool Complete, string? Last);

/// <summary>Reads message archives page by page (XEP-0313, XEP-0059).</summary>
public static class Archive
{
    /// <summary>Everything a query selects, fetched page by page.</summary>
    public static async IAsyncEnumerable<ArchivedMessage> ReadArchiveAsync(this XmppClient client, ArchiveQuery query, [EnumeratorCancellation] CancellationToken token = default)
    {
        while (true)
        {
            var page = await client.ArchivePageAsync(query, token);
            foreach (var message in page.Messages)
            {
                yield return message;
            }

            if (page.Complete || page.Last is null)
            {
                yield break;
            }

            query = query with { After = page.Last };
        }
    }

    /// <summary>One page.</summary>
    /// <exception cref="XmppException">The archive answered with an error; <c>item-not-found</c>: it does not know <see cref="ArchiveQuery.After"/>.</exception>
    public static async Task<ArchivePage> ArchivePageAsync(this XmppClient client, ArchiveQuery query, CancellationToken token = default)
    {
        var id = client.NewId();
        var collected = client.Collect(id);
        try
        {
            var answer = await client.IqAsync("set", Request(query, id), query.Of, token: token);
            var set = answer?.Child("set", Ns.Rsm);
            return new ArchivePage([.. collected.Select(Read)], answer?["complete"] is "true" or "1", set?.Child("last")?.Text);
        }
        finally
        {
            client.StopCollecting(id);
        }
    }

    static Element Request(ArchiveQuery query, string id)
    {
        var request = new Element("query", Ns.Mam).Set("queryid", id);
        if (query.With is { } with)
        {
            request.Add(new Element("x", Ns.DataForms).Set("type", "submit")
                .Add(Field("FORM_TYPE", Ns.Mam).Set("type", "hidden"))
                .Add(Field("with", with.ToString())));
        }

        var set = new Element("set", Ns.Rsm).Add("max", query.PageSize.ToString(CultureInfo.InvariantCulture));
        if (query.After is { } after)
        {
            set.Add("after", after);
        }

        return request.Add(set);
    }

    static Element Field(string name, string value) => new Element("field", Ns.DataForms).Set("var", name).Add("value", value);

    static ArchivedMessage Read(Stanza stanza)
    {
        var result = stanza.Child("result", Ns.Mam)!;
        var forwarded = result.Child("forwarded", Ns.Forward);
        return forwarded?.Child("message", Ns.Client) is { } message && forwarded.Child("delay", Ns.Delay)?["stamp"] is { } stamp
            ? new ArchivedMessage(result["id"] ?? "", Stanza.Of(message), DateTimeOffset.Parse(stamp, CultureInfo.InvariantCulture))
            : throw new XmppException("bad-format", $"Not an archived message: {stanza}");
    }
}
