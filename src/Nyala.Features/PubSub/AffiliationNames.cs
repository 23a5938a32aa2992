using Nyala.Storage;

namespace Nyala.Features.PubSub;

/// <summary>Affiliations as XML has them (XEP-0060 §4.1).</summary>
public static class AffiliationNames
{
    static readonly (string Name, PubSubAffiliation? Affiliation)[] All =
    [
        ("owner", PubSubAffiliation.Owner),
        ("publisher", PubSubAffiliation.Publisher),
        ("publish-only", PubSubAffiliation.PublishOnly),
        ("member", PubSubAffiliation.Member),
        ("outcast", PubSubAffiliation.Outcast),
        ("none", null),
    ];

    public static string Of(PubSubAffiliation? affiliation) => Array.Find(All, entry => entry.Affiliation == affiliation).Name;

    /// <summary>False for what is no affiliation; null is none.</summary>
    public static bool TryParse(string? name, out PubSubAffiliation? affiliation)
    {
        var found = Array.FindIndex(All, entry => entry.Name == name);
        affiliation = found < 0 ? null : All[found].Affiliation;
        return found >= 0;
    }
}
