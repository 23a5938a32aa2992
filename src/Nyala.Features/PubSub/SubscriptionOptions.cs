using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.PubSub;

/// <summary>
/// What a subscriber may choose about a subscription (XEP-0060 §6.3, §6.4): whether events are delivered. The other options of §16.4.2
/// are not offered and refused (invalid-options, §6.3.5.2), because to take one and not to do it would be a broken promise: digests and
/// show-values need presence that a service does not have, a body in an event shows up as a message, a lease that ends unseen is a lost
/// subscription, and types and depths belong to collections.
/// </summary>
public sealed class SubscriptionOptions(NodeDirectory nodes, NodeSubscribing subscribing)
{
    const string Deliver = "pubsub#deliver";

    /// <summary>§6.3.2: the form as it is now.</summary>
    internal async ValueTask<(Element? Answer, StanzaError? Error)> FormAsync(PubSubHost host, Jid from, Element request)
    {
        var (node, who, error) = Find(await nodes.GetAsync(host), from, request);
        return node is null ? (null, error) : (new Element("pubsub", Ns.PubSub).Add(new Element("options", Ns.PubSub)
            .Set("node", node.Name).Set("jid", who!.ToString()).Add(Form(delivers: !node.Muted.Contains(who)))), null);
    }

    /// <summary>§6.4: those of a subscription that says nothing of it.</summary>
    internal static Element Default(Element request) =>
        new Element("pubsub", Ns.PubSub).Add(new Element("default", Ns.PubSub).Set("node", request["node"]).Add(Form(delivers: true)));

    /// <summary>§6.3.5.</summary>
    internal async ValueTask<StanzaError?> SetAsync(PubSubHost host, Jid from, Element request)
    {
        if (!TryRead(request, out var delivers))
        {
            return PubSubErrors.InvalidOptions;
        }

        return await nodes.InTurnAsync<StanzaError?>(host, request["node"] ?? "", async all =>
        {
            var (node, who, error) = Find(all, from, request);
            if (node is not null && delivers is { } wanted && node.Muted.Contains(who!) == wanted)
            {
                await subscribing.SetAsync(all, node, who!, node.Subscriptions[who!], muted: !wanted);
            }

            return error;
        });
    }

    /// <summary>The choice of a submitted form; null: none was made. False: it is no such form.</summary>
    internal static bool TryRead(Element options, out bool? delivers)
    {
        delivers = null;
        if (options.Child("x", Ns.DataForms) is not { } x || !DataForm.TryParse(x, out var form) || form.Type is not ("submit" or "cancel"))
        {
            return false;
        }

        if (form.Type == "cancel")
        {
            return true;
        }

        if ((form.FormType ?? Ns.PubSubSubscribeOptions) != Ns.PubSubSubscribeOptions || form.Fields.Any(field => field.Var is not ("FORM_TYPE" or Deliver)))
        {
            return false;
        }

        delivers = form[Deliver]?.AsBoolean();
        return delivers is not null || form[Deliver] is null;
    }

    static Element Form(bool delivers) => new DataForm("form", Ns.PubSubSubscribeOptions)
        .Add(new DataFormField(Deliver, "boolean", [delivers ? "1" : "0"]) { Label = "Events are delivered" }).ToElement();

    /// <summary>The subscription somebody names, or why not (§6.3.4).</summary>
    static (Node? Node, Jid? Who, StanzaError? Error) Find(HostNodes all, Jid from, Element request)
    {
        if (NodeSubscribing.Read(request, out var name, out var who) is { } malformed)
        {
            return (null, null, malformed);
        }

        return all.Find(name) is not { } node ? (null, null, StanzaError.ItemNotFound)
            : !who!.Bare.Equals(from.Bare) ? (null, null, StanzaError.Forbidden)
            : !node.Subscriptions.ContainsKey(who) ? (null, null, PubSubErrors.NoSubscription)
            : (node, who, null);
    }
}
