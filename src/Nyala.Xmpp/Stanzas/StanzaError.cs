using Nyala.Xmpp.Xml;

namespace Nyala.Xmpp.Stanzas;

/// <summary>
/// What is answered to a stanza that cannot be served (RFC 6120 §8.3): a value, never an exception.
/// </summary>
/// <param name="Type">One of cancel, continue, modify, auth, wait (§8.3.2).</param>
/// <param name="Condition">The defined condition's element name (§8.3.3).</param>
/// <param name="Text">What a person may read, in English; optional.</param>
public sealed record StanzaError(string Type, string Condition, string? Text = null)
{
    /// <summary>An application-specific condition beside the defined one (§8.3.4), or null.</summary>
    public Element? Application { get; init; }

    /// <summary>Who has found it, where that is not whom the stanza was for (§8.3.1), or null.</summary>
    public Jid? By { get; init; }

    /// <summary>What the condition element contains, for <c>gone</c> and <c>redirect</c> an address; or null.</summary>
    public string? Address { get; init; }

    public static StanzaError BadRequest { get; } = new("modify", "bad-request");
    /// <summary>One does not talk to whom one has blocked (XEP-0191 §3.2).</summary>
    public static StanzaError Blocked { get; } = new("cancel", "not-acceptable") { Application = new Element("blocked", Ns.BlockingErrors) };

    public static StanzaError Conflict { get; } = new("cancel", "conflict");
    public static StanzaError FeatureNotImplemented { get; } = new("cancel", "feature-not-implemented");
    public static StanzaError Forbidden { get; } = new("auth", "forbidden");
    public static StanzaError InternalServerError { get; } = new("wait", "internal-server-error");
    public static StanzaError ItemNotFound { get; } = new("cancel", "item-not-found");
    public static StanzaError JidMalformed { get; } = new("modify", "jid-malformed");
    public static StanzaError NotAcceptable { get; } = new("modify", "not-acceptable");
    public static StanzaError NotAllowed { get; } = new("cancel", "not-allowed");
    public static StanzaError NotAuthorized { get; } = new("auth", "not-authorized");
    public static StanzaError PolicyViolation { get; } = new("modify", "policy-violation");
    public static StanzaError RecipientUnavailable { get; } = new("wait", "recipient-unavailable");
    public static StanzaError RegistrationRequired { get; } = new("auth", "registration-required");
    public static StanzaError RemoteServerNotFound { get; } = new("cancel", "remote-server-not-found");
    public static StanzaError RemoteServerTimeout { get; } = new("wait", "remote-server-timeout");
    public static StanzaError ResourceConstraint { get; } = new("wait", "resource-constraint");
    public static StanzaError ServiceUnavailable { get; } = new("cancel", "service-unavailable");
    public static StanzaError SubscriptionRequired { get; } = new("auth", "subscription-required");
    public static StanzaError UndefinedCondition { get; } = new("cancel", "undefined-condition");
    public static StanzaError UnexpectedRequest { get; } = new("wait", "unexpected-request");

    /// <summary>The <c>&lt;error/&gt;</c> element.</summary>
    /// <param name="ns">The content namespace of the stream.</param>
    public Element ToElement(string ns = Ns.Client) =>
        new Element("error", ns).Set("by", By?.ToString()).Set("type", Type)
            .Add(new Element(Condition, Ns.StanzaErrors).AddText(Address))
            .Add(Text is null ? null : new Element("text", Ns.StanzaErrors).Set("xml:lang", "en").AddText(Text))
            .Add(Application);
}
