using System.Diagnostics.CodeAnalysis;
using Nyala.Core.Components;
using Nyala.Xmpp;

namespace Nyala.Host.Configuration;

/// <summary>The settings that each component has, under its domain: rows of the table of settings as they are asked for.</summary>
static class ComponentSettings
{
    const string Prefix = "Components:";
    const string Placeholder = "<domain>";

    static readonly Setting<string> Secret = new(
        Prefix + Placeholder + ":Secret", "a text of at least 12 characters",
        "Lets the component of that domain connect (XEP-0114); the component's own configuration has the same.", "",
        (string text, out string value) => Values.Text(text, out value) && value.Length is 0 or >= 12)
    { IsSecret = true };

    static readonly Setting<string> Name = new(
        Prefix + Placeholder + ":Name", "a text", "What people see the component called.", "", Values.Text);

    static readonly Setting<Access> Roster = new(
        Prefix + Placeholder + ":Roster", "none, get, set or both", "Whether it may read and change contact lists (XEP-0356).", "none", Rights);

    static readonly Setting<bool?> RosterPush = new(
        Prefix + Placeholder + ":RosterPush", "auto, on or off; on only where it may read contact lists",
        "Whether it is told of changes of contact lists; auto is on where it may read them.", "auto",
        Values.OneOf<bool?>(("auto", null), ("on", true), ("true", true), ("off", false), ("false", false)));

    static readonly Setting<bool> Messages = new(
        Prefix + Placeholder + ":Messages", "none or outgoing", "Whether it may send messages in the name of accounts and of the server (XEP-0356).", "none",
        Values.OneOf(("none", false), ("outgoing", true)));

    static readonly Setting<PresencePermission> Presence = new(
        Prefix + Placeholder + ":Presence", "none, managed_entity or roster; roster only where it may read contact lists",
        "Whose presence it sees (XEP-0356): nobody's, that of accounts here, or also that of their contacts.", "none",
        Values.OneOf(("none", PresencePermission.None), ("managed_entity", PresencePermission.ManagedEntity), ("roster", PresencePermission.Roster)));

    static readonly Setting<IReadOnlyDictionary<string, Access>> Iqs = new(
        Prefix + Placeholder + ":Iq", "namespace=get, set or both, separated by commas, or nothing", "Requests it may make in the name of accounts (XEP-0356).", "", Grants);

    static readonly Setting<IReadOnlyList<DelegatedNamespace>> Delegate = new(
        Prefix + Placeholder + ":Delegate", "namespaces separated by commas, each with attributes that a request must have as in urn:example(node id), or nothing",
        "Requests to the server and to accounts that it answers in their place (XEP-0355).", "", Delegated);

    /// <summary>For the documentation.</summary>
    public static IReadOnlyList<Setting> Templates { get; } = [Secret, Name, Roster, RosterPush, Messages, Presence, Iqs, Delegate];

    /// <summary>The row of a key, or null when no component can have it.</summary>
    public static Setting? Find(string key) =>
        TrySplit(key, out var domain, out var name) && Templates.FirstOrDefault(template => NameOf(template).Equals(name, StringComparison.OrdinalIgnoreCase)) is { } found
            ? found with { Key = $"{Prefix}{domain}:{NameOf(found)}" }
            : null;

    /// <summary>Whether a row is one of a component that somebody has set.</summary>
    public static bool IsOfComponent(Setting setting) => TrySplit(setting.Key, out _, out _);

    /// <summary>The components of a configuration.</summary>
    /// <param name="values">All that is set, by key.</param>
    /// <param name="taken">Domains that this server answers for itself, with what they are.</param>
    public static IReadOnlyList<ComponentOptions> Read(IReadOnlyDictionary<string, SetValue> values, IReadOnlyDictionary<string, string> taken)
    {
        var components = new List<ComponentOptions>();
        var delegated = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var domain in values.Keys.Select(key => TrySplit(key, out var domain, out _) ? domain : null).OfType<string>().Distinct(StringComparer.Ordinal))
        {
            if (taken.TryGetValue(domain, out var what))
            {
                throw new ConfigurationException($"{Prefix}{domain} cannot be a component: that is {what}. Give the component a domain of its own.");
            }

            var component = Read(values, domain);
            foreach (var entry in component.Delegated)
            {
                if (!delegated.TryAdd(entry.Namespace, domain))
                {
                    throw new ConfigurationException(
                        $"{Prefix}{domain}:Delegate and {Prefix}{delegated[entry.Namespace]}:Delegate cannot both have {entry.Namespace}: keep one.");
                }
            }

            components.Add(component);
        }

        return components;
    }

    static ComponentOptions Read(IReadOnlyDictionary<string, SetValue> values, string domain)
    {
        T Get<T>(Setting<T> template)
        {
            var text = values.TryGetValue($"{Prefix}{domain}:{NameOf(template)}", out var set) ? set.Text : template.Default;
            return (T)template.Parse(text)!;
        }

        if (Get(Secret) is not { Length: > 0 } secret)
        {
            throw new ConfigurationException($"{Prefix}{domain} needs a secret: set {Prefix}{domain}:Secret to what the component's own configuration has.");
        }

        var (roster, push, presence) = (Get(Roster), Get<bool?>(RosterPush), Get(Presence));
        var reads = (roster & Access.Get) != 0;
        if (presence == PresencePermission.Roster && !reads)
        {
            throw new ConfigurationException($"{Prefix}{domain}:Presence cannot be roster: allowed is that only where {Prefix}{domain}:Roster is get or both.");
        }

        if (push == true && !reads)
        {
            throw new ConfigurationException($"{Prefix}{domain}:RosterPush cannot be on: allowed is that only where {Prefix}{domain}:Roster is get or both.");
        }

        return new()
        {
            Domain = domain,
            Secret = secret,
            Name = Get(Name) is { Length: > 0 } name ? name : null,
            Roster = roster,
            RosterPushes = push ?? reads,
            Messages = Get(Messages),
            Presence = presence,
            Iqs = Get(Iqs),
            Delegated = Get(Delegate),
        };
    }

    static string NameOf(Setting setting) => setting.Key[(setting.Key.LastIndexOf(':') + 1)..];

    /// <summary>Takes a key apart; the domain is prepared.</summary>
    static bool TrySplit(string key, [NotNullWhen(true)] out string? domain, [NotNullWhen(true)] out string? name)
    {
        (domain, name) = (null, null);
        var last = key.LastIndexOf(':');
        if (!key.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) || last <= Prefix.Length
            || !Jid.TryParse(key.AsSpan(Prefix.Length, last - Prefix.Length), out var jid) || jid is not { Local: null, Resource: null })
        {
            return false;
        }

        (domain, name) = (jid.Domain, key[(last + 1)..]);
        return true;
    }

    static bool Rights(string text, out Access value) =>
        Values.OneOf(("none", Access.None), ("get", Access.Get), ("set", Access.Set), ("both", Access.Both))(text, out value);

    static bool Grants(string text, out IReadOnlyDictionary<string, Access> value)
    {
        var grants = new Dictionary<string, Access>(StringComparer.Ordinal);
        value = grants;
        foreach (var part in Parts(text))
        {
            var equals = part.LastIndexOf('=');
            if (equals <= 0 || !Rights(part[(equals + 1)..].Trim(), out var access) || !grants.TryAdd(part[..equals].Trim(), access))
            {
                return false;
            }
        }

        return true;
    }

    static bool Delegated(string text, out IReadOnlyList<DelegatedNamespace> value)
    {
        var list = new List<DelegatedNamespace>();
        value = list;
        foreach (var part in Parts(text))
        {
            var open = part.IndexOf('(', StringComparison.Ordinal);
            var ns = open < 0 ? part : part[..open].Trim();
            if (ns.Length == 0 || (open >= 0 && !part.EndsWith(')')) || list.Exists(other => other.Namespace == ns))
            {
                return false;
            }

            list.Add(new(ns, open < 0 ? [] : part[(open + 1)..^1].Split(' ', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)));
        }

        return true;
    }

    static string[] Parts(string text) => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
