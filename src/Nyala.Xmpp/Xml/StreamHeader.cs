using System.Globalization;

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
public sealed record StreamHeader(string? To, string? From, string? Version, string? Lang, string? Id, string DefaultNamespace)
{
    /// <summary>Whether the peer speaks XMPP 1.0: so does who speaks a later version; without one it is older (RFC 6120 §4.7.5).</summary>
    public bool SpeaksOurVersion =>
        Version is not null && Version.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot
        && int.TryParse(Version.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out var major) && major >= 1
        && int.TryParse(Version.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _);
}
