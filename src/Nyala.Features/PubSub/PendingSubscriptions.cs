using Nyala.Core.Routing;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.PubSub;

/// <summary>The command by which an owner is sent again what waits for its approval (XEP-0060 §8.7). It keeps no state: a form without a node is the first step.</summary>
public sealed class PendingSubscriptions(NodeDirectory nodes, NodeSubscribing subscribing)
{
    const string Field = "pubsub#node";

    internal async ValueTask<IqReply> ExecuteAsync(PubSubHost host, IqRequest request)
    {
        var command = request.Payload;
        if (command["node"] != Ns.PubSubGetPending)
        {
            return StanzaError.ItemNotFound;
        }

        var owned = (await nodes.GetAsync(host)).All.Where(node => NodeAccess.IsOwner(host, node, request.From)).ToList();
        if (command["action"] == "cancel")
        {
            return Answer(command, "canceled");
        }

        if (command.Child("x", Ns.DataForms) is not { } x)
        {
            return owned.Count == 0 ? StanzaError.Forbidden : Answer(command, "executing")
                .Add(new Element("actions", Ns.Commands).Set("execute", "complete").Add(new Element("complete", Ns.Commands)))
                .Add(Offer(owned).ToElement());
        }

        if (!DataForm.TryParse(x, out var form) || form.Type != "submit" || form[Field]?.Value is not { } name)
        {
            return StanzaError.BadRequest with { Application = new Element("bad-payload", Ns.Commands) };
        }

        if (owned.Find(node => node.Name == name) is not { } chosen)
        {
            return (await nodes.GetAsync(host)).Find(name) is null ? StanzaError.ItemNotFound : StanzaError.Forbidden;
        }

        foreach (var (who, pending) in chosen.Subscriptions)
        {
            if (pending)
            {
                await subscribing.AskAsync(host, chosen, who, [request.From.Bare]);
            }
        }

        return Answer(command, "completed");
    }

    static DataForm Offer(IEnumerable<Node> owned) => new DataForm("form", Ns.PubSubAuthorization).Add(new DataFormField(Field, "list-single", [])
    {
        Label = "Node",
        Options = [.. owned.Where(node => node.Subscriptions.ContainsValue(true)).Select(node => ((string?)null, node.Name))],
    });

    static Element Answer(Element command, string status) => new Element("command", Ns.Commands)
        .Set("node", Ns.PubSubGetPending).Set("sessionid", command["sessionid"] ?? Guid.NewGuid().ToString("N")).Set("status", status);
}
