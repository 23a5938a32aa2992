// HOT PATH
using System.Buffers;
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
/// its direct children. Immutable, safe from any thread. Bytes are canonical: the start tag carries no prefix, no
/// xmlns for jabber:client, and everything inside stands alone where jabber:client is the default namespace.
/// </summary>
public sealed class Stanza
{
    public StanzaKind Kind => throw new NotImplementedException();

    public StanzaType Type => throw new NotImplementedException();

    /// <summary>The element's local name.</summary>
    public string Name => throw new NotImplementedException();

    public string Namespace => throw new NotImplementedException();

    public string? Id => throw new NotImplementedException();

    /// <summary>The prepared <c>to</c>; null when absent or malformed (see <see cref="MalformedAddress"/>).</summary>
    public Jid? To => throw new NotImplementedException();

    /// <summary>The prepared <c>from</c>; null when absent or malformed.</summary>
    public Jid? From => throw new NotImplementedException();

    /// <summary>True when <c>to</c> or <c>from</c> is present and not an address.</summary>
    public bool MalformedAddress => throw new NotImplementedException();

    /// <summary>The <c>type</c> as written, or null.</summary>
    public string? TypeText => throw new NotImplementedException();

    /// <summary>An attribute's unescaped value, or null. Cold.</summary>
    public string? Attribute(string name) => throw new NotImplementedException();

    /// <summary>The whole element, canonical.</summary>
    public ReadOnlyMemory<byte> Bytes => throw new NotImplementedException();

    /// <summary>What stands between start and end tag; empty for an empty element.</summary>
    public ReadOnlyMemory<byte> Content => throw new NotImplementedException();

    /// <summary>How many direct child elements there are.</summary>
    public int ChildCount => throw new NotImplementedException();

    /// <summary>The name and namespace of a direct child; no allocation for names that are known.</summary>
    public (string Name, string Namespace) ChildName(int index) => throw new NotImplementedException();

    /// <summary>A direct child's bytes, canonical.</summary>
    public ReadOnlyMemory<byte> ChildBytes(int index) => throw new NotImplementedException();

    /// <summary>Whether a direct child of that name and namespace exists.</summary>
    public bool Has(string name, string ns) => throw new NotImplementedException();

    /// <summary>Whether a direct child of that namespace exists.</summary>
    public bool HasNamespace(string ns) => throw new NotImplementedException();

    /// <summary>The first direct child of that name and namespace as a tree, or null. Cold.</summary>
    public Element? Child(string name, string ns) => throw new NotImplementedException();

    /// <summary>The first direct child as a tree, or null: an iq's payload. Cold.</summary>
    public Element? Payload => throw new NotImplementedException();

    /// <summary>The whole as a tree. Cold.</summary>
    public Element ToElement() => throw new NotImplementedException();

    /// <summary>Parses one complete element (from storage, from a test).</summary>
    /// <exception cref="FormatException">The bytes are not one well-formed element.</exception>
    public static Stanza Parse(ReadOnlyMemory<byte> utf8) => throw new NotImplementedException();

    /// <summary>A stanza from a tree (canonical bytes are made here).</summary>
    public static Stanza Of(Element element) => throw new NotImplementedException();

    /// <summary>
    /// This stanza with another <c>from</c> and <c>to</c> (null leaves the attribute out), without the children
    /// <paramref name="drop"/> selects, and with <paramref name="append"/> (complete elements) before the end tag.
    /// Other attributes and all other bytes stay as they are. Shares nothing mutable; children index is rebuilt cheaply.
    /// </summary>
    public Stanza Rewrite(Jid? from, Jid? to, Func<string, string, bool>? drop = null, ReadOnlySpan<byte> append = default) => throw new NotImplementedException();

    /// <summary>Writes the canonical bytes, adding <c>xmlns='jabber:client'</c> where the framing needs it, and <paramref name="append"/> before the end tag.</summary>
    public void WriteTo(IBufferWriter<byte> output, Framing framing, ReadOnlySpan<byte> append = default) => throw new NotImplementedException();
}
