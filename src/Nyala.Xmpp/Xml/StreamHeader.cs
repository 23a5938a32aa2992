namespace Nyala.Xmpp.Xml;

/// <summary>How a transport frames a stream.</summary>
public enum Framing
{
    /// <summary>One long document (RFC 6120).</summary>
    Stream,

    /// <summary>One document per WebSocket message (RFC 7395).</summary>
    WebSocket,
}

/// <summary>
/// A stream header's attributes, unprepared. <paramref name="Lang"/> is inherited by stanzas without their own
/// (RFC 6120 §4.7.4). <paramref name="DefaultNamespace"/> is the content namespace, empty when none is declared.
/// </summary>
public sealed record StreamHeader(string? To, string? From, string? Version, string? Lang, string? Id, string DefaultNamespace);
