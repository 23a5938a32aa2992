using Nyala.Core;
using Nyala.Core.Connections;
using Nyala.Xmpp.Stanzas;
using Xunit;

namespace Nyala.Server.Tests.Delivery;

/// <summary>What waits for an account, who gets it, and when it is done (R8, R9).</summary>
public sealed class PendingTests
{
    const string Juliet = "juliet@capulet.example";

    [Fact]
    public async Task R8_What_came_while_nobody_was_there_goes_to_the_first_that_is_stamped_and_in_order()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        await stage.AccountAsync("juliet");
        for (var i = 0; i < 120; i++)
        {
            await romeo.MessageAsync(Juliet, $"{i}");
        }

        await romeo.SettleAsync();
        var juliet = await stage.EnterAsync("juliet", "balcony", priority: null);
        await juliet.SendAsync("<presence/>");
        for (var i = 0; i < 120; i++)
        {
            var message = await juliet.NextMessageAsync();
            Assert.Equal($"{i}", Player.BodyOf(message));
            Assert.Contains("<delay xmlns='urn:xmpp:delay' from='capulet.example' stamp='2026-01-02T03:04:05", message.ToString(), StringComparison.Ordinal);
        }

        await juliet.AcknowledgeAsync();
        await stage.RestartAsync(orderly: true);
        var again = await stage.EnterAsync("juliet", "balcony", priority: null);
        await again.SendAsync("<presence/>");
        await again.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task R8_What_cannot_be_read_for_a_while_comes_without_a_word_of_the_client(bool counting)
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        await stage.AccountAsync("juliet");
        await romeo.MessageAsync(Juliet, "one");
        await romeo.MessageAsync(Juliet, "two");
        await romeo.SettleAsync();
        stage.Archive.IsUnreadable = true;
        var juliet = await stage.EnterAsync("juliet", "balcony", counting, priority: null);
        await juliet.SendAsync("<presence/>");
        await stage.LoggedAsync("Reading the log for juliet@capulet.example/balcony failed, tried again in 1 s");
        await romeo.MessageAsync(Juliet, "three");
        stage.Time.Advance(TimeSpan.FromSeconds(2));
        await stage.LoggedAsync("Reading the log for juliet@capulet.example/balcony failed, tried again in 2 s");

        stage.Archive.IsUnreadable = false;
        stage.Time.Advance(TimeSpan.FromSeconds(3));
        await juliet.ExpectBodiesAsync("one", "two", "three");
        await romeo.MessageAsync(Juliet, "live again");
        await juliet.ExpectBodiesAsync("live again");
    }

    [Fact]
    public async Task R8_A_session_of_negative_priority_takes_nothing_and_makes_nothing_done()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var bot = await stage.EnterAsync("juliet", "bot", priority: -1);
        await romeo.MessageAsync(Juliet, "for juliet");
        await bot.ExpectNothingAsync();
        await romeo.MessageAsync(Juliet + "/bot", "for the bot");
        await bot.ExpectBodiesAsync("for the bot");
        await bot.AcknowledgeAsync();
        var juliet = await stage.EnterAsync("juliet", "balcony", priority: null);
        await juliet.SendAsync("<presence/>");

        await juliet.ExpectBodiesAsync("for juliet", "for the bot");
    }

    [Fact]
    public async Task R8_A_carbon_acknowledged_by_a_session_of_negative_priority_does_not_make_the_message_done()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var phone = await stage.EnterAsync("juliet", "phone");
        var bot = await stage.EnterAsync("juliet", "bot", priority: -1);
        await bot.SendAsync("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
        await romeo.MessageAsync(Juliet + "/phone", "hello");
        await bot.ExpectBodiesAsync("hello");
        await bot.AcknowledgeAsync();
        await phone.Session.EndAsync(EndReason.LoggedOut);
        var next = await stage.EnterAsync("juliet", "next", priority: null);
        await next.SendAsync("<presence/>");

        await next.ExpectBodiesAsync("hello");
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("", false)]
    [InlineData("/laptop", true)]
    [InlineData("/laptop", false)]
    public async Task R8_What_a_device_saw_before_its_first_presence_does_not_come_again(string resource, bool acknowledges)
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var laptop = await stage.EnterAsync("juliet", "laptop", priority: null);
        await laptop.SendAsync("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
        await laptop.SettleAsync();
        await romeo.MessageAsync(Juliet + resource, "hello");
        await laptop.ExpectBodiesAsync("hello");
        if (acknowledges)
        {
            await laptop.AcknowledgeAsync();
        }

        await laptop.SendAsync("<presence/>");
        await laptop.ExpectNothingAsync();
        if (!acknowledges)
        {
            await laptop.Session.EndAsync(EndReason.LoggedOut);
        }

        var phone = await stage.EnterAsync("juliet", "phone", priority: null);
        await phone.SendAsync("<presence/>");
        await phone.ExpectBodiesAsync(acknowledges ? [] : ["hello"]);
        await phone.ExpectNothingAsync();
    }

    [Fact]
    public async Task R8_What_a_device_saw_before_it_counted_is_not_done_by_its_first_presence()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var laptop = await stage.EnterAsync("juliet", "laptop", counting: false, priority: null);
        await laptop.SendAsync("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
        await laptop.SettleAsync();
        await romeo.MessageAsync(Juliet, "hello");
        await laptop.ExpectBodiesAsync("hello");
        await laptop.EnableAsync();
        await laptop.SendAsync("<presence/>");
        await laptop.ExpectBodiesAsync("hello");
        await laptop.Session.EndAsync(EndReason.LoggedOut);

        var phone = await stage.EnterAsync("juliet", "phone", priority: null);
        await phone.SendAsync("<presence/>");
        await phone.ExpectBodiesAsync("hello");
    }

    [Fact]
    public async Task R8_A_device_that_becomes_available_while_a_message_is_handed_out_gets_it_too()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var laptop = await stage.EnterAsync("juliet", "laptop", priority: null);
        await laptop.SendAsync("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
        await laptop.SettleAsync();
        var phone = await stage.EnterAsync("juliet", "phone");
        phone.Connection.BeforeNextWrite = () => laptop.Session.UpdatePresence(Stanza.Parse("<presence/>"u8.ToArray()));
        await romeo.MessageAsync(Juliet, "hello");

        await phone.ExpectBodiesAsync("hello");
        await laptop.ExpectBodiesAsync("hello");
    }

    [Fact]
    public async Task R8_What_becomes_pending_behind_a_reader_of_the_log_is_delivered_too()
    {
        await using var stage = await Stage.OpenAsync(new Limits { UnacknowledgedStanzas = 20 });
        var romeo = await stage.EnterAsync("romeo", "garden");
        await stage.AccountAsync("juliet");
        var phone = await stage.EnterAsync("juliet", "phone");
        await romeo.MessageAsync(Juliet, "0");
        await phone.ExpectBodiesAsync("0");
        await phone.SendAsync("<presence type='unavailable'/>");
        for (var i = 1; i <= 30; i++)
        {
            await romeo.MessageAsync(Juliet, $"{i}");
        }

        await romeo.SettleAsync();
        var laptop = await stage.EnterAsync("juliet", "laptop", priority: null);
        await laptop.SendAsync("<presence/>");
        await laptop.ExpectBodiesAsync([.. Enumerable.Range(1, 5).Select(i => $"{i}")]);
        await phone.Session.EndAsync(EndReason.LoggedOut);
        var bodies = new HashSet<string>();
        while (bodies.Count < 26)
        {
            bodies.Add(await laptop.BodyAsync());
            await laptop.AcknowledgeAsync();
        }

        Assert.Contains("0", bodies);
    }

    [Fact]
    public async Task R9_What_was_in_flight_when_another_device_read_the_archive_is_pending_again_when_its_session_ends()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var phone = await stage.EnterAsync("juliet", "phone");
        await romeo.MessageAsync(Juliet, "hello");
        await phone.ExpectBodiesAsync("hello");
        var laptop = await stage.EnterAsync("juliet", "laptop", priority: null);
        await laptop.SendAsync("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>");
        await laptop.ExpectBodiesAsync("hello");
        await phone.Session.EndAsync(EndReason.LoggedOut);
        var pager = await stage.EnterAsync("juliet", "pager", priority: null);
        await pager.SendAsync("<presence/>");

        await pager.ExpectBodiesAsync("hello");
    }

    [Fact]
    public async Task R8_A_carbon_that_was_acknowledged_makes_the_message_done()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var phone = await stage.EnterAsync("juliet", "phone");
        var desk = await stage.EnterAsync("juliet", "desk");
        await desk.SendAsync("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
        await romeo.MessageAsync(Juliet + "/phone", "hello");
        await desk.ExpectBodiesAsync("hello");
        await desk.AcknowledgeAsync();
        await phone.Session.EndAsync(EndReason.LoggedOut);
        await desk.ExpectNothingAsync();
        var next = await stage.EnterAsync("juliet", "next", priority: null);
        await next.SendAsync("<presence/>");

        await next.ExpectNothingAsync();
    }

    [Fact]
    public async Task R8_When_the_session_that_had_it_ends_another_that_is_there_gets_it_at_once()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var phone = await stage.EnterAsync("juliet", "phone");
        var desk = await stage.EnterAsync("juliet", "desk");
        await romeo.MessageAsync(Juliet + "/phone", "one");
        await romeo.MessageAsync(Juliet + "/phone", "two");
        await romeo.SettleAsync();
        await phone.Session.EndAsync(EndReason.LoggedOut);

        await desk.ExpectBodiesAsync("one", "two");
    }

    [Fact]
    public async Task R8_A_session_that_comes_back_to_messages_of_another_that_ended_gets_them()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var phone = await stage.EnterAsync("juliet", "phone");
        var desk = await stage.EnterAsync("juliet", "desk");
        await desk.CutAsync();
        await romeo.MessageAsync(Juliet + "/phone", "one");
        await romeo.SettleAsync();
        await phone.Session.EndAsync(EndReason.LoggedOut);
        await desk.ResumeAsync();

        await desk.ExpectBodiesAsync("one");
    }

    [Fact]
    public async Task R8_Directed_presence_does_not_fetch_what_waits()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        await stage.AccountAsync("juliet");
        await romeo.MessageAsync(Juliet, "waits");
        await romeo.SettleAsync();
        var juliet = await stage.EnterAsync("juliet", "balcony", priority: null);
        await juliet.SendAsync("<presence to='romeo@capulet.example'/>");

        await juliet.ExpectNothingAsync();
    }

    [Fact]
    public async Task R8_A_session_without_stream_management_confirms_by_answering_the_servers_ping()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var juliet = await stage.EnterAsync("juliet", "balcony", counting: false);
        await romeo.MessageAsync(Juliet, "confirmed");
        await juliet.ExpectBodiesAsync("confirmed");
        await juliet.SettleAsync();
        Assert.Equal(1, juliet.Asked);
        await juliet.SendAsync($"<iq type='result' id='{Core.Sessions.Session.PingId}' to='capulet.example'/>");
        await romeo.MessageAsync(Juliet, "unconfirmed");
        await juliet.ExpectBodiesAsync("unconfirmed");
        await juliet.CutAsync();
        var next = await stage.EnterAsync("juliet", "next", priority: null);
        await next.SendAsync("<presence/>");

        await next.ExpectBodiesAsync("unconfirmed");
        await next.ExpectNothingAsync();
    }

    [Fact]
    public async Task R8_What_was_sent_before_counting_began_is_done_with_the_first_acknowledgement()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var juliet = await stage.EnterAsync("juliet", "balcony", counting: false);
        await romeo.MessageAsync(Juliet, "early");
        await juliet.ExpectBodiesAsync("early");
        await juliet.EnableAsync();
        await juliet.AcknowledgeAsync();
        await juliet.Session.EndAsync(EndReason.LoggedOut);
        var next = await stage.EnterAsync("juliet", "next", priority: null);
        await next.SendAsync("<presence/>");

        await next.ExpectNothingAsync();
    }

    [Fact]
    public async Task R8_A_message_to_a_resource_that_is_bound_and_not_started_is_not_lost()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var (session, _) = await stage.Server.Sessions.BindAsync(await stage.AccountAsync("juliet"), "balcony", null);
        await romeo.MessageAsync(Juliet + "/balcony", "early");
        await romeo.SettleAsync();
        var juliet = new Player(stage, session!);
        juliet.Connect();
        await juliet.SendAsync("<presence/>");

        await juliet.ExpectBodiesAsync("early");
    }

    [Fact]
    public async Task R8_A_session_that_appears_during_the_commit_gets_the_message()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        stage.Log.Stall();
        var juliet = await stage.EnterAsync("juliet", "balcony", counting: false, priority: null);
        await romeo.MessageAsync(Juliet, "now");
        await juliet.SendAsync("<presence/>");
        stage.Log.Release();

        await juliet.ExpectBodiesAsync("now");
        await juliet.ExpectNothingAsync();
    }

    [Fact]
    public async Task R9_Who_reads_the_archive_before_its_presence_is_not_sent_the_same_as_offline_messages()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        await stage.AccountAsync("juliet");
        await romeo.MessageAsync(Juliet, "archived");
        await romeo.SendAsync($"<message to='{Juliet}' type='chat'><body>not archived</body><no-permanent-store xmlns='urn:xmpp:hints'/></message>");
        await romeo.SettleAsync();
        var juliet = await stage.EnterAsync("juliet", "balcony", priority: null);
        await juliet.SendAsync("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>");
        await juliet.ExpectBodiesAsync("archived");
        await juliet.SendAsync("<presence/>");

        await juliet.ExpectBodiesAsync("not archived");
        await juliet.ExpectNothingAsync();
    }
}
