using System.Buffers;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features;

/// <summary>Message Carbons: what one device of a user sends or receives, the others see too.</summary>
[Xep(280, "1.0.1")]
public sealed class Carbons : IFeature
{
    public void Register(FeatureBuilder on)
    {
        on.Advertise(Ns.Carbons);
        on.Advertise("urn:xmpp:carbons:rules:0");
        on.IqSet(Ns.Carbons, "enable", request => Switch(request.Session, enabled: true));
        on.IqSet(Ns.Carbons, "disable", request => Switch(request.Session, enabled: false));
        on.BindInline(Ns.Carbons, "enable", EnableAsync);
        on.Copies(Render);
    }

    static IqReply Switch(Session? session, bool enabled)
    {
        session?.WantsCopies = enabled;
        return IqReply.Done;
    }

    static ValueTask<Element?> EnableAsync(Session session, Element request)
    {
        session.WantsCopies = true;
        return ValueTask.FromResult<Element?>(null);
    }

    /// <summary>§7, §8: the whole message inside a wrapper of its type from the account's own bare address.</summary>
    static byte[] Render(Jid owner, Jid recipient, ReadOnlySpan<byte> message, CopyDirection direction)
    {
        var output = new ArrayBufferWriter<byte>(message.Length + 320);
        XmlOut.Raw(output, "<message");
        XmlOut.Attribute(output, "from", owner.ToString());
        XmlOut.Attribute(output, "to", recipient.ToString());
        var type = Stanza.RawAttribute(message, "type"u8);
        if (!type.IsEmpty)
        {
            output.Write(" type='"u8);
            output.Write(type);
            output.Write("'"u8);
        }

        XmlOut.Raw(output, direction == CopyDirection.Sent ? "><sent" : "><received");
        XmlOut.Raw(output, " xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'");
        output.Write(message["<message"u8.Length..]);
        XmlOut.Raw(output, direction == CopyDirection.Sent ? "</forwarded></sent></message>" : "</forwarded></received></message>");
        return output.WrittenSpan.ToArray();
    }
}
