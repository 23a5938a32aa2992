// HOT PATH
using Nyala.Xmpp.Stanzas;

namespace Nyala.Xmpp.Xml;

/// <summary>
/// The incremental reader of XMPP's subset of XML. Feed it bytes in pieces of any size; it copies what it needs and
/// keeps no reference to the input. Between stanzas it holds no buffer. The result does not depend on how the input is
/// cut into pieces. Holds no connection, does no I/O, never throws on input. Not thread-safe.
/// </summary>
public sealed class XmppReader
{
    enum Phase
    {
        /// <summary>The stream header is expected.</summary>
        Prolog,

        /// <summary>A first-level element or the end is expected.</summary>
        Stream,

        /// <summary>The header was an empty element: the stream's end is to be told with the next call.</summary>
        Ending,

        /// <summary>The peer closed the stream; what still comes is ignored.</summary>
        Closed,

        Failed,
    }

    readonly Framing _framing;
    readonly bool _betweenServers;
    Phase _phase;
    StreamStart? _start;
    Stanza? _stanza;
    StreamError? _error;
    ElementScanner? _scanner;
    PendingInput _pending;
    int _seek;
    byte _quote;
    bool _restarted;
    bool _began;
    bool _messageDone;

    /// <param name="framing">How the stream is framed.</param>
    /// <param name="limits">What a peer may send.</param>
    /// <param name="betweenServers">
    /// The content namespace may be jabber:server or that of components, and counts as jabber:client (RFC 6120 §4.8.3): so stanzas are
    /// read, kept and passed on as those of clients are.
    /// </param>
    public XmppReader(Framing framing, ReaderLimits limits, bool betweenServers = false)
    {
        _framing = framing;
        _betweenServers = betweenServers;
        Limits = limits;
    }

    /// <summary>May be raised once a stream is authenticated.</summary>
    public ReaderLimits Limits { get; set; }

    /// <summary>Valid after <see cref="ReadResult.StreamOpen"/> until the next call; the caller's to keep.</summary>
    public StreamHeader Header => _start?.Header ?? throw new InvalidOperationException("No stream header was read.");

    /// <summary>Valid after <see cref="ReadResult.Stanza"/> until the next call; the caller's to keep.</summary>
    public Stanza Stanza => _stanza ?? throw new InvalidOperationException("No stanza was read.");

    /// <summary>Valid after <see cref="ReadResult.Error"/>.</summary>
    public StreamError Error => _error ?? throw new InvalidOperationException("No error was met.");

    /// <summary>True while a first-level element or the header is incomplete (an idle stream is not).</summary>
    public bool InsideStanza => _pending.Length > 0;

    /// <summary>
    /// Reads on until one result; call again with the unconsumed rest, also when that is empty: only
    /// <see cref="ReadResult.NeedMore"/> says that nothing is left to tell.
    /// </summary>
    public ReadResult Read(ReadOnlySpan<byte> input, out int consumed)
    {
        _stanza = null;
        if (_start is { Header: not null } told)
        {
            told.Header = null;
        }

        consumed = 0;
        while (true)
        {
            switch (_phase)
            {
                case Phase.Failed:
                    consumed = input.Length;
                    return ReadResult.Error;
                case Phase.Closed:
                    consumed = input.Length;
                    return ReadResult.NeedMore;
                case Phase.Ending:
                    return Close();
            }

            var result = _pending.Length > 0 ? ReadBuffered(input, ref consumed) : ReadDirectly(input, ref consumed);
            if (result == ReadResult.Error)
            {
                consumed = input.Length;
            }

            if (result is not null)
            {
                return result.Value;
            }
        }
    }

    /// <summary>WebSocket framing: tells that a message ended; an incomplete document is an error.</summary>
    public ReadResult EndOfMessage()
    {
        _messageDone = false;
        return _phase == Phase.Failed || _pending.Length > 0
            ? Fail(StreamError.BadFormat with { Text = "Each message must be one complete element (RFC 7395 §3.3)." })
            : ReadResult.NeedMore;
    }

    /// <summary>Forgets the stream: a new header is expected (after TLS and SASL, RFC 6120 §4.3.3).</summary>
    public void Reset()
    {
        Release();
        _phase = Phase.Prolog;
        _start = null;
        _stanza = null;
        _error = null;
        _restarted = true;
        _began = false;
    }

    /// <summary>Reads from the input itself: the usual case, in which whole stanzas arrive.</summary>
    /// <returns>The result, or null to go on.</returns>
    ReadResult? ReadDirectly(ReadOnlySpan<byte> input, ref int consumed)
    {
        var space = XmlChars.SpaceLength(input[consumed..]);

        // What is left of the stream before this one may end in whitespace; it is not this document's (§4.4).
        _began |= space > 0 && !_restarted;
        consumed += space;
        if (consumed == input.Length)
        {
            return ReadResult.NeedMore;
        }

        if (input[consumed] != '<' || _messageDone)
        {
            return Fail(Stray(input[consumed]));
        }

        var limit = Limit;
        var data = input[consumed..];
        var offered = data.Length > limit ? data[..limit] : data;
        var result = Scan(offered, out var used);
        if (result == ReadResult.NeedMore)
        {
            if (offered.Length == limit)
            {
                return Fail(TooBig());
            }

            consumed = input.Length;
            _pending.Append(offered);
            return ReadResult.NeedMore;
        }

        consumed += used;
        return result;
    }

    /// <summary>Reads on in what was kept of an incomplete token or element.</summary>
    ReadResult? ReadBuffered(ReadOnlySpan<byte> input, ref int consumed)
    {
        var limit = Limit;
        var before = _pending.Length;
        var taken = Math.Min(input.Length - consumed, Math.Max(0, limit - before));
        _pending.Append(input.Slice(consumed, taken));
        var result = Scan(_pending.Bytes, out var used);
        if (result == ReadResult.NeedMore)
        {
            consumed += taken;
            return _pending.Length >= limit ? Fail(TooBig()) : result;
        }

        consumed += used - before;
        Release();
        return result;
    }

    int Limit => _phase == Phase.Prolog && _framing == Framing.Stream ? Math.Min(StreamStart.LargestHeader, Limits.StanzaBytes) : Limits.StanzaBytes;

    /// <summary>Scans what begins with <c>&lt;</c>. <paramref name="used"/> is its length when it is complete.</summary>
    /// <returns>The result, or null when something was read that is not told to the caller.</returns>
    ReadResult? Scan(ReadOnlySpan<byte> data, out int used)
    {
        used = 0;
        if (_framing == Framing.WebSocket)
        {
            return ScanElement(data, out used);
        }

        if (data.Length < 2)
        {
            return ReadResult.NeedMore;
        }

        return (_phase, data[1]) switch
        {
            (Phase.Prolog, (byte)'?') => ScanDeclaration(data, out used),
            (Phase.Prolog, (byte)'!') => Fail(StreamError.RestrictedXml),
            (Phase.Prolog, _) => ScanHeader(data, out used),
            (_, (byte)'/') => ScanEnd(data, out used),
            _ => ScanElement(data, out used),
        };
    }

    ReadResult? ScanDeclaration(ReadOnlySpan<byte> data, out int used)
    {
        used = 0;
        var opening = "<?xml"u8;
        var seen = Math.Min(data.Length, opening.Length);
        if (!data[..seen].SequenceEqual(opening[..seen]) || (data.Length > seen && !XmlChars.IsSpace(data[seen])))
        {
            return Fail(StreamError.RestrictedXml);
        }

        // XML 1.0 §2.8: nothing stands before the declaration.
        if (_began && seen == opening.Length)
        {
            return Fail(StreamError.NotWellFormed);
        }

        var length = data.IndexOf("?>"u8);
        if (length < 0)
        {
            return ReadResult.NeedMore;
        }

        used = length + 2;
        _began = true;
        return StreamStart.CheckDeclaration(data[opening.Length..length]) is { } error ? Fail(error) : null;
    }

    ReadResult? ScanHeader(ReadOnlySpan<byte> data, out int used)
    {
        _seek = Math.Max(_seek, 1);
        used = StartTag.FindEnd(data, ref _seek, ref _quote) + 1;
        if (used == 0)
        {
            return ReadResult.NeedMore;
        }

        _seek = 0;
        if (used < 0)
        {
            return Fail(StreamError.NotWellFormed);
        }

        _start = StreamStart.Read(data[..used], Limits, _betweenServers, out var empty, out var error);
        if (error is not null)
        {
            return Fail(error);
        }

        _phase = empty ? Phase.Ending : Phase.Stream;
        return ReadResult.StreamOpen;
    }

    ReadResult? ScanEnd(ReadOnlySpan<byte> data, out int used)
    {
        used = data[_seek..].IndexOf((byte)'>') + 1;
        if (used == 0)
        {
            _seek = data.Length;
            return ReadResult.NeedMore;
        }

        used += _seek;
        _seek = 0;
        return _start!.IsEndedBy(data[..used]) ? Close() : Fail(StreamError.NotWellFormed);
    }

    ReadResult? ScanElement(ReadOnlySpan<byte> data, out int used)
    {
        used = 0;
        var outer = _start is null ? NamespaceScope.Empty : _start.Scope;
        var scanner = _scanner ??= ElementScanner.Rent(outer, Limits);
        var result = scanner.Scan(data);
        if (_framing == Framing.Stream && scanner.Root is ("stream", Ns.Streams))
        {
            // Told at once: what follows would be taken for its content until a limit is met.
            return Fail(StreamError.BadFormat with { Text = "The stream is open already." });
        }

        switch (result)
        {
            case ReadResult.NeedMore:
                return ReadResult.NeedMore;
            case ReadResult.Error:
                return Fail(scanner.Error);
        }

        used = scanner.Length;
        var error = Canonical.Read(scanner, data[..used], outer, Limits, out _stanza);
        scanner.Return();
        _scanner = null;
        if (error is not null)
        {
            return Fail(error);
        }

        return _framing == Framing.WebSocket ? Framed(_stanza!) : ReadResult.Stanza;
    }

    /// <summary>A whole message over WebSocket (RFC 7395 §3.3).</summary>
    ReadResult Framed(Stanza element)
    {
        _messageDone = true;
        if (element.Namespace == Ns.Framing)
        {
            switch (element.Name)
            {
                case "close":
                    return Close();
                case "open" when _phase == Phase.Prolog:
                    _start = StreamStart.Framed(element);
                    _phase = Phase.Stream;
                    _stanza = null;
                    return ReadResult.StreamOpen;
                default:
                    return Fail(StreamError.BadFormat with { Text = "An open or close is not allowed here." });
            }
        }

        if (_phase == Phase.Prolog || element.Namespace.Length == 0)
        {
            return Fail(StreamError.InvalidNamespace with { Text = "A stream begins with an open in the framing namespace, and every element declares its own (RFC 7395 §3.3)." });
        }

        return ReadResult.Stanza;
    }

    ReadResult Close()
    {
        _phase = Phase.Closed;
        _stanza = null;
        return ReadResult.StreamClose;
    }

    ReadResult Fail(StreamError error)
    {
        Release();
        _stanza = null;
        _error ??= error;
        _phase = Phase.Failed;
        return ReadResult.Error;
    }

    /// <summary>What stands where only an element may.</summary>
    StreamError Stray(byte value)
    {
        // These bytes begin no UTF-8 character; 0xFE and 0xFF are the byte order marks of other encodings (§11.6).
        if (value is >= 0x80 and < 0xC2 or > 0xF4)
        {
            return StreamError.UnsupportedEncoding;
        }

        if (_messageDone)
        {
            return StreamError.BadFormat with { Text = "Each message must be one complete element (RFC 7395 §3.3)." };
        }

        // Text before the root element is not XML. Text between stanzas is, but nothing an XMPP server can process (§4.9.3.1).
        return _phase == Phase.Prolog ? StreamError.NotWellFormed : StreamError.BadFormat with { Text = "Text outside of any stanza." };
    }

    StreamError TooBig() => Canonical.TooBig(Limit);

    /// <summary>Lets go of everything that an incomplete element needs.</summary>
    void Release()
    {
        _scanner?.Return();
        _scanner = null;
        _pending.Release();
        _seek = 0;
        _quote = 0;
    }
}
