using System.Globalization;

namespace Nyala.Xmpp.Payloads;

/// <summary>Who may subscribe to a node and read its items (XEP-0060 §4.5).</summary>
public enum AccessModel
{
    Open,
    Presence,
    Roster,
    Authorize,
    Whitelist,
}

/// <summary>Who may publish to a node (XEP-0060 §16.4.3, <c>publish_model</c>).</summary>
public enum PublishModel
{
    Publishers,
    Subscribers,
    Open,
}

/// <summary>When somebody is sent the last item without asking.</summary>
public enum LastItem
{
    Never,
    OnSubscription,
    OnSubscriptionAndPresence,
}

/// <summary>What a full node does with one more item (XEP-0060 §7.1.2.5).</summary>
public enum FullNode
{
    RetractOldest,
    DiscardOldest,
    Reject,
}

/// <summary>
/// How a node is configured (XEP-0060 §16.4.3): what its forms say, as values. The defaults here are those of a node of an
/// account (XEP-0163 §5).
/// </summary>
public sealed record NodeConfiguration
{
    /// <summary>What <c>max</c> means where a number may stand.</summary>
    public const int Unlimited = int.MaxValue;

    public string Title { get; init; } = "";

    public string Description { get; init; } = "";

    public string Language { get; init; } = "";

    /// <summary>The payloads' namespace, or empty for any.</summary>
    public string PayloadType { get; init; } = "";

    public AccessModel Access { get; init; } = AccessModel.Presence;

    /// <summary>Groups of the owner's roster whose members have access; of meaning only to the roster access model.</summary>
    public IReadOnlyList<string> RosterGroups { get; init; } = [];

    public PublishModel Publish { get; init; }

    public bool Persist { get; init; } = true;

    /// <summary>How many items are kept, or <see cref="Unlimited"/>: as many as the server allows.</summary>
    public int MaxItems { get; init; } = 1;

    /// <summary>Seconds an item is kept, or <see cref="Unlimited"/>.</summary>
    public int ItemExpiry { get; init; } = Unlimited;

    public FullNode WhenFull { get; init; }

    /// <summary>Bytes of one payload, or <see cref="Unlimited"/>: as much as the server allows.</summary>
    public int MaxPayload { get; init; } = Unlimited;

    public bool DeliverNotifications { get; init; } = true;

    public bool DeliverPayloads { get; init; } = true;

    public bool NotifyConfiguration { get; init; }

    public bool NotifyDeletion { get; init; } = true;

    public bool NotifyRetraction { get; init; } = true;

    public LastItem SendLast { get; init; } = LastItem.OnSubscriptionAndPresence;

    /// <summary>The type of the messages that carry events: headline, normal or chat.</summary>
    public string NotificationType { get; init; } = "headline";

    /// <summary>Items tell who published them.</summary>
    public bool ShowsPublisher { get; init; }

    /// <summary>Subscriptions are allowed.</summary>
    public bool Subscribable { get; init; } = true;

    /// <summary>The form of that type: <c>form</c> to be filled in, <c>submit</c> to be kept, <c>result</c> to be shown.</summary>
    /// <param name="type">The form's type.</param>
    /// <param name="formType">Its FORM_TYPE.</param>
    /// <param name="groups">The owner's roster groups, which may be chosen from.</param>
    public DataForm ToForm(string type, string formType, IEnumerable<string>? groups = null)
    {
        var form = new DataForm(type, formType);
        foreach (var option in NodeOption.All)
        {
            form.Add(new DataFormField("pubsub#" + option.Name, type == "submit" ? null : option.Type, option.Get(this))
            {
                Label = type == "form" ? option.Label : null,
                Options = type != "form" ? [] : option.Name == "roster_groups_allowed"
                    ? [.. (groups ?? []).Select(group => ((string?)null, group))]
                    : [.. option.Choices.Select(choice => ((string?)null, choice))],
            });
        }

        return form;
    }

    /// <summary>This configuration changed by what a submitted form says; null when a value is impossible. Unknown fields are left alone.</summary>
    public NodeConfiguration? With(DataForm form)
    {
        var changed = this;
        foreach (var field in form.Fields)
        {
            if (NodeOption.Find(field.Var) is { } option && option.Set(changed, field.Values) is var next)
            {
                if (next is null)
                {
                    return null;
                }

                changed = next;
            }
        }

        return changed;
    }

    /// <summary>Whether every field of publish-options is known and says what is so (XEP-0060 §7.1.5).</summary>
    /// <param name="options">The preconditions.</param>
    /// <param name="normal">What the server makes of a configuration before it takes it.</param>
    public bool Meets(DataForm options, Func<NodeConfiguration, NodeConfiguration> normal) => options.Fields.All(field =>
        field.Var == "FORM_TYPE" || (NodeOption.Find(field.Var) is { } option && option.Set(this, field.Values) is { } wanted
            && option.Get(normal(wanted)).SequenceEqual(option.Get(this), StringComparer.Ordinal)));

    /// <summary>Whether all fields are known.</summary>
    public static bool Knows(DataForm options) => options.Fields.All(field => field.Var == "FORM_TYPE" || NodeOption.Find(field.Var) is not null);
}

/// <summary>One field of the node configuration form.</summary>
/// <param name="Name">Without the prefix <c>pubsub#</c>.</param>
/// <param name="Get">The values as a form shows them.</param>
/// <param name="Set">The configuration with other values, or null when they are impossible.</param>
sealed record NodeOption(
    string Name, string Type, string Label, Func<NodeConfiguration, IReadOnlyList<string>> Get, Func<NodeConfiguration, IReadOnlyList<string>, NodeConfiguration?> Set)
{
    const int LongestText = 1_024;
    const int MostGroups = 100;

    static readonly string[] NotificationTypes = ["headline", "normal", "chat"];

    public static readonly NodeOption[] All =
    [
        Text("title", "A name for people", c => c.Title, (c, v) => c with { Title = v }),
        Text("description", "What the node is for", c => c.Description, (c, v) => c with { Description = v }),
        Text("language", "The language of the items", c => c.Language, (c, v) => c with { Language = v }),
        Text("type", "The namespace of the payloads", c => c.PayloadType, (c, v) => c with { PayloadType = v }),
        Choice("access_model", "Who may subscribe and read", ["open", "presence", "roster", "authorize", "whitelist"],
            c => (int)c.Access, (c, v) => c with { Access = (AccessModel)v }),
        new("roster_groups_allowed", "list-multi", "Roster groups that may subscribe and read",
            c => c.RosterGroups, (c, v) => v.Count <= MostGroups && v.All(group => group.Length <= LongestText) ? c with { RosterGroups = [.. v] } : null),
        Choice("publish_model", "Who may publish", ["publishers", "subscribers", "open"],
            c => (int)c.Publish, (c, v) => c with { Publish = (PublishModel)v }),
        Truth("persist_items", "Items are kept", c => c.Persist, (c, v) => c with { Persist = v }),
        Number("max_items", "How many items are kept", "max", 1, c => c.MaxItems, (c, v) => c with { MaxItems = v }),
        Number("item_expire", "Seconds after which items go", "max", 1, c => c.ItemExpiry, (c, v) => c with { ItemExpiry = v }),
        Choice("publish_node_full", "What a full node does", ["retract-oldest", "discard-oldest", "reject"],
            c => (int)c.WhenFull, (c, v) => c with { WhenFull = (FullNode)v }),
        Number("max_payload_size", "The largest payload in bytes", "", 0, c => c.MaxPayload, (c, v) => c with { MaxPayload = v }),
        Truth("deliver_notifications", "Subscribers are notified", c => c.DeliverNotifications, (c, v) => c with { DeliverNotifications = v }),
        Truth("deliver_payloads", "Notifications carry the payload", c => c.DeliverPayloads, (c, v) => c with { DeliverPayloads = v }),
        Truth("notify_config", "Subscribers hear of a new configuration", c => c.NotifyConfiguration, (c, v) => c with { NotifyConfiguration = v }),
        Truth("notify_delete", "Subscribers hear of the node's end", c => c.NotifyDeletion, (c, v) => c with { NotifyDeletion = v }),
        Truth("notify_retract", "Subscribers hear of items that are taken back", c => c.NotifyRetraction, (c, v) => c with { NotifyRetraction = v }),
        Choice("send_last_published_item", "When the last item is sent", ["never", "on_sub", "on_sub_and_presence"],
            c => (int)c.SendLast, (c, v) => c with { SendLast = (LastItem)v }),
        Choice("notification_type", "The type of the notifications", ["headline", "normal", "chat"],
            c => Array.IndexOf(NotificationTypes, c.NotificationType), (c, v) => c with { NotificationType = NotificationTypes[v] }),
        Choice("itemreply", "Items name their publisher", ["none", "publisher"], c => c.ShowsPublisher ? 1 : 0, (c, v) => c with { ShowsPublisher = v == 1 }),
        Truth("subscribe", "Subscriptions are allowed", c => c.Subscribable, (c, v) => c with { Subscribable = v }),
        Fixed("node_type", "leaf"),
        Fixed("purge_offline", "0"),
        Fixed("presence_based_delivery", "0"),
        Fixed("tempsub", "0"),
    ];

    static readonly Dictionary<string, NodeOption> ByName = All.ToDictionary(option => "pubsub#" + option.Name, StringComparer.Ordinal);

    public IReadOnlyList<string> Choices { get; private init; } = [];

    public static NodeOption? Find(string? name) => name is null ? null : ByName.GetValueOrDefault(name);

    static NodeOption Text(string name, string label, Func<NodeConfiguration, string> get, Func<NodeConfiguration, string, NodeConfiguration> set) =>
        new(name, "text-single", label, c => [get(c)], (c, v) => v.Count <= 1 && (v.Count == 0 || v[0].Length <= LongestText) ? set(c, v.Count == 0 ? "" : v[0]) : null);

    static NodeOption Truth(string name, string label, Func<NodeConfiguration, bool> get, Func<NodeConfiguration, bool, NodeConfiguration> set) =>
        new(name, "boolean", label, c => [get(c) ? "1" : "0"], (c, v) => v is ["1" or "true"] ? set(c, true) : v is ["0" or "false"] ? set(c, false) : null);

    static NodeOption Choice(string name, string label, string[] choices, Func<NodeConfiguration, int> get, Func<NodeConfiguration, int, NodeConfiguration> set) =>
        new(name, "list-single", label, c => [choices[get(c)]], (c, v) => v is [{ } value] && Array.IndexOf(choices, value) is >= 0 and var index ? set(c, index) : null)
        {
            Choices = choices,
        };

    /// <summary>A number of at least <paramref name="least"/>, or the word for no limit of one's own.</summary>
    static NodeOption Number(
        string name, string label, string unlimited, int least, Func<NodeConfiguration, int> get, Func<NodeConfiguration, int, NodeConfiguration> set)
    {
        return new(name, "text-single", label,
            c => [get(c) == NodeConfiguration.Unlimited ? unlimited : get(c).ToString(CultureInfo.InvariantCulture)],
            (c, v) => TryRead(v, out var number) ? set(c, number) : null);

        bool TryRead(IReadOnlyList<string> values, out int number)
        {
            number = NodeConfiguration.Unlimited;
            return values is [{ } text] && (text == unlimited || text == "max"
                || (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && (number = (int)Math.Min(value, int.MaxValue)) >= least));
        }
    }

    /// <summary>What cannot be otherwise here; asked for, it is so.</summary>
    static NodeOption Fixed(string name, string value) =>
        new(name, value is "0" ? "boolean" : "list-single", name, _ => [value], (c, v) => v is [{ } wanted] && (wanted == value || (value is "0" && wanted == "false")) ? c : null)
        {
            Choices = value is "0" ? [] : [value],
        };
}
