using System.Net;
using System.Net.Sockets;

namespace Nyala.Host.Demo;

/// <summary>
/// The network between the two people and their server, which can be cut: then every connection is reset, and so is every new
/// one. Bytes pass as they are. Safe from any thread.
/// </summary>
sealed class DemoRelay : IDisposable
{
    readonly Lock _lock = new();
    readonly Socket[] _listeners = [Listen(), Listen()];
    readonly HashSet<Socket> _open = [];
    readonly CancellationTokenSource _ended = new();
    bool _isCut;

    public DemoRelay()
    {
        foreach (var listener in _listeners)
        {
            _ = AcceptAsync(listener);
        }
    }

    public int Port => PortOf(_listeners[0]);

    /// <summary>Leads to the same.</summary>
    public int SecondPort => PortOf(_listeners[1]);

    /// <summary>The server's port; 0: there is none.</summary>
    public int Target { get; set; }

    public bool IsCut
    {
        get
        {
            lock (_lock)
            {
                return _isCut;
            }
        }

        set
        {
            lock (_lock)
            {
                _isCut = value;
                if (value)
                {
                    ResetAll();
                }
            }
        }
    }

    public void Dispose()
    {
        _ended.Cancel();
        Array.ForEach(_listeners, listener => listener.Dispose());
        lock (_lock)
        {
            ResetAll();
        }

        _ended.Dispose();
    }

    static Socket Listen()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }

    static int PortOf(Socket listener) => ((IPEndPoint)listener.LocalEndPoint!).Port;

    async Task AcceptAsync(Socket listener)
    {
        var ended = _ended.Token;
        while (!ended.IsCancellationRequested)
        {
            try
            {
                _ = ServeAsync(await listener.AcceptAsync(ended));
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // Whoever came is gone again.
            }
        }
    }

    async Task ServeAsync(Socket client)
    {
        var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            client.NoDelay = true;
            if (!TryOpen(client, server))
            {
                return;
            }

            await server.ConnectAsync(IPAddress.Loopback, Target);
            await Task.WhenAll(PassAsync(client, server), PassAsync(server, client));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // One side is gone: so is the other.
        }
        finally
        {
            Close(client);
            Close(server);
        }
    }

    bool TryOpen(Socket client, Socket server)
    {
        lock (_lock)
        {
            if (_isCut || Target == 0)
            {
                return false;
            }

            _open.Add(client);
            _open.Add(server);
            return true;
        }
    }

    static async Task PassAsync(Socket from, Socket to)
    {
        var buffer = new byte[16 * 1_024];
        try
        {
            int count;
            while ((count = await from.ReceiveAsync(buffer)) > 0)
            {
                for (var sent = 0; sent < count;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent));
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch
        {
            // The other direction must not wait for what never comes.
            Reset(from);
            Reset(to);
            throw;
        }
    }

    void Close(Socket socket)
    {
        lock (_lock)
        {
            _open.Remove(socket);
        }

        Reset(socket);
    }

    void ResetAll()
    {
        foreach (var socket in _open)
        {
            Reset(socket);
        }
    }

    /// <summary>Whoever still waits for something on it is told by a RST; for who has ended in good order this is the same as closing.</summary>
    static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is closed already.
        }

        socket.Dispose();
    }
}
