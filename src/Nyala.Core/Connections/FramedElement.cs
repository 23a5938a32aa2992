using System.Buffers;
using Nyala.Xmpp;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Connections;

/// <summary>Canonical elements as messages of their own: over a WebSocket each declares what a stream header would have declared (RFC 7395 §3.3.3).</summary>
static class FramedElement
{
    static readonly SearchValues<byte> BehindName = SearchValues.Create(" />\t\r\n"u8);

    /// <summary>Writes one complete canonical element with the declarations its root lacks.</summary>
    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> element)
    {
        var name = element.IndexOfAny(BehindName);
        if (element.StartsWith("<stream:"u8))
        {
            output.Write(element[..name]);
            output.Write(" xmlns:stream='http://etherx.jabber.org/streams'"u8);
            output.Write(element[name..]);
        }
        else if (Declares(element[name..]))
        {
            output.Write(element);
        }
        else
        {
            output.Write(element[..name]);
            output.Write(" xmlns='jabber:client'"u8);
            output.Write(element[name..]);
        }
    }

    /// <summary>Writes one complete canonical stanza that has no <c>to</c>, with this one.</summary>
    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> stanza, Jid to, bool declares)
    {
        var name = stanza.IndexOfAny(BehindName);
        output.Write(stanza[..name]);
        if (declares)
        {
            output.Write(" xmlns='jabber:client'"u8);
        }

        XmlOut.Attribute(output, "to", to.ToString());
        output.Write(stanza[name..]);
    }

    /// <summary>Whether a start tag, from behind its name on, has an attribute <c>xmlns</c>.</summary>
    static bool Declares(ReadOnlySpan<byte> tag)
    {
        while (true)
        {
            tag = tag.TrimStart(" \t\r\n"u8);
            if (tag.IsEmpty || tag[0] is (byte)'>' or (byte)'/')
            {
                return false;
            }

            if (tag.StartsWith("xmlns="u8))
            {
                return true;
            }

            var equals = tag.IndexOf((byte)'=');
            var quote = tag[equals + 1];
            tag = tag[(equals + 2)..];
            tag = tag[(tag.IndexOf(quote) + 1)..];
        }
    }
}
