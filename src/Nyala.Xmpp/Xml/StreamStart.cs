using System.Text;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Xmpp.Xml;

/// <summary>A stream header that was read, and what has to be kept of it: its name for the end, its namespaces for all between.</summary>
sealed class StreamStart
{
    /// <summary>The largest header in bytes; real ones have 200.</summary>
    public const int LargestHeader = 8192;

    static readonly Binding[] Usual = [new("stream", Ns.Streams), new("", Ns.Client)];
    static readonly Binding[] UsualReversed = [new("", Ns.Client), new("stream", Ns.Streams)];
    static readonly byte[] UsualName = "stream:stream"u8.ToArray();

    readonly byte[] _name;

    StreamStart(StreamHeader header, byte[] name, Binding[] scope)
    {
        Header = header;
        _name = name;
        Scope = scope;
    }

    /// <summary>Told once; of no use to anybody while the stream lasts.</summary>
    public StreamHeader? Header { get; set; }

    /// <summary>The declarations in force around the stanzas.</summary>
    public Binding[] Scope { get; }

    /// <summary>Reads a header (RFC 6120 §4.7).</summary>
    /// <param name="tag">The whole tag.</param>
    /// <param name="limits">For the number of attributes.</param>
    /// <param name="betweenServers">What is in jabber:server counts as in jabber:client.</param>
    /// <param name="isEmpty">True when the tag ends the stream as well.</param>
    /// <param name="error">Why it is refused, or null.</param>
    public static StreamStart? Read(ReadOnlySpan<byte> tag, ReaderLimits limits, bool betweenServers, out bool isEmpty, out StreamError? error)
    {
        var parsed = new StartTag();
        var scope = new NamespaceScope();
        var ignored = false;
        isEmpty = false;
        error = parsed.Parse(tag, limits.Attributes) ?? scope.Enter(parsed, tag, ref ignored);
        if (error is not null)
        {
            return null;
        }

        // §4.9.3.10 for the namespace; a wrong name in the right one cannot be processed (§4.9.3.1).
        error = scope.NamespaceOf(parsed, tag) != Ns.Streams ? StreamError.InvalidNamespace
            : !parsed.LocalName(tag).SequenceEqual("stream"u8) ? StreamError.BadFormat
            : null;
        if (error is not null)
        {
            return null;
        }

        string? Value(ReadOnlySpan<byte> tag, ReadOnlySpan<byte> name)
        {
            foreach (ref readonly var attribute in parsed.Attributes)
            {
                if (attribute.Name(tag).SequenceEqual(name))
                {
                    return XmlText.DecodeValue(attribute.Value(tag));
                }
            }

            return null;
        }

        isEmpty = parsed.IsEmpty;
        var header = new StreamHeader(Value(tag, "to"u8), Value(tag, "from"u8), Value(tag, "version"u8), Value(tag, "xml:lang"u8), Value(tag, "id"u8), scope.Default);
        var name = parsed.Name(tag).SequenceEqual(UsualName) ? UsualName : parsed.Name(tag).ToArray();
        return new StreamStart(header, name, betweenServers ? AsClient(scope.Bindings) : Shared(scope.Bindings));
    }

    /// <summary>The same from a framing <c>open</c> (RFC 7395 §3.4).</summary>
    public static StreamStart Framed(Stanza open) => new(
        new StreamHeader(open.Attribute("to"), open.Attribute("from"), open.Attribute("version"), open.Attribute("xml:lang"), open.Attribute("id"), Ns.Client),
        [],
        NamespaceScope.Empty);

    /// <summary>Whether an end tag, from <c>&lt;</c> to <c>&gt;</c>, closes this stream.</summary>
    public bool IsEndedBy(ReadOnlySpan<byte> tag)
    {
        var name = tag[2..^1];
        return name.StartsWith(_name) && XmlChars.SpaceLength(name[_name.Length..]) == name.Length - _name.Length;
    }

    /// <summary>Judges an XML declaration (XML 1.0 §2.8; RFC 6120 §11.5, §11.6).</summary>
    /// <param name="content">What stands between <c>&lt;?xml</c> and <c>?&gt;</c>.</param>
    public static StreamError? CheckDeclaration(ReadOnlySpan<byte> content)
    {
        // Its inside has the syntax of a tag's attributes, without references and namespaces.
        byte[] tag = [.. "<xml"u8, .. content, (byte)'>'];
        var parsed = new StartTag();
        var seek = 1;
        byte quote = 0;
        if (StartTag.FindEnd(tag, ref seek, ref quote) != tag.Length - 1 || parsed.Parse(tag, 3) is not null || parsed.IsEmpty)
        {
            return StreamError.NotWellFormed;
        }

        var place = 0;
        foreach (ref readonly var attribute in parsed.Attributes)
        {
            var value = Encoding.UTF8.GetString(attribute.Value(tag));
            var here = Encoding.UTF8.GetString(attribute.Name(tag)) switch { "version" => 1, "encoding" => 2, "standalone" => 3, _ => 0 };
            if (here <= place || (place == 0 && here != 1) || (here == 3 && value is not ("yes" or "no")))
            {
                return StreamError.NotWellFormed;
            }

            place = here;
            if (here == 1 && value != "1.0")
            {
                return StreamError.BadFormat with { Text = "Only XML 1.0 is understood." };
            }

            if (here == 2 && !value.Equals("UTF-8", StringComparison.OrdinalIgnoreCase))
            {
                return StreamError.UnsupportedEncoding;
            }
        }

        return place == 0 ? StreamError.NotWellFormed : null;
    }

    static Binding[] AsClient(ReadOnlySpan<Binding> scope)
    {
        Binding[] own = [.. scope];
        foreach (ref var binding in own.AsSpan())
        {
            binding = binding.Namespace is Ns.Server or Ns.Component ? binding with { Namespace = Ns.Client } : binding;
        }

        return own;
    }

    /// <summary>Nearly all clients declare the same; then nothing is kept per stream.</summary>
    static Binding[] Shared(ReadOnlySpan<Binding> scope) =>
        scope.SequenceEqual(Usual) ? Usual : scope.SequenceEqual(UsualReversed) ? UsualReversed : scope.ToArray();
}
