// HOT PATH
using System.Text;
using Nyala.Xmpp.Xml;

namespace Nyala.Xmpp.Stanzas;

/// <summary>What kind a first-level element is.</summary>
public enum StanzaKind
{
    /// <summary>Neither message, presence nor iq: stream management, SASL, … (XEP-0360).</summary>
    Nonza,
    Message,
    Presence,
    Iq,
}

/// <summary>The <c>type</c> attribute of any stanza. <see cref="None"/>: absent. <see cref="Unknown"/>: a value the RFC does not define.</summary>
public enum StanzaType
{
    None, Unknown, Error,
    Normal, Chat, Headline, Groupchat,
    Unavailable, Subscribe, Subscribed, Unsubscribe, Unsubscribed, Probe,
    Get, Set, Result,
}

/// <summary>
/// One first-level element as it was read: its own canonical UTF-8 bytes, the start tag's attributes, and an index of
/// its direct children. Immutable, safe from any thread. Bytes are canonical: the start tag's name carries no prefix, there
/// is no xmlns for jabber:client, and everything inside stands alone where jabber:client is the default namespace.
/// </summary>
public sealed partial class Stanza
{
    readonly byte[] _bytes;
    readonly StanzaLayout _layout;
    string? _id;

    internal Stanza(byte[] bytes, StanzaLayout layout)
    {
        _bytes = bytes;
        _layout = layout;
    }

    public StanzaKind Kind => _layout.Kind;

    /// <summary>The type, if the RFC defines it for this kind of stanza.</summary>
    public StanzaType Type => _layout.Type;

    /// <summary>The element's local name.</summary>
    public string Name => _layout.Name;

    public string Namespace => _layout.Namespace;

    /// <summary>The unescaped <c>id</c>, or null.</summary>
    public string? Id => _layout.IdLength < 0 ? null : _id ??= XmlText.DecodeOnce(_bytes.AsSpan(_layout.IdStart, _layout.IdLength));

    /// <summary>The prepared <c>to</c>; null when absent or malformed (see <see cref="MalformedAddress"/>), and for nonzas.</summary>
    public Jid? To => _layout.To;

    /// <summary>The prepared <c>from</c>; null when absent or malformed, and for nonzas.</summary>
    public Jid? From => _layout.From;

    /// <summary>True when <c>to</c> or <c>from</c> is present and not an address.</summary>
    public bool MalformedAddress => _layout.MalformedAddress;

    /// <summary>The <c>type</c> as written, or null.</summary>
    public string? TypeText => _layout.TypeText;

    /// <summary>The whole element, canonical.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>What stands between start and end tag; empty for an empty element.</summary>
    public ReadOnlyMemory<byte> Content => _bytes.AsMemory(_layout.ContentStart, _layout.ContentEnd - _layout.ContentStart);

    /// <summary>How many direct child elements there are.</summary>
    public int ChildCount => _layout.Children.Length;

    /// <summary>The first direct child as a tree, or null: an iq's payload. Cold.</summary>
    public Element? Payload => ChildCount == 0 ? null : ChildTree(0);

    bool IsEmpty => _layout.ContentStart == _bytes.Length;

    /// <summary>Parses one complete element (from storage, from a test).</summary>
    /// <exception cref="FormatException">The bytes are not one well-formed element.</exception>
    public static Stanza Parse(ReadOnlyMemory<byte> utf8)
    {
        var data = utf8.Span;
        if (data.IsEmpty || data[0] != '<')
        {
            throw new FormatException("Not an XML element.");
        }

        var scanner = ElementScanner.Rent(NamespaceScope.Client, ReaderLimits.Trusted);
        try
        {
            var result = scanner.Scan(data);
            var error = result switch
            {
                ReadResult.Error => scanner.Error,
                ReadResult.Stanza when scanner.Length == data.Length => null,
                _ => StreamError.NotWellFormed,
            };
            Stanza? stanza = null;
            error ??= Canonical.Read(scanner, data, NamespaceScope.Client, ReaderLimits.Trusted, out stanza);
            return stanza ?? throw new FormatException($"Not one well-formed XML element: {error!.Condition}.");
        }
        finally
        {
            scanner.Return();
        }
    }

    /// <summary>A stanza from a tree (canonical bytes are made here).</summary>
    /// <exception cref="ArgumentException">A name in the tree is no XML name.</exception>
    public static Stanza Of(Element element) =>
        Canonical.FromTree(element, out var stanza) is { } error
            ? throw new ArgumentException($"The tree cannot be written as XML: {error.Condition}.", nameof(element))
            : stanza!;

    /// <summary>An attribute's unescaped value, or null; <c>xml:lang</c> is found by that name. Cold.</summary>
    public string? Attribute(string name)
    {
        var tag = _bytes.AsSpan(0, _layout.ContentStart);
        var attributes = new AttributeWalker(tag, _layout.NameLength);
        while (attributes.MoveNext())
        {
            if (Encoding.UTF8.GetString(attributes.Current.Name(tag)) == name)
            {
                return XmlText.DecodeOnce(attributes.Current.Value(tag));
            }
        }

        return null;
    }

    /// <summary>An attribute of a stanza that is there as canonical bytes only, as it is written (escaped, between single quotes), or nothing.</summary>
    public static ReadOnlySpan<byte> RawAttribute(ReadOnlySpan<byte> stanza, ReadOnlySpan<byte> name)
    {
        var attributes = new AttributeWalker(stanza, stanza[1..].IndexOfAny(" />"u8));
        while (attributes.MoveNext())
        {
            if (attributes.Current.Name(stanza).SequenceEqual(name))
            {
                return attributes.Current.Value(stanza);
            }
        }

        return default;
    }

    /// <summary>The name and namespace of a direct child; no allocation.</summary>
    public (string Name, string Namespace) ChildName(int index) => (_layout.Children[index].Name, _layout.Children[index].Namespace);

    /// <summary>A direct child's bytes, canonical.</summary>
    public ReadOnlyMemory<byte> ChildBytes(int index)
    {
        if (Namespace != Ns.Client)
        {
            // The child may take its namespace from the element around it.
            return XmlOut.TreeToUtf8(ChildTree(index), Ns.Client);
        }

        ref readonly var child = ref _layout.Children[index];
        return _bytes.AsMemory(child.Start, child.Length);
    }

    /// <summary>Whether a direct child of that name and namespace exists.</summary>
    public bool Has(string name, string ns) => IndexOf(name, ns) >= 0;

    /// <summary>Whether a direct child of that namespace exists.</summary>
    public bool HasNamespace(string ns)
    {
        foreach (ref readonly var child in _layout.Children.AsSpan())
        {
            if (child.Namespace == ns)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The first direct child of that name and namespace as a tree, or null. Cold.</summary>
    public Element? Child(string name, string ns) => IndexOf(name, ns) is >= 0 and var index ? ChildTree(index) : null;

    /// <summary>The whole as a tree. Cold.</summary>
    public Element ToElement() => TreeBuilder.Build(_bytes, NamespaceScope.Client);

    /// <summary>The canonical bytes as text, for people and tests.</summary>
    public override string ToString() => Encoding.UTF8.GetString(_bytes);

    int IndexOf(string name, string ns)
    {
        var children = _layout.Children;
        for (var i = 0; i < children.Length; i++)
        {
            if (children[i].Name == name && children[i].Namespace == ns)
            {
                return i;
            }
        }

        return -1;
    }

    Element ChildTree(int index)
    {
        ref readonly var child = ref _layout.Children[index];
        return TreeBuilder.Build(_bytes.AsSpan(child.Start, child.Length), [new Binding("", Namespace)]);
    }
}
