using Nyala.Core.Connections;

namespace Nyala.Host.Administration;

/// <summary>An administrator wants the process to end, or to start anew, after a while. One wish at a time. Safe from any thread.</summary>
sealed class Departure : ITimerTarget
{
    readonly TaskCompletionSource<string> _wanted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int _planned;

    /// <summary>Completes with the reason when it is time.</summary>
    public Task<string> Wanted => _wanted.Task;

    /// <summary>Of meaning once <see cref="Wanted"/> has completed.</summary>
    public bool StartsAnew { get; private set; }

    /// <summary>Plans it; false when it is planned already.</summary>
    public bool TryPlan(TimerWheel timers, TimeSpan after, bool startsAnew)
    {
        if (Interlocked.Exchange(ref _planned, 1) != 0)
        {
            return false;
        }

        StartsAnew = startsAnew;
        timers.Schedule(after, this);
        return true;
    }

    public void Due(TimerHandle timer) => _wanted.TrySetResult(StartsAnew ? "an administrator wants a restart" : "an administrator wants it");
}
