// HOT PATH
using Nyala.Xmpp.Stanzas;

namespace Nyala.Xmpp.Xml;

/// <summary>Where an attribute stands inside its tag.</summary>
struct AttributeRange
{
    /// <summary>Where the whitespace before the name begins.</summary>
    public int Start;
    public int NameStart;
    public int NameLength;

    /// <summary>Where in the name its colon stands, or 0.</summary>
    public int Colon;
    public int ValueStart;
    public int ValueLength;

    /// <summary>Just after the closing quote.</summary>
    public readonly int End => ValueStart + ValueLength + 1;

    public readonly ReadOnlySpan<byte> Name(ReadOnlySpan<byte> tag) => tag.Slice(NameStart, NameLength);

    public readonly ReadOnlySpan<byte> Prefix(ReadOnlySpan<byte> tag) => tag.Slice(NameStart, Colon);

    public readonly ReadOnlySpan<byte> LocalName(ReadOnlySpan<byte> tag) =>
        Colon == 0 ? Name(tag) : tag[(NameStart + Colon + 1)..(NameStart + NameLength)];

    public readonly ReadOnlySpan<byte> Value(ReadOnlySpan<byte> tag) => tag.Slice(ValueStart, ValueLength);
}

/// <summary>One start tag (or empty-element tag), taken apart. Reused from tag to tag; holds no bytes, only places.</summary>
sealed class StartTag
{
    AttributeRange[] _attributes = new AttributeRange[8];
    int _count;

    /// <summary>The length of the name; it stands right after the <c>&lt;</c>.</summary>
    public int NameLength { get; private set; }

    /// <summary>Where in the name its colon stands, or 0.</summary>
    public int Colon { get; private set; }

    /// <summary>True for <c>&lt;name/&gt;</c>.</summary>
    public bool IsEmpty { get; private set; }

    public ReadOnlySpan<AttributeRange> Attributes => _attributes.AsSpan(0, _count);

    public ReadOnlySpan<byte> Name(ReadOnlySpan<byte> tag) => tag.Slice(1, NameLength);

    public ReadOnlySpan<byte> Prefix(ReadOnlySpan<byte> tag) => tag.Slice(1, Colon);

    public ReadOnlySpan<byte> LocalName(ReadOnlySpan<byte> tag) => Colon == 0 ? Name(tag) : tag[(Colon + 2)..(NameLength + 1)];

    /// <summary>
    /// Finds the <c>&gt;</c> that ends a tag, looking on from <paramref name="seek"/> inside <paramref name="quote"/>
    /// (0: outside of quotes), so that a tag that arrives in pieces is searched once.
    /// </summary>
    /// <returns>Where the tag's <c>&gt;</c> is, -1 when more is needed, -2 when a <c>&lt;</c> makes it no tag.</returns>
    public static int FindEnd(ReadOnlySpan<byte> data, ref int seek, ref byte quote)
    {
        while (seek < data.Length)
        {
            var rest = data[seek..];
            var at = quote == 0 ? rest.IndexOfAny("<>'\""u8) : rest.IndexOfAny((byte)'<', quote);
            if (at < 0)
            {
                break;
            }

            var found = rest[at];
            if (found == '<')
            {
                return -2;
            }

            seek += at + 1;
            if (found == '>' && quote == 0)
            {
                return seek - 1;
            }

            quote = quote == 0 ? found : (byte)0;
        }

        seek = data.Length;
        return -1;
    }

    /// <summary>Takes a tag apart and checks its syntax; names are not resolved here.</summary>
    /// <param name="tag">From <c>&lt;</c> to <c>&gt;</c>.</param>
    /// <param name="attributeLimit">How many attributes are accepted.</param>
    public StreamError? Parse(ReadOnlySpan<byte> tag, int attributeLimit)
    {
        _count = 0;
        if (XmlChars.CheckCharacters(tag) is { } error)
        {
            return error;
        }

        NameLength = XmlChars.NameLength(tag[1..], out var colon);
        Colon = colon;
        IsEmpty = tag[^2] == '/';
        if (NameLength == 0)
        {
            return StreamError.NotWellFormed;
        }

        var end = tag.Length - (IsEmpty ? 2 : 1);
        var at = NameLength + 1;
        while (at < end)
        {
            var space = XmlChars.SpaceLength(tag[at..end]);
            if (at + space == end)
            {
                break;
            }

            if (space == 0)
            {
                return StreamError.NotWellFormed;
            }

            if (_count == attributeLimit)
            {
                return StreamError.PolicyViolation with { Text = $"A tag may have {attributeLimit} attributes at most." };
            }

            if (ParseAttribute(tag[..end], at, at + space, out at) is { } wrong)
            {
                return wrong;
            }
        }

        return null;
    }

    StreamError? ParseAttribute(ReadOnlySpan<byte> tag, int start, int nameStart, out int next)
    {
        next = 0;
        var nameLength = XmlChars.NameLength(tag[nameStart..], out var colon);
        if (nameLength == 0)
        {
            return StreamError.NotWellFormed;
        }

        var at = nameStart + nameLength;
        at += XmlChars.SpaceLength(tag[at..]);
        if (at >= tag.Length || tag[at] != '=')
        {
            return StreamError.NotWellFormed;
        }

        at++;
        at += XmlChars.SpaceLength(tag[at..]);
        if (at >= tag.Length || tag[at] is not ((byte)'\'' or (byte)'"'))
        {
            return StreamError.NotWellFormed;
        }

        var valueStart = at + 1;
        var valueLength = tag[valueStart..].IndexOf(tag[at]);
        if (valueLength < 0 || HasAttribute(tag, tag.Slice(nameStart, nameLength)))
        {
            return StreamError.NotWellFormed;
        }

        if (_count == _attributes.Length)
        {
            Array.Resize(ref _attributes, _count * 2);
        }

        _attributes[_count++] = new AttributeRange
        {
            Start = start,
            NameStart = nameStart,
            NameLength = nameLength,
            Colon = colon,
            ValueStart = valueStart,
            ValueLength = valueLength,
        };
        next = valueStart + valueLength + 1;
        return XmlChars.CheckReferences(tag.Slice(valueStart, valueLength));
    }

    bool HasAttribute(ReadOnlySpan<byte> tag, ReadOnlySpan<byte> name)
    {
        foreach (ref readonly var attribute in Attributes)
        {
            if (attribute.Name(tag).SequenceEqual(name))
            {
                return true;
            }
        }

        return false;
    }
}
