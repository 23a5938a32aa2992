using Nyala.Core;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.PubSub;

/// <summary>Affiliations and subscriptions as owners manage them (XEP-0060 §8.8, §8.9), and as entities see their own (§5.7).</summary>
public sealed class NodeLists(NyalaServer server, NodeDirectory nodes, NodeSubscribing subscribing, NodeEvents events)
{
    /// <summary>§5.7: the asker's own affiliations, at all nodes or at one.</summary>
    internal async ValueTask<Element> OwnAsync(PubSubHost host, Jid from, Element wanted)
    {
        var list = new Element("affiliations", Ns.PubSub).Set("node", wanted["node"]);
        foreach (var node in (await nodes.GetAsync(host)).All.Where(node => wanted["node"] is null || node.Name == wanted["node"]))
        {
            if (node.AffiliationOf(host, from) is { } affiliation)
            {
                list.Add(new Element("affiliation", Ns.PubSub).Set("node", node.Name).Set("affiliation", AffiliationNames.Of(affiliation)));
            }
        }

        return new Element("pubsub", Ns.PubSub).Add(list);
    }

    /// <summary>§8.9.1.</summary>
    internal async ValueTask<(Element? Answer, StanzaError? Error)> AffiliationsAsync(PubSubHost host, Jid from, Element request)
    {
        var (node, error) = NodeOwnership.Owned(host, from, await nodes.GetAsync(host), request);
        if (node is null)
        {
            return (null, error);
        }

        var list = new Element("affiliations", Ns.PubSubOwner).Set("node", node.Name);
        if (host.Account is { } account)
        {
            list.Add(AffiliationOf(account.Jid, PubSubAffiliation.Owner));
        }

        return (new Element("pubsub", Ns.PubSubOwner).Add(list.Add(node.Affiliations.Select(entry => AffiliationOf(entry.Key, entry.Value)))), null);
    }

    /// <summary>§8.8.1: those that are approved.</summary>
    internal async ValueTask<(Element? Answer, StanzaError? Error)> SubscriptionsAsync(PubSubHost host, Jid from, Element request)
    {
        var (node, error) = NodeOwnership.Owned(host, from, await nodes.GetAsync(host), request);
        return node is null ? (null, error) : (new Element("pubsub", Ns.PubSubOwner).Add(new Element("subscriptions", Ns.PubSubOwner).Set("node", node.Name)
            .Add(node.Subscriptions.Where(entry => !entry.Value).Select(entry => SubscriptionOf(entry.Key, "subscribed")))), null);
    }

    /// <summary>§8.9.2: all of them or none.</summary>
    internal async ValueTask<StanzaError?> AffiliateAsync(PubSubHost host, Jid from, Element request) =>
        await nodes.InTurnAsync<StanzaError?>(host, request["node"] ?? "", async all =>
        {
            var (node, error) = NodeOwnership.Owned(host, from, all, request);
            if (node is null)
            {
                return error;
            }

            var changes = new Dictionary<Jid, PubSubAffiliation?>();
            foreach (var child in request.Children)
            {
                if (!child.Is("affiliation", Ns.PubSubOwner) || !Jid.TryParse(child["jid"], out var who) || !AffiliationNames.TryParse(child["affiliation"], out var affiliation)
                    || !changes.TryAdd(who.Bare, affiliation))
                {
                    return StanzaError.BadRequest;
                }
            }

            var affiliations = changes.Aggregate(node.Affiliations, (list, change) =>
                change.Value is { } value ? list.SetItem(change.Key, value) : list.Remove(change.Key));
            if (host.Account is { } account ? changes.ContainsKey(account.Jid) : !affiliations.ContainsValue(PubSubAffiliation.Owner))
            {
                // §8.9.2.4: somebody must own it, and an account's nodes are the account's.
                return Unchanged(node, host, changes.Keys);
            }

            if (affiliations.Count > server.Options.Limits.PubSubListEntries)
            {
                return StanzaError.ResourceConstraint with { Text = "The list is full." };
            }

            await nodes.Store.AffiliateAsync(node.Id, changes.ToDictionary(change => change.Key.ToString(), change => change.Value));
            node = node with { Affiliations = affiliations };
            all.Put(node);
            await SettleAsync(host, all, node, changes);
            return null;
        });

    /// <summary>§8.8.2: all of them or none.</summary>
    internal async ValueTask<StanzaError?> SubscribeAsync(PubSubHost host, Jid from, Element request) =>
        await nodes.InTurnAsync<StanzaError?>(host, request["node"] ?? "", async all =>
        {
            var (node, error) = NodeOwnership.Owned(host, from, all, request);
            if (node is null)
            {
                return error;
            }

            var changes = new Dictionary<Jid, bool?>();
            foreach (var child in request.Children)
            {
                if (!child.Is("subscription", Ns.PubSubOwner) || !Jid.TryParse(child["jid"], out var who) || !changes.TryAdd(who, child["subscription"] switch
                {
                    "subscribed" => true,
                    "none" => false,
                    _ => null,
                }))
                {
                    return StanzaError.BadRequest;
                }
            }

            if (changes.ContainsValue(null))
            {
                return Unchanged(node, changes.Keys);
            }

            if (node.Subscriptions.Count + changes.Count(change => change.Value == true && !node.Subscriptions.ContainsKey(change.Key)) > server.Options.Limits.PubSubListEntries)
            {
                return PubSubErrors.TooManySubscriptions;
            }

            foreach (var (who, subscribed) in changes)
            {
                if (StateOf(node, who) != (subscribed == true ? "subscribed" : "none"))
                {
                    node = await subscribing.SetAsync(all, node, who, subscribed == true ? false : null);
                    await events.SubscriptionAsync(host, node, who, subscribed == true ? "subscribed" : "none");
                }
            }

            return null;
        });

    /// <summary>§8.7: an affiliation decides what was waiting; who is cast out is no subscriber.</summary>
    async ValueTask SettleAsync(PubSubHost host, HostNodes all, Node node, Dictionary<Jid, PubSubAffiliation?> changes)
    {
        foreach (var (who, affiliation) in changes)
        {
            foreach (var (subscriber, pending) in node.Subscriptions.Where(entry => entry.Key.Bare.Equals(who)))
            {
                bool? subscribed = affiliation switch
                {
                    PubSubAffiliation.Outcast => false,
                    PubSubAffiliation.Owner or PubSubAffiliation.Publisher or PubSubAffiliation.Member when pending => true,
                    _ => null,
                };
                if (subscribed is { } now)
                {
                    node = await subscribing.SetAsync(all, node, subscriber, now ? false : null);
                    await events.SubscriptionAsync(host, node, subscriber, now ? "subscribed" : "none");
                }
            }
        }
    }

    /// <summary>The refusal says how things are (§8.9.2.4).</summary>
    static StanzaError Unchanged(Node node, PubSubHost host, IEnumerable<Jid> who) => StanzaError.NotAcceptable with
    {
        Application = new Element("pubsub", Ns.PubSubOwner).Add(new Element("affiliations", Ns.PubSubOwner).Set("node", node.Name)
            .Add(who.Select(jid => AffiliationOf(jid, node.AffiliationOf(host, jid))))),
    };

    /// <summary>The same of subscriptions (§8.8.2.3).</summary>
    static StanzaError Unchanged(Node node, IEnumerable<Jid> who) => StanzaError.NotAcceptable with
    {
        Application = new Element("pubsub", Ns.PubSubOwner).Add(new Element("subscriptions", Ns.PubSubOwner).Set("node", node.Name)
            .Add(who.Select(jid => SubscriptionOf(jid, StateOf(node, jid))))),
    };

    static string StateOf(Node node, Jid who) => !node.Subscriptions.TryGetValue(who, out var pending) ? "none" : pending ? "pending" : "subscribed";

    static Element AffiliationOf(Jid who, PubSubAffiliation? affiliation) =>
        new Element("affiliation", Ns.PubSubOwner).Set("jid", who.ToString()).Set("affiliation", AffiliationNames.Of(affiliation));

    static Element SubscriptionOf(Jid who, string state) =>
        new Element("subscription", Ns.PubSubOwner).Set("jid", who.ToString()).Set("subscription", state);
}
