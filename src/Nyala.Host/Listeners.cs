using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Nyala.Core.Connections;
using Nyala.Federation;
using Nyala.Federation.Components;
using Nyala.Host.Administration;
using Nyala.Host.Configuration;

namespace Nyala.Host;

/// <summary>The ports: which are opened for what, and what to say when one cannot be.</summary>
sealed class Listeners(NyalaOptions options, ConnectionServices connections, ICertificates certificates)
{
    /// <summary>How many connections may wait to be accepted at each port.</summary>
    public const int Backlog = 4_096;

    /// <summary>What each kind of listener is called, with its endpoints.</summary>
    public static IEnumerable<(string What, Setting Setting, IReadOnlyList<IPEndPoint> Endpoints)> All(NyalaOptions options) =>
    [
        ("XMPP (STARTTLS)", Settings.Xmpp, options.Xmpp),
        ("XMPP (TLS)", Settings.XmppTls, options.XmppTls),
        ("Servers (STARTTLS)", Settings.Servers, options.Servers),
        ("Servers (TLS)", Settings.ServersTls, options.ServersTls),
        ("Components", Settings.Components, options.Components),
        ("Web", Settings.Http, options.Http),
        ("Web (TLS)", Settings.Https, options.Https),
    ];

    /// <summary>The same for people and for the status command.</summary>
    public static IReadOnlyList<Listener> Describe(NyalaOptions options) =>
        [.. All(options).SelectMany(kind => kind.Endpoints.Select(endpoint => new Listener(kind.What, endpoint.Address.ToString(), endpoint.Port)))];

    /// <summary>Opens the ports of XMPP. They are the caller's to close, also those opened before one failed.</summary>
    /// <param name="opened">Takes each as soon as it is open.</param>
    /// <exception cref="IOException">One cannot be opened.</exception>
    public void OpenXmpp(Func<IPEndPoint, Socket> bind, Action<SocketListener> opened, TimeProvider time, ILogger logger)
    {
        foreach (var directTls in (ReadOnlySpan<bool>)[false, true])
        {
            var listener = new XmppListener(connections, directTls);
            foreach (var endpoint in directTls ? options.XmppTls : options.Xmpp)
            {
                opened(new(BindAny(bind, endpoint), Backlog, listener.OnConnectedAsync, time, logger));
            }
        }
    }

    /// <summary>Opens the ports for other servers, as <see cref="OpenXmpp"/> does.</summary>
    /// <exception cref="IOException">One cannot be opened.</exception>
    public void OpenServers(OtherServers others, Func<IPEndPoint, Socket> bind, Action<SocketListener> opened, TimeProvider time, ILogger logger)
    {
        foreach (var directTls in (ReadOnlySpan<bool>)[false, true])
        {
            foreach (var endpoint in directTls ? options.ServersTls : options.Servers)
            {
                opened(new(BindAny(bind, endpoint), Backlog, accepted => others.ServeAsync(accepted, directTls), time, logger));
            }
        }
    }

    /// <summary>Opens the ports for components, as <see cref="OpenXmpp"/> does.</summary>
    /// <exception cref="IOException">One cannot be opened.</exception>
    public void OpenComponents(ExternalComponents components, Func<IPEndPoint, Socket> bind, Action<SocketListener> opened, TimeProvider time, ILogger logger)
    {
        foreach (var endpoint in options.Components)
        {
            opened(new(BindAny(bind, endpoint), Backlog, components.ServeAsync, time, logger));
        }
    }

    /// <summary>The ports of the web.</summary>
    public void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = 65_536;
        kestrel.Limits.MaxConcurrentConnections = options.Server.Limits.WebConnections;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(75);
        Listen(kestrel, options.Http, listen => listen.Protocols = HttpProtocols.Http1);
        Listen(kestrel, options.Https, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                OnConnection = _ => new(new SslServerAuthenticationOptions { ServerCertificateContext = certificates.Current.Context }),
            });
        });
    }

    /// <summary>Why a port could not be opened, with the remedy.</summary>
    public StartException Explain(Exception failure)
    {
        // The endpoint is named in the message only, and of some failures of Kestrel's not even there.
        var endpoints = All(options).SelectMany(kind => kind.Endpoints.Select(endpoint => (kind.Setting, Endpoint: endpoint))).ToArray();
        var (setting, endpoint) = Array.Find(endpoints, pair => failure.Message.Contains(pair.Endpoint.ToString(), StringComparison.Ordinal));
        if (setting is null)
        {
            (setting, endpoint) = Array.Find(endpoints, pair => !CanBind(pair.Endpoint));
        }

        if (setting is null)
        {
            return new($"A port could not be opened: {failure.Message}", failure);
        }

        var reason = failure.InnerException as SocketException ?? failure.InnerException?.InnerException as SocketException ?? failure as SocketException;
        if (failure.InnerException is AddressInUseException || reason?.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            var owner = PortOwner.Find(endpoint.Port) is { } name ? $"{name} uses it" : "another program uses it";
            return new($"Port {endpoint.Port} of {setting.Key} ({endpoint}) is taken, {owner}: stop that program, or set {setting.Key} to another port or off.", failure);
        }

        return reason?.SocketErrorCode switch
        {
            SocketError.AccessDenied => new(
                $"Port {endpoint.Port} of {setting.Key} may not be opened by this user: take a port above 1023, or allow it (systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE).", failure),
            SocketError.AddressNotAvailable => new(
                $"{endpoint.Address} of {setting.Key} is not an address of this machine: take one of its own, or only the port for the default.", failure),
            _ => new($"Listening on {endpoint} ({setting.Key}) failed: {failure.Message}", failure),
        };
    }

    static void Listen(KestrelServerOptions kestrel, IReadOnlyList<IPEndPoint> endpoints, Action<ListenOptions> configure)
    {
        foreach (var endpoint in endpoints)
        {
            // Falls back to IPv4 where there is no IPv6.
            if (endpoint.Address.Equals(IPAddress.IPv6Any))
            {
                kestrel.ListenAnyIP(endpoint.Port, configure);
            }
            else
            {
                kestrel.Listen(endpoint, configure);
            }
        }
    }

    /// <summary>Falls back to IPv4 where there is no IPv6, and names the endpoint when it fails, both as Kestrel does.</summary>
    static Socket BindAny(Func<IPEndPoint, Socket> bind, IPEndPoint endpoint)
    {
        try
        {
            return bind(endpoint);
        }
        catch (SocketException e) when (endpoint.Address.Equals(IPAddress.IPv6Any) && e.SocketErrorCode != SocketError.AddressAlreadyInUse)
        {
            return BindAny(bind, new(IPAddress.Any, endpoint.Port));
        }
        catch (SocketException e)
        {
            throw new IOException($"{endpoint}: {e.Message}", e);
        }
    }

    static bool CanBind(IPEndPoint endpoint)
    {
        try
        {
            using var probe = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(endpoint);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
