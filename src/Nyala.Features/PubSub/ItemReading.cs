using Nyala.Core;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.PubSub;

/// <summary>Retrieving items: all, the newest, by id, page by page (XEP-0060 §6.5). The newest come first.</summary>
public sealed class ItemReading(NyalaServer server, NodeDirectory nodes, NodeAccess access)
{
    /// <summary>An answer ends before it holds more than this, but for its first item.</summary>
    const int AnswerBytes = 393_216;

    const int MostIds = 500;

    internal async ValueTask<(Element? Answer, StanzaError? Error)> ReadAsync(PubSubHost host, Jid from, Element pubsub)
    {
        var wanted = pubsub.Child("items")!;
        if (wanted["node"] is not { Length: > 0 } name)
        {
            return (null, PubSubErrors.NodeRequired);
        }

        if (await nodes.FindAsync(host, name) is not { } node)
        {
            return (null, StanzaError.ItemNotFound);
        }

        if (await access.ReadErrorAsync(host, node, from) is { } error)
        {
            return (null, error);
        }

        if (!node.Configuration.Persist)
        {
            return (null, PubSubErrors.Unsupported("persistent-items"));
        }

        var (query, problem) = Query(node, wanted, pubsub.Child("set", Ns.Rsm));
        if (query is null)
        {
            return (null, problem);
        }

        return await nodes.Store.ReadAsync(node.Id, query) is { } page
            ? (Answer(node, query, page), null)
            : (null, StanzaError.ItemNotFound);
    }

    (PubSubQuery? Query, StanzaError? Error) Query(Node node, Element wanted, Element? set)
    {
        var since = node.ExpireBefore(server.Time.GetUtcNow());
        var children = wanted.Children.ToList();
        if (children.Count > 0)
        {
            // §6.5.8: several may be asked for at once.
            return children.Count > MostIds || children.Exists(child => !child.Is("item", Ns.PubSub) || child["id"] is not { Length: > 0 })
                ? (null, StanzaError.BadRequest)
                : (new(children.Count, [.. children.Select(child => child["id"]!).Distinct(StringComparer.Ordinal)], Since: since), null);
        }

        var most = server.Options.Limits.PubSubPage;
        ResultSetRequest? page = null;
        if (set is not null && !ResultSetRequest.TryParse(set, out page))
        {
            return (null, StanzaError.BadRequest);
        }

        var max = Math.Min(page?.Max ?? most, most);
        if (wanted["max_items"] is { } text)
        {
            if (!uint.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var newest) || newest == 0)
            {
                return (null, StanzaError.BadRequest);
            }

            max = (int)Math.Min(newest, (uint)max);
        }

        return (new(max, After: page?.After, Before: page?.Before, Index: page?.Index, Since: since), null);
    }

    static Element Answer(Node node, PubSubQuery query, PubSubPage page)
    {
        var (items, index) = Fitting(query, page);
        var answer = new Element("pubsub", Ns.PubSub).Add(new Element("items", Ns.PubSub).Set("node", node.Name)
            .Add(items.Select(item => NodeEvents.ItemOf(node, item, Ns.PubSub))));
        return query.Ids is null
            ? answer.Add((items.Count == 0 ? new ResultSet(Count: page.Count) : new ResultSet(items[0].Id, items[^1].Id, page.Count, index)).ToElement())
            : answer;
    }

    /// <summary>The part of a page that fits, from the side that paging began at (§6.5.4).</summary>
    static (IReadOnlyList<PubSubItem> Items, int Index) Fitting(PubSubQuery query, PubSubPage page)
    {
        var fromEnd = query.Before is not null;
        var bytes = 0L;
        var count = 0;
        foreach (var item in fromEnd ? page.Items.Reverse() : page.Items)
        {
            bytes += item.Payload.Length + item.Id.Length + 64;
            if (count > 0 && bytes > AnswerBytes)
            {
                break;
            }

            count++;
        }

        var dropped = page.Items.Count - count;
        return fromEnd ? ([.. page.Items.Skip(dropped)], page.Index + dropped) : ([.. page.Items.Take(count)], page.Index);
    }
}
