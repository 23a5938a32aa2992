using Microsoft.AspNetCore.Connections;
using Nyala.Core.Routing;

namespace Nyala.Core.Connections;

/// <summary>
/// What a <see cref="SocketListener"/> hands its connections to, one for the port with STARTTLS and one for the port with TLS from the first byte (XEP-0368).
/// </summary>
[Xep(368, "1.1.0", Note = "listener and ALPN; the SRV records are the operator's")]
public sealed class XmppListener(ConnectionServices services, bool directTls) : ConnectionHandler
{
    public override Task OnConnectedAsync(ConnectionContext connection) =>
        new TcpConnection(services, connection, directTls) { Handler = services.NewHandler() }.RunAsync();
}
