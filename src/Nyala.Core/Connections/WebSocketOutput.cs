using System.Buffers.Binary;
using System.Net.WebSockets;

namespace Nyala.Core.Connections;

/// <summary>Output as WebSocket messages. In the buffer each message stands behind its length.</summary>
sealed class WebSocketOutput(TransportConnection owner, WebSocket socket) : BufferedOutput(owner)
{
    const int Prefix = sizeof(int);

    int _began;

    public override void BeginMessage()
    {
        GetSpan(Prefix);
        _began = Length;
        Advance(Prefix);
    }

    public override void EndMessage() => BinaryPrimitives.WriteInt32LittleEndian(Written(_began), Length - _began - Prefix);

    protected override async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.Span);
            await socket.SendAsync(bytes.Slice(Prefix, length), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
            bytes = bytes[(Prefix + length)..];
        }
    }
}
