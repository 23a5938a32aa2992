using Nyala.Core;
using Nyala.Core.Diagnostics;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.PubSub;

/// <summary>
/// Subscribing and its end, with the owner's approval where the node asks for it (XEP-0060 §6.1, §6.2, §8.6). One
/// subscription per address.
/// </summary>
public sealed class NodeSubscribing(NyalaServer server, NodeDirectory nodes, NodeAccess access, NodeEvents events)
{
    /// <summary>§6.1.</summary>
    internal async ValueTask<(Element? Answer, StanzaError? Error)> SubscribeAsync(PubSubHost host, Jid from, Element pubsub)
    {
        var subscribe = pubsub.Child("subscribe")!;
        if (Read(subscribe, out var name, out var who) is { } malformed)
        {
            return (null, malformed);
        }

        if (!who!.Bare.Equals(from.Bare))
        {
            return (null, PubSubErrors.InvalidJid);
        }

        // §6.3.7: it may be configured at once.
        bool? delivers = null;
        if (pubsub.Child("options") is { } options && !SubscriptionOptions.TryRead(options, out delivers))
        {
            return (null, PubSubErrors.InvalidOptions);
        }

        var (pending, error) = await nodes.InTurnAsync(host, name, all => AddAsync(host, all, name, who, muted: delivers == false));
        return error is null
            ? (new Element("pubsub", Ns.PubSub).Add(ElementOf(name, who, pending)), null)
            : (null, error);
    }

    /// <summary>§6.2.</summary>
    internal async ValueTask<StanzaError?> UnsubscribeAsync(PubSubHost host, Jid from, Element unsubscribe)
    {
        if (Read(unsubscribe, out var name, out var who) is { } malformed)
        {
            return malformed;
        }

        return await nodes.InTurnAsync<StanzaError?>(host, name, async all =>
        {
            if (all.Find(name) is not { } node)
            {
                return StanzaError.ItemNotFound;
            }

            if (!who!.Bare.Equals(from.Bare))
            {
                return StanzaError.Forbidden;
            }

            if (!node.Subscriptions.ContainsKey(who))
            {
                return PubSubErrors.NoSuchSubscriber;
            }

            await SetAsync(all, node, who, null);
            return null;
        });
    }

    /// <summary>§5.6: the asker's own subscriptions, at all nodes or at one.</summary>
    internal async ValueTask<Element> ListAsync(PubSubHost host, Jid from, Element wanted)
    {
        var list = new Element("subscriptions", Ns.PubSub).Set("node", wanted["node"]);
        foreach (var node in (await nodes.GetAsync(host)).All.Where(node => wanted["node"] is null || node.Name == wanted["node"]))
        {
            list.Add(node.Subscriptions.Where(entry => entry.Key.Bare.Equals(from.Bare)).Select(entry => ElementOf(node.Name, entry.Key, entry.Value)));
        }

        return new Element("pubsub", Ns.PubSub).Add(list);
    }

    /// <summary>§8.6: an owner's answer to a request for approval. False: the message is none.</summary>
    internal bool TryAnswer(PubSubHost host, Jid from, Stanza message)
    {
        if (message.Child("x", Ns.DataForms) is not { } x || !DataForm.TryParse(x, out var form) || form.Type != "submit" || form.FormType != Ns.PubSubAuthorization)
        {
            return false;
        }

        if (form["pubsub#node"]?.Value is { } name && Jid.TryParse(form["pubsub#subscriber_jid"]?.Value, out var who) && form["pubsub#allow"]?.AsBoolean() is { } allowed)
        {
            _ = AnswerAsync(host, from, name, who, allowed);
        }

        return true;
    }

    /// <summary>An event could not be delivered, and never will be: the subscriptions of that address end.</summary>
    internal async ValueTask BouncedAsync(PubSubHost host, Jid who)
    {
        foreach (var name in (await nodes.GetAsync(host)).All.Where(node => node.Subscriptions.ContainsKey(who)).Select(node => node.Name).ToList())
        {
            await nodes.InTurnAsync(host, name, async all =>
            {
                if (all.Find(name) is { } node && node.Subscriptions.ContainsKey(who))
                {
                    await SetAsync(all, node, who, null);
                }

                return true;
            });
        }
    }

    /// <summary>Sends the owners what waits for their approval.</summary>
    /// <param name="asked">The owners that are sent it; null: all.</param>
    internal async ValueTask AskAsync(PubSubHost host, Node node, Jid who, IEnumerable<Jid>? asked = null)
    {
        var form = new DataForm("form", Ns.PubSubAuthorization) { Title = "Subscription request" }
            .Instruct("Somebody wants to be told what happens at a node of yours.")
            .Add(new DataFormField("pubsub#node", "text-single", [node.Name]) { Label = "Node" })
            .Add(new DataFormField("pubsub#subscriber_jid", "jid-single", [who.ToString()]) { Label = "Subscriber" })
            .Add(new DataFormField("pubsub#allow", "boolean", ["0"]) { Label = "Allow this subscription?" });
        var message = Stanza.Of(new Element("message", Ns.Client).Set("id", "approve-" + Guid.NewGuid().ToString("N")).Add(form.ToElement()));
        foreach (var owner in asked ?? node.Owners(host))
        {
            await events.DeliverAsync(host, owner, message);
        }
    }

    /// <summary>Sets (or with null removes) a subscription, durable first. In the node's turn.</summary>
    /// <param name="muted">Whether events are not delivered to it; null: as it is.</param>
    internal async ValueTask<Node> SetAsync(HostNodes all, Node node, Jid who, bool? pending, bool? muted = null)
    {
        var mutes = pending is not null && (muted ?? node.Muted.Contains(who));
        await nodes.Store.SubscribeAsync(node.Id, new Dictionary<string, PubSubSubscription?>
        {
            [who.ToString()] = pending is { } state ? new(who.ToString(), state, mutes) : null,
        });
        node = node with
        {
            Subscriptions = pending is { } known ? node.Subscriptions.SetItem(who, known) : node.Subscriptions.Remove(who),
            Muted = mutes ? node.Muted.Add(who) : node.Muted.Remove(who),
        };
        all.Put(node);
        return node;
    }

    /// <summary>§6.1.7: what one who has just subscribed is sent.</summary>
    internal async ValueTask WelcomeAsync(PubSubHost host, Node node, Jid who)
    {
        if (node.Configuration is { SendLast: not LastItem.Never, Persist: true } && node.Items > 0 && !node.Muted.Contains(who)
            && (await nodes.Store.NewestAsync([node.Id])).GetValueOrDefault(node.Id) is { } item)
        {
            await events.DeliverAsync(host, who, events.LastItem(host, node, item));
        }
    }

    internal static Element ElementOf(string? node, Jid who, bool pending) => new Element("subscription", Ns.PubSub)
        .Set("node", node).Set("jid", who.ToString()).Set("subscription", pending ? "pending" : "subscribed");

    async ValueTask<(bool Pending, StanzaError? Error)> AddAsync(PubSubHost host, HostNodes all, string name, Jid who, bool muted)
    {
        if (all.Find(name) is not { } node)
        {
            return (false, StanzaError.ItemNotFound);
        }

        if (!node.Configuration.Subscribable)
        {
            return (false, PubSubErrors.Unsupported("subscribe"));
        }

        if (await access.SubscribeErrorAsync(host, node, who) is { } error)
        {
            return (false, error);
        }

        if (node.Subscriptions.TryGetValue(who, out var pending))
        {
            // §6.1.3.7; and §6.1.6: who is subscribed already is told so.
            return (false, pending ? PubSubErrors.PendingSubscription : null);
        }

        if (node.Subscriptions.Count >= server.Options.Limits.PubSubListEntries)
        {
            return (false, PubSubErrors.TooManySubscriptions);
        }

        pending = node.Configuration.Access == AccessModel.Authorize && node.AffiliationOf(host, who) is null && !node.IsSubscribed(who);
        node = await SetAsync(all, node, who, pending, muted);
        await (pending ? AskAsync(host, node, who) : WelcomeAsync(host, node, who));
        return (pending, null);
    }

    async Task AnswerAsync(PubSubHost host, Jid from, string name, Jid who, bool allowed)
    {
        try
        {
            await nodes.InTurnAsync(host, name, async all =>
            {
                if (all.Find(name) is not { } node || !NodeAccess.IsOwner(host, node, from) || !node.Subscriptions.TryGetValue(who, out var pending) || !pending)
                {
                    return false;
                }

                node = await SetAsync(all, node, who, allowed ? false : null);
                await events.SubscriptionAsync(host, node, who, allowed ? "subscribed" : "none");
                if (allowed)
                {
                    await WelcomeAsync(host, node, who);
                }

                return true;
            });
        }
        catch (StoreException e)
        {
            // The request stays where it is, and can be answered again.
            server.Log.BackgroundFailed("a subscription's approval", e);
        }
    }

    internal static StanzaError? Read(Element request, out string name, out Jid? who)
    {
        name = request["node"] ?? "";
        who = null;
        if (name.Length == 0)
        {
            return PubSubErrors.NodeRequired;
        }

        if (request["jid"] is not { } text)
        {
            return PubSubErrors.JidRequired;
        }

        return !Jid.TryParse(text, out who) ? PubSubErrors.InvalidJid
            : request["subid"] is { Length: > 0 } ? PubSubErrors.InvalidSubscriptionId
            : null;
    }
}
