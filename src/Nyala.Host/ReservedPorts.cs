using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Nyala.Host.Configuration;

namespace Nyala.Host;

/// <summary>
/// A free port for every listener that asks for port 0, kept from the first moment: so addresses can be told before anything
/// is served, and no other program gets the port in between.
/// </summary>
sealed class ReservedPorts : IDisposable
{
    /// <summary>Ports that turn out to be somebody's, one after the other, before that is told.</summary>
    const int Attempts = 10;

    readonly ConcurrentDictionary<EndPoint, Socket> _sockets = [];

    ReservedPorts(NyalaOptions options) => Options = options;

    /// <summary>The configuration with the ports that were chosen.</summary>
    public NyalaOptions Options { get; private set; }

    public static ReservedPorts Choose(NyalaOptions options)
    {
        var ports = new ReservedPorts(options);
        if (Listeners.All(options).Any(kind => kind.Endpoints.Any(endpoint => endpoint.Port == 0)))
        {
            ports.Choose();
        }

        return ports;
    }

    /// <summary>The socket to listen with: the one that was kept, or a new one.</summary>
    public Socket Bind(EndPoint endpoint) =>
        _sockets.TryRemove(endpoint, out var kept) ? kept : SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);

    public void Dispose()
    {
        foreach (var socket in _sockets.Values)
        {
            socket.Dispose();
        }
    }

    void Choose()
    {
        IReadOnlyList<IPEndPoint> ChooseAll(IReadOnlyList<IPEndPoint> endpoints) =>
            [.. endpoints.Select(endpoint => endpoint.Port == 0 ? Reserve(endpoint) : endpoint)];

        var chosen = Options with
        {
            Xmpp = ChooseAll(Options.Xmpp), XmppTls = ChooseAll(Options.XmppTls),
            Servers = ChooseAll(Options.Servers), ServersTls = ChooseAll(Options.ServersTls), Components = ChooseAll(Options.Components), Http = ChooseAll(Options.Http), Https = ChooseAll(Options.Https),
        };
        var address = Domains.WebAddress(
            Options.Sources[Settings.WebAddress.Key].Text, Options.Server.Domain, Options.IsPublic, chosen.Http, chosen.Https);
        Options = chosen with { Server = Options.Server with { WebAddress = address } };
    }

    IPEndPoint Reserve(IPEndPoint endpoint)
    {
        for (var attempt = 1; ; attempt++)
        {
            // Exclusive: with SO_REUSEADDR, another socket that does not listen yet could be given the same port.
            var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { ExclusiveAddressUse = true };
            try
            {
                socket.Bind(endpoint);

                // At once, since Linux looks for conflicts again when it begins to listen: somebody's outgoing connection may get
                // a port that is only bound. Whoever comes now waits until the server accepts.
                socket.Listen();
            }
            catch (SocketException e)
            {
                socket.Dispose();
                if (e.SocketErrorCode == SocketError.AddressAlreadyInUse && attempt < Attempts)
                {
                    continue;
                }

                // Opening the port 0 fails in the same way, and is explained with the others.
                return endpoint;
            }

            var chosen = (IPEndPoint)socket.LocalEndPoint!;
            _sockets[chosen] = socket;
            return chosen;
        }
    }
}
