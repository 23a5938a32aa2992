using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Nyala.Host.Configuration;

/// <summary>The sentences that stand over properties in code, from the documentation file beside the binary: written once.</summary>
static partial class Documentation
{
    /// <summary>The summary of each property of a type, in plain text; empty when the file is not there.</summary>
    public static Dictionary<string, string> Summaries(Type type)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        var file = Path.Combine(AppContext.BaseDirectory, type.Assembly.GetName().Name + ".xml");
        if (!File.Exists(file))
        {
            return result;
        }

        var prefix = $"P:{type.FullName}.";
        foreach (var member in XDocument.Load(file).Descendants("member"))
        {
            if ((string?)member.Attribute("name") is { } name && name.StartsWith(prefix, StringComparison.Ordinal))
            {
                result[name[prefix.Length..]] = Plain(member.Element("summary"));
            }
        }

        return result;
    }

    static string Plain(XElement? summary)
    {
        var text = string.Concat(summary?.Nodes().Select(node => node switch
        {
            XText plain => plain.Value,
            XElement { Name.LocalName: "see" } see => ((string?)see.Attribute("cref") ?? "").Split('.')[^1],
            XElement other => other.Value,
            _ => "",
        }) ?? []);
        return Spaces().Replace(text, " ").Trim();
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
