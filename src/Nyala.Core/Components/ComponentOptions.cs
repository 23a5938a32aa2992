namespace Nyala.Core.Components;

/// <summary>Which requests are allowed.</summary>
[Flags]
public enum Access
{
    None = 0,
    Get = 1,
    Set = 2,
    Both = Get | Set,
}

/// <summary>Whose presence a component is told (XEP-0356 §7).</summary>
public enum PresencePermission
{
    None,

    /// <summary>When the accounts here come and go.</summary>
    ManagedEntity,

    /// <summary>And what their contacts elsewhere send them.</summary>
    Roster,
}

/// <summary>A namespace whose requests a component answers in place of the server (XEP-0355 §4.1).</summary>
/// <param name="Namespace">Of the iq's child.</param>
/// <param name="Attributes">Only where the child has all of these.</param>
public sealed record DelegatedNamespace(string Namespace, IReadOnlyList<string> Attributes);

/// <summary>A component that may connect (XEP-0114), and what it may do beyond speaking for its own domain.</summary>
public sealed class ComponentOptions
{
    /// <summary>Prepared.</summary>
    public required string Domain { get; init; }

    /// <summary>What the component proves to know; never shown.</summary>
    public required string Secret { get; init; }

    /// <summary>For people, in service discovery; or null.</summary>
    public string? Name { get; init; }

    /// <summary>Rosters of accounts (XEP-0356 §4).</summary>
    public Access Roster { get; init; }

    /// <summary>It is told of changes of rosters.</summary>
    public bool RosterPushes { get; init; }

    /// <summary>It may send messages in the name of accounts and of the server (XEP-0356 §5).</summary>
    public bool Messages { get; init; }

    public PresencePermission Presence { get; init; }

    /// <summary>Requests it may make in the name of accounts, by namespace (XEP-0356 §6).</summary>
    public IReadOnlyDictionary<string, Access> Iqs { get; init; } = new Dictionary<string, Access>();

    public IReadOnlyList<DelegatedNamespace> Delegated { get; init; } = [];
}
