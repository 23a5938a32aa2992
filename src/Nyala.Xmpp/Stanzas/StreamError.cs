using Nyala.Xmpp.Xml;

namespace Nyala.Xmpp.Stanzas;

/// <summary>Why a stream is closed (RFC 6120 §4.9). Unrecoverable by definition.</summary>
/// <param name="Condition">The defined condition's element name (§4.9.3).</param>
/// <param name="Text">What a person may read, in English; optional.</param>
public sealed record StreamError(string Condition, string? Text = null)
{
    /// <summary>An application-specific condition (§4.9.4), or null.</summary>
    public Element? Application { get; init; }

    public static StreamError BadFormat { get; } = new("bad-format");
    public static StreamError BadNamespacePrefix { get; } = new("bad-namespace-prefix");
    public static StreamError Conflict { get; } = new("conflict");
    public static StreamError ConnectionTimeout { get; } = new("connection-timeout");
    public static StreamError HostUnknown { get; } = new("host-unknown");
    public static StreamError ImproperAddressing { get; } = new("improper-addressing");
    public static StreamError InternalServerError { get; } = new("internal-server-error");
    public static StreamError InvalidFrom { get; } = new("invalid-from");
    public static StreamError InvalidNamespace { get; } = new("invalid-namespace");
    public static StreamError InvalidXml { get; } = new("invalid-xml");
    public static StreamError NotAuthorized { get; } = new("not-authorized");
    public static StreamError NotWellFormed { get; } = new("not-well-formed");
    public static StreamError PolicyViolation { get; } = new("policy-violation");
    public static StreamError Reset { get; } = new("reset");
    public static StreamError ResourceConstraint { get; } = new("resource-constraint");
    public static StreamError RestrictedXml { get; } = new("restricted-xml");
    public static StreamError SystemShutdown { get; } = new("system-shutdown");
    public static StreamError UndefinedCondition { get; } = new("undefined-condition");
    public static StreamError UnsupportedEncoding { get; } = new("unsupported-encoding");
    public static StreamError UnsupportedFeature { get; } = new("unsupported-feature");
    public static StreamError UnsupportedStanzaType { get; } = new("unsupported-stanza-type");
    public static StreamError UnsupportedVersion { get; } = new("unsupported-version");

    /// <summary>The <c>&lt;stream:error/&gt;</c> element.</summary>
    public Element ToElement() =>
        new Element("error", Ns.Streams)
            .Add(new Element(Condition, Ns.StreamErrors))
            .Add(Text is null ? null : new Element("text", Ns.StreamErrors).Set("xml:lang", "en").AddText(Text))
            .Add(Application);
}
