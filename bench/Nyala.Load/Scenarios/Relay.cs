// HOT PATH
using System.Net;
using System.Net.Sockets;

namespace Nyala.Load.Scenarios;

/// <summary>
/// The physical limit: what arrives at one socket of a pair leaves at the other, unread. No server on this platform can move a
/// message for less. Pairs are two connections accepted one after the other.
/// </summary>
static class Relay
{
    const int BufferSize = 16_384;

    /// <summary>Runs until it is told to stop.</summary>
    public static async Task RunAsync(LoadOptions options, CancellationToken token)
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Parse(options.Host), options.Port));
        listener.Listen(1024);
        try
        {
            while (true)
            {
                var first = await listener.AcceptAsync(token);
                var second = await listener.AcceptAsync(token);
                if (IsGone(first))
                {
                    // Somebody who looked whether anybody listens.
                    first.Dispose();
                    (first, second) = (second, await listener.AcceptAsync(token));
                }

                first.NoDelay = second.NoDelay = true;
                _ = MoveAsync(first, second);
                _ = MoveAsync(second, first);
            }
        }
        catch (OperationCanceledException)
        {
            // Told to stop.
        }
    }

    static bool IsGone(Socket socket) => socket.Poll(0, SelectMode.SelectRead) && socket.Available == 0;

    static async Task MoveAsync(Socket from, Socket to)
    {
        var buffer = new byte[BufferSize];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var read)
            {
                to.Send(buffer, read, SocketFlags.None);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // One side is gone; below, so is the other.
        }

        from.Dispose();
        to.Dispose();
    }
}
