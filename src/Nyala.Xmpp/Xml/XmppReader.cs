// HOT PATH
using Nyala.Xmpp.Stanzas;

namespace Nyala.Xmpp.Xml;

/// <summary>What the reader found.</summary>
public enum ReadResult
{
    /// <summary>All input is consumed and no token is complete.</summary>
    NeedMore,

    /// <summary><see cref="XmppReader.Header"/> is a stream header (or a framing <c>open</c>).</summary>
    StreamOpen,

    /// <summary><see cref="XmppReader.Stanza"/> is a complete first-level element.</summary>
    Stanza,

    /// <summary>The stream was closed by its peer.</summary>
    StreamClose,

    /// <summary><see cref="XmppReader.Error"/> says why the stream must end. Final.</summary>
    Error,
}

/// <summary>Limits that hold while reading, never after (values come from configuration).</summary>
/// <param name="StanzaBytes">The largest first-level element in bytes.</param>
/// <param name="Depth">How deep elements may nest in a first-level element.</param>
/// <param name="Attributes">How many attributes (namespace declarations included) one tag may have.</param>
public sealed record ReaderLimits(int StanzaBytes = 262_144, int Depth = 64, int Attributes = 64);

/// <summary>How a transport frames a stream.</summary>
public enum Framing
{
    /// <summary>One long document (RFC 6120).</summary>
    Stream,

    /// <summary>One document per WebSocket message (RFC 7395).</summary>
    WebSocket,
}

/// <summary>A stream header's attributes, unprepared.</summary>
public sealed record StreamHeader(string? To, string? From, string? Version, string? Lang, string? Id, string DefaultNamespace);

/// <summary>
/// The incremental reader of XMPP's subset of XML. Feed it bytes in pieces of any size; it copies what it needs and
/// keeps no reference to the input. Holds no connection, does no I/O, never throws on input. Not thread-safe.
/// </summary>
public sealed class XmppReader
{
    public XmppReader(Framing framing, ReaderLimits limits) => throw new NotImplementedException();

    /// <summary>May be raised once a stream is authenticated.</summary>
    public ReaderLimits Limits { get; set; }

    /// <summary>Valid after <see cref="ReadResult.StreamOpen"/>.</summary>
    public StreamHeader Header => throw new NotImplementedException();

    /// <summary>Valid after <see cref="ReadResult.Stanza"/>; the caller's to keep.</summary>
    public Stanza Stanza => throw new NotImplementedException();

    /// <summary>Valid after <see cref="ReadResult.Error"/>.</summary>
    public StreamError Error => throw new NotImplementedException();

    /// <summary>True while a first-level element is incomplete (an idle stream is not).</summary>
    public bool InsideStanza => throw new NotImplementedException();

    /// <summary>Reads on until one result; call again with the unconsumed rest.</summary>
    public ReadResult Read(ReadOnlySpan<byte> input, out int consumed) => throw new NotImplementedException();

    /// <summary>WebSocket framing: tells that a message ended; an incomplete document is an error.</summary>
    public ReadResult EndOfMessage() => throw new NotImplementedException();

    /// <summary>Forgets the stream: a new header is expected (after TLS and SASL, RFC 6120 §4.3.3).</summary>
    public void Reset() => throw new NotImplementedException();
}
