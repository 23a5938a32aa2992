using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Nyala.Core.Connections;

/// <summary>
/// An accepted socket. Beside Kestrel's own connection it does without pipes, buffers, middleware and a heartbeat: what is left
/// is a third of the memory, and nothing that wakes up while the peer is silent.
/// </summary>
sealed class SocketTransport : ConnectionContext, IDuplexPipe, IThreadPoolWorkItem
{
    readonly Socket _socket;
    readonly SocketReader _input;
    readonly SocketWriter _output;
    readonly Func<ConnectionContext, Task> _serve;
    CancellationTokenSource? _closed;
    bool _aborted;

    public SocketTransport(Socket socket, Func<ConnectionContext, Task> serve)
    {
        socket.Blocking = false;
        socket.NoDelay = true;
        _socket = socket;
        _serve = serve;
        _input = new(socket);
        _output = new(socket);

        // Asked now: a closed socket does not know it any more.
        RemoteEndPoint = socket.RemoteEndPoint;
    }

    public PipeReader Input => _input;

    public PipeWriter Output => _output;

    public override IDuplexPipe Transport { get => this; set => throw new NotSupportedException(); }

    public override string ConnectionId { get => ""; set => throw new NotSupportedException(); }

    public override IFeatureCollection Features => throw new NotSupportedException();

    public override IDictionary<object, object?> Items { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override EndPoint? LocalEndPoint { get => _socket.LocalEndPoint; set => throw new NotSupportedException(); }

    /// <summary>Whether the peer has left, for whoever is about to do something costly for it. While nobody reads.</summary>
    public bool PeerHasLeft => _input.HasEnded;

    /// <summary>Cancelled by an abort of this side; a peer that leaves is only seen by whoever reads.</summary>
    public override CancellationToken ConnectionClosed
    {
        get
        {
            lock (_input)
            {
                _closed ??= new();
                if (_aborted)
                {
                    _closed.Cancel();
                }

                return _closed.Token;
            }
        }

        set => throw new NotSupportedException();
    }

    /// <summary>Serves the connection until its end, then closes it in good order.</summary>
    public void Execute() => _ = ServeAsync();

    /// <summary>Cuts the connection: the peer sees a reset.</summary>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        CancellationTokenSource? closed;
        lock (_input)
        {
            _aborted = true;
            closed = _closed;
        }

        _socket.Close(timeout: 0);
        closed?.Cancel();
    }

    public override ValueTask DisposeAsync()
    {
        _output.Complete();
        _socket.Dispose();
        _input.Complete();
        _input.Dispose();
        return base.DisposeAsync();
    }

    async Task ServeAsync()
    {
        await _serve(this);
        await DisposeAsync();
    }
}
