using Microsoft.Extensions.Logging;
using Nyala.Core.Diagnostics;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Core.Connections;

/// <summary>All open connections, so that a shutdown reaches each. Safe from any thread.</summary>
public sealed class ConnectionRegistry(TimeProvider time, ILogger logger)
{
    readonly Lock _lock = new();
    readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    TransportConnection? _first;
    int _count;
    bool _draining;

    public int Count => Volatile.Read(ref _count);

    /// <summary>The open connections at this moment.</summary>
    public IReadOnlyList<Connection> Snapshot()
    {
        lock (_lock)
        {
            var all = new List<Connection>(_count);
            for (var connection = _first; connection is not null; connection = connection.NextOpen)
            {
                all.Add(connection);
            }

            return all;
        }
    }

    /// <summary>
    /// Ends every connection with <c>system-shutdown</c>, those that come later too, and waits until all are gone; what is
    /// not gone when the time is up is cut.
    /// </summary>
    public async Task DrainAsync(TimeSpan limit)
    {
        lock (_lock)
        {
            _draining = true;
            if (_count == 0)
            {
                _empty.TrySetResult();
            }
        }

        var open = Snapshot();
        logger.Draining(open.Count);
        foreach (var connection in open)
        {
            connection.End(EndReason.Shutdown, StreamError.SystemShutdown);
        }

        try
        {
            await _empty.Task.WaitAsync(limit, time);
        }
        catch (TimeoutException)
        {
            var left = Snapshot();
            logger.DrainedByForce(left.Count);
            foreach (var connection in left)
            {
                connection.Abort(EndReason.Shutdown);
            }
        }
    }

    /// <summary>False when the server is shutting down: the connection is to be ended at once (it is listed all the same).</summary>
    internal bool Add(TransportConnection connection)
    {
        lock (_lock)
        {
            connection.NextOpen = _first;
            if (_first is not null)
            {
                _first.PreviousOpen = connection;
            }

            _first = connection;
            _count++;
            return !_draining;
        }
    }

    internal void Remove(TransportConnection connection)
    {
        lock (_lock)
        {
            if (connection.PreviousOpen is not null)
            {
                connection.PreviousOpen.NextOpen = connection.NextOpen;
            }
            else
            {
                _first = connection.NextOpen;
            }

            if (connection.NextOpen is not null)
            {
                connection.NextOpen.PreviousOpen = connection.PreviousOpen;
            }

            connection.NextOpen = null;
            connection.PreviousOpen = null;
            if (--_count == 0 && _draining)
            {
                _empty.TrySetResult();
            }
        }
    }
}
