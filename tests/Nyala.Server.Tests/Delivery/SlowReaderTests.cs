using Nyala.Core;
using Nyala.Core.Connections;
using Xunit;

namespace Nyala.Server.Tests.Delivery;

/// <summary>Clients that do not read, or read slowly (R10): nothing is lost, nothing twice, and memory is bounded.</summary>
public sealed class SlowReaderTests
{
    const string Juliet = "juliet@capulet.example";

    static readonly Limits Small = new() { UnacknowledgedStanzas = 20, OutboundBytes = 10_000 };

    [Fact]
    public async Task R10_A_queue_that_overflows_while_the_session_hibernates_goes_on_from_the_log_in_order()
    {
        await using var stage = await Stage.OpenAsync(Small);
        var romeo = await stage.EnterAsync("romeo", "garden");
        var juliet = await stage.EnterAsync("juliet", "balcony");
        await juliet.CutAsync();
        for (var i = 0; i < 150; i++)
        {
            await romeo.MessageAsync(Juliet, $"{i}");
        }

        await romeo.SettleAsync();
        await juliet.ResumeAsync();
        for (var i = 0; i < 150; i++)
        {
            Assert.Equal($"{i}", await juliet.BodyAsync());
            await juliet.AcknowledgeAsync();
        }

        await juliet.ExpectNothingAsync();
        await romeo.MessageAsync(Juliet, "live again");
        await juliet.ExpectBodiesAsync("live again");
    }

    [Fact]
    public async Task R10_Large_messages_fill_the_queue_by_their_bytes()
    {
        await using var stage = await Stage.OpenAsync(new Limits { UnacknowledgedBytes = 50_000 });
        var romeo = await stage.EnterAsync("romeo", "garden");
        var juliet = await stage.EnterAsync("juliet", "balcony");
        await juliet.CutAsync();
        var large = new string('x', 10_000);
        for (var i = 0; i < 30; i++)
        {
            await romeo.MessageAsync(Juliet, $"{i} {large}");
        }

        await romeo.SettleAsync();
        Assert.True(juliet.Session.Outbox.ReadsLog);
        await juliet.ResumeAsync();
        for (var i = 0; i < 30; i++)
        {
            Assert.StartsWith($"{i} ", await juliet.BodyAsync(), StringComparison.Ordinal);
            await juliet.AcknowledgeAsync();
        }

        await juliet.ExpectNothingAsync();
    }

    [Fact]
    public async Task R10_A_socket_that_takes_nothing_is_not_written_to_and_finds_the_rest_in_the_log()
    {
        await using var stage = await Stage.OpenAsync(Small);
        var romeo = await stage.EnterAsync("romeo", "garden");
        var juliet = await stage.EnterAsync("juliet", "balcony");
        juliet.Connection.SetPending(1_000_000);
        for (var i = 0; i < 60; i++)
        {
            await romeo.MessageAsync(Juliet, $"{i}");
        }

        await romeo.SettleAsync();
        juliet.Connection.SetPending(0);
        for (var i = 0; i < 60; i++)
        {
            Assert.Equal($"{i}", await juliet.BodyAsync());
            await juliet.AcknowledgeAsync();
        }

        await juliet.ExpectNothingAsync();
    }

    [Fact]
    public async Task R10_Who_takes_nothing_for_a_minute_is_ended_and_the_next_session_gets_it_all()
    {
        await using var stage = await Stage.OpenAsync(Small);
        var romeo = await stage.EnterAsync("romeo", "garden");
        var juliet = await stage.EnterAsync("juliet", "balcony");
        juliet.Connection.SetPending(1_000_000);
        for (var i = 0; i < 60; i++)
        {
            await romeo.MessageAsync(Juliet, $"{i}");
        }

        await romeo.SettleAsync();
        for (var second = 0; second < 100 && !juliet.Session.HasEnded; second++)
        {
            stage.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(EndReason.DoesNotRead, (await juliet.Connection.Ended).Reason);
        Assert.Null(await juliet.ResumeAsync());
        var next = await stage.EnterAsync("juliet", "window", priority: null);
        await next.SendAsync("<presence/>");
        for (var i = 0; i < 60; i++)
        {
            Assert.Equal($"{i}", await next.BodyAsync());
            await next.AcknowledgeAsync();
        }
    }

    [Fact]
    public async Task R10_Two_devices_one_of_them_slow_get_everything_once_each()
    {
        await using var stage = await Stage.OpenAsync(Small);
        var romeo = await stage.EnterAsync("romeo", "garden");
        var phone = await stage.EnterAsync("juliet", "phone");
        var desk = await stage.EnterAsync("juliet", "desk");
        phone.Connection.SetPending(1_000_000);
        for (var i = 0; i < 60; i++)
        {
            await romeo.MessageAsync(Juliet, $"{i}");
            Assert.Equal($"{i}", await desk.BodyAsync());
            await desk.AcknowledgeAsync();
        }

        phone.Connection.SetPending(0);
        for (var i = 0; i < 60; i++)
        {
            Assert.Equal($"{i}", await phone.BodyAsync());
            await phone.AcknowledgeAsync();
        }

        await phone.ExpectNothingAsync();
        await desk.ExpectNothingAsync();
    }

    [Fact]
    public async Task R10_A_silent_connection_is_asked_and_hibernates_when_it_does_not_answer()
    {
        await using var stage = await Stage.OpenAsync();
        var juliet = await stage.EnterAsync("juliet", "balcony");
        for (var second = 0; second < 100 && juliet.Session.IsConnected; second++)
        {
            stage.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(EndReason.Unresponsive, (await juliet.Connection.Ended).Reason);
        Assert.False(juliet.Session.HasEnded);
        Assert.NotNull(await juliet.ResumeAsync());
    }

    [Fact]
    public async Task A_page_of_the_archive_that_is_too_large_is_cut_and_says_so()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        await stage.AccountAsync("juliet");
        var large = new string('x', 300_000);
        for (var i = 0; i < 5; i++)
        {
            await romeo.MessageAsync(Juliet, $"{i} {large}");
        }

        await romeo.SettleAsync();
        await romeo.SendAsync("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>");
        for (var i = 0; i < 3; i++)
        {
            Assert.StartsWith($"{i} ", await romeo.BodyAsync(), StringComparison.Ordinal);
        }

        Assert.DoesNotContain("complete='true'", (await romeo.NextAsync()).ToString(), StringComparison.Ordinal);
        await romeo.SendAsync("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><max>10</max><before/></set></query></iq>");
        for (var i = 2; i < 5; i++)
        {
            Assert.StartsWith($"{i} ", await romeo.BodyAsync(), StringComparison.Ordinal);
        }

        Assert.DoesNotContain("complete='true'", (await romeo.NextAsync()).ToString(), StringComparison.Ordinal);
    }
}
