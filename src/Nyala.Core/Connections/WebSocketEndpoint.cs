using System.Net;
using Microsoft.AspNetCore.Http;
using Nyala.Core.Routing;

namespace Nyala.Core.Connections;

/// <summary>What the host maps at <c>/xmpp-websocket</c>, behind <c>UseWebSockets</c>.</summary>
[Rfc(7395)]
public sealed class WebSocketEndpoint(ConnectionServices services)
{
    /// <summary>The subprotocol (RFC 7395 §3.1).</summary>
    public const string Subprotocol = "xmpp";

    /// <summary>Serves one request until its stream ends; answers 400 to what is no XMPP WebSocket.</summary>
    public async Task RunAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest || !context.WebSockets.WebSocketRequestedProtocols.Contains(Subprotocol))
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync("This address speaks XMPP over WebSocket (RFC 7395, subprotocol xmpp).");
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            SubProtocol = Subprotocol,
            KeepAliveInterval = services.Options.Limits.ProbeAfter,
            KeepAliveTimeout = services.Options.Limits.ProbeAnswer,
        });
        var address = context.Connection.RemoteIpAddress;
        var remote = address is null ? null : new IPEndPoint(address, context.Connection.RemotePort);

        // Loopback: a browser on this machine, or a proxy that ended TLS before us.
        var secure = context.Request.IsHttps || address is null || IPAddress.IsLoopback(address);
        await new WebSocketConnection(services, socket, remote, secure, context.Abort) { Handler = services.NewHandler() }.RunAsync();
    }
}
