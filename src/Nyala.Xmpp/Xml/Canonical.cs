// HOT PATH
using Nyala.Xmpp.Stanzas;

namespace Nyala.Xmpp.Xml;

/// <summary>Makes stanzas of scanned elements: their bytes as they are where possible, written anew where not.</summary>
static class Canonical
{
    /// <summary>The stanza of a completely scanned element.</summary>
    public static StreamError? Read(ElementScanner scanner, ReadOnlySpan<byte> data, ReadOnlySpan<Binding> outer, ReaderLimits limits, out Stanza? stanza)
    {
        stanza = null;
        if (!scanner.NeedsRewriting)
        {
            stanza = scanner.ToStanza(data);
            return null;
        }

        var tree = TreeBuilder.Build(data, outer);
        if (DeclarationLength(tree, "") > limits.StanzaBytes)
        {
            return TooBig(limits.StanzaBytes);
        }

        var error = FromTree(tree, out stanza);
        return error is null && stanza!.Bytes.Length > limits.StanzaBytes ? TooBig(limits.StanzaBytes) : error;
    }

    /// <summary>The stanza of a tree.</summary>
    public static StreamError? FromTree(Element tree, out Stanza? stanza)
    {
        stanza = null;
        var scratch = ScratchBuffer.Rent();
        var scanner = ElementScanner.Rent(NamespaceScope.Client, ReaderLimits.Trusted);
        try
        {
            XmlOut.WriteTree(scratch, tree, Ns.Client);
            switch (scanner.Scan(scratch.Written))
            {
                case ReadResult.Stanza when scanner.Length == scratch.Length:
                    stanza = scanner.ToStanza(scratch.Written);
                    return null;
                case ReadResult.Error:
                    return scanner.Error;
                default:
                    return StreamError.NotWellFormed;
            }
        }
        finally
        {
            scanner.Return();
            scratch.Return();
        }
    }

    /// <summary>RFC 6120 §13.12, with the condition that names the reason.</summary>
    public static StreamError TooBig(int limit) => StreamError.PolicyViolation with
    {
        Text = $"A stanza or stream header may have {limit} bytes at most.",
        Application = new Element("stanza-too-big", "urn:xmpp:errors"),
    };

    /// <summary>
    /// How many characters the namespace declarations take: a short prefix used ten thousand times may stand for a long
    /// name, and must not be written out before that is known.
    /// </summary>
    internal static long DeclarationLength(Element element, string inherited)
    {
        var length = element.Namespace == inherited ? 0L : element.Namespace.Length;
        foreach (var (key, _) in element.Attributes)
        {
            length += key.Length;
        }

        foreach (var child in element.Children)
        {
            length += DeclarationLength(child, element.Namespace);
        }

        return length;
    }
}
