using System.Text;

namespace Nyala.Xmpp.Xml;

/// <summary>Makes an <see cref="Element"/> of bytes that <see cref="ElementScanner"/> has accepted.</summary>
static class TreeBuilder
{
    /// <summary>The tree of one well-formed element.</summary>
    /// <param name="data">The element's bytes, already checked.</param>
    /// <param name="outer">The namespace declarations in force around it.</param>
    public static Element Build(ReadOnlySpan<byte> data, ReadOnlySpan<Binding> outer)
    {
        var scope = new NamespaceScope();
        scope.Start(outer);
        var tag = new StartTag();
        var open = new Stack<(Element Element, int Mark)>();
        StringBuilder? text = null;
        var at = 0;
        while (true)
        {
            var rest = data[at..];
            if (rest[0] != '<')
            {
                var length = rest.IndexOf((byte)'<');
                (text ??= new()).Append(XmlText.Decode(rest[..length]));
                at += length;
            }
            else if (rest[1] == '!')
            {
                var length = rest.IndexOf("]]>"u8);
                (text ??= new()).Append(XmlText.DecodeSection(rest["<![CDATA[".Length..length]));
                at += length + 3;
            }
            else if (rest[1] == '/')
            {
                Flush(open.Peek().Element, text);
                at += rest.IndexOf((byte)'>') + 1;
                var (element, mark) = open.Pop();
                scope.Leave(mark);
                if (open.Count == 0)
                {
                    return element;
                }
            }
            else
            {
                var mark = scope.Count;
                var element = Start(rest, tag, scope, out var length);
                at += length;
                if (open.TryPeek(out var parent))
                {
                    Flush(parent.Element, text);
                    parent.Element.Add(element);
                }

                if (!tag.IsEmpty)
                {
                    open.Push((element, mark));
                    continue;
                }

                scope.Leave(mark);
                if (open.Count == 0)
                {
                    return element;
                }
            }
        }
    }

    static void Flush(Element element, StringBuilder? text)
    {
        if (text is { Length: > 0 })
        {
            element.AddText(text.ToString());
            text.Clear();
        }
    }

    static Element Start(ReadOnlySpan<byte> rest, StartTag tag, NamespaceScope scope, out int length)
    {
        var seek = 1;
        byte quote = 0;
        var ignored = false;
        length = StartTag.FindEnd(rest, ref seek, ref quote) + 1;
        var bytes = rest[..length];
        if ((tag.Parse(bytes, int.MaxValue) ?? scope.Enter(tag, bytes, ref ignored)) is { } error)
        {
            throw new FormatException(error.Condition);
        }

        var element = new Element(Interned.Get(tag.LocalName(bytes)), scope.NamespaceOf(tag, bytes));
        foreach (ref readonly var attribute in tag.Attributes)
        {
            var name = attribute.Name(bytes);
            if (name.SequenceEqual("xmlns"u8) || attribute.Prefix(bytes).SequenceEqual("xmlns"u8))
            {
                continue;
            }

            var key = attribute.Colon == 0 || name.StartsWith("xml:"u8)
                ? Interned.Get(name)
                : $"{{{scope.Resolve(attribute.Prefix(bytes), ref ignored)}}}{Interned.Get(attribute.LocalName(bytes))}";
            element.Append(key, XmlText.DecodeValue(attribute.Value(bytes)));
        }

        return element;
    }
}
