using Nyala.Core.Connections;
using Xunit;

namespace Nyala.Server.Tests.Delivery;

/// <summary>The end of the process in good order (R15).</summary>
public sealed class ShutdownTests
{
    [Fact]
    public async Task R15_Commits_are_finished_the_last_count_is_told_and_stream_ids_stay_answerable()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden", priority: null);
        await stage.AccountAsync("juliet");
        stage.Log.Stall();
        await romeo.MessageAsync("juliet@capulet.example", "one");
        await romeo.MessageAsync("juliet@capulet.example", "two");
        var stopping = stage.RestartAsync(orderly: true);
        await romeo.MessageAsync("juliet@capulet.example", "too late");
        Assert.False(romeo.Connection.Ended.IsCompleted);
        stage.Log.Release();

        Assert.Equal(2u, await romeo.AckAsync());
        var (reason, error) = await romeo.Connection.Ended;
        Assert.Equal((EndReason.Shutdown, "system-shutdown"), (reason, error!.Condition));
        await stopping;
        var (_, handled) = await stage.Server.Sessions.ResumeAsync(await stage.AccountAsync("romeo"), romeo.Stream);
        Assert.Equal(2u, handled);
        var juliet = await stage.EnterAsync("juliet", "balcony", priority: null);
        await juliet.SendAsync("<presence/>");
        await juliet.ExpectBodiesAsync("one", "two");
        await juliet.ExpectNothingAsync();
    }

    [Fact]
    public async Task R15_What_a_session_had_in_flight_is_there_after_the_restart()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var juliet = await stage.EnterAsync("juliet", "balcony");
        await romeo.MessageAsync("juliet@capulet.example", "acknowledged");
        await juliet.ExpectBodiesAsync("acknowledged");
        await juliet.AcknowledgeAsync();
        await juliet.CutAsync();
        await romeo.MessageAsync("juliet@capulet.example", "in flight");
        await romeo.SettleAsync();
        await stage.RestartAsync(orderly: true);
        juliet = await stage.EnterAsync("juliet", "balcony", priority: null);
        await juliet.SendAsync("<presence/>");

        await juliet.ExpectBodiesAsync("in flight");
    }
}
