using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.PubSub;

/// <summary>
/// Bookmarks are items of their own; the lists of older clients, in private XML and in a node, are made from them, and what
/// is changed in a list is changed in the items (XEP-0402 §4.3).
/// </summary>
[Xep(402, "1.2.0", Note = "with both compatibility features")]
[Xep(411, "1.1.0", Note = "for clients that know neither XEP-0402 nor private XML; the others go by XEP-0402 first")]
[Xep(48, "1.2", Note = "kept as bookmarks of XEP-0402")]
public sealed class BookmarkConversion(NyalaServer server, NodeDirectory nodes, ItemPublishing publishing, NodeOwnership ownership) : IFeature
{
    const string Current = "current";

    /// <summary>A list is being taken apart: its changes make one new list, not one each.</summary>
    static readonly SlotKey<string> Converting = new("bookmark conversion");

    public void Register(FeatureBuilder on)
    {
        on.Advertise(Ns.Bookmarks + "#compat", Entity.OwnAccount);
        on.Advertise(Ns.Bookmarks + "#compat-pep", Entity.OwnAccount);
        on.Advertise(Ns.BookmarksConversion, Entity.OwnAccount);
        publishing.Changed.Add(PublishedAsync);
        ownership.Changed.Add((host, node) => node == Ns.Bookmarks ? MakeListAsync(host) : ValueTask.CompletedTask);
    }

    /// <summary>The list as private XML shows it: the bookmarks, and of what was stored there whatever else it has.</summary>
    internal async ValueTask<Element> GetAsync(LocalAccount account, Element? stored) => List((await ReadAsync(PubSubHost.Of(account))).Values.Select(entry => entry.Bookmark), stored);

    /// <summary>Takes a list from private XML; returns what of it is to be stored there.</summary>
    internal async ValueTask<(Element? Left, StanzaError? Error)> SetAsync(LocalAccount account, Element storage)
    {
        var error = await TakeListAsync(PubSubHost.Of(account), storage);
        return error is null ? (List([], storage), null) : (null, error);
    }

    async ValueTask PublishedAsync(PubSubHost host, string node, PubSubItem? item)
    {
        if (node == Ns.Bookmarks && host.Account!.Get(Converting) is null)
        {
            await MakeListAsync(host);
        }
        else if (node == Ns.LegacyBookmarks && item is { Payload.Length: > 0 } && item.Publisher != host.Jid.ToString())
        {
            // The client was told that its list is published; items that do not fit are missing from the next list it sees.
            await TakeListAsync(host, Stanza.Parse(item.Payload).ToElement());
        }
    }

    /// <summary>Changes the items to what a list says; those it does not change stay untouched, and nobody is told of them.</summary>
    async ValueTask<StanzaError?> TakeListAsync(PubSubHost host, Element storage)
    {
        if (!storage.Is("storage", Ns.LegacyBookmarks))
        {
            return null;
        }

        var wanted = Bookmark.ReadList(storage);
        var present = await ReadAsync(host);
        StanzaError? error = null;
        host.Account!.Set(Converting, "");
        try
        {
            foreach (var (room, bookmark) in wanted.Where(entry => entry.Value != present.GetValueOrDefault(entry.Key).Bookmark))
            {
                error ??= await publishing.PublishOwnAsync(
                    host, Ns.Bookmarks, room.ToString(), bookmark.ToConference(present.GetValueOrDefault(room).Conference), NodeCreation.Private);
            }

            foreach (var room in present.Keys.Where(room => !wanted.ContainsKey(room)))
            {
                await publishing.RetractAsync(host, host.Jid, Ns.Bookmarks, room.ToString(), notify: true);
            }
        }
        finally
        {
            host.Account.Set<string>(Converting, null);
        }

        await MakeListAsync(host);
        return error;
    }

    /// <summary>Publishes the list of all items, unless that is the list there is.</summary>
    async ValueTask MakeListAsync(PubSubHost host)
    {
        var node = await nodes.FindAsync(host, Ns.LegacyBookmarks);
        if (node is not null && node.Configuration.Access != AccessModel.Whitelist)
        {
            // XEP-0411 §4.3: what nobody else may see is not copied to where others may.
            return;
        }

        var old = node is null ? null : (await nodes.Store.NewestAsync([node.Id])).GetValueOrDefault(node.Id);
        var stored = old is { Payload.Length: > 0 } ? Stanza.Parse(old.Payload).ToElement() : null;
        var list = List((await ReadAsync(host)).Values.Select(entry => entry.Bookmark), stored);
        if (old is null || !old.Payload.AsSpan().SequenceEqual(list.ToUtf8()))
        {
            await publishing.PublishOwnAsync(host, Ns.LegacyBookmarks, Current, list, NodeCreation.Private with { MaxItems = 1 });
        }
    }

    async ValueTask<SortedDictionary<Jid, (Bookmark Bookmark, Element Conference)>> ReadAsync(PubSubHost host)
    {
        var all = new SortedDictionary<Jid, (Bookmark, Element)>(Comparer<Jid>.Create((one, other) => string.CompareOrdinal(one.ToString(), other.ToString())));
        if (await nodes.FindAsync(host, Ns.Bookmarks) is { } node && await nodes.Store.ReadAsync(node.Id, new(server.Options.Limits.PubSubItems)) is { } page)
        {
            foreach (var item in page.Items.Where(item => item.Payload.Length > 0))
            {
                var conference = Stanza.Parse(item.Payload).ToElement();
                if (Bookmark.Read(item.Id, conference) is { } bookmark)
                {
                    all[bookmark.Room] = (bookmark, conference);
                }
            }
        }

        return all;
    }

    static Element List(IEnumerable<Bookmark> bookmarks, Element? old) => new Element("storage", Ns.LegacyBookmarks)
        .Add(bookmarks.Select(bookmark => bookmark.ToEntry()))
        .Add(old?.Children.Where(child => !child.Is("conference", Ns.LegacyBookmarks)) ?? []);
}
