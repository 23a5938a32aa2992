using System.Net;
using System.Net.Sockets;

namespace Nyala.Testing;

/// <summary>
/// A network between a client and the server that can be made bad: a relay whose connections are cut, stopped and started
/// on command. Safe from any thread.
/// </summary>
public sealed class FaultyTransport : IAsyncDisposable
{
    readonly Socket _listener = new(SocketType.Stream, ProtocolType.Tcp);
    readonly EndPoint _server;
    readonly List<(Socket Client, Socket Server)> _pairs = [];
    readonly List<Task> _pumps = [];
    readonly CancellationTokenSource _stopping = new();
    readonly Lock _lock = new();
    readonly Task _accepting;
    TaskCompletionSource _toServer = Opened();
    TaskCompletionSource _toClient = Opened();
    volatile bool _refusing;

    public FaultyTransport(EndPoint server)
    {
        _server = server;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(128);
        _accepting = AcceptAsync();
    }

    /// <summary>Where clients connect instead of to the server.</summary>
    public IPEndPoint Address => (IPEndPoint)_listener.LocalEndPoint!;

    /// <summary>Connections that are through now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _pairs.Count;
            }
        }
    }

    /// <summary>New connections are closed at once.</summary>
    public bool Refusing
    {
        get => _refusing;
        set => _refusing = value;
    }

    /// <summary>Nothing gets through any more, in either or both directions; the connections stay open, as when a phone leaves its network.</summary>
    public void Stall(bool toServer = true, bool toClient = true)
    {
        lock (_lock)
        {
            _toServer = toServer && _toServer.Task.IsCompleted ? new(TaskCreationOptions.RunContinuationsAsynchronously) : _toServer;
            _toClient = toClient && _toClient.Task.IsCompleted ? new(TaskCreationOptions.RunContinuationsAsynchronously) : _toClient;
        }
    }

    /// <summary>What was held back goes through, and everything after it.</summary>
    public void Resume()
    {
        lock (_lock)
        {
            _toServer.TrySetResult();
            _toClient.TrySetResult();
        }
    }

    /// <summary>Resets all connections on both sides.</summary>
    public void Cut()
    {
        (Socket, Socket)[] pairs;
        lock (_lock)
        {
            pairs = [.. _pairs];
            _pairs.Clear();
        }

        foreach (var (client, server) in pairs)
        {
            Reset(client);
            Reset(server);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        Cut();
        Resume();
        await _accepting;
        Task[] pumps;
        lock (_lock)
        {
            pumps = [.. _pumps];
        }

        await Task.WhenAll(pumps);
        _stopping.Dispose();
    }

    async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptAsync(_stopping.Token);
                if (_refusing)
                {
                    Reset(client);
                    continue;
                }

                var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
                try
                {
                    await server.ConnectAsync(_server, _stopping.Token);
                }
                catch (SocketException)
                {
                    // The server is down: so it looks through the relay.
                    server.Dispose();
                    Reset(client);
                    continue;
                }

                lock (_lock)
                {
                    _pairs.Add((client, server));
                    _pumps.Add(PumpAsync(client, server, () => _toServer.Task));
                    _pumps.Add(PumpAsync(server, client, () => _toClient.Task));
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The relay is closed.
        }
    }

    async Task PumpAsync(Socket from, Socket to, Func<Task> gate)
    {
        var buffer = new byte[16_384];
        try
        {
            while (await from.ReceiveAsync(buffer, _stopping.Token) is var count and > 0)
            {
                await gate().WaitAsync(_stopping.Token);
                for (var sent = 0; sent < count;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), _stopping.Token);
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // One side is gone; the other hears of it as it would without a relay.
            Reset(to);
        }
        catch (Exception e) when (e is ObjectDisposedException or OperationCanceledException)
        {
            // Cut.
        }
    }

    static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is gone already.
        }

        socket.Dispose();
    }

    static TaskCompletionSource Opened()
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        source.SetResult();
        return source;
    }
}
