using Nyala.Federation.Naming;
using Nyala.Host.Configuration;

namespace Nyala.Host.Doctor;

/// <summary>Whether other servers find their way to this one.</summary>
static class FederationCheck
{
    const string Name = "Other servers";

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public static async Task<Finding> RunAsync(NyalaOptions options)
    {
        if (options.Federation is null)
        {
            return Finding.Ok(Name, "people here talk among themselves only (Federation:Enabled)");
        }

        if (!options.IsPublic)
        {
            return Finding.Ok(Name, "the domain is in no public DNS; other servers need to be told where it is");
        }

        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        IReadOnlyList<string>? places;
        try
        {
            places = await Publication.FindAsync(options.Server.Domain, limit.Token);
        }
        catch (OperationCanceledException)
        {
            places = null;
        }

        return places switch
        {
            null => Finding.Problem(Name, "DNS does not answer, so none can be found", "Check /etc/resolv.conf and the network."),
            [] when options.Servers.Any(endpoint => endpoint.Port == Place.UsualPort) =>
                Finding.Ok(Name, $"no SRV records: they come to {options.Server.Domain} port {Place.UsualPort}"),
            [] => Finding.Problem(
                Name, $"no SRV records, so they come to port {Place.UsualPort}, where this server does not listen",
                "Set Listen:Servers to 5269, or add an SRV record _xmpp-server._tcp for the port it has."),
            _ => Finding.Ok(Name, $"SRV records send them to {string.Join(", ", places)}"),
        };
    }
}
