using Nyala.Federation.Naming;
using Nyala.Xmpp;

namespace Nyala.Host.Configuration;

/// <summary>How texts become lists about other servers.</summary>
static class Lists
{
    /// <summary>Domains separated by commas, prepared.</summary>
    public static bool Domains(string text, out IReadOnlyList<string> value)
    {
        var domains = new List<string>();
        value = domains;
        foreach (var part in Parts(text))
        {
            if (!TryDomain(part, out var domain))
            {
                return false;
            }

            domains.Add(domain);
        }

        return true;
    }

    /// <summary>Domains and where their servers are.</summary>
    public static bool Places(string text, out IReadOnlyDictionary<string, Place> value)
    {
        var places = new Dictionary<string, Place>(StringComparer.Ordinal);
        value = places;
        foreach (var part in Parts(text))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0 || !TryDomain(part[..equals].Trim(), out var domain)
                || !Place.TryParse(part[(equals + 1)..].Trim(), out var place) || !places.TryAdd(domain, place!))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Addresses with a scheme.</summary>
    public static bool Uris(string text, out IReadOnlyList<string> value)
    {
        value = Parts(text);
        return value.All(part => Uri.TryCreate(part, UriKind.Absolute, out var uri) && part.StartsWith(uri.Scheme + ':', StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Some of a few words.</summary>
    public static TryParse<IReadOnlyList<string>> SomeOf(params string[] words) => (string text, out IReadOnlyList<string> value) =>
    {
        value = Parts(text);
        return value.All(part => words.Contains(part, StringComparer.Ordinal));
    };

    static string[] Parts(string text) => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    static bool TryDomain(string text, out string domain)
    {
        var good = Jid.TryParse(text, out var jid) && jid is { Local: null, Resource: null };
        domain = good ? jid!.Domain : "";
        return good;
    }
}
