// HOT PATH
namespace Nyala.Xmpp.Xml;

/// <summary>Walks over the attributes of a start tag that is known to be well-formed.</summary>
ref struct AttributeWalker
{
    readonly ReadOnlySpan<byte> _tag;
    int _at;

    /// <param name="tag">From <c>&lt;</c> to <c>&gt;</c>.</param>
    /// <param name="nameLength">The length of the element's name.</param>
    public AttributeWalker(ReadOnlySpan<byte> tag, int nameLength)
    {
        _tag = tag;
        _at = 1 + nameLength;
    }

    /// <summary>The attribute walked to; its colon is not looked for.</summary>
    public AttributeRange Current { get; private set; }

    public bool MoveNext()
    {
        var nameStart = _at + XmlChars.SpaceLength(_tag[_at..]);
        if (_tag[nameStart] is (byte)'>' or (byte)'/')
        {
            return false;
        }

        var nameLength = _tag[nameStart..].IndexOfAny("= \t\r\n"u8);
        var quote = nameStart + nameLength + _tag[(nameStart + nameLength)..].IndexOfAny((byte)'\'', (byte)'"');
        var valueLength = _tag[(quote + 1)..].IndexOf(_tag[quote]);
        Current = new AttributeRange
        {
            Start = _at,
            NameStart = nameStart,
            NameLength = nameLength,
            ValueStart = quote + 1,
            ValueLength = valueLength,
        };
        _at = Current.End;
        return true;
    }
}
