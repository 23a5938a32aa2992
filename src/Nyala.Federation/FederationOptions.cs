using System.Security.Cryptography.X509Certificates;

namespace Nyala.Federation;

/// <summary>How this server talks with others; validated by the host's configuration.</summary>
public sealed record FederationOptions
{
    /// <summary>Other servers must prove who they are by a certificate; off: who has none may do so by dialback over TLS (XEP-0220).</summary>
    public bool RequireCertificates { get; init; }

    /// <summary>Only these domains and those below them; empty: all.</summary>
    public IReadOnlyList<string> Allowed { get; init; } = [];

    /// <summary>Never these domains nor those below them.</summary>
    public IReadOnlyList<string> Denied { get; init; } = [];

    /// <summary>Where some domains are, without asking DNS.</summary>
    public IReadOnlyDictionary<string, Naming.Place> Hosts { get; init; } = new Dictionary<string, Naming.Place>();

    /// <summary>Roots that are trusted beside those of the system.</summary>
    public X509Certificate2Collection Roots { get; init; } = [];

    /// <summary>How long a stored message waits for its server before it goes back to its sender.</summary>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Stored messages that may wait for one domain; more are refused.</summary>
    public int QueuedPerDomain { get; init; } = 10_000;

    /// <summary>Stored messages that may wait for all domains together.</summary>
    public int Queued { get; init; } = 200_000;

    /// <summary>Pairs of domains, ours and theirs, that are dealt with at a time; when there are more, those at rest are forgotten.</summary>
    public int DomainPairs { get; init; } = 20_000;

    /// <summary>Bytes per second another server may send on one connection on average.</summary>
    public int BytesPerSecond { get; init; } = 4_194_304;

    /// <summary>Whether this server talks with a domain.</summary>
    public bool Allows(string domain) => (Allowed.Count == 0 || IsIn(Allowed, domain)) && !IsIn(Denied, domain);

    static bool IsIn(IReadOnlyList<string> list, string domain)
    {
        foreach (var entry in list)
        {
            if (domain == entry || domain.EndsWith("." + entry, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
