using System.Globalization;

namespace Nyala.Federation.Naming;

/// <summary>What DNS tells other servers about a domain, for whoever checks its own.</summary>
public static class Publication
{
    /// <summary>Where other servers are sent; empty: to the domain itself, port 5269. Null: DNS cannot be asked now.</summary>
    /// <param name="domain">Prepared.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public static async Task<IReadOnlyList<string>?> FindAsync(string domain, CancellationToken cancellation)
    {
        var found = new List<string>();
        foreach (var service in (string[])["_xmpps-server", "_xmpp-server"])
        {
            var (result, records) = await SystemResolver.ServicesAsync($"{service}._tcp.{new IdnMapping().GetAscii(domain)}.", cancellation);
            if (result == LookUpResult.Failed)
            {
                return null;
            }

            found.AddRange(records.Select(record => string.Create(
                CultureInfo.InvariantCulture, $"{(record.Target.Length == 0 ? "nowhere" : record.Target)} port {record.Port}")));
        }

        return found;
    }
}
