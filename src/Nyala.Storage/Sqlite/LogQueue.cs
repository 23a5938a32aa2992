// HOT PATH
namespace Nyala.Storage.Sqlite;

/// <summary>
/// Many producers, one consumer, first in first out, linked through the entries themselves. Also counts what is inside
/// and lets producers wait for room.
/// </summary>
sealed class LogQueue(int maxEntries, long maxBytes) : IDisposable
{
    readonly AutoResetEvent _wake = new(false);
    readonly Lock _roomGate = new();
    LogEntry? _pushed;
    LogEntry? _first;
    LogEntry? _last;
    TaskCompletionSource? _room;
    long _bytes;
    int _count;
    int _asleep;

    /// <summary>Entries inside, those being written included.</summary>
    public int Count => Volatile.Read(ref _count);

    public bool IsFull => Volatile.Read(ref _count) > maxEntries || Volatile.Read(ref _bytes) > maxBytes;

    /// <summary>Any thread.</summary>
    public void Push(LogEntry entry)
    {
        Interlocked.Increment(ref _count);
        Interlocked.Add(ref _bytes, entry.Stanza.Length);
        var top = Volatile.Read(ref _pushed);
        while (true)
        {
            entry.Next = top;
            var seen = Interlocked.CompareExchange(ref _pushed, entry, top);
            if (ReferenceEquals(seen, top))
            {
                break;
            }

            top = seen;
        }

        if (Volatile.Read(ref _asleep) != 0)
        {
            Wake();
        }
    }

    /// <summary>Makes the consumer look around. Any thread.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _asleep, 0) != 0)
        {
            _wake.Set();
        }
    }

    /// <summary>Fills <paramref name="batch"/> with the oldest entries; returns how many. Consumer only.</summary>
    public int Take(Span<LogEntry?> batch)
    {
        DrainPushed();
        var taken = 0;
        while (taken < batch.Length && _first is { } entry)
        {
            _first = entry.Next;
            entry.Next = null;
            batch[taken++] = entry;
        }

        if (_first is null)
        {
            _last = null;
        }

        return taken;
    }

    /// <summary>Sleeps until something is pushed, <see cref="Wake"/> is called, or the time is over (then false). Consumer only.</summary>
    public bool Sleep(Func<bool> mustStayAwake, int milliseconds)
    {
        // The exchange is a full fence: whoever pushes after this look sees the flag.
        Interlocked.Exchange(ref _asleep, 1);
        if (Volatile.Read(ref _pushed) is not null || _first is not null || mustStayAwake())
        {
            Volatile.Write(ref _asleep, 0);
            return true;
        }

        var woken = _wake.WaitOne(milliseconds);
        Volatile.Write(ref _asleep, 0);
        return woken;
    }

    /// <summary>Takes entries that are done out of the count. Consumer only.</summary>
    public void Done(int entries, long bytes)
    {
        Interlocked.Add(ref _bytes, -bytes);
        Interlocked.Add(ref _count, -entries);
        if (Volatile.Read(ref _room) is not null && !IsFull)
        {
            ReleaseRoom();
        }
    }

    public ValueTask WaitForRoomAsync()
    {
        if (!IsFull)
        {
            return ValueTask.CompletedTask;
        }

        Task task;
        lock (_roomGate)
        {
            // Continuations run elsewhere: thousands of sockets start reading again at this moment.
            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            task = _room.Task;
        }

        Interlocked.MemoryBarrier();
        if (!IsFull)
        {
            ReleaseRoom();
        }

        return new ValueTask(task);
    }

    public void Dispose() => _wake.Dispose();

    void ReleaseRoom()
    {
        lock (_roomGate)
        {
            _room?.TrySetResult();
            _room = null;
        }
    }

    /// <summary>The stack holds the newest on top: turn it round and put it behind what is left.</summary>
    void DrainPushed()
    {
        var entry = Volatile.Read(ref _pushed) is null ? null : Interlocked.Exchange(ref _pushed, null);
        if (entry is null)
        {
            return;
        }

        var newest = entry;
        LogEntry? oldest = null;
        while (entry is not null)
        {
            var below = entry.Next;
            entry.Next = oldest;
            oldest = entry;
            entry = below;
        }

        if (_last is null)
        {
            _first = oldest;
        }
        else
        {
            _last.Next = oldest;
        }

        _last = newest;
    }
}
