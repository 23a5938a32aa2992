using System.Buffers;
using System.Text;

namespace Nyala.Xmpp.Xml;

/// <summary>Writes XML as UTF-8 bytes: whole trees and escaped pieces.</summary>
public static class XmlOut
{
    static readonly SearchValues<char> Special = SearchValues.Create("&<>\"'\t\n\r");

    /// <summary>The tree as bytes, its root declaring its namespace unless that is <paramref name="inherited"/>.</summary>
    public static byte[] ToUtf8(Element element, string inherited)
    {
        var output = new ArrayBufferWriter<byte>(256);
        Write(output, element, inherited);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Writes a whole tree where <paramref name="inherited"/> is the default namespace in force.</summary>
    public static void Write(IBufferWriter<byte> output, Element element, string inherited)
    {
        // The stream's own names are written with the prefix every client expects (RFC 6120 §4.8.5).
        var prefixed = element.Namespace == Ns.Streams;
        var name = prefixed ? "stream:" + element.Name : element.Name;
        Raw(output, "<");
        Raw(output, name);
        var inner = inherited;
        if (!prefixed && element.Namespace != inherited)
        {
            Attribute(output, "xmlns", element.Namespace);
            inner = element.Namespace;
        }

        var prefixes = 0;
        foreach (var (key, value) in element.Attributes)
        {
            if (key[0] != '{')
            {
                Attribute(output, key, value);
                continue;
            }

            var end = key.IndexOf('}');
            var prefix = "n" + prefixes++;
            Attribute(output, "xmlns:" + prefix, key[1..end]);
            Attribute(output, prefix + ":" + key[(end + 1)..], value);
        }

        if (element.Nodes.Count == 0)
        {
            Raw(output, "/>");
            return;
        }

        Raw(output, ">");
        foreach (var node in element.Nodes)
        {
            if (node is Element child)
            {
                Write(output, child, inner);
            }
            else
            {
                Escaped(output, (string)node);
            }
        }

        Raw(output, "</");
        Raw(output, name);
        Raw(output, ">");
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

    /// <summary>Writes text with the characters escaped that XML needs escaped in text or in an attribute.</summary>
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
            Raw(output, text[at] switch
            {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                '\'' => "&apos;",
                '\t' => "&#9;",
                '\n' => "&#10;",
                _ => "&#13;",
            });
            text = text[(at + 1)..];
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
}
