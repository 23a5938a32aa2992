using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Nyala.Xmpp;

namespace Nyala.Core.Connections;

/// <summary>What a stream between servers does differently from one with a client, and what TLS told about the peer.</summary>
public sealed class ServerRole
{
    /// <summary>The domain this server has opened the stream to; null when the peer has opened it.</summary>
    public string? Target { get; init; }

    /// <summary>The namespace of the stream's stanzas: that of servers or of components.</summary>
    public string Content { get; init; } = Ns.Server;

    /// <summary>The peer's certificate once TLS is in force, however little it is worth; null: it showed none.</summary>
    public X509Certificate2? Certificate { get; internal set; }

    /// <summary>What else it sent, to find the way to a root.</summary>
    public X509Certificate2Collection Intermediates { get; } = [];
}

/// <summary>Connections between servers.</summary>
public static class ServerConnections
{
    /// <summary>Serves an accepted connection until its end.</summary>
    /// <param name="services">Those of federation.</param>
    /// <param name="accepted">From a <see cref="SocketListener"/>.</param>
    /// <param name="directTls">TLS from the first byte (XEP-0368).</param>
    /// <param name="handler">Makes what it talks to.</param>
    /// <param name="content">The namespace of the stream's stanzas.</param>
    public static Task ServeAsync(
        ConnectionServices services, ConnectionContext accepted, bool directTls, Func<ServerRole, IStreamHandler> handler, string content = Ns.Server)
    {
        var role = new ServerRole { Content = content };
        return new TcpConnection(services, accepted, directTls, role) { Handler = handler(role) }.RunAsync();
    }

    /// <summary>Makes a connection of a connected socket; the handler's <see cref="IStreamHandler.Connected"/> begins.</summary>
    public static Connection Open(ConnectionServices services, Socket socket, bool directTls, ServerRole role, IStreamHandler handler)
    {
        TcpConnection? connection = null;
        var transport = new SocketTransport(socket, _ => connection!.RunAsync());
        connection = new TcpConnection(services, transport, directTls, role) { Handler = handler };
        ThreadPool.UnsafeQueueUserWorkItem(transport, preferLocal: false);
        return connection;
    }
}
