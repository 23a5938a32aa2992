using System.Runtime.CompilerServices;

namespace Nyala.Core.Connections;

/// <summary>
/// Threads of their own for what may wait: handshakes, logins, the first moments of a session, the end of lost connections.
/// When everybody comes back at once (R14), it is here that they stand in line, and those who are there and talk do not wait
/// behind them: the threads that read sockets hand the newcomers over. <c>await lane;</c> goes on there. Safe from
/// any thread.
/// </summary>
/// <remarks>
/// Who has begun is finished first, and only then the next may enter. Were everybody brought forward a step at a time, all
/// would be half-way at once: the most memory in use when there is most to do, nobody back before nearly all are, and pauses of
/// the garbage collector that grow with the crowd.
/// </remarks>
public sealed class Lane : IDisposable
{
    [ThreadStatic]
    static Lane? Current;

    readonly Queue<Action> _waiting = new();
    readonly Queue<Action> _entering = new();
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
    public Turn GetAwaiter() => new(this, _waiting);

    /// <summary>Awaited, goes on in the lane when nobody else has anything to do there: for what nobody has begun.</summary>
    public Entrance Last => new(this);

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

    void Post(Queue<Action> line, Action work)
    {
        lock (_waiting)
        {
            if (!_stopping)
            {
                line.Enqueue(work);
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
            while (_waiting.Count == 0 && _entering.Count == 0 && !_stopping)
            {
                _idle++;
                Monitor.Wait(_waiting);
                _idle--;
            }

            return _waiting.TryDequeue(out var work) || _entering.TryDequeue(out work) ? work : null;
        }
    }

    /// <summary>See <see cref="Last"/>.</summary>
    public readonly struct Entrance(Lane lane)
    {
        public Turn GetAwaiter() => new(lane, lane._entering);
    }

    /// <summary>See <see cref="GetAwaiter"/>.</summary>
    public readonly struct Turn : ICriticalNotifyCompletion
    {
        readonly Lane _lane;
        readonly Queue<Action> _line;

        internal Turn(Lane lane, Queue<Action> line) => (_lane, _line) = (lane, line);

        public bool IsCompleted => ReferenceEquals(Current, _lane);

        public void GetResult()
        {
        }

        public void OnCompleted(Action continuation) => _lane.Post(_line, continuation);

        public void UnsafeOnCompleted(Action continuation) => _lane.Post(_line, continuation);
    }
}
