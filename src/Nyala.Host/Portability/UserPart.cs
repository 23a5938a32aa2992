using Nyala.Core;
using Nyala.Features.PubSub;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Host.Portability;

/// <summary>Takes in the parts of one account, each by itself.</summary>
/// <param name="takesKeys">The account is new and has no password yet.</param>
sealed class UserPart(IStore store, ServerOptions options, TimeProvider time, Account account, bool takesKeys)
{
    readonly List<Credential> _keys = [];

    public string Name => account.Username;

    /// <summary>False: the part is of no kind that is known here.</summary>
    public async Task<bool> TakeAsync(Element part)
    {
        switch (part.Namespace, part.Name)
        {
            case (Ns.PortableScram, "scram-credentials"):
                return await KeysAsync(part);
            case (Ns.Roster, "query"):
                await RosterAsync(part);
                return true;
            case (Ns.Client, "presence") when part["type"] == "subscribe" && Jid.TryParse(part["from"], out var from):
                await RequestAsync(from.Bare, part);
                return true;
            case (Ns.Blocking, "blocklist"):
                await store.Blocklists.AddAsync(account.Id, [.. part.Children
                    .Select(item => Jid.TryParse(item["jid"], out var jid) ? jid.ToString() : null).OfType<string>().Take(options.Limits.BlockedAddresses)]);
                return true;
            case (Ns.VCard, "vCard"):
                await store.Documents.SetAsync(account.Id, "vcard", "", part.ToUtf8());
                return true;
            case (Ns.PrivateXml, "query"):
                return await store.Documents.SetAsync(
                    account.Id, "private", part.Children.GroupBy(document => document.Namespace + " " + document.Name, StringComparer.Ordinal)
                        .ToDictionary(group => group.Key, group => group.Last().ToUtf8(), StringComparer.Ordinal),
                    options.Limits.Documents);
            case (Ns.PubSubOwner, "pubsub"):
                await NodesAsync(part);
                return true;
            case (Ns.PubSub, "pubsub"):
                await ItemsAsync(part);
                return true;
            default:
                return false;
        }
    }

    async Task<bool> KeysAsync(Element part)
    {
        if (!PortableScram.TryRead(part, out var keys))
        {
            return false;
        }

        if (takesKeys)
        {
            _keys.RemoveAll(key => key.Mechanism == keys.Hash.Mechanism);
            _keys.Add(new(keys.Hash.Mechanism, keys.Serialize()));
            await store.Accounts.SetCredentialsAsync(account.Id, _keys);
        }

        return true;
    }

    async Task RosterAsync(Element part)
    {
        var requests = (await store.Rosters.LoadAsync(account.Id)).Items.ToDictionary(item => item.Jid, StringComparer.Ordinal);
        var changes = new Dictionary<string, RosterChange>(StringComparer.Ordinal);
        foreach (var child in part.Children.Where(child => child.Is("item", Ns.Roster)).Take(options.Limits.RosterItems))
        {
            if (Jid.TryParse(child["jid"], out var jid))
            {
                var name = jid.Bare.ToString();
                var item = new RosterItem(
                    name, Listed: true, child["name"], [.. child.Children.Where(group => group.Name == "group").Select(group => group.Text).Distinct(StringComparer.Ordinal)],
                    Enum.TryParse<Subscription>(child["subscription"], ignoreCase: true, out var subscription) ? subscription : Subscription.None,
                    child["ask"] == "subscribe", child["approved"] is "true" or "1", requests.GetValueOrDefault(name)?.Request);
                changes[name] = new(account.Id, name, item);
            }
        }

        if (changes.Count > 0)
        {
            await store.Rosters.ChangeAsync([.. changes.Values]);
        }
    }

    async Task RequestAsync(Jid from, Element presence)
    {
        var present = (await store.Rosters.LoadAsync(account.Id)).Items.FirstOrDefault(item => item.Jid == from.ToString());
        var item = present ?? new(from.ToString(), Listed: false, null, [], Subscription.None, Ask: false, Approved: false, null);
        var request = Stanza.Of(presence).Rewrite(from, Jid.FromPrepared(account.Username, options.Domain));
        await store.Rosters.ChangeAsync([new(account.Id, item.Jid, item with { Request = request.Bytes.ToArray() })]);
    }

    async Task NodesAsync(Element part)
    {
        foreach (var child in part.Children)
        {
            if (child["node"] is not { Length: > 0 } name)
            {
                continue;
            }

            switch (child.Name)
            {
                case "configure":
                    var form = child.Child("x", Ns.DataForms) is { } x && DataForm.TryParse(x, out var read) ? read : new DataForm("submit");

                    // What cannot be understood must not make a node more open than it was.
                    await NodeAsync(name, new NodeConfiguration().With(form) ?? NodeCreation.Private);
                    break;
                case "affiliations":
                    await store.PubSub.AffiliateAsync((await NodeAsync(name, null)).Id, child.Children
                        .Where(entry => Jid.TryParse(entry["jid"], out _) && AffiliationNames.TryParse(entry["affiliation"], out var affiliation) && affiliation is not null)
                        .Take(options.Limits.PubSubListEntries)
                        .ToLookup(entry => Jid.Parse(entry["jid"]!).Bare.ToString(), entry => AffiliationNames.TryParse(entry["affiliation"], out var affiliation) ? affiliation : null)
                        .ToDictionary(group => group.Key, group => group.Last()));
                    break;
                case "subscriptions":
                    await store.PubSub.SubscribeAsync((await NodeAsync(name, null)).Id, child.Children
                        .Where(entry => Jid.TryParse(entry["jid"], out _) && entry["subscription"] is "subscribed" or "pending")
                        .Take(options.Limits.PubSubListEntries)
                        .ToLookup(entry => Jid.Parse(entry["jid"]!).ToString(), entry => entry["subscription"] == "pending")
                        .ToDictionary(group => group.Key, group => (PubSubSubscription?)new(group.Key, group.Last())));
                    break;
            }
        }
    }

    async Task ItemsAsync(Element part)
    {
        foreach (var items in part.Children.Where(child => child.Is("items", Ns.PubSub) && child["node"] is { Length: > 0 }))
        {
            var node = await NodeAsync(items["node"]!, null);
            var max = Math.Min(NodeDirectory.ReadConfiguration(node.Configuration).MaxItems, options.Limits.PubSubItems);
            foreach (var item in items.Children.Where(child => child.Is("item", Ns.PubSub) && child["id"] is { Length: > 0 }))
            {
                var payload = item.Children.FirstOrDefault()?.ToUtf8() ?? [];
                if (payload.Length <= options.Limits.PubSubItemBytes)
                {
                    var publisher = item["publisher"] ?? $"{account.Username}@{options.Domain}";
                    await store.PubSub.PublishAsync(new(node.Id, new(item["id"]!, publisher, time.GetUtcNow(), payload), max, Reject: false, null, null));
                }
            }
        }
    }

    /// <summary>The node of that name, made where it is missing; private, where nothing says how it is to be.</summary>
    async Task<PubSubNode> NodeAsync(string name, NodeConfiguration? configuration)
    {
        var present = (await store.PubSub.LoadAsync(account.Id)).FirstOrDefault(node => node.Name == name);
        if (present is null)
        {
            return (await store.PubSub.CreateAsync(account.Id, name, NodeDirectory.Write(configuration ?? NodeCreation.Private), null, time.GetUtcNow()))!;
        }

        if (configuration is not null)
        {
            await store.PubSub.ConfigureAsync(present.Id, NodeDirectory.Write(configuration));
        }

        return present;
    }
}
