using Nyala.Interop.Tests.Stage;
using Xunit;

namespace Nyala.Interop.Tests;

/// <summary>Two people talk without a pause while the link between their servers is bad.</summary>
public sealed class LinkScenes
{
    /// <summary>From one message to the next.</summary>
    static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    [Theory]
    [InlineData("prosody")]
    [InlineData("ejabberd")]
    public async Task Under_traffic_nothing_is_lost_by_a_link_that_is_cut_and_heals(string kind)
    {
        await using var world = await PeerWorld.StartAsync(kind, certificates: true, linked: true);
        await using var romeo = await Talker.ComeAsync(world.Ours, "romeo", PeerWorld.Juliet);
        await using var juliet = await Talker.ComeAsync(world.Theirs, "juliet", PeerWorld.Romeo);

        // One stream for both, before the other server opens another one for what is said meanwhile (and puts that behind).
        await romeo.SayAsync();
        await juliet.HearsAsync(1);
        await TalkAsync(25, romeo, juliet);
        await HearAllAsync(romeo, juliet);

        // For two seconds nothing gets through, and nobody is told so. What was said comes once, in its order.
        world.Stall();
        await TalkAsync(100, romeo, juliet);
        world.Resume();
        await HearAllAsync(romeo, juliet);
        Assert.Equal(Enumerable.Range(1, romeo.Said), juliet.Heard);
        Assert.Equal(Enumerable.Range(1, juliet.Said), romeo.Heard);

        // The same, but what was under way is lost, and for another two seconds nobody finds anybody.
        world.Stall();
        await TalkAsync(50, romeo, juliet);
        world.Cut();
        await TalkAsync(100, romeo, juliet);
        world.Resume();
        await HearAgainAsync(romeo, juliet);
        await juliet.HearsAsync(romeo.Said);

        if (kind == "prosody")
        {
            await RestartAsync(world, romeo, juliet);
        }

        // Neither counts on who comes again: what it had not acknowledged when its stream was lost it may get a second time.
        AssertComplete(juliet.Heard, romeo.Said, losses: 2);
        Assert.Empty(romeo.Refused);

        // What they lose is theirs to explain, but nothing comes twice.
        Assert.Equal(romeo.Heard.Distinct(), romeo.Heard);
    }

    /// <summary>
    /// The other server is killed and started again. Not ejabberd: it answers pings, our acknowledgement, while what it stores for
    /// the absent is in memory only, and once it missed some of that; PeerScenes restart it without traffic.
    /// </summary>
    static async Task RestartAsync(PeerWorld world, Talker romeo, Talker juliet)
    {
        await TalkAsync(25, romeo, juliet);
        await HearAllAsync(romeo, juliet);
        await juliet.GoAsync();
        await TalkAsync(25, romeo);
        await world.Theirs.KillAsync();
        await TalkAsync(50, romeo);
        await world.Theirs.StartAsync();
        await juliet.ComeAsync(world.Theirs, "juliet");
        await HearAgainAsync(romeo, juliet);
        await juliet.HearsAsync(romeo.Said);
    }

    /// <summary>So many messages more from each of them, one after the other.</summary>
    static async Task TalkAsync(int count, params Talker[] talkers)
    {
        using var pace = new PeriodicTimer(Pace, TimeProvider.System);
        for (; count > 0 && await pace.WaitForNextTickAsync(); count--)
        {
            foreach (var talker in talkers)
            {
                await talker.SayAsync();
            }
        }
    }

    static Task HearAllAsync(Talker one, Talker other) => Task.WhenAll(one.HearsAsync(other.Said), other.HearsAsync(one.Said));

    /// <summary>They talk on until the first hears the second again.</summary>
    static async Task HearAgainAsync(Talker one, Talker other)
    {
        var heard = one.HearsMoreAsync();
        while (!heard.IsCompleted)
        {
            await TalkAsync(5, one, other);
        }

        await heard;
    }

    /// <summary>All numbers, none before all before it; only that some come again, from some point on, once for each stream that was lost.</summary>
    static void AssertComplete(int[] heard, int last, int losses)
    {
        var (highest, previous, again) = (0, 0, 0);
        foreach (var number in heard)
        {
            Assert.InRange(number, 1, highest + 1);
            again += number == previous + 1 ? 0 : 1;
            previous = number;
            highest = Math.Max(highest, number);
        }

        Assert.Equal(last, highest);
        Assert.InRange(again, 0, losses);
    }
}
