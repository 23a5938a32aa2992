using System.Xml.Linq;
using Nyala.Testing;
using Nyala.Xmpp.Payloads;

namespace Nyala.Server.Tests.Features.PubSub;

/// <summary>A scene about nodes: what is said often, said shortly.</summary>
public abstract class PubSubScene(SharedServer shared) : Scene(shared)
{
    protected const string PubSub = "http://jabber.org/protocol/pubsub";
    protected const string Owner = "http://jabber.org/protocol/pubsub#owner";
    protected const string Event = "http://jabber.org/protocol/pubsub#event";
    protected const string Mood = "<mood xmlns='http://jabber.org/protocol/mood'><happy/></mood>";

    static int Clients;

    /// <summary>An available session of a client that wants events of these nodes.</summary>
    protected async Task<Wire> InterestedAsync(string address, string resource, params string[] nodes)
    {
        var wire = await LoginAsync(address, resource);
        await RosterAsync(wire);
        await ShowInterestAsync(wire, nodes);
        return wire;
    }

    /// <summary>Sends presence with the hash of a client nobody has seen, and answers what that is.</summary>
    protected static async Task ShowInterestAsync(Wire wire, params string[] nodes)
    {
        await TellInterestAsync(wire, nodes);
        await SettleAsync(wire);
    }

    /// <summary>The same without reading what comes of it.</summary>
    protected static async Task TellInterestAsync(Wire wire, params string[] nodes)
    {
        var info = new DiscoInfo([new DiscoIdentity("client", "phone", $"Client {Interlocked.Increment(ref Clients)}")], [.. nodes.Select(node => node + "+notify")], []);
        var ver = Caps.Ver(info);
        await wire.SendAsync($"<presence><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:example:client' ver='{ver}'/></presence>");
        var asked = await wire.AwaitAsync("<iq type='get' from='localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
        await wire.SendAsync($"<iq type='result' id='{asked.Attribute("id")!.Value}' to='localhost'>{info.ToElement($"urn:example:client#{ver}")}</iq>");
    }

    protected static string Item(string? id, string payload) => id is null ? $"<item>{payload}</item>" : $"<item id='{id}'>{payload}</item>";

    protected static string Publish(string node, string? id = "current", string payload = Mood, params (string Option, string Value)[] options) =>
        $"<pubsub xmlns='{PubSub}'><publish node='{node}'>{Item(id, payload)}</publish>{(options.Length == 0 ? "" : $"<publish-options>{Form("publish-options", options)}</publish-options>")}</pubsub>";

    protected static string Form(string type, params (string Option, string Value)[] fields) =>
        $"<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>{PubSub}#{type}</value></field>"
        + string.Concat(fields.GroupBy(field => field.Option, field => field.Value).Select(field =>
            $"<field var='pubsub#{field.Key}'>{string.Concat(field.Select(value => $"<value>{value}</value>"))}</field>")) + "</x>";

    protected static string Items(string node, string content = "", string attributes = "") => $"<pubsub xmlns='{PubSub}'><items node='{node}' {attributes}>{content}</items></pubsub>";

    protected static string Asks(string request) => $"<pubsub xmlns='{PubSub}'>{request}</pubsub>";

    protected static string Owns(string request) => $"<pubsub xmlns='{Owner}'>{request}</pubsub>";

    protected static string Configure(string node, params (string Option, string Value)[] fields) => Owns($"<configure node='{node}'>{Form("node_config", fields)}</configure>");

    protected static Task<XElement> PublishAsync(Wire wire, string node, string? id = "current", string payload = Mood, string to = "", params (string, string)[] options) =>
        AskAsync(wire, "set", Publish(node, id, payload, options), $"<pubsub xmlns='{PubSub}'><publish node='{node}'><item/></publish></pubsub>", to);

    /// <summary>The ids of a node's items as they are listed.</summary>
    protected static async Task<string[]> IdsAsync(Wire wire, string node, string to = "", string content = "", string attributes = "")
    {
        var answer = await AskAsync(wire, "get", Items(node, content, attributes), $"<pubsub xmlns='{PubSub}'><items node='{node}'/></pubsub>", to);
        return [.. answer.Descendants(XName.Get("item", PubSub)).Select(item => item.Attribute("id")!.Value)];
    }

    /// <summary>Awaits an event of a node with this content.</summary>
    protected static Task<XElement> EventAsync(Wire wire, string from, string node, string content, string type = "headline") =>
        wire.AwaitAsync($"<message type='{type}' from='{from}'><event xmlns='{Event}'><items node='{node}'>{content}</items></event></message>");

    /// <summary>A request whose answer must be this error with this condition of PubSub's own.</summary>
    protected static async Task DeniedAsync(Wire wire, string type, string payload, string condition, string own, string to = "")
    {
        var id = Guid.NewGuid().ToString("N");
        await wire.SendAsync($"<iq type='{type}' id='{id}'{(to.Length == 0 ? "" : $" to='{to}'")}>{payload}</iq>");
        await wire.AwaitAsync(
            $"<iq type='error' id='{id}'><error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><{own} xmlns='http://jabber.org/protocol/pubsub#errors'/></error></iq>");
    }
}
