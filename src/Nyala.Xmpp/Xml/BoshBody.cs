using System.Globalization;

namespace Nyala.Xmpp.Xml;

/// <summary>
/// One <c>body</c> of BOSH as a client sends it (XEP-0124 §5): its attributes, and the elements in it, each as a document of its
/// own. Immutable.
/// </summary>
public sealed class BoshBody
{
    /// <summary>The largest <c>rid</c> there may be: the largest integer that every client can count to (XEP-0124 §14.1).</summary>
    public const long LargestRid = 9_007_199_254_740_991;

    readonly Element _wrapper;

    BoshBody(Element wrapper, IReadOnlyList<byte[]> elements)
    {
        _wrapper = wrapper;
        Elements = elements;
    }

    /// <summary>What is carried, in order; each declares its namespace.</summary>
    public IReadOnlyList<byte[]> Elements { get; }

    /// <summary>The request's number, or null when there is none that may be.</summary>
    public long? Rid => Number("rid") is > 0 and <= LargestRid and var rid ? rid : null;

    /// <summary>The session it belongs to; null asks for a new one.</summary>
    public string? Sid => _wrapper["sid"];

    /// <summary>The client leaves.</summary>
    public bool Terminates => _wrapper["type"] == "terminate";

    /// <summary>The stream begins anew (XEP-0206 §5).</summary>
    public bool Restarts => Bosh("restart") is "true" or "1";

    /// <summary>An attribute without a prefix, or <c>xml:lang</c>; or null.</summary>
    public string? this[string attribute] => _wrapper[attribute];

    /// <summary>An attribute of XEP-0206, or null.</summary>
    public string? Bosh(string attribute) => _wrapper[$"{{{Ns.XmppBosh}}}{attribute}"];

    /// <summary>An attribute that is a number, or null when it is none.</summary>
    public long? Number(string attribute) =>
        long.TryParse(_wrapper[attribute], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Reads one; null when it is not exactly one well-formed wrapper with nothing but elements in it (XEP-0124 §5).</summary>
    /// <param name="utf8">All of it; the size is the caller's to limit.</param>
    /// <param name="limits">What holds for the elements.</param>
    public static BoshBody? Read(ReadOnlySpan<byte> utf8, ReaderLimits limits)
    {
        var data = WithoutDeclaration(utf8);
        if (data.IsEmpty || data[0] != '<')
        {
            return null;
        }

        var scanner = ElementScanner.Rent(NamespaceScope.Empty, limits with { Depth = limits.Depth + 1 });
        Element wrapper;
        try
        {
            if (scanner.Scan(data) != ReadResult.Stanza || scanner.Root != ("body", Ns.HttpBind)
                || XmlChars.SpaceLength(data[scanner.Length..]) != data.Length - scanner.Length)
            {
                return null;
            }

            wrapper = TreeBuilder.Build(data[..scanner.Length], NamespaceScope.Empty);
        }
        finally
        {
            scanner.Return();
        }

        if (wrapper.Text.AsSpan().Trim(" \t\r\n").Length > 0 || Canonical.DeclarationLength(wrapper, "") > limits.StanzaBytes)
        {
            return null;
        }

        // XEP-0206 §3: many clients leave out the namespace of stanzas, which makes it that of the wrapper.
        return new(wrapper, [.. wrapper.Children.Select(element => element.InNamespace(Ns.HttpBind, Ns.Client).ToUtf8(""))]);
    }

    /// <summary>The session that the beginning of a wrapper names, or null; nothing else of it is judged.</summary>
    public static string? PeekSid(ReadOnlySpan<byte> utf8, ReaderLimits limits)
    {
        var data = WithoutDeclaration(utf8);
        if (data.IsEmpty || data[0] != '<')
        {
            return null;
        }

        var seek = 1;
        byte quote = 0;
        var tag = new StartTag();
        var end = StartTag.FindEnd(data, ref seek, ref quote);
        if (end < 0 || tag.Parse(data[..(end + 1)], limits.Attributes) is not null)
        {
            return null;
        }

        foreach (ref readonly var attribute in tag.Attributes)
        {
            if (attribute.Name(data).SequenceEqual("sid"u8))
            {
                return XmlText.DecodeValue(attribute.Value(data));
            }
        }

        return null;
    }

    /// <summary>What follows an XML declaration, if there is one; nothing when that is wrong.</summary>
    static ReadOnlySpan<byte> WithoutDeclaration(ReadOnlySpan<byte> data)
    {
        const int Opening = 5;
        if (!data.StartsWith("<?xml"u8))
        {
            return data[XmlChars.SpaceLength(data)..];
        }

        var end = data.IndexOf("?>"u8);
        if (end < 0 || StreamStart.CheckDeclaration(data[Opening..end]) is not null)
        {
            return default;
        }

        data = data[(end + 2)..];
        return data[XmlChars.SpaceLength(data)..];
    }
}
