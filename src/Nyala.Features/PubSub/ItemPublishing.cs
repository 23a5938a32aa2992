using Nyala.Core;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.PubSub;

/// <summary>Publishing and taking back (XEP-0060 §7). What a client is told is done is durable, and its events are sent.</summary>
public sealed class ItemPublishing(NyalaServer server, NodeDirectory nodes, NodeCreation creation, NodeEvents events)
{
    const int LongestItemId = 1_000;

    /// <summary>Told after an item was published or taken back (null) at an account's node, outside the node's turn.</summary>
    internal List<Func<PubSubHost, string, PubSubItem?, ValueTask>> Changed { get; } = [];

    /// <summary>§7.1.</summary>
    internal async ValueTask<(Element? Answer, StanzaError? Error)> PublishAsync(PubSubHost host, Jid from, Element pubsub)
    {
        var publish = pubsub.Child("publish")!;
        if (publish["node"] is not { Length: > 0 } name)
        {
            return (null, PubSubErrors.NodeRequired);
        }

        DataForm? options = null;
        if (pubsub.Child("publish-options") is { } wrapper
            && (wrapper.Child("x", Ns.DataForms) is not { } x || !DataForm.TryParse(x, out options) || options.Type != "submit" || options.FormType != Ns.PubSubPublishOptions))
        {
            return (null, PubSubErrors.InvalidOptions);
        }

        var items = publish.Children.Where(child => child.Is("item", Ns.PubSub)).ToList();
        if (items.Count > 1)
        {
            return (null, PubSubErrors.InvalidPayload);
        }

        var (node, error) = await ReadyAsync(host, from, name, options);
        if (node is null)
        {
            return (null, error);
        }

        var (id, failed) = await PublishAsync(host, from, name, items.Count == 0 ? null : items[0], options);
        if (failed is not null)
        {
            return (null, failed);
        }

        return (new Element("pubsub", Ns.PubSub).Add(new Element("publish", Ns.PubSub).Set("node", name)
            .Add(id is null ? null : new Element("item", Ns.PubSub).Set("id", id))), null);
    }

    /// <summary>Publishes in the owner's name, as the server does by itself; the node is made when it is not there.</summary>
    internal async ValueTask<StanzaError?> PublishOwnAsync(PubSubHost host, string name, string id, Element payload, NodeConfiguration configuration)
    {
        if (await nodes.FindAsync(host, name) is null && await creation.CreateAsync(host, host.Jid, name, configuration) is { } error && error != StanzaError.Conflict)
        {
            return error;
        }

        return (await PublishAsync(host, host.Jid, name, new Element("item", Ns.PubSub).Set("id", id).Add(payload), null)).Error;
    }

    /// <summary>§7.2.</summary>
    internal async ValueTask<StanzaError?> RetractAsync(PubSubHost host, Jid from, Element retract)
    {
        if (retract["node"] is not { Length: > 0 } name)
        {
            return PubSubErrors.NodeRequired;
        }

        if (retract.Children.ToList() is not [var item] || !item.Is("item", Ns.PubSub) || item["id"] is not { Length: > 0 } id)
        {
            return PubSubErrors.ItemRequired;
        }

        return await RetractAsync(host, from, name, id, retract["notify"] switch
        {
            "1" or "true" => true,
            "0" or "false" => false,
            _ => null,
        });
    }

    /// <param name="notify">Whether others hear of it; null: as the node is configured.</param>
    internal async ValueTask<StanzaError?> RetractAsync(PubSubHost host, Jid from, string name, string id, bool? notify)
    {
        var error = await nodes.InTurnAsync<StanzaError?>(host, name, async all =>
        {
            if (all.Find(name) is not { } node)
            {
                return StanzaError.ItemNotFound;
            }

            if (!NodeAccess.MayPublish(host, node, from))
            {
                return StanzaError.Forbidden;
            }

            if (!node.Configuration.Persist)
            {
                return PubSubErrors.Unsupported("persistent-items");
            }

            if (!NodeAccess.MayChangeOthers(host, node, from) && await nodes.Store.ReadAsync(node.Id, new(1, [id])) is { Items: [var item] }
                && item.Publisher.Split('/')[0] != from.Bare.ToString())
            {
                return StanzaError.Forbidden;
            }

            if (await nodes.Store.RetractAsync(node.Id, id) is not (var count, var bytes))
            {
                return StanzaError.ItemNotFound;
            }

            node = node with { Items = count, Bytes = bytes };
            all.Put(node);
            if (notify ?? node.Configuration.NotifyRetraction)
            {
                await events.RetractedAsync(host, node, id);
            }

            return null;
        });
        if (error is null)
        {
            await TellAsync(host, name, null);
        }

        return error;
    }

    /// <summary>The node that is to be published to, made when it may be (§7.1.4), if it is as the options want it (§7.1.5).</summary>
    async ValueTask<(Node? Node, StanzaError? Error)> ReadyAsync(PubSubHost host, Jid from, string name, DataForm? options)
    {
        if (await nodes.FindAsync(host, name) is { } node)
        {
            return (node, null);
        }

        var configuration = creation.Defaults(host, name);
        if (options is not null)
        {
            if (!NodeConfiguration.Knows(options) || configuration.With(options) is not { } wanted)
            {
                return (null, PubSubErrors.PreconditionNotMet);
            }

            configuration = wanted;
        }

        var error = await creation.CreateAsync(host, from, name, configuration);
        return error is null || error == StanzaError.Conflict ? (await nodes.FindAsync(host, name), StanzaError.ItemNotFound) : (null, error);
    }

    async ValueTask<(string? Id, StanzaError? Error)> PublishAsync(PubSubHost host, Jid from, string name, Element? element, DataForm? options)
    {
        PubSubItem? published = null;
        var result = await nodes.InTurnAsync<(string?, StanzaError?)>(host, name, async all =>
        {
            if (all.Find(name) is not { } node)
            {
                return (null, StanzaError.ItemNotFound);
            }

            if (!NodeAccess.MayPublish(host, node, from))
            {
                return (null, StanzaError.Forbidden);
            }

            if (options is not null && !node.Configuration.Meets(options, creation.Normal))
            {
                return (null, PubSubErrors.PreconditionNotMet);
            }

            var (item, problem) = Read(node, from, element);
            if (problem is not null)
            {
                return (null, problem);
            }

            if (item is null)
            {
                await events.TriggeredAsync(host, node);
                return (null, null);
            }

            if (node.Configuration.Persist && await KeepAsync(host, all, node, from, item) is { } refused)
            {
                return (null, refused);
            }

            await events.PublishedAsync(host, all.Find(name) ?? node, item);
            published = item;
            return (item.Id, null);
        });
        if (published is not null)
        {
            await TellAsync(host, name, published);
        }

        return result;
    }

    /// <summary>Makes an item durable; what had to make room for it is taken back.</summary>
    async ValueTask<StanzaError?> KeepAsync(PubSubHost host, HostNodes all, Node node, Jid from, PubSubItem item)
    {
        if (all.BytesOfOwner(host, node) + item.Payload.Length > server.Options.Limits.PubSubBytes)
        {
            return PubSubErrors.StorageFull;
        }

        var configuration = node.Configuration;
        var result = await nodes.Store.PublishAsync(new(
            node.Id, item, Math.Min(configuration.MaxItems, server.Options.Limits.PubSubItems), configuration.WhenFull == FullNode.Reject,
            node.ExpireBefore(item.At), NodeAccess.MayChangeOthers(host, node, from) ? null : from.Bare.ToString()));
        if (result is null)
        {
            return StanzaError.ItemNotFound;
        }

        node = node with { Items = result.Items, Bytes = result.Bytes };
        all.Put(node);
        if (result.Outcome != PubSubPublishOutcome.Published)
        {
            return result.Outcome == PubSubPublishOutcome.Full ? PubSubErrors.NodeFull : StanzaError.Forbidden;
        }

        // A node of one item replaces it, and everybody knows; a longer one says what it gave up (§7.1.2.5).
        if (configuration is { WhenFull: FullNode.RetractOldest, NotifyRetraction: true, MaxItems: > 1 })
        {
            foreach (var id in result.Dropped)
            {
                await events.RetractedAsync(host, node, id);
            }
        }

        return null;
    }

    /// <summary>§7.1.3.6: the item, or null where a mere event is meant, or what is wrong with it.</summary>
    (PubSubItem? Item, StanzaError? Error) Read(Node node, Jid from, Element? element)
    {
        var configuration = node.Configuration;
        if (element is null)
        {
            return configuration.Persist ? (null, PubSubErrors.ItemRequired)
                : configuration.DeliverPayloads ? (null, PubSubErrors.PayloadRequired)
                : (null, null);
        }

        if (configuration is { Persist: false, DeliverPayloads: false })
        {
            return (null, PubSubErrors.ItemForbidden);
        }

        var payloads = element.Children.ToList();
        if (payloads.Count > 1 || (payloads.Count == 1 && configuration.PayloadType.Length > 0 && payloads[0].Namespace != configuration.PayloadType))
        {
            return (null, PubSubErrors.InvalidPayload);
        }

        if (payloads.Count == 0 && configuration.DeliverPayloads)
        {
            return (null, PubSubErrors.PayloadRequired);
        }

        var id = element["id"] is { Length: > 0 } own ? own : Guid.NewGuid().ToString("N");
        if (id.Length > LongestItemId)
        {
            return (null, StanzaError.NotAcceptable with { Text = "The item's id is too long." });
        }

        var payload = payloads.Count == 0 ? [] : payloads[0].ToUtf8();
        return payload.Length > Math.Min(configuration.MaxPayload, server.Options.Limits.PubSubItemBytes)
            ? (null, PubSubErrors.PayloadTooBig)
            : (new(id, from.ToString(), server.Time.GetUtcNow(), payload), null);
    }

    async ValueTask TellAsync(PubSubHost host, string name, PubSubItem? item)
    {
        if (host.Account is not null)
        {
            foreach (var changed in Changed)
            {
                await changed(host, name, item);
            }
        }
    }
}
