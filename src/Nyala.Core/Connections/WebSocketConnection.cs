using System.Buffers;
using System.Net;
using System.Net.WebSockets;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Connections;

/// <summary>A stream over WebSocket (RFC 7395): one stanza, one message.</summary>
sealed class WebSocketConnection : TransportConnection
{
    const int ReadBuffer = 8192;

    readonly WebSocket _socket;
    readonly Action _abort;

    public WebSocketConnection(ConnectionServices services, WebSocket socket, IPEndPoint? remote, bool secure, Action abort)
        : base(services, Framing.WebSocket)
    {
        _socket = socket;
        _abort = abort;
        Remote = remote;
        IsSecure = secure;
        Output = new WebSocketOutput(this, socket);
    }

    public override IPEndPoint? Remote { get; }

    // TLS, if any, ends in the HTTP listener or in front of it: there is no channel to bind to.
    public override TlsSession? Tls => null;

    public override bool IsSecure { get; }

    public override bool CanStartTls => false;

    public override ValueTask<bool> StartTlsAsync() => throw new NotSupportedException("RFC 7395 §3.9: TLS is the WebSocket's own.");

    protected override async Task ReadAllAsync()
    {
        while (!IsOver && await ReadAsync())
        {
        }
    }

    protected override void KillTransport()
    {
        // The socket's own abort does not end a receive that is pending on Kestrel's stream.
        _socket.Abort();
        _abort();
    }

    protected override void WakeReader()
    {
        // A receive cannot be woken without loss; closing our side makes the peer close its own (RFC 6455 §5.5.1), which it reads.
        _ = CloseOutputAsync();
    }

    protected override async ValueTask CloseTransportAsync()
    {
        await CloseOutputAsync();

        // The peer's answer; the timer of the end limits the wait.
        var buffer = ArrayPool<byte>.Shared.Rent(ReadBuffer);
        while (_socket.State is WebSocketState.CloseSent or WebSocketState.Open)
        {
            await _socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
        }

        ArrayPool<byte>.Shared.Return(buffer);
    }

    async Task<bool> ReadAsync()
    {
        // Waits without a buffer, which a silent peer would hold.
        var ready = await _socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
        if (ready.MessageType == WebSocketMessageType.Close)
        {
            return Left();
        }

        var buffer = ArrayPool<byte>.Shared.Rent(ReadBuffer);
        var received = await _socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
        switch (received.MessageType)
        {
            case WebSocketMessageType.Close:
                return Left();
            case WebSocketMessageType.Binary:
                // RFC 7395 §3.2: data frames are text.
                await _socket.CloseOutputAsync(WebSocketCloseStatus.InvalidMessageType, "XMPP is text.", CancellationToken.None);
                Leave(EndReason.ProtocolError);
                return false;
        }

        Unread = received.Count;
        if (!IsSettled())
        {
            await Services.Lane;
        }

        await FeedAsync(buffer.AsMemory(0, received.Count));
        ArrayPool<byte>.Shared.Return(buffer);
        if (received.EndOfMessage)
        {
            await FeedEndOfMessageAsync();
        }

        await CompleteReadAsync(received.Count);
        return true;
    }

    /// <summary>
    /// The peer closes the socket, which is answered (RFC 6455 §5.5.1). If it did not close the stream before, the connection
    /// is lost and the session may be resumed (RFC 7395 §3.6).
    /// </summary>
    bool Left()
    {
        Leave(EndReason.ConnectionLost);
        return false;
    }

    /// <summary>Begins or answers the closing handshake, after everything was sent (RFC 7395 §3.6).</summary>
    async Task CloseOutputAsync()
    {
        try
        {
            if (Output is { } output)
            {
                await output.DrainAsync();
            }

            if (_socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
            }
        }
        catch (Exception exception) when (IsTransportFailure(exception))
        {
            // Gone is gone; the reading side meets the same.
        }
    }
}
