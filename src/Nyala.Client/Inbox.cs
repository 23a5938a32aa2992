using Nyala.Xmpp.Stanzas;

namespace Nyala.Client;

/// <summary>What arrived and nobody has asked for yet. Safe from any thread.</summary>
sealed class Inbox(TimeProvider time)
{
    readonly Lock _gate = new();
    readonly List<Stanza> _arrived = [];
    readonly List<(Func<Stanza, bool> Wanted, TaskCompletionSource<Stanza> Found)> _waiters = [];

    /// <summary>A copy of what waits.</summary>
    public IReadOnlyList<Stanza> Arrived
    {
        get
        {
            lock (_gate)
            {
                return [.. _arrived];
            }
        }
    }

    public void Add(Stanza stanza)
    {
        lock (_gate)
        {
            var index = _waiters.FindIndex(waiter => waiter.Wanted(stanza));
            if (index < 0)
            {
                _arrived.Add(stanza);
                return;
            }

            _waiters[index].Found.TrySetResult(stanza);
            _waiters.RemoveAt(index);
        }
    }

    /// <summary>Takes the first that is wanted, waiting for it if need be.</summary>
    /// <exception cref="TimeoutException">It did not come; the message tells what did.</exception>
    public async Task<Stanza> NextAsync(Func<Stanza, bool> wanted, TimeSpan timeout, CancellationToken token)
    {
        var found = new TaskCompletionSource<Stanza>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            var index = _arrived.FindIndex(stanza => wanted(stanza));
            if (index >= 0)
            {
                var stanza = _arrived[index];
                _arrived.RemoveAt(index);
                return stanza;
            }

            _waiters.Add((wanted, found));
        }

        try
        {
            return await found.Task.WaitAsync(timeout, time, token);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"What was waited for did not arrive within {timeout.TotalSeconds} s. What did: {string.Join(' ', Arrived)}", e);
        }
        finally
        {
            lock (_gate)
            {
                _waiters.RemoveAll(waiter => waiter.Found == found);
            }
        }
    }

    /// <summary>Nothing more will come: whoever waits is told why.</summary>
    public void Fail(Exception reason)
    {
        lock (_gate)
        {
            foreach (var (_, found) in _waiters)
            {
                found.TrySetException(reason);
            }

            _waiters.Clear();
        }
    }
}
