using System.Net;

namespace Nyala.Host.Configuration;

/// <summary>What a domain's name tells about who can reach it.</summary>
static class Domains
{
    // RFC 6761, RFC 8375 and ICANN's .internal: names that never resolve for the public.
    static readonly string[] PrivateEndings = ["localhost", "local", "test", "invalid", "internal", "home.arpa", "lan"];

    /// <summary>Whether strangers' devices could look the name up.</summary>
    public static bool IsPublic(string domain) =>
        domain.Contains('.', StringComparison.Ordinal)
        && !IPAddress.TryParse(domain.Trim('[', ']'), out _)
        && !Array.Exists(PrivateEndings, ending => domain == ending || domain.EndsWith("." + ending, StringComparison.Ordinal));

    /// <summary>The base of web addresses, without a slash at the end.</summary>
    public static string WebAddress(string configured, string domain, bool isPublic, IReadOnlyList<IPEndPoint> http, IReadOnlyList<IPEndPoint> https)
    {
        if (configured != "auto")
        {
            return configured;
        }

        var (scheme, endpoint) = (isPublic ? https : http, isPublic ? http : https) switch
        {
            ([var first, ..], _) => (isPublic ? "https" : "http", first),
            (_, [var first, ..]) => (isPublic ? "http" : "https", first),
            _ => (isPublic ? "https" : "http", null),
        };
        var host = isPublic || endpoint is null ? domain : Host(endpoint.Address);
        return endpoint is null || endpoint.Port == (scheme == "https" ? 443 : 80)
            ? $"{scheme}://{host}"
            : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{scheme}://{host}:{endpoint.Port}");
    }

    static string Host(IPAddress address) =>
        address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) ? IPAddress.Loopback.ToString() : new UriBuilder { Host = address.ToString() }.Uri.Host;
}
