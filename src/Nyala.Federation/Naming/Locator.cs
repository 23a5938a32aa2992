using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Nyala.Federation.Naming;

/// <summary>Finds out where a domain's server is (RFC 6120 §3.2, XEP-0368) and connects to it. Safe from any thread.</summary>
sealed class Locator(FederationOptions options, TimeProvider time)
{
    /// <summary>How long one address may take.</summary>
    static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(10);

    /// <summary>Addresses that are tried for one domain.</summary>
    const int MostAddresses = 8;

    static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true };

    /// <summary>A connected socket, or why there is none; final when asking again would not help.</summary>
    public async Task<(Socket? Socket, bool DirectTls, string Problem, bool IsFinal)> ConnectAsync(string domain, CancellationToken cancellation)
    {
        var (places, result) = await PlacesAsync(domain, cancellation);
        if (places.Count == 0)
        {
            return (null, false, result == LookUpResult.None ? "it has no server" : "its name cannot be looked up at the moment", result == LookUpResult.None);
        }

        var problem = "it has no address";
        var isFinal = true;
        var tried = 0;
        foreach (var place in places)
        {
            var (addresses, found) = await AddressesAsync(place.Host, cancellation);
            isFinal &= found == LookUpResult.None;
            foreach (var address in addresses)
            {
                if (tried++ >= MostAddresses)
                {
                    break;
                }

                isFinal = false;
                if (await TryConnectAsync(new(address, place.Port), cancellation) is var (socket, reason) && socket is not null)
                {
                    return (socket, place.DirectTls, "", false);
                }

                problem = $"{address} port {place.Port}: {reason}";
            }
        }

        return (null, false, problem, isFinal);
    }

    async Task<(List<Place> Places, LookUpResult Result)> PlacesAsync(string domain, CancellationToken cancellation)
    {
        if (options.Hosts.TryGetValue(domain, out var known))
        {
            return ([known], LookUpResult.Found);
        }

        var literal = domain.Trim('[', ']');
        if (IPAddress.TryParse(literal, out _))
        {
            return ([new(literal, Place.UsualPort, DirectTls: false)], LookUpResult.Found);
        }

        string name;
        try
        {
            name = Idn.GetAscii(domain);
        }
        catch (ArgumentException)
        {
            return ([], LookUpResult.None);
        }

        var direct = SystemResolver.ServicesAsync("_xmpps-server._tcp." + name + ".", cancellation);
        var (result, upgraded) = await SystemResolver.ServicesAsync("_xmpp-server._tcp." + name + ".", cancellation);
        var (directResult, encrypted) = await direct;

        // XEP-0368 §2: both kinds in one order. A dot says that there is none of the kind (RFC 2782).
        var records = encrypted.Select(record => (record, DirectTls: true)).Concat(upgraded.Select(record => (record, DirectTls: false))).ToList();
        if (upgraded.Count > 0 || records.Exists(entry => entry.record.Target.Length > 0))
        {
            var places = ServiceRecords.InOrder(
                records.Where(entry => entry.record.Target.Length > 0)
                    .Select(entry => (entry.record, new Place(entry.record.Target, entry.record.Port, entry.DirectTls))),
                Random.Shared);
            return (places, LookUpResult.None);
        }

        return result == LookUpResult.Failed || directResult == LookUpResult.Failed
            ? ([], LookUpResult.Failed)
            : ([new(name, Place.UsualPort, DirectTls: false)], LookUpResult.Found);
    }

    static async Task<(IPAddress[] Addresses, LookUpResult Result)> AddressesAsync(string host, CancellationToken cancellation)
    {
        if (IPAddress.TryParse(host, out var address))
        {
            return ([address], LookUpResult.Found);
        }

        try
        {
            return (await Dns.GetHostAddressesAsync(host, cancellation), LookUpResult.Found);
        }
        catch (SocketException e)
        {
            return ([], e.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData ? LookUpResult.None : LookUpResult.Failed);
        }
    }

    async Task<(Socket? Socket, string Reason)> TryConnectAsync(IPEndPoint endpoint, CancellationToken cancellation)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        using var limit = new CancellationTokenSource(ConnectTime, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            await socket.ConnectAsync(endpoint, either.Token);
            return (socket, "");
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            return (null, e is OperationCanceledException ? "it does not answer" : e.Message);
        }
    }
}
