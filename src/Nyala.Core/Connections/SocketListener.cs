using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Nyala.Core.Diagnostics;

namespace Nyala.Core.Connections;

/// <summary>A port: accepts connections until it is disposed of. Those that were accepted go on.</summary>
public sealed class SocketListener : IDisposable
{
    /// <summary>How long it waits when the machine has no descriptor left for another connection.</summary>
    static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(100);

    readonly Socket _socket;
    readonly Func<ConnectionContext, Task> _serve;
    readonly TimeProvider _time;
    readonly ILogger _logger;
    volatile bool _closed;

    /// <param name="bound">A bound socket that does not listen yet.</param>
    /// <param name="backlog">How many connections may wait to be accepted.</param>
    /// <param name="serve">Serves a connection until its end; never throws.</param>
    /// <exception cref="SocketException">It cannot be listened on.</exception>
    public SocketListener(Socket bound, int backlog, Func<ConnectionContext, Task> serve, TimeProvider time, ILogger logger)
    {
        _socket = bound;
        _serve = serve;
        _time = time;
        _logger = logger;
        bound.Listen(backlog);

        // No values of whoever starts the server flow into its connections.
        using (ExecutionContext.SuppressFlow())
        {
            _ = AcceptAsync();
        }
    }

    public void Dispose()
    {
        _closed = true;
        _socket.Dispose();
    }

    async Task AcceptAsync()
    {
        while (!_closed)
        {
            try
            {
                ThreadPool.UnsafeQueueUserWorkItem(new SocketTransport(await _socket.AcceptAsync(), _serve), preferLocal: false);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable && !_closed)
            {
                _logger.AcceptFailed(e.Message);
                await Task.Delay(Breath, _time);
            }
            catch (Exception e) when (TransportConnection.IsTransportFailure(e))
            {
                // The peer has left already, or the port is closed.
            }
        }
    }
}
