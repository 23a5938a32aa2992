using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Nyala.Testing;

namespace Nyala.Interop.Tests.Stage;

/// <summary>Pictures of people (XEP-0084), which nobody need be able to look at.</summary>
static class Picture
{
    const string PubSub = "http://jabber.org/protocol/pubsub";
    const string Data = "urn:xmpp:avatar:data";
    const string Metadata = "urn:xmpp:avatar:metadata";
    const string Disco = "http://jabber.org/protocol/disco#info";
    const string Node = "https://montague.test/client";

    /// <summary>A part of presence that says that its client wants to hear of pictures (XEP-0115).</summary>
    public static string Capabilities { get; } =
        $"<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='{Node}' ver='{Convert.ToBase64String(Hash($"client/pc//test<{Metadata}+notify<"))}'/>";

    public static async Task PublishAsync(Wire owner, string name)
    {
        var id = Id(name);
        await PublishAsync(owner, Data, id, $"<data xmlns='{Data}'>{Convert.ToBase64String(Content(name))}</data>");
        await PublishAsync(owner, Metadata, id, $"<metadata xmlns='{Metadata}'><info id='{id}' type='image/png' bytes='{Content(name).Length}' width='1' height='1'/></metadata>");
    }

    /// <summary>The news comes, and the picture is there to be had.</summary>
    public static async Task SeeAsync(Wire friend, string owner, string name)
    {
        var id = Id(name);
        await AwaitAsync(friend, $"<message from='{owner}'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='{Metadata}'><item id='{id}'/></items></event></message>");
        await friend.SendAsync($"<iq type='get' to='{owner}' id='see {name}'><pubsub xmlns='{PubSub}'><items node='{Data}'><item id='{id}'/></items></pubsub></iq>");
        await AwaitAsync(friend, $"<iq type='result' from='{owner}' id='see {name}'><pubsub xmlns='{PubSub}'><items><item id='{id}'><data xmlns='{Data}'>{Convert.ToBase64String(Content(name))}</data></item></items></pubsub></iq>");
    }

    static async Task PublishAsync(Wire owner, string node, string id, string payload)
    {
        await owner.SendAsync($"<iq type='set' id='publish {id} {node}'><pubsub xmlns='{PubSub}'><publish node='{node}'><item id='{id}'>{payload}</item></publish></pubsub></iq>");
        await AwaitAsync(owner, $"<iq type='result' id='publish {id} {node}'/>");
    }

    /// <summary>The next element that matches; whoever asks what the client can is told.</summary>
    static async Task AwaitAsync(Wire wire, string pattern)
    {
        var wanted = ElementPattern.Parse(pattern);
        for (var next = await wire.ReceiveAsync(); wanted.Mismatch(next) is not null; next = await wire.ReceiveAsync())
        {
            if (next.Attribute("type")?.Value == "get" && next.Element(XName.Get("query", Disco)) is { } query)
            {
                var node = query.Attribute("node") is { } asked ? $" node='{asked.Value}'" : "";
                await wire.SendAsync($"<iq type='result' to='{next.Attribute("from")?.Value}' id='{next.Attribute("id")!.Value}'><query xmlns='{Disco}'{node}>"
                    + $"<identity category='client' type='pc' name='test'/><feature var='{Metadata}+notify'/></query></iq>");
            }
        }
    }

    static byte[] Content(string name) => [137, .. Encoding.ASCII.GetBytes($"PNG\r\n\u001a\n {name}")];

    static string Id(string name) => Convert.ToHexStringLower(Hash(Content(name)));

    static byte[] Hash(string text) => Hash(Encoding.UTF8.GetBytes(text));

#pragma warning disable CA5350 // XEP-0084 and XEP-0115 know pictures and clients by their SHA-1.
    static byte[] Hash(byte[] content) => SHA1.HashData(content);
#pragma warning restore CA5350
}
