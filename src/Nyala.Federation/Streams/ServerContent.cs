using System.Buffers;
using Nyala.Core.Connections;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Federation.Streams;

/// <summary>What is written and read between servers only.</summary>
static class ServerContent
{
    /// <summary>
    /// A stanza as it is inside this server. The reader has taken the stream's own namespace for that of clients; a stanza that
    /// declares jabber:server itself is written anew.
    /// </summary>
    public static Stanza AsClient(Stanza element) =>
        element.Namespace == Ns.Server ? Stanza.Of(element.ToElement().InNamespace(Ns.Server, Ns.Client)) : element;

    /// <summary>An element of dialback, with the prefix that XEP-0220 §2.1 wants.</summary>
    public static void WriteDialback(Connection connection, string name, string from, string to, string? id = null, string? type = null, string? key = null, StanzaError? error = null)
    {
        var output = new ArrayBufferWriter<byte>();
        XmlOut.Raw(output, "<db:" + name);
        foreach (var (attribute, value) in ((string, string?)[])[("from", from), ("to", to), ("id", id), ("type", type)])
        {
            if (value is not null)
            {
                XmlOut.Attribute(output, attribute, value);
            }
        }

        XmlOut.Raw(output, ">");
        XmlOut.Escaped(output, key ?? "");
        if (error is not null)
        {
            // In the content namespace, as all errors of the stream.
            output.Write(error.ToElement().ToUtf8());
        }

        XmlOut.Raw(output, "</db:" + name + ">");
        lock (connection.Gate)
        {
            connection.Write(output.WrittenSpan);
            connection.Flush();
        }
    }
}
