using Nyala.Core.Connections;
using Xunit;

namespace Nyala.Server.Tests.Connections;

public sealed class LaneTests
{
    [Fact]
    public async Task Who_has_begun_goes_on_before_the_next_may_enter()
    {
        using var lane = new Lane(1);
        using var open = new ManualResetEventSlim();
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var order = new List<string>();
        var holding = HoldAsync();
        await entered.Task;
        Task[] all = [EnterAsync("first"), EnterAsync("second"), GoOnAsync("one"), GoOnAsync("two")];
        open.Set();
        await Task.WhenAll([.. all, holding]);
        await Task.Yield();
        Assert.Equal(["one", "two", "first", "second"], order);

        async Task HoldAsync()
        {
            await lane;
            entered.SetResult();
            open.Wait();
        }

        async Task EnterAsync(string name)
        {
            await lane.Last;
            order.Add(name);
        }

        async Task GoOnAsync(string name)
        {
            await lane;
            order.Add(name);
        }
    }

    [Fact]
    public async Task In_the_lane_nothing_waits()
    {
        using var lane = new Lane(1);
        await lane;
        var thread = Environment.CurrentManagedThreadId;
        await lane.Last;
        await lane;
        var same = Environment.CurrentManagedThreadId;
        await Task.Yield();
        Assert.Equal(thread, same);
    }
}
