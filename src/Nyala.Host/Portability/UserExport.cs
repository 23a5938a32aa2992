using System.Security;
using System.Text;
using Nyala.Core.Routing;
using Nyala.Features.PubSub;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Sasl;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Host.Portability;

/// <summary>
/// All that is kept of an account, in the format servers exchange (XEP-0227 1.1): keys, roster, requests, block list, vCard,
/// private documents, nodes, and the whole archive. Written piece by piece, whatever its size.
/// </summary>
[Xep(227, "1.1", Note = "export with the archive; import without it, because old messages cannot be put between those that are there")]
sealed class UserExport(IStore store, string domain)
{
    const int Page = 200;

    /// <exception cref="IOException">The file exists, or cannot be written.</exception>
    public async Task WriteAsync(Account account, string file)
    {
        // Whoever reads the keys can log in elsewhere: the file is its owner's alone.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using var output = new FileStream(file, options);
        await WriteAsync(account, output, withKeys: true);
        output.Flush(flushToDisk: true);
    }

    /// <summary>Writes to whoever reads.</summary>
    /// <param name="withKeys">With what an import needs to let the owner in with the same password.</param>
    public async Task WriteAsync(Account account, Stream output, bool withKeys)
    {
        await WriteAsync(output, $"<?xml version='1.0' encoding='UTF-8'?>\n<server-data xmlns='{Ns.Portable}'>\n<host jid='{SecurityElement.Escape(domain)}'>\n<user name='{SecurityElement.Escape(account.Username)}'>\n");
        await foreach (var part in PartsAsync(account, withKeys))
        {
            await output.WriteAsync(part.ToUtf8(Ns.Portable));
            await WriteAsync(output, "\n");
        }

        await WriteArchiveAsync(output, account.Id);
        await WriteAsync(output, "</user>\n</host>\n</server-data>\n");
    }

    async IAsyncEnumerable<Element> PartsAsync(Account account, bool withKeys)
    {
        var login = withKeys ? await store.Accounts.LoadForLoginAsync(account.Username) : null;
        foreach (var credential in login?.Credentials ?? [])
        {
            if (ScramKeys.TryParse(credential.Keys, out var keys))
            {
                yield return PortableScram.ToElement(keys);
            }
        }

        var roster = await store.Rosters.LoadAsync(account.Id);
        yield return new Element("query", Ns.Roster).Add(roster.Items.Where(item => item.Listed).Select(RosterItemOf));
        foreach (var item in roster.Items)
        {
            if (item.Request is { } request)
            {
                yield return Stanza.Parse(request).ToElement();
            }
        }

        var blocked = await store.Blocklists.LoadAsync(account.Id);
        yield return new Element("blocklist", Ns.Blocking).Add(blocked.Select(jid => new Element("item", Ns.Blocking).Set("jid", jid)));
        foreach (var (_, card) in await store.Documents.ListAsync(account.Id, "vcard"))
        {
            yield return Stanza.Parse(card).ToElement();
        }

        var documents = await store.Documents.ListAsync(account.Id, "private");
        yield return new Element("query", Ns.PrivateXml).Add(documents.Select(document => Stanza.Parse(document.Value).ToElement()));

        var nodes = await store.PubSub.LoadAsync(account.Id);
        yield return new Element("pubsub", Ns.PubSubOwner).Add(nodes.SelectMany(ConfigurationOf));
        var items = new Element("pubsub", Ns.PubSub);
        foreach (var node in nodes)
        {
            items.Add(await ItemsOfAsync(node));
        }

        yield return items;
    }

    static Element RosterItemOf(RosterItem item) => new Element("item", Ns.Roster)
        .Set("jid", item.Jid).Set("name", item.Name).Set("subscription", item.Subscription.ToString().ToLowerInvariant())
        .Set("ask", item.Ask ? "subscribe" : null).Set("approved", item.Approved ? "true" : null)
        .Add(item.Groups.Select(group => new Element("group", Ns.Roster).AddText(group)));

    static IEnumerable<Element> ConfigurationOf(PubSubNode node)
    {
        yield return new Element("configure", Ns.PubSubOwner).Set("node", node.Name).Add(Stanza.Parse(node.Configuration).ToElement());
        if (node.Affiliations.Count > 0)
        {
            yield return new Element("affiliations", Ns.PubSubOwner).Set("node", node.Name).Add(node.Affiliations.Select(entry =>
                new Element("affiliation", Ns.PubSubOwner).Set("jid", entry.Key).Set("affiliation", AffiliationNames.Of(entry.Value))));
        }

        if (node.Subscriptions.Count > 0)
        {
            yield return new Element("subscriptions", Ns.PubSubOwner).Set("node", node.Name).Add(node.Subscriptions.Select(subscription =>
                new Element("subscription", Ns.PubSubOwner).Set("jid", subscription.Jid).Set("subscription", subscription.Pending ? "pending" : "subscribed")));
        }
    }

    /// <summary>The oldest first, so that publishing them in this order leaves them in this order. An account's quota bounds them.</summary>
    async Task<Element> ItemsOfAsync(PubSubNode node)
    {
        var items = new Element("items", Ns.PubSub).Set("node", node.Name);
        var before = "";
        while (await store.PubSub.ReadAsync(node.Id, new(Page, Before: before)) is { Items.Count: > 0 } page)
        {
            foreach (var item in page.Items.Reverse())
            {
                items.Add(new Element("item", Ns.PubSub).Set("id", item.Id).Set("publisher", item.Publisher)
                    .Add(item.Payload.Length == 0 ? null : Stanza.Parse(item.Payload).ToElement()));
            }

            before = page.Items[0].Id;
        }

        return items;
    }

    async Task WriteArchiveAsync(Stream output, long account)
    {
        await WriteAsync(output, $"<archive xmlns='{Ns.Portable}#mam'>\n");
        long? after = null;
        while (await store.Archive.ReadAsync(new(account) { After = after, Max = Page }, CancellationToken.None) is { Rows.Count: > 0 } page)
        {
            foreach (var row in page.Rows)
            {
                var result = new Element("result", Ns.Mam).Set("id", store.Archive.Ids.Encode(account, row.Position)).Add(new Element("forwarded", Ns.Forward)
                    .Add(new Element("delay", Ns.Delay).Set("stamp", DateTimeProfile.Format(DateTimeOffset.FromUnixTimeMilliseconds(row.At))))
                    .Add(Stanza.Parse(row.Stanza).ToElement()));
                await output.WriteAsync(result.ToUtf8(Ns.Portable + "#mam"));
                await WriteAsync(output, "\n");
            }

            after = page.Rows[^1].Position;
        }

        await WriteAsync(output, "</archive>\n");
    }

    static ValueTask WriteAsync(Stream output, string text) => output.WriteAsync(Encoding.UTF8.GetBytes(text));
}
