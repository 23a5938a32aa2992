// HOT PATH
using System.Buffers;
using Nyala.Xmpp.Xml;

namespace Nyala.Xmpp.Stanzas;

public sealed partial class Stanza
{
    /// <summary>
    /// This stanza with another <c>from</c> and <c>to</c> (null leaves the attribute out), without the children
    /// <paramref name="drop"/> (given name and namespace) selects, and with <paramref name="append"/> (complete elements)
    /// before the end tag. Other attributes and all other bytes stay as they are. Shares nothing mutable; the children's
    /// index is rebuilt cheaply.
    /// </summary>
    /// <exception cref="InvalidOperationException">This is a nonza: those are spoken on one stream and never passed on.</exception>
    /// <exception cref="ArgumentException"><paramref name="append"/> is not a row of complete elements.</exception>
    public Stanza Rewrite(Jid? from, Jid? to, Func<string, string, bool>? drop = null, ReadOnlySpan<byte> append = default)
    {
        if (Kind == StanzaKind.Nonza)
        {
            throw new InvalidOperationException("A nonza is never rewritten.");
        }

        var layout = _layout;
        layout.From = from;
        layout.To = to;
        layout.MalformedAddress = false;
        var output = ScratchBuffer.Rent();
        try
        {
            WriteStartTag(output, ref layout);
            WriteContent(output, ref layout, drop, append);
            return new Stanza(output.Written.ToArray(), layout);
        }
        finally
        {
            output.Return();
        }
    }

    /// <summary>This stanza with an <c>xml:lang</c>, unless it has its own (RFC 6120 §8.1.5).</summary>
    public Stanza InLanguage(string language)
    {
        var tag = _bytes.AsSpan(0, _layout.ContentStart);
        var attributes = new AttributeWalker(tag, _layout.NameLength);
        while (attributes.MoveNext())
        {
            if (attributes.Current.Name(tag).SequenceEqual("xml:lang"u8))
            {
                return this;
            }
        }

        var output = ScratchBuffer.Rent();
        try
        {
            var name = 1 + _layout.NameLength;
            output.Write(tag[..name]);
            XmlOut.Attribute(output, "xml:lang", language);
            var added = output.Length - name;
            output.Write(_bytes.AsSpan(name));
            return new Stanza(output.Written.ToArray(), _layout.Behind(added));
        }
        finally
        {
            output.Return();
        }
    }

    /// <summary>Writes the canonical bytes, adding <c>xmlns='jabber:client'</c> where the framing needs it, and <paramref name="append"/> before the end tag.</summary>
    public void WriteTo(IBufferWriter<byte> output, Framing framing, ReadOnlySpan<byte> append = default)
    {
        var bytes = _bytes.AsSpan();
        if (framing == Framing.WebSocket && Namespace == Ns.Client)
        {
            var name = 1 + _layout.NameLength;
            output.Write(bytes[..name]);
            output.Write(" xmlns='jabber:client'"u8);
            bytes = bytes[name..];
        }

        if (append.IsEmpty)
        {
            output.Write(bytes);
        }
        else if (IsEmpty)
        {
            output.Write(bytes[..^2]);
            output.Write(">"u8);
            output.Write(append);
            WriteEndTag(output);
        }
        else
        {
            var end = _bytes.Length - _layout.ContentEnd;
            output.Write(bytes[..^end]);
            output.Write(append);
            output.Write(bytes[^end..]);
        }
    }

    void WriteStartTag(ScratchBuffer output, ref StanzaLayout layout)
    {
        var tag = _bytes.AsSpan(0, _layout.ContentStart);
        output.Write(tag[..(1 + _layout.NameLength)]);
        WriteAddress(output, " from='"u8, layout.From);
        WriteAddress(output, " to='"u8, layout.To);
        var attributes = new AttributeWalker(tag, _layout.NameLength);
        while (attributes.MoveNext())
        {
            var attribute = attributes.Current;
            var name = attribute.Name(tag);
            if (name.SequenceEqual("from"u8) || name.SequenceEqual("to"u8))
            {
                continue;
            }

            if (attribute.ValueStart == _layout.IdStart)
            {
                layout.IdStart = output.Length + attribute.ValueStart - attribute.Start;
            }

            output.Write(tag[attribute.Start..attribute.End]);
        }

        output.Write(">"u8);
        layout.ContentStart = output.Length;
    }

    void WriteContent(ScratchBuffer output, ref StanzaLayout layout, Func<string, string, bool>? drop, ReadOnlySpan<byte> append)
    {
        var at = _layout.ContentStart;
        var children = new StanzaChild[_layout.Children.Length + (append.IsEmpty ? 0 : 1)];
        var count = 0;
        foreach (ref readonly var child in _layout.Children.AsSpan())
        {
            if (drop is not null && drop(child.Name, child.Namespace))
            {
                output.Write(_bytes.AsSpan(at..child.Start));
                at = child.End;
            }
            else
            {
                children[count] = child;
                children[count++].Start += output.Length - at;
            }
        }

        output.Write(_bytes.AsSpan(at.._layout.ContentEnd));
        IndexElements(append, output.Length, ref children, ref count);
        output.Write(append);
        layout.Children = count == children.Length ? children : children.AsSpan(0, count).ToArray();
        layout.ContentEnd = output.Length;
        if (output.Length > layout.ContentStart)
        {
            WriteEndTag(output);
            return;
        }

        output.Retreat(1);
        output.Write("/>"u8);
        layout.ContentStart = layout.ContentEnd = output.Length;
    }

    void WriteEndTag(IBufferWriter<byte> output)
    {
        output.Write("</"u8);
        output.Write(_bytes.AsSpan(1, _layout.NameLength));
        output.Write(">"u8);
    }

    static void WriteAddress(ScratchBuffer output, ReadOnlySpan<byte> name, Jid? address)
    {
        if (address is not null)
        {
            output.Write(name);
            XmlOut.Escaped(output, address.ToString());
            output.Write("'"u8);
        }
    }

    /// <summary>Adds elements that stand in a row to an index of children.</summary>
    static void IndexElements(ReadOnlySpan<byte> elements, int start, ref StanzaChild[] children, ref int count)
    {
        while (!elements.IsEmpty)
        {
            var scanner = ElementScanner.Rent(NamespaceScope.Client, ReaderLimits.Trusted);
            try
            {
                if (elements[0] != '<' || scanner.Scan(elements) != ReadResult.Stanza)
                {
                    throw new ArgumentException("Not complete elements.", nameof(elements));
                }

                if (count == children.Length)
                {
                    Array.Resize(ref children, count + 1);
                }

                var (name, ns) = scanner.Root;
                children[count++] = new StanzaChild { Name = name, Namespace = ns, Start = start, Length = scanner.Length };
                start += scanner.Length;
                elements = elements[scanner.Length..];
            }
            finally
            {
                scanner.Return();
            }
        }
    }
}
