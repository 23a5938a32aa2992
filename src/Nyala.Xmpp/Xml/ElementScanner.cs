// HOT PATH
using Nyala.Xmpp.Stanzas;

namespace Nyala.Xmpp.Xml;

/// <summary>
/// Scans one element that may arrive in pieces: checks it, and notes what <see cref="Stanza"/> needs to know of it.
/// The caller keeps all bytes from the element's first one on and offers them again, grown, until the element ends;
/// what was looked at is not looked at again.
/// </summary>
sealed class ElementScanner
{
    const int KeptChildren = 64;

    [ThreadStatic]
    static ElementScanner? Spare;

    readonly StartTag _tag = new();
    readonly NamespaceScope _scope = new();
    Open[] _open = new Open[8];
    StanzaChild[] _children = new StanzaChild[8];
    StanzaLayout _layout;
    ReaderLimits _limits = null!;
    int _depth;
    int _childCount;
    int _at;
    int _seek;
    byte _quote;
    int _cutStart;
    int _cutLength;

    /// <summary>An element that is open: where its name stands and which declarations were in force outside of it.</summary>
    record struct Open(int NameStart, int NameLength, int Mark);

    ElementScanner()
    {
    }

    /// <summary>Why the element is refused, after <see cref="ReadResult.Error"/>.</summary>
    public StreamError Error { get; private set; } = StreamError.UndefinedCondition;

    /// <summary>How long the element is, after <see cref="ReadResult.Stanza"/>.</summary>
    public int Length => _at;

    /// <summary>
    /// True when the bytes would not mean the same elsewhere: the start tag has prefixes or takes its namespace from
    /// outside, or a prefix from outside is used within.
    /// </summary>
    public bool NeedsRewriting { get; private set; }

    /// <summary>The element's local name and namespace, once its start tag was read.</summary>
    public (string Name, string Namespace) Root => (_layout.Name, _layout.Namespace);

    /// <summary>A scanner ready for an element's first byte.</summary>
    /// <param name="outer">The declarations in force around the element.</param>
    /// <param name="limits">Depth and attributes; the size is the caller's to limit.</param>
    public static ElementScanner Rent(ReadOnlySpan<Binding> outer, ReaderLimits limits)
    {
        var scanner = Spare ?? new ElementScanner();
        Spare = null;
        scanner._limits = limits;
        scanner._scope.Start(outer);
        scanner._depth = scanner._childCount = scanner._at = scanner._seek = scanner._cutStart = scanner._cutLength = 0;
        scanner._quote = 0;
        scanner._layout = default;
        scanner.NeedsRewriting = false;
        return scanner;
    }

    /// <summary>Gives the scanner back; the next element on this thread uses it again.</summary>
    public void Return()
    {
        Array.Clear(_children, 0, _childCount);
        if (_children.Length > KeptChildren)
        {
            _children = new StanzaChild[8];
        }

        _layout = default;
        _scope.Trim();
        Spare = this;
    }

    /// <summary>Scans on. <paramref name="data"/> begins with the element's <c>&lt;</c>.</summary>
    /// <returns><see cref="ReadResult.NeedMore"/>, <see cref="ReadResult.Stanza"/> or <see cref="ReadResult.Error"/>.</returns>
    public ReadResult Scan(ReadOnlySpan<byte> data)
    {
        while (true)
        {
            var from = _at;
            var error = from < data.Length && data[from] != '<' ? ScanText(data) : ScanMarkup(data);
            if (error is not null)
            {
                Error = error;
                return ReadResult.Error;
            }

            if (_at == from)
            {
                return ReadResult.NeedMore;
            }

            if (_depth == 0)
            {
                return ReadResult.Stanza;
            }
        }
    }

    /// <summary>The stanza whose bytes, canonical as they are but for a namespace to cut out, were scanned.</summary>
    public Stanza ToStanza(ReadOnlySpan<byte> data)
    {
        var bytes = GC.AllocateUninitializedArray<byte>(_at - _cutLength);
        data[.._cutStart].CopyTo(bytes);
        data[(_cutStart + _cutLength).._at].CopyTo(bytes.AsSpan(_cutStart));
        var layout = _layout;
        layout.Children = _childCount == 0 ? [] : _children.AsSpan(0, _childCount).ToArray();
        return new Stanza(bytes, layout);
    }

    StreamError? ScanText(ReadOnlySpan<byte> data)
    {
        _seek = Math.Max(_seek, _at);
        var length = data[_seek..].IndexOf((byte)'<');
        if (length < 0)
        {
            _seek = data.Length;
            return null;
        }

        var text = data[_at..(_seek + length)];
        _at = _seek += length;
        return XmlChars.CheckText(text);
    }

    StreamError? ScanMarkup(ReadOnlySpan<byte> data)
    {
        if (data.Length - _at < 2)
        {
            return null;
        }

        return data[_at + 1] switch
        {
            (byte)'/' => ScanEndTag(data),
            (byte)'!' => ScanSection(data),
            (byte)'?' => StreamError.RestrictedXml,
            _ => ScanStartTag(data),
        };
    }

    StreamError? ScanStartTag(ReadOnlySpan<byte> data)
    {
        _seek = Math.Max(_seek, _at + 1);
        var end = StartTag.FindEnd(data, ref _seek, ref _quote);
        if (end < 0)
        {
            return end == -1 ? null : StreamError.NotWellFormed;
        }

        var tag = data[_at..(end + 1)];
        var mark = _scope.Count;
        var usesOuter = false;
        var error = _tag.Parse(tag, _limits.Attributes) ?? _scope.Enter(_tag, tag, ref usesOuter);
        if (error is not null)
        {
            return error;
        }

        NeedsRewriting |= usesOuter;
        if (_depth == _limits.Depth)
        {
            return StreamError.PolicyViolation with { Text = $"Elements may nest {_limits.Depth} deep at most." };
        }

        if (_depth == 0)
        {
            NoteRoot(tag);
        }
        else if (_depth == 1)
        {
            NoteChild(tag);
        }

        Push(new Open(_at + 1, _tag.NameLength, mark));
        _at = end + 1;
        if (_tag.IsEmpty)
        {
            Pop(_at);
        }

        return null;
    }

    StreamError? ScanEndTag(ReadOnlySpan<byte> data)
    {
        _seek = Math.Max(_seek, _at + 2);
        var length = data[_seek..].IndexOf((byte)'>');
        if (length < 0)
        {
            _seek = data.Length;
            return null;
        }

        var name = data[(_at + 2)..(_seek + length)];
        var open = _depth == 0 ? default : _open[_depth - 1];
        if (open.NameLength == 0 || !name.StartsWith(data.Slice(open.NameStart, open.NameLength))
            || XmlChars.SpaceLength(name[open.NameLength..]) != name.Length - open.NameLength)
        {
            return StreamError.NotWellFormed;
        }

        var start = _at;
        _at = _seek + length + 1;
        Pop(start);
        return null;
    }

    /// <summary>A CDATA section; whatever else begins with <c>&lt;!</c> is not allowed in XMPP (RFC 6120 §11.1).</summary>
    StreamError? ScanSection(ReadOnlySpan<byte> data)
    {
        var opening = "<![CDATA["u8;
        var rest = data[_at..];
        var seen = Math.Min(rest.Length, opening.Length);
        if (!rest[..seen].SequenceEqual(opening[..seen]))
        {
            return StreamError.RestrictedXml;
        }

        if (seen < opening.Length)
        {
            return null;
        }

        if (_depth == 0)
        {
            return StreamError.BadFormat with { Text = "Text outside of any stanza." };
        }

        _seek = Math.Max(_seek, _at + opening.Length);
        var length = data[_seek..].IndexOf("]]>"u8);
        if (length < 0)
        {
            _seek = Math.Max(_seek, data.Length - 2);
            return null;
        }

        var section = data[(_at + opening.Length)..(_seek + length)];
        _at = _seek + length + 3;
        return XmlChars.CheckCharacters(section);
    }

    void Push(Open element)
    {
        if (_depth == _open.Length)
        {
            Array.Resize(ref _open, _depth * 2);
        }

        _open[_depth++] = element;
    }

    /// <summary>Closes the innermost element. <paramref name="contentEnd"/>: where its content ended.</summary>
    void Pop(int contentEnd)
    {
        var open = _open[--_depth];
        _scope.Leave(open.Mark);
        if (_depth == 0)
        {
            _layout.ContentEnd = contentEnd - _cutLength;
        }
        else if (_depth == 1)
        {
            ref var child = ref _children[_childCount - 1];
            child.Length = _at - _cutLength - child.Start;
        }
    }

    void NoteChild(ReadOnlySpan<byte> tag)
    {
        if (_childCount == _children.Length)
        {
            Array.Resize(ref _children, _childCount * 2);
        }

        _children[_childCount++] = new StanzaChild
        {
            Name = Interned.Get(_tag.LocalName(tag)),
            Namespace = _scope.NamespaceOf(_tag, tag),
            Start = _at - _cutLength,
        };
    }

    void NoteRoot(ReadOnlySpan<byte> tag)
    {
        _layout.Name = Interned.Get(_tag.LocalName(tag));
        _layout.Namespace = _scope.NamespaceOf(_tag, tag);
        _layout.Kind = StanzaLayout.KindOf(_layout.Name, _layout.Namespace);
        _layout.NameLength = _tag.NameLength;
        _layout.IdLength = -1;
        var declared = false;
        NeedsRewriting |= _tag.Colon > 0;
        foreach (ref readonly var attribute in _tag.Attributes)
        {
            var name = attribute.Name(tag);
            if (attribute.Colon > 0)
            {
                NeedsRewriting |= !attribute.Prefix(tag).SequenceEqual("xml"u8);
            }
            else if (name.SequenceEqual("xmlns"u8))
            {
                declared = true;
                if (_layout.Namespace == Ns.Client)
                {
                    _cutStart = attribute.Start;
                    _cutLength = attribute.End - attribute.Start;
                }
            }
            else
            {
                _layout.Note(name, attribute.ValueStart, attribute.Value(tag));
            }
        }

        if (_cutLength > 0 && _layout.IdStart > _cutStart)
        {
            _layout.IdStart -= _cutLength;
        }

        _layout.JudgeType();
        NeedsRewriting |= !declared && _layout.Namespace != Ns.Client;
        _layout.ContentStart = tag.Length - _cutLength;
    }
}
