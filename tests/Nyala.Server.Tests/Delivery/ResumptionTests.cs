using Nyala.Core;
using Nyala.Core.Connections;
using Nyala.Storage;
using Xunit;

namespace Nyala.Server.Tests.Delivery;

/// <summary>A stream that goes on over another connection (XEP-0198 §5), and its messages (R1, R3, R8).</summary>
public sealed class ResumptionTests
{
    [Fact]
    public async Task What_was_not_acknowledged_is_sent_again_in_order_and_nothing_else()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var juliet = await stage.EnterAsync("juliet", "balcony");
        foreach (var body in new[] { "one", "two", "three" })
        {
            await romeo.MessageAsync("juliet@capulet.example", body);
        }

        await juliet.ExpectBodiesAsync("one", "two", "three");
        await juliet.CutAsync();
        await romeo.MessageAsync("juliet@capulet.example", "four");
        await romeo.SettleAsync();
        await juliet.ResumeAsync(juliet.Handled - 2);

        await juliet.ExpectBodiesAsync("two", "three", "four");
        await juliet.ExpectNothingAsync();
    }

    [Fact]
    public async Task A_resent_stanza_is_byte_for_byte_what_it_was()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var juliet = await stage.EnterAsync("juliet", "balcony");
        await romeo.MessageAsync("juliet@capulet.example", "one");
        var first = await juliet.NextMessageAsync();
        await juliet.CutAsync();
        await juliet.ResumeAsync(juliet.Handled - 1);

        Assert.Equal(first.ToString(), (await juliet.NextMessageAsync()).ToString());
    }

    [Fact]
    public async Task The_client_is_told_what_was_handled_also_when_that_was_still_being_stored()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden", priority: null);
        await stage.AccountAsync("juliet");
        stage.Log.Stall();
        await romeo.MessageAsync("juliet@capulet.example", "one");
        await romeo.MessageAsync("juliet@capulet.example", "two");
        await romeo.CutAsync();
        var resuming = romeo.ResumeAsync();
        Assert.False(resuming.IsCompleted);
        stage.Log.Release();

        Assert.Equal(2u, await resuming);
    }

    [Fact]
    public async Task What_comes_from_the_old_connection_after_resumption_began_is_neither_handled_nor_counted()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden", priority: null);
        var juliet = await stage.EnterAsync("juliet", "balcony");
        var old = romeo.Connection;
        Assert.Equal(0u, await romeo.ResumeAsync());
        await romeo.Session.ReceivedAsync(old, Xmpp.Stanzas.Stanza.Parse("<message to='juliet@capulet.example'><body>late</body></message>"u8.ToArray()));

        Assert.Equal(EndReason.Resumed, (await old.Ended).Reason);
        await juliet.ExpectNothingAsync();
        await romeo.SendAsync("<r xmlns='urn:xmpp:sm:3'/>");
        Assert.Equal(0u, await romeo.AckAsync());
    }

    [Fact]
    public async Task R3_What_could_not_be_made_durable_is_not_counted_on_resumption()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden", priority: null);
        await stage.AccountAsync("juliet");
        await romeo.MessageAsync("juliet@capulet.example", "stored");
        await romeo.SettleAsync();
        await romeo.SettleAsync();
        stage.Log.Failing = LogFailure.Full;
        await romeo.CutAsync();

        Assert.Equal(1u, await romeo.ResumeAsync());
        stage.Log.Failing = null;
        await romeo.SettleAsync();
        await romeo.SendAsync("<r xmlns='urn:xmpp:sm:3'/>");
        Assert.Equal(2u, await romeo.AckAsync());
    }

    [Fact]
    public async Task Acknowledging_more_than_was_sent_ends_the_stream_with_the_numbers()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        await romeo.SendAsync("<a xmlns='urn:xmpp:sm:3' h='1000'/>");

        var (reason, error) = await romeo.Connection.Ended;
        Assert.Equal(EndReason.ProtocolError, reason);
        Assert.Contains("handled-count-too-high xmlns='urn:xmpp:sm:3' h='1000' send-count='", error!.ToElement().ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_acknowledgement_older_than_the_last_one_changes_nothing()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var juliet = await stage.EnterAsync("juliet", "balcony");
        await romeo.MessageAsync("juliet@capulet.example", "hello");
        await juliet.ExpectBodiesAsync("hello");
        await juliet.AcknowledgeAsync();
        await juliet.SendAsync("<a xmlns='urn:xmpp:sm:3' h='0'/>");
        await romeo.MessageAsync("juliet@capulet.example", "still there");

        await juliet.ExpectBodiesAsync("still there");
    }

    [Fact]
    public async Task Resuming_with_more_than_was_sent_ends_the_stream_and_keeps_the_messages()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var juliet = await stage.EnterAsync("juliet", "balcony");
        await romeo.MessageAsync("juliet@capulet.example", "one");
        await juliet.ExpectBodiesAsync("one");
        await juliet.CutAsync();
        await juliet.ResumeAsync(1_000);

        Assert.Contains("handled-count-too-high", (await juliet.Connection.Ended).Error!.ToElement().ToString(), StringComparison.Ordinal);
        var next = await stage.EnterAsync("juliet", "window", priority: null);
        await next.SendAsync("<presence/>");
        await next.ExpectBodiesAsync("one");
    }

    [Fact]
    public async Task A_message_for_a_hibernated_session_waits_there_and_nowhere_else()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var juliet = await stage.EnterAsync("juliet", "balcony");
        await juliet.CutAsync();
        await romeo.MessageAsync("juliet@capulet.example", "sleeping");
        await romeo.SettleAsync();
        var other = await stage.EnterAsync("juliet", "window");

        await other.ExpectNothingAsync();
        await juliet.ResumeAsync();
        await juliet.ExpectBodiesAsync("sleeping");
    }

    [Fact]
    public async Task R8_A_hibernated_session_that_expires_leaves_its_messages_to_the_next()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var juliet = await stage.EnterAsync("juliet", "balcony");
        await romeo.MessageAsync("juliet@capulet.example", "seen");
        await juliet.ExpectBodiesAsync("seen");
        await juliet.AcknowledgeAsync();
        await juliet.CutAsync();
        await romeo.MessageAsync("juliet@capulet.example", "one");
        await romeo.MessageAsync("juliet@capulet.example", "two");
        await romeo.SettleAsync();
        for (var minute = 0; minute < 12 && !juliet.Session.HasEnded; minute++)
        {
            stage.Time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.True(juliet.Session.HasEnded);
        Assert.Null(await juliet.ResumeAsync());
        var next = await stage.EnterAsync("juliet", "window", priority: null);
        await next.SendAsync("<presence/>");
        await next.ExpectBodiesAsync("one", "two");
    }

    [Fact]
    public async Task A_session_whose_resumption_was_begun_and_never_finished_expires_too()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        await stage.Server.Sessions.ResumeAsync(await stage.AccountAsync("romeo"), romeo.Stream);
        for (var minute = 0; minute < 12; minute++)
        {
            stage.Time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.True(romeo.Session.HasEnded);
        Assert.Equal(0, stage.Server.Sessions.Count);
    }

    [Fact]
    public async Task A_session_that_was_bound_and_never_started_ends()
    {
        await using var stage = await Stage.OpenAsync();
        var (session, _) = await stage.Server.Sessions.BindAsync(await stage.AccountAsync("romeo"), "garden", null);
        for (var minute = 0; minute < 12; minute++)
        {
            stage.Time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.True(session!.HasEnded);
    }

    [Fact]
    public async Task A_stream_that_ended_while_it_was_being_resumed_is_not_given_the_connection()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var (session, _) = await stage.Server.Sessions.ResumeAsync(await stage.AccountAsync("romeo"), romeo.Stream);
        await session!.EndAsync(EndReason.LoggedOut);
        var connection = new FakeConnection { Handler = session };

        Assert.Equal("reset", stage.Server.Sessions.Continue(session, connection, 0)!.Condition);
    }

    [Fact]
    public async Task Requests_for_a_session_that_never_comes_back_are_answered_for_it()
    {
        await using var stage = await Stage.OpenAsync(new Limits { ResumptionTime = TimeSpan.FromMinutes(1) });
        var juliet = await stage.EnterAsync("juliet", "balcony");
        var other = await stage.EnterAsync("juliet", "window");
        await juliet.CutAsync();
        await other.SendAsync("<iq type='get' id='who' to='juliet@capulet.example/balcony'><query xmlns='jabber:iq:version'/></iq>");
        await other.SettleAsync();
        for (var i = 0; i < 5; i++)
        {
            stage.Time.Advance(TimeSpan.FromSeconds(20));
        }

        while (true)
        {
            var answer = await other.NextAsync();
            if (answer.Id == "who")
            {
                Assert.Contains("service-unavailable", answer.ToString(), StringComparison.Ordinal);
                return;
            }
        }
    }
}
