using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.PubSub;

/// <summary>Stanza errors with the conditions of XEP-0060 §11.</summary>
static class PubSubErrors
{
    static readonly HashSet<string> AccessModels = ["open", "presence", "roster", "authorize", "whitelist"];

    public static StanzaError ClosedNode { get; } = StanzaError.NotAllowed.Because("closed-node");

    public static StanzaError PresenceRequired { get; } = StanzaError.NotAuthorized.Because("presence-subscription-required");

    public static StanzaError NotInRosterGroup { get; } = StanzaError.NotAuthorized.Because("not-in-roster-group");

    public static StanzaError NotSubscribed { get; } = StanzaError.NotAuthorized.Because("not-subscribed");

    public static StanzaError NoSuchSubscriber { get; } = (StanzaError.UnexpectedRequest with { Type = "cancel" }).Because("not-subscribed");

    public static StanzaError PendingSubscription { get; } = StanzaError.NotAuthorized.Because("pending-subscription");

    /// <summary>Of somebody who is no subscriber there are no options (§6.3.4.2).</summary>
    public static StanzaError NoSubscription { get; } = NoSuchSubscriber with { Type = "modify" };

    /// <summary>Subscriptions have no ids: there is one of an address (§6.2.3.5).</summary>
    public static StanzaError InvalidSubscriptionId { get; } = StanzaError.NotAcceptable.Because("invalid-subid");

    public static StanzaError UnsupportedAccessModel { get; } = StanzaError.NotAcceptable.Because("unsupported-access-model");

    public static StanzaError InvalidJid { get; } = StanzaError.BadRequest.Because("invalid-jid");

    public static StanzaError JidRequired { get; } = StanzaError.BadRequest.Because("jid-required");

    public static StanzaError NodeRequired { get; } = StanzaError.BadRequest.Because("nodeid-required");

    public static StanzaError ItemRequired { get; } = StanzaError.BadRequest.Because("item-required");

    public static StanzaError ItemForbidden { get; } = StanzaError.BadRequest.Because("item-forbidden");

    public static StanzaError PayloadRequired { get; } = StanzaError.BadRequest.Because("payload-required");

    public static StanzaError InvalidPayload { get; } = StanzaError.BadRequest.Because("invalid-payload");

    public static StanzaError InvalidOptions { get; } = StanzaError.BadRequest.Because("invalid-options");

    public static StanzaError PayloadTooBig { get; } = StanzaError.NotAcceptable.Because("payload-too-big");

    public static StanzaError PreconditionNotMet { get; } = StanzaError.Conflict.Because("precondition-not-met");

    public static StanzaError NodeFull { get; } = StanzaError.Conflict.Because("node-full");

    public static StanzaError TooManyNodes { get; } = StanzaError.NotAcceptable.Because("max-nodes-exceeded");

    public static StanzaError TooManySubscriptions { get; } = (StanzaError.PolicyViolation with { Type = "wait" }).Because("too-many-subscriptions");

    public static StanzaError StorageFull { get; } = StanzaError.ResourceConstraint with { Text = "There is no room for more items." };

    /// <summary>The service knows no such thing.</summary>
    /// <param name="feature">The feature's short name in XEP-0060 §10.</param>
    public static StanzaError Unsupported(string feature) => StanzaError.FeatureNotImplemented with
    {
        Application = new Element("unsupported", Ns.PubSubErrors).Set("feature", feature),
    };

    /// <summary>Why a node cannot be as a form wants it (§8.1.3, §8.2.5.2; XEP-0248 §4).</summary>
    public static StanzaError Impossible(DataForm form) =>
        form["pubsub#node_type"]?.Value == "collection" || form["pubsub#collection"] is { Value.Length: > 0 } ? Unsupported("collections")
        : form["pubsub#access_model"]?.Value is { } model && !AccessModels.Contains(model) ? UnsupportedAccessModel
        : StanzaError.NotAcceptable;

    static StanzaError Because(this StanzaError error, string condition) =>
        error with { Application = new Element(condition, Ns.PubSubErrors) };
}
