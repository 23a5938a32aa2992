using System.Buffers;
using System.Text;

namespace Nyala.Xmpp.Xml;

/// <summary>Writes XML as UTF-8 bytes: whole trees and escaped pieces. What it writes is well-formed whatever the strings hold.</summary>
public static class XmlOut
{
    // Everything that may not stand as it is: markup, whitespace that a reader would normalise, controls, surrogates
    // (which may lack their other half) and the two characters above them that XML forbids.
    static readonly SearchValues<char> Special = SearchValues.Create(
    [
        '&', '<', '>', '"', '\'', '\uFFFE', '\uFFFF',
        .. Enumerable.Range(0, 0x20).Select(value => (char)value),
        .. Enumerable.Range(0xD800, 0x800).Select(value => (char)value),
    ]);

    /// <summary>The tree as bytes, its root declaring its namespace unless that is <paramref name="inherited"/>; see <see cref="Write"/>.</summary>
    public static byte[] ToUtf8(Element element, string inherited) => ToUtf8(element, inherited, Write);

    /// <summary>The same without prefixes, for what may stand inside a stanza.</summary>
    internal static byte[] TreeToUtf8(Element element, string inherited) => ToUtf8(element, inherited, WriteTree);

    static byte[] ToUtf8(Element element, string inherited, Action<IBufferWriter<byte>, Element, string> write)
    {
        var output = ScratchBuffer.Rent();
        try
        {
            write(output, element, inherited);
            return output.Written.ToArray();
        }
        finally
        {
            output.Return();
        }
    }

    /// <summary>
    /// Writes a whole tree where <paramref name="inherited"/> is the default namespace in force. The stream's own
    /// elements (features, error) are written as every client expects them, with the prefix <c>stream</c> (RFC 6120
    /// §4.8.5), which the stream header declares; where nothing is in force (<paramref name="inherited"/> is empty, as in
    /// a WebSocket message) the element declares it itself (RFC 7395 §3.3.3).
    /// </summary>
    public static void Write(IBufferWriter<byte> output, Element element, string inherited)
    {
        if (element.Namespace != Ns.Streams)
        {
            WriteTree(output, element, inherited);
            return;
        }

        var name = "stream:" + element.Name;
        Raw(output, "<");
        Raw(output, name);
        if (inherited.Length == 0)
        {
            Attribute(output, "xmlns:stream", Ns.Streams);
        }

        WriteRest(output, element, name, inherited);
    }

    /// <summary>
    /// Writes a whole tree without prefixes in the names of elements. Only the namespace of <c>xml</c> cannot be a
    /// default namespace (Namespaces in XML §3), so its elements keep that prefix.
    /// </summary>
    internal static void WriteTree(IBufferWriter<byte> output, Element element, string inherited)
    {
        var reserved = element.Namespace == Ns.Xml;
        var name = reserved ? "xml:" + element.Name : element.Name;
        Raw(output, "<");
        Raw(output, name);
        if (reserved || element.Namespace == inherited)
        {
            WriteRest(output, element, name, inherited);
            return;
        }

        Attribute(output, "xmlns", element.Namespace);
        WriteRest(output, element, name, element.Namespace);
    }

    /// <summary>Writes <c> name='value'</c> with a leading space, the value escaped.</summary>
    public static void Attribute(IBufferWriter<byte> output, string name, string value)
    {
        Raw(output, " ");
        Raw(output, name);
        Raw(output, "='");
        Escaped(output, value);
        Raw(output, "'");
    }

    /// <summary>
    /// Writes text with the characters escaped that XML needs escaped in text or in an attribute. What XML cannot
    /// carry (most control characters, half a surrogate pair) becomes U+FFFD.
    /// </summary>
    public static void Escaped(IBufferWriter<byte> output, ReadOnlySpan<char> text)
    {
        while (true)
        {
            var at = text.IndexOfAny(Special);
            if (at < 0)
            {
                Raw(output, text);
                return;
            }

            Raw(output, text[..at]);
            text = text[at..];
            var length = text.Length > 1 && char.IsSurrogatePair(text[0], text[1]) ? 2 : 1;
            if (length == 2)
            {
                Raw(output, text[..2]);
            }
            else
            {
                Raw(output, Escape(text[0]));
            }

            text = text[length..];
        }
    }

    /// <summary>Writes characters as they are.</summary>
    public static void Raw(IBufferWriter<byte> output, ReadOnlySpan<char> text)
    {
        if (text.IsEmpty)
        {
            return;
        }

        var span = output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        output.Advance(Encoding.UTF8.GetBytes(text, span));
    }

    static void WriteRest(IBufferWriter<byte> output, Element element, string name, string inherited)
    {
        WriteAttributes(output, element);
        var nodes = element.Nodes;
        if (nodes.Count == 0)
        {
            Raw(output, "/>");
            return;
        }

        Raw(output, ">");

        // By index, also below: the enumerator of an interface is an object of its own.
        for (var i = 0; i < nodes.Count; i++)
        {
            if (nodes[i] is Element child)
            {
                WriteTree(output, child, inherited);
            }
            else
            {
                Escaped(output, (string)nodes[i]);
            }
        }

        Raw(output, "</");
        Raw(output, name);
        Raw(output, ">");
    }

    static void WriteAttributes(IBufferWriter<byte> output, Element element)
    {
        List<string>? declared = null;
        var attributes = element.Attributes;
        for (var i = 0; i < attributes.Count; i++)
        {
            var (key, value) = attributes[i];
            if (key[0] != '{')
            {
                Attribute(output, key, value);
                continue;
            }

            var end = key.LastIndexOf('}');
            var ns = key[1..end];
            var index = (declared ??= []).IndexOf(ns);
            if (index < 0)
            {
                index = declared.Count;
                declared.Add(ns);
                Attribute(output, "xmlns:n" + index, ns);
            }

            Attribute(output, $"n{index}:{key[(end + 1)..]}", value);
        }
    }

    static string Escape(char value) => value switch
    {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        '\'' => "&apos;",
        '\t' => "&#9;",
        '\n' => "&#10;",
        '\r' => "&#13;",
        _ => "\uFFFD",
    };
}
