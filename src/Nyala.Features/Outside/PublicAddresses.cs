using System.Net;
using System.Net.Sockets;

namespace Nyala.Features.Outside;

/// <summary>
/// Which addresses strangers may make this server connect to: those of the public internet. What a client names must not reach into
/// the server's own network.
/// </summary>
static class PublicAddresses
{
    /// <summary>RFC 6890 and the registries it began: special-purpose networks.</summary>
    static readonly IPNetwork[] Special =
    [
        .. ((string[])
        [
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "::/96", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        ]).Select(network => IPNetwork.Parse(network)),
    ];

    static readonly IPNetwork Translated = IPNetwork.Parse("64:ff9b::/96");
    static readonly IPNetwork LocallyTranslated = IPNetwork.Parse("64:ff9b:1::/48");
    static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");

    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return IsPublic(address.MapToIPv4());
        }

        if (address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            // An address that carries one of IPv4 reaches that one.
            var bytes = address.GetAddressBytes();
            if (Translated.Contains(address))
            {
                return IsPublic(new IPAddress(bytes.AsSpan(12)));
            }

            if (SixToFour.Contains(address))
            {
                return IsPublic(new IPAddress(bytes.AsSpan(2, 4)));
            }

            if (LocallyTranslated.Contains(address))
            {
                return false;
            }
        }

        return !Array.Exists(Special, network => network.Contains(address));
    }

    /// <summary>Connects to a host, looked up here and now, at one of its public addresses.</summary>
    /// <exception cref="HttpRequestException">It has none.</exception>
    public static async ValueTask<Stream> ConnectAsync(DnsEndPoint host, bool allowPrivate, CancellationToken cancellation)
    {
        var all = IPAddress.TryParse(host.Host.Trim('[', ']'), out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host.Host, cancellation);
        var allowed = allowPrivate ? all : Array.FindAll(all, IsPublic);
        if (allowed.Length == 0)
        {
            throw new HttpRequestException($"{host.Host} has no public address.");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, host.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
