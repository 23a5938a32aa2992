using System.Runtime.CompilerServices;

namespace Nyala.Core.Connections;

/// <summary>
/// Threads of their own for what may wait: handshakes, logins, the first moments of a session, the end of lost connections.
/// When everybody comes back at once (R14), it is here that they stand in line, and those who are there and talk do not wait
/// behind them: the threads that read sockets hand the newcomers over. <c>await lane;</c> goes on there. Safe from
/// any thread.
/// </summary>
public sealed class Lane : IDisposable
{
    [ThreadStatic]
    static Lane? Current;

    readonly Queue<Action> _waiting = new();
    readonly Thread[] _threads;
    int _idle;
    bool _stopping;

    /// <param name="threads">How many things go on at a time.</param>
    public Lane(int threads)
    {
        _threads = new Thread[threads];
        for (var i = 0; i < threads; i++)
        {
            _threads[i] = new Thread(Run) { Name = "nyala-lane", IsBackground = true };
            _threads[i].Start();
        }
    }

    /// <summary>Awaited, goes on in the lane, behind what waits there already; at once where one is in it.</summary>
    public Turn GetAwaiter() => new(this);

    /// <summary>What still comes runs on the thread pool.</summary>
    public void Dispose()
    {
        lock (_waiting)
        {
            _stopping = true;
            Monitor.PulseAll(_waiting);
        }

        foreach (var thread in _threads)
        {
            if (thread != Thread.CurrentThread)
            {
                thread.Join();
            }
        }
    }

    void Post(Action work)
    {
        lock (_waiting)
        {
            if (!_stopping)
            {
                _waiting.Enqueue(work);
                if (_idle > 0)
                {
                    Monitor.Pulse(_waiting);
                }

                return;
            }
        }

        ThreadPool.UnsafeQueueUserWorkItem(static work => work(), work, preferLocal: false);
    }

    void Run()
    {
        Current = this;
        while (Next() is { } work)
        {
            // The continuation of an async method: its exceptions are its task's.
            work();
        }
    }

    Action? Next()
    {
        lock (_waiting)
        {
            while (_waiting.Count == 0 && !_stopping)
            {
                _idle++;
                Monitor.Wait(_waiting);
                _idle--;
            }

            return _waiting.TryDequeue(out var work) ? work : null;
        }
    }

    /// <summary>See <see cref="GetAwaiter"/>.</summary>
    public readonly struct Turn(Lane lane) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => ReferenceEquals(Current, lane);

        public void GetResult()
        {
        }

        public void OnCompleted(Action continuation) => lane.Post(continuation);

        public void UnsafeOnCompleted(Action continuation) => lane.Post(continuation);
    }
}
