// HOT PATH
using Microsoft.Extensions.Logging;
using Nyala.Core.Diagnostics;

namespace Nyala.Core.Connections;

/// <summary>What a <see cref="TimerWheel"/> calls.</summary>
public interface ITimerTarget
{
    /// <summary>The time is up. Called on a pool thread, without locks; must not block. May come although the handle was just cancelled.</summary>
    void Due(TimerHandle timer);
}

/// <summary>One timer of a <see cref="TimerWheel"/>. May be armed again as often as wanted. Safe from any thread.</summary>
public sealed class TimerHandle
{
    internal TimerHandle(TimerWheel wheel, ITimerTarget target)
    {
        Wheel = wheel;
        Target = target;
    }

    internal TimerWheel Wheel { get; }

    internal ITimerTarget Target { get; }

    internal TimerHandle? Next { get; set; }

    internal TimerHandle? Previous { get; set; }

    internal long DueTick { get; set; }

    /// <summary>The slot it is linked into, or -1.</summary>
    internal int Slot { get; set; } = -1;

    /// <summary>Taken out of its slot because its time has come, the target not called yet.</summary>
    internal bool IsDue { get; set; }

    /// <summary>Stops it; nothing happens when it is not armed.</summary>
    public void Cancel() => Wheel.Cancel(this);

    /// <summary>Arms it (again): due that long from now, whatever it was before.</summary>
    public void Schedule(TimeSpan after) => Wheel.Schedule(this, after);
}

/// <summary>
/// All timeouts of the server on one timer: arming, re-arming and cancelling cost O(1) and, with a handle kept, no memory.
/// Precise to a tenth of a second, never early. It sleeps while nothing is armed. Safe from any thread.
/// </summary>
public sealed class TimerWheel : IDisposable
{
    const int Bits = 6;
    const int Slots = 1 << Bits;
    const int Levels = 4;

    static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    readonly Lock _lock = new();
    readonly TimerHandle?[] _slots = new TimerHandle?[Slots * Levels];
    readonly List<TimerHandle> _due = [];
    readonly TimeProvider _time;
    readonly ILogger _logger;
    readonly long _start;
    readonly ITimer _timer;
    long _now;
    int _armed;
    bool _ticking;

    public TimerWheel(TimeProvider time, ILogger logger)
    {
        _time = time;
        _logger = logger;
        _start = time.GetTimestamp();

        // The timer must not keep the values that flow with whoever happens to start the server.
        using (ExecutionContext.SuppressFlow())
        {
            _timer = time.CreateTimer(static wheel => ((TimerWheel)wheel!).OnTick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>How many timers are armed.</summary>
    public int Armed => Volatile.Read(ref _armed);

    /// <summary>A timer that is not armed yet: its target can know it before it may come.</summary>
    public TimerHandle Create(ITimerTarget target) => new(this, target);

    /// <summary>Calls the target once, that long from now.</summary>
    public TimerHandle Schedule(TimeSpan after, ITimerTarget target)
    {
        var handle = Create(target);
        Schedule(handle, after);
        return handle;
    }

    internal void Schedule(TimerHandle handle, TimeSpan after)
    {
        lock (_lock)
        {
            Disarm(handle);
            var elapsed = _time.GetElapsedTime(_start);
            if (_armed == 0)
            {
                _now = Math.Max(_now, elapsed.Ticks / Tick.Ticks);
            }

            // One tick more than the division gives: part of the current tick is already over.
            handle.DueTick = Math.Max(_now, (elapsed + (after < TimeSpan.Zero ? TimeSpan.Zero : after)).Ticks / Tick.Ticks) + 1;
            Link(handle);
            _armed++;
            if (!_ticking)
            {
                _ticking = true;
                _timer.Change(Tick, Timeout.InfiniteTimeSpan);
            }
        }
    }

    internal void Cancel(TimerHandle handle)
    {
        lock (_lock)
        {
            Disarm(handle);
        }
    }

    public void Dispose() => _timer.Dispose();

    long CurrentTick() => _time.GetElapsedTime(_start).Ticks / Tick.Ticks;

    void Disarm(TimerHandle handle)
    {
        handle.IsDue = false;
        if (handle.Slot >= 0)
        {
            Unlink(handle);
            _armed--;
        }
    }

    void OnTick()
    {
        lock (_lock)
        {
            Advance();
        }

        foreach (var handle in _due)
        {
            Fire(handle);
        }

        _due.Clear();
        lock (_lock)
        {
            // Armed again only now: ticks never overlap.
            _ticking = _armed > 0;
            if (_ticking)
            {
                _timer.Change(Tick, Timeout.InfiniteTimeSpan);
            }
        }
    }

    void Fire(TimerHandle handle)
    {
        lock (_lock)
        {
            if (!handle.IsDue)
            {
                return;
            }

            handle.IsDue = false;
        }

        try
        {
            handle.Target.Due(handle);
        }
        catch (Exception exception)
        {
            // One target's mistake must not stop everybody's timers.
            _logger.TimerFailed(exception);
        }
    }

    /// <summary>Moves the wheel to the current tick and collects what is due.</summary>
    void Advance()
    {
        var target = CurrentTick();
        while (_now < target && _armed > 0)
        {
            _now++;
            for (var level = 1; level < Levels && (_now & ((1L << (Bits * level)) - 1)) == 0; level++)
            {
                Cascade((level * Slots) + (int)((_now >> (Bits * level)) & (Slots - 1)));
            }

            while (_slots[(int)(_now & (Slots - 1))] is { } handle)
            {
                Unlink(handle);
                _armed--;
                handle.IsDue = true;
                _due.Add(handle);
            }
        }

        _now = Math.Max(_now, target);
    }

    /// <summary>Spreads a slot of a coarser level over the finer ones.</summary>
    void Cascade(int slot)
    {
        var handle = _slots[slot];
        _slots[slot] = null;
        while (handle is not null)
        {
            var next = handle.Next;
            handle.Next = null;
            Link(handle);
            handle = next;
        }
    }

    void Link(TimerHandle handle)
    {
        var distance = handle.DueTick - _now;
        var level = 0;
        while (level < Levels - 1 && distance >= 1L << (Bits * (level + 1)))
        {
            level++;
        }

        // Beyond the coarsest level (19 days) it is looked at when that comes round, and linked again.
        var tick = Math.Min(handle.DueTick, _now + (1L << (Bits * Levels)) - 1);
        var slot = (level * Slots) + (int)((tick >> (Bits * level)) & (Slots - 1));
        handle.Slot = slot;
        handle.Previous = null;
        handle.Next = _slots[slot];
        if (handle.Next is not null)
        {
            handle.Next.Previous = handle;
        }

        _slots[slot] = handle;
    }

    void Unlink(TimerHandle handle)
    {
        if (handle.Previous is not null)
        {
            handle.Previous.Next = handle.Next;
        }
        else
        {
            _slots[handle.Slot] = handle.Next;
        }

        if (handle.Next is not null)
        {
            handle.Next.Previous = handle.Previous;
        }

        handle.Next = null;
        handle.Previous = null;
        handle.Slot = -1;
    }
}
