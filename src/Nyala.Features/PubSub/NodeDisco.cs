using System.Globalization;
using Nyala.Core;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.PubSub;

/// <summary>What service discovery says of nodes and items (XEP-0060 §5), to those who may read them.</summary>
public sealed class NodeDisco(NyalaServer server, NodeDirectory nodes, NodeAccess access)
{
    static readonly HashSet<string> Described =
    [
        "pubsub#title", "pubsub#description", "pubsub#language", "pubsub#type", "pubsub#access_model", "pubsub#publish_model", "pubsub#max_items",
    ];

    /// <summary>§5.3, §5.4.</summary>
    internal async ValueTask<(Element? Answer, StanzaError? Error)> InfoAsync(PubSubHost host, Jid from, string name)
    {
        if (await VisibleAsync(host, from, name) is not { } node)
        {
            return (null, StanzaError.ItemNotFound);
        }

        var form = new DataForm("result", Ns.PubSubMetaData);
        foreach (var field in node.Configuration.ToForm("result", Ns.PubSubNodeConfig).Fields.Where(field => Described.Contains(field.Var!)))
        {
            form.Add(field);
        }

        form.Add("pubsub#creation_date", "text-single", DateTimeProfile.Format(node.CreatedAt))
            .Add("pubsub#num_subscribers", "text-single", node.Subscriptions.Values.Count(pending => !pending).ToString(CultureInfo.InvariantCulture))
            .Add("pubsub#owner", "jid-multi", [.. node.Owners(host).Select(owner => owner.ToString())]);
        return (new DiscoInfo([new DiscoIdentity("pubsub", "leaf", node.Configuration.Title is { Length: > 0 } title ? title : null)], [Ns.PubSub], [form]).ToElement(name), null);
    }

    /// <summary>§5.5: the newest of a node's items.</summary>
    internal async ValueTask<(Element? Answer, StanzaError? Error)> ItemsAsync(PubSubHost host, Jid from, string name)
    {
        if (await VisibleAsync(host, from, name) is not { } node)
        {
            return (null, StanzaError.ItemNotFound);
        }

        var page = await nodes.Store.ReadAsync(node.Id, new(server.Options.Limits.PubSubPage, Since: node.ExpireBefore(server.Time.GetUtcNow())));
        return (new Element("query", Ns.DiscoItems).Set("node", name).Add((page?.Items ?? []).Select(item =>
            new Element("item", Ns.DiscoItems).Set("jid", host.Jid.ToString()).Set("name", item.Id))), null);
    }

    /// <summary>§5.2: the nodes somebody may read, by name.</summary>
    internal async ValueTask<IReadOnlyList<Element>> NodesAsync(PubSubHost host, Jid from, int most)
    {
        var found = new List<Element>();
        foreach (var node in (await nodes.GetAsync(host)).All.OrderBy(node => node.Name, StringComparer.Ordinal))
        {
            if (found.Count == most)
            {
                break;
            }

            if (await access.SubscribeErrorAsync(host, node, from) is null)
            {
                found.Add(new Element("item", Ns.DiscoItems).Set("jid", host.Jid.ToString()).Set("node", node.Name)
                    .Set("name", node.Configuration.Title is { Length: > 0 } title ? title : null));
            }
        }

        return found;
    }

    async ValueTask<Node?> VisibleAsync(PubSubHost host, Jid from, string name) =>
        await nodes.FindAsync(host, name) is { } node && await access.SubscribeErrorAsync(host, node, from) is null ? node : null;
}
