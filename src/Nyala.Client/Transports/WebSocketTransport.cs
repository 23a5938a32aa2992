using System.Net.WebSockets;
using Nyala.Xmpp.Xml;

namespace Nyala.Client.Transports;

/// <summary>A stream over WebSocket (RFC 7395): one element per message.</summary>
sealed class WebSocketTransport : Transport
{
    readonly ClientWebSocket _socket;
    readonly bool _secure;

    WebSocketTransport(ClientWebSocket socket, bool secure)
        : base(Framing.WebSocket)
    {
        _socket = socket;
        _secure = secure;
    }

    public override bool IsSecure => _secure;

    public static async Task<Transport> ConnectAsync(ClientOptions options, CancellationToken token)
    {
        var address = options.WebSocket ?? throw new InvalidOperationException("ClientOptions.WebSocket is missing.");
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("xmpp");
        socket.Options.RemoteCertificateValidationCallback = options.Certificate;
        try
        {
            await socket.ConnectAsync(address, token);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        return new WebSocketTransport(socket, address.Scheme == "wss");
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken token) =>
        _socket.SendAsync(bytes, WebSocketMessageType.Text, endOfMessage: true, token);

    public override void Abort() => _socket.Abort();

    public override void Dispose() => _socket.Dispose();

    protected override async ValueTask<(int Bytes, bool EndOfMessage)> FillAsync(Memory<byte> buffer, CancellationToken token)
    {
        var result = await _socket.ReceiveAsync(buffer, token);
        return result.MessageType == WebSocketMessageType.Close ? (0, false) : (result.Count, result.EndOfMessage);
    }
}
