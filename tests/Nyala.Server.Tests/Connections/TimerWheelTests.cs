using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Nyala.Core.Connections;
using Xunit;

namespace Nyala.Server.Tests.Connections;

public sealed class TimerWheelTests
{
    static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_timer_comes_once_never_early_and_at_most_two_ticks_late(int seed)
    {
        var random = new Random(seed);
        var time = new FakeTimeProvider();
        using var wheel = new TimerWheel(time, NullLogger.Instance);
        var targets = new List<Target>();
        for (var step = 0; step < 3000; step++)
        {
            switch (random.Next(4))
            {
                case 0 or 1:
                    var fresh = new Target(time);
                    targets.Add(fresh);
                    fresh.Arm(wheel, Duration(random));
                    break;
                case 2 when targets.Count > 0:
                    var target = targets[random.Next(targets.Count)];
                    if (random.Next(2) == 0)
                    {
                        target.Cancel();
                    }
                    else
                    {
                        target.Arm(wheel, Duration(random));
                    }

                    break;
                default:
                    // In single ticks, as the real clock moves; now and then the process sleeps.
                    for (var ticks = random.Next(20); ticks > 0; ticks--)
                    {
                        time.Advance(Tick);
                        targets.ForEach(each => each.Check());
                    }

                    break;
            }
        }

        Assert.Equal(targets.Count(target => target.Armed), wheel.Armed);
        for (var i = 0; i < 40_000 && wheel.Armed > 0; i++)
        {
            time.Advance(Tick);
        }

        Assert.All(targets, target => Assert.False(target.Armed));
        Assert.True(targets.Sum(target => target.Fired) > 500);
    }

    [Fact]
    public void Long_times_outlast_every_level_of_the_wheel()
    {
        var time = new FakeTimeProvider();
        using var wheel = new TimerWheel(time, NullLogger.Instance);
        var target = new Target(time);
        target.Arm(wheel, TimeSpan.FromDays(45));
        for (var day = 0; day < 44; day++)
        {
            time.Advance(TimeSpan.FromDays(1));
        }

        Assert.Equal(0, target.Fired);
        time.Advance(TimeSpan.FromDays(1.1));
        Assert.Equal(1, target.Fired);
    }

    [Fact]
    public void What_was_only_created_comes_when_it_is_armed_and_not_before()
    {
        var time = new FakeTimeProvider();
        using var wheel = new TimerWheel(time, NullLogger.Instance);
        var again = new Again();
        var timer = wheel.Create(again);
        time.Advance(TimeSpan.FromDays(1));
        Assert.Equal((0, 20), (wheel.Armed, again.Left));
        timer.Schedule(Tick);
        time.Advance(2 * Tick);
        Assert.Equal(19, again.Left);
    }

    [Fact]
    public void A_failing_target_does_not_stop_the_others_and_a_target_may_arm_itself_again()
    {
        var time = new FakeTimeProvider();
        using var wheel = new TimerWheel(time, NullLogger.Instance);
        var again = new Again();
        wheel.Schedule(Tick, new Failing());
        wheel.Schedule(Tick, again);
        for (var i = 0; i < 40; i++)
        {
            time.Advance(Tick);
        }

        Assert.Equal(10, again.Left);
    }

    static TimeSpan Duration(Random random) => random.Next(4) switch
    {
        0 => TimeSpan.FromMilliseconds(random.Next(500)),
        1 => TimeSpan.FromSeconds(random.Next(10)),
        2 => TimeSpan.FromSeconds(random.Next(600)),
        _ => TimeSpan.FromMilliseconds(6350 + random.Next(200)),
    };

    sealed class Target(TimeProvider time) : ITimerTarget
    {
        TimerHandle? _handle;
        DateTimeOffset _due;

        public bool Armed { get; private set; }

        public int Fired { get; private set; }

        public void Arm(TimerWheel wheel, TimeSpan after)
        {
            _due = time.GetUtcNow() + after;
            Armed = true;
            if (_handle is null)
            {
                _handle = wheel.Schedule(after, this);
            }
            else
            {
                _handle.Schedule(after);
            }
        }

        public void Cancel()
        {
            Armed = false;
            _handle!.Cancel();
        }

        public void Check() => Assert.False(Armed && time.GetUtcNow() > _due + (2 * Tick));

        public void Due(TimerHandle timer)
        {
            Assert.True(Armed);
            Assert.True(time.GetUtcNow() >= _due);
            Armed = false;
            Fired++;
        }
    }

    sealed class Failing : ITimerTarget
    {
        public void Due(TimerHandle timer) => throw new InvalidOperationException("A bug.");
    }

    sealed class Again : ITimerTarget
    {
        public int Left { get; private set; } = 20;

        public void Due(TimerHandle timer)
        {
            if (--Left > 10)
            {
                timer.Schedule(Tick);
            }
        }
    }
}
