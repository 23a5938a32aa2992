// HOT PATH
using System.IO.Pipelines;
using System.Net.Sockets;

namespace Nyala.Core.Connections;

/// <summary>What a socket sends, without a pipe in between: whole pieces, one at a time, each until the socket has taken it.</summary>
/// <param name="socket">Not blocking.</param>
sealed class SocketWriter(Socket socket) : PipeWriter
{
    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        try
        {
            var sent = socket.Send(source.Span, SocketFlags.None, out var error);
            return error switch
            {
                SocketError.Success when sent == source.Length => default,
                SocketError.Success or SocketError.WouldBlock => WriteRestAsync(source[sent..]),
                _ => Gone,
            };
        }
        catch (ObjectDisposedException)
        {
            return Gone;
        }
    }

    static ValueTask<FlushResult> Gone => new(new FlushResult(isCanceled: false, isCompleted: true));

    /// <summary>Ends what the peer reads.</summary>
    public override void Complete(Exception? exception = null)
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception failure) when (TransportConnection.IsTransportFailure(failure))
        {
            // It is closed, by us or by the peer.
        }
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => default;

    public override void CancelPendingFlush()
    {
    }

    public override void Advance(int bytes) => throw new NotSupportedException();

    public override Memory<byte> GetMemory(int sizeHint = 0) => throw new NotSupportedException();

    public override Span<byte> GetSpan(int sizeHint = 0) => throw new NotSupportedException();

    async ValueTask<FlushResult> WriteRestAsync(ReadOnlyMemory<byte> rest)
    {
        while (!rest.IsEmpty)
        {
            rest = rest[await socket.SendAsync(rest, SocketFlags.None)..];
        }

        return default;
    }
}
