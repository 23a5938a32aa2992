namespace Nyala.Core.Connections;

/// <summary>
/// Lets so many in at a time; the others wait in line, first come first served, each for a limited time. Safe from any thread.
/// </summary>
public sealed class Turnstile
{
    readonly Lock _lock = new();
    readonly LinkedList<Waiter> _line = new();
    readonly TimerWheel _wheel;
    int _free;
    long _refused;

    /// <param name="places">How many may be inside at the same time.</param>
    public Turnstile(int places, TimerWheel wheel)
    {
        _free = places;
        _wheel = wheel;
    }

    /// <summary>How many stand in line.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _line.Count;
            }
        }
    }

    /// <summary>How many waited in vain since the start.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>
    /// Waits for a place. True: inside, and <see cref="Leave"/> must follow. False: not admitted within the limit, or the
    /// token was cancelled.
    /// </summary>
    public ValueTask<bool> EnterAsync(TimeSpan limit, CancellationToken cancellation = default)
    {
        Waiter waiter;
        lock (_lock)
        {
            if (_free > 0)
            {
                _free--;
                return new(true);
            }

            waiter = new Waiter(this);
            waiter.Place = _line.AddLast(waiter);
        }

        return new(WaitAsync(waiter, limit, cancellation));
    }

    /// <summary>Gives the place to the next in line.</summary>
    public void Leave()
    {
        Waiter next;
        lock (_lock)
        {
            if (_line.First is null)
            {
                _free++;
                return;
            }

            next = _line.First.Value;
            _line.RemoveFirst();
        }

        next.Result.SetResult(true);
    }

    async Task<bool> WaitAsync(Waiter waiter, TimeSpan limit, CancellationToken cancellation)
    {
        var timer = _wheel.Schedule(limit, waiter);
        await using var registration = cancellation.UnsafeRegister(static state => ((Waiter)state!).GiveUp(), waiter);
        var admitted = await waiter.Result.Task;
        timer.Cancel();
        return admitted;
    }

    sealed class Waiter(Turnstile turnstile) : ITimerTarget
    {
        public TaskCompletionSource<bool> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public LinkedListNode<Waiter>? Place { get; set; }

        public void Due(TimerHandle timer)
        {
            if (GiveUp())
            {
                Interlocked.Increment(ref turnstile._refused);
            }
        }

        public bool GiveUp()
        {
            lock (turnstile._lock)
            {
                // Out of the line already: whoever took it out decided, and a place given is never lost.
                if (Place?.List is null)
                {
                    return false;
                }

                turnstile._line.Remove(Place);
            }

            Result.SetResult(false);
            return true;
        }
    }
}
