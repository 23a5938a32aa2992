using System.Diagnostics.CodeAnalysis;
using Nyala.Xmpp.Xml;

namespace Nyala.Xmpp.Payloads;

/// <summary>What an entity is (XEP-0030 §3.1).</summary>
public sealed record DiscoIdentity(string Category, string Type, string? Name = null, string? Lang = null);

/// <summary>What an entity is and can (XEP-0030 §3, with the forms of XEP-0128).</summary>
/// <param name="Identities">At least one.</param>
/// <param name="Features">The namespaces it knows.</param>
/// <param name="Forms">Extended information.</param>
public sealed record DiscoInfo(IReadOnlyList<DiscoIdentity> Identities, IReadOnlyList<string> Features, IReadOnlyList<DataForm> Forms)
{
    /// <summary>The <c>&lt;query/&gt;</c> element.</summary>
    public Element ToElement(string? node = null)
    {
        var query = new Element("query", Ns.DiscoInfo).Set("node", node);
        foreach (var identity in Identities)
        {
            query.Add(new Element("identity", Ns.DiscoInfo)
                .Set("category", identity.Category).Set("type", identity.Type).Set("name", identity.Name).Set("xml:lang", identity.Lang));
        }

        foreach (var feature in Features)
        {
            query.Add(new Element("feature", Ns.DiscoInfo).Set("var", feature));
        }

        return query.Add(Forms.Select(form => form.ToElement()));
    }

    /// <summary>Reads a result; false when an identity, a feature or a form is malformed.</summary>
    /// <param name="query">The element.</param>
    /// <param name="lang">The language that holds around it, or null.</param>
    /// <param name="info">What it says.</param>
    public static bool TryParse(Element query, string? lang, [NotNullWhen(true)] out DiscoInfo? info)
    {
        info = null;
        if (!query.Is("query", Ns.DiscoInfo))
        {
            return false;
        }

        lang = query["xml:lang"] ?? lang;
        var identities = new List<DiscoIdentity>();
        var features = new List<string>();
        var forms = new List<DataForm>();
        foreach (var child in query.Children)
        {
            if (child.Is("identity", Ns.DiscoInfo) && child["category"] is { } category && child["type"] is { } type)
            {
                identities.Add(new DiscoIdentity(category, type, child["name"], child["xml:lang"] ?? lang));
            }
            else if (child.Is("feature", Ns.DiscoInfo) && child["var"] is { } feature)
            {
                features.Add(feature);
            }
            else if (DataForm.TryParse(child, out var form))
            {
                forms.Add(form);
            }
            else if (child.Namespace is Ns.DiscoInfo or Ns.DataForms)
            {
                return false;
            }
        }

        info = new DiscoInfo(identities, features, forms);
        return true;
    }
}
