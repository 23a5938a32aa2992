using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Nyala.Core.Connections;
using Xunit;

namespace Nyala.Server.Tests.Connections;

public sealed class TurnstileTests : IDisposable
{
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    readonly FakeTimeProvider _time = new();
    readonly TimerWheel _wheel;

    public TurnstileTests() => _wheel = new(_time, NullLogger.Instance);

    public void Dispose() => _wheel.Dispose();

    [Fact]
    public async Task First_come_first_served()
    {
        var turnstile = new Turnstile(1, _wheel);
        Assert.True(await EnterAsync(turnstile, CancellationToken.None));
        var second = EnterAsync(turnstile, CancellationToken.None);
        var third = EnterAsync(turnstile, CancellationToken.None);
        turnstile.Leave();
        Assert.True(await second);
        Assert.False(third.IsCompleted);
        turnstile.Leave();
        Assert.True(await third);
        turnstile.Leave();
        Assert.True(EnterAsync(turnstile, CancellationToken.None).IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Who_waits_too_long_is_turned_away_and_takes_no_place()
    {
        var turnstile = new Turnstile(1, _wheel);
        await EnterAsync(turnstile, CancellationToken.None);
        var second = EnterAsync(turnstile, CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(5));
        var third = EnterAsync(turnstile, CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.False(await second);
        Assert.Equal(1, turnstile.Refused);
        turnstile.Leave();
        Assert.True(await third);
    }

    [Fact]
    public async Task Who_leaves_the_line_takes_no_place()
    {
        var turnstile = new Turnstile(1, _wheel);
        await EnterAsync(turnstile, CancellationToken.None);
        using var cancellation = new CancellationTokenSource();
        var second = EnterAsync(turnstile, cancellation.Token);
        var third = EnterAsync(turnstile, CancellationToken.None);
        await cancellation.CancelAsync();
        Assert.False(await second);
        turnstile.Leave();
        Assert.True(await third);
        Assert.Equal(0, turnstile.Refused);
    }

    [Fact]
    public async Task No_place_is_lost_when_everybody_pushes()
    {
        var turnstile = new Turnstile(3, _wheel);
        var inside = 0;
        var most = 0;
        await Task.WhenAll(Enumerable.Range(0, 200).Select(index => Task.Run(async () =>
        {
            using var cancellation = new CancellationTokenSource();
            var entering = EnterAsync(turnstile, cancellation.Token);
            if (index % 3 == 0)
            {
                await cancellation.CancelAsync();
            }

            if (await entering)
            {
                var now = Interlocked.Increment(ref inside);
                InterlockedMax(ref most, now);
                await Task.Yield();
                Interlocked.Decrement(ref inside);
                turnstile.Leave();
            }
        })));
        Assert.InRange(most, 1, 3);
        for (var i = 0; i < 3; i++)
        {
            Assert.True(EnterAsync(turnstile, CancellationToken.None).IsCompletedSuccessfully);
        }

        Assert.False(EnterAsync(turnstile, CancellationToken.None).IsCompleted);
    }

    static Task<bool> EnterAsync(Turnstile turnstile, CancellationToken cancellation) =>
        turnstile.EnterAsync(Limit, cancellation).AsTask();

    static void InterlockedMax(ref int target, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }
}
