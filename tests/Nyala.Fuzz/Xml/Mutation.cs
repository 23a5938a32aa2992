using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Nyala.Fuzz.Xml;

/// <summary>Bytes that a report shows as text.</summary>
sealed record Input(byte[] Bytes)
{
    public override string ToString() => Encoding.Latin1.GetString(Bytes);
}

/// <summary>Streams that were valid once: fragments put in a row, then a few bytes spoiled.</summary>
static class Mutation
{
    public const string Header = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='example.org' version='1.0'>";
    public const string End = "</stream:stream>";

    static readonly string[] Stanzas =
    [
        "<message to='juliet@example.com/balcony' id='m1' type='chat'><body>Wherefore art thou?</body><active xmlns='http://jabber.org/protocol/chatstates'/></message>",
        "<iq xmlns='jabber:client' type='get' id=\"q&amp;\"><query xmlns='jabber:iq:roster'><item jid='a@b' name='&lt;ö&gt;'/></query></iq>",
        "<presence/>",
        "<c:presence xmlns:c='jabber:client' xml:lang='de'><c:show>away</c:show></c:presence>",
        "<r xmlns='urn:xmpp:sm:3'/>",
        "<message xmlns:p='urn:p' p:a='1'><p:x p:b='2'><y xmlns=''>z</y></p:x></message>",
        "<message><x:data xmlns:x='jabber:x:data' x:type='form'>a<![CDATA[<b>&]]>c<x:field/></x:data>🦌&#x1F98C;</message>",
        "<message><stream:x stream:y='1'/>\r\n\ttext\r</message>",
        " \n",
    ];

    static readonly string[] Tokens =
    [
        "<", ">", "/>", "</", "'", "\"", "&", ";", "&amp;", "&#0;", "&#xFFFF;", "&x;", "]]>", "<![CDATA[", "<!--", "-->", "<?", "?>", "<!DOCTYPE x>", "=", " ",
        "xmlns=''", " xmlns='urn:a'", " xmlns:p='urn:p'", " xmlns:q='urn:p'", " p:a='1'", " q:a='1'", " a='1'", "p:", "xml:", "xmlns:", ":", "\0", "\u0001", "\uFFFE", "\uFEFF", "ö", "🦌",
        "<a>", "</a>", "<p:a>", "</p:a>", "</message>", "<body>", "\r", "\n", "\t", "stream:",
    ];

    /// <summary>Whole streams, header to end, most with a few mistakes.</summary>
    public static readonly Gen<Input> Streams =
        from stanzas in Gen.Elements(Stanzas).ArrayOf().Resize(6)
        from edits in Edit.ArrayOf().Resize(4)
        select new Input(edits.Aggregate(Encoding.UTF8.GetBytes(Header + string.Concat(stanzas) + End), (bytes, edit) => edit(bytes)));

    /// <summary>Where an input is cut: the lengths of the pieces, used again and again.</summary>
    public static readonly Gen<int[]> Cuts = Gen.Choose(1, 40).NonEmptyListOf().Select(list => list.ToArray());

    static Gen<Func<byte[], byte[]>> Edit =>
        from kind in Gen.Choose(0, 5)
        from place in Gen.Choose(0, 10_000)
        from length in Gen.Choose(1, 12)
        from token in Gen.Elements(Tokens)
        from value in Gen.Choose(0, 255)
        select new Func<byte[], byte[]>(bytes => Apply(bytes, kind, place, length, Encoding.UTF8.GetBytes(token), (byte)value));

    static byte[] Apply(byte[] bytes, int kind, int place, int length, byte[] token, byte value)
    {
        // Mostly behind the header: a spoiled header ends the stream before anything else is tried.
        var first = place % 10 == 0 || bytes.Length <= Header.Length ? 0 : Header.Length;
        var at = first + (place % Math.Max(1, bytes.Length - first));
        var end = Math.Min(bytes.Length, at + length);
        return kind switch
        {
            0 => [.. bytes[..at], value, .. bytes[Math.Min(bytes.Length, at + 1)..]],
            1 => [.. bytes[..at], .. bytes[end..]],
            2 => [.. bytes[..end], .. bytes[at..]],
            3 => bytes[..at],
            _ => [.. bytes[..at], .. token, .. bytes[at..]],
        };
    }
}
