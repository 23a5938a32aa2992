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
