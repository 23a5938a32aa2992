using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Xmpp.Xml;
using Xunit;

namespace Nyala.Server.Tests.Delivery;

/// <summary>Everything a session sends leaves in the order it came (R4; RFC 6120 §10.1).</summary>
public sealed class OrderTests
{
    const string Typing = "<message to='juliet@capulet.example/balcony' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>";

    [Fact]
    public async Task R4_Typing_states_requests_and_presence_do_not_overtake_a_message_that_waits_for_its_commit()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var juliet = await stage.EnterAsync("juliet", "balcony");
        stage.Log.Stall();
        await romeo.MessageAsync("juliet@capulet.example", "first");
        await romeo.SendAsync(
            Typing,
            "<message to='juliet@capulet.example' type='chat'><body>not stored</body><no-store xmlns='urn:xmpp:hints'/></message>",
            "<iq to='juliet@capulet.example/balcony' type='result' id='late'/>",
            "<presence to='juliet@capulet.example'/>");
        await juliet.ExpectNothingAsync();
        stage.Log.Release();

        Assert.Equal("first", await juliet.BodyAsync());
        Assert.Contains("composing", (await juliet.NextAsync()).ToString(), StringComparison.Ordinal);
        Assert.Equal("not stored", await juliet.BodyAsync());
        Assert.Equal("late", (await juliet.NextAsync()).Id);
        Assert.Equal("presence", (await juliet.NextAsync()).Name);
    }

    [Fact]
    public async Task R4_Typing_states_and_requests_do_not_overtake_messages_that_are_read_from_the_log()
    {
        await using var stage = await Stage.OpenAsync(new Limits { UnacknowledgedStanzas = 20 });
        var romeo = await stage.EnterAsync("romeo", "garden");
        var juliet = await stage.EnterAsync("juliet", "balcony");
        await juliet.CutAsync();
        for (var i = 0; i < 40; i++)
        {
            await romeo.MessageAsync("juliet@capulet.example", $"{i}");
        }

        await romeo.SendAsync(Typing, "<iq to='juliet@capulet.example/balcony' type='result' id='late'/>");
        await romeo.MessageAsync("juliet@capulet.example", "last");
        await romeo.SettleAsync();
        Assert.True(juliet.Session.Outbox.ReadsLog);
        await juliet.ResumeAsync();
        for (var i = 0; i < 40; i++)
        {
            Assert.Equal($"{i}", await juliet.BodyAsync());
            await juliet.AcknowledgeAsync();
        }

        Assert.Contains("composing", (await juliet.NextAsync()).ToString(), StringComparison.Ordinal);
        Assert.Equal("late", (await juliet.NextAsync()).Id);
        Assert.Equal("last", await juliet.BodyAsync());
    }

    [Fact]
    public async Task R4_What_may_not_overtake_and_finds_no_room_is_refused()
    {
        await using var stage = await Stage.OpenAsync(new Limits { UnacknowledgedStanzas = 20 });
        var romeo = await stage.EnterAsync("romeo", "garden");
        var juliet = await stage.EnterAsync("juliet", "balcony");
        await juliet.SendAsync($"<presence to='{romeo.Address}'/>");
        Assert.Equal("presence", (await romeo.NextAsync()).Name);
        await juliet.CutAsync();
        for (var i = 0; i < 40; i++)
        {
            await romeo.MessageAsync("juliet@capulet.example", $"{i}");
        }

        for (var i = 0; i < 201; i++)
        {
            await romeo.SendAsync($"<iq to='{juliet.Address}' type='get' id='i{i}'><ping xmlns='urn:xmpp:ping'/></iq>");
        }

        var refused = await romeo.NextAsync();
        Assert.Equal(("i200", "error"), (refused.Id, refused.Attribute("type")));
        await juliet.Session.EndAsync(Core.Connections.EndReason.LoggedOut);
        Assert.Equal("presence", (await romeo.NextAsync()).Name);
        Assert.Equal("i0", (await romeo.NextAsync()).Id);
    }

    [Fact]
    public async Task R4_A_query_of_the_archive_sees_the_sessions_own_earlier_messages()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        await stage.AccountAsync("juliet");
        stage.Log.Stall();
        await romeo.MessageAsync("juliet@capulet.example", "mine");
        await romeo.SendAsync("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>");
        stage.Log.Release();

        Assert.Equal("mine", await romeo.BodyAsync());
        Assert.Equal("q", (await romeo.NextAsync()).Id);
    }

    [Fact]
    public async Task R4_A_message_waits_for_a_change_that_was_asked_for_before_it()
    {
        var slow = new Slow();
        await using var stage = await Stage.OpenAsync(more: slow);
        var romeo = await stage.EnterAsync("romeo", "garden");
        var juliet = await stage.EnterAsync("juliet", "balcony");
        await romeo.SendAsync("<iq type='set' id='s'><change xmlns='urn:test:slow'/></iq>");
        await romeo.MessageAsync("juliet@capulet.example", "after");
        await romeo.SendAsync("<r xmlns='urn:xmpp:sm:3'/>");
        await juliet.ExpectNothingAsync();
        slow.Finish();

        Assert.Equal("after", await juliet.BodyAsync());
        Assert.Equal("s", (await romeo.NextAsync()).Id);
    }

    [Fact]
    public async Task R4_A_slow_question_holds_only_its_own_answer()
    {
        var slow = new Slow();
        await using var stage = await Stage.OpenAsync(more: slow);
        var romeo = await stage.EnterAsync("romeo", "garden");
        var juliet = await stage.EnterAsync("juliet", "balcony");
        await romeo.SendAsync("<iq type='get' id='s'><change xmlns='urn:test:slow'/></iq>");
        await romeo.MessageAsync("juliet@capulet.example", "meanwhile");

        Assert.Equal("meanwhile", await juliet.BodyAsync());
        slow.Finish();
        Assert.Equal("s", (await romeo.NextAsync()).Id);
    }

    [Fact]
    public async Task R4_An_error_keeps_its_place_among_the_answers()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden", priority: null);
        await stage.AccountAsync("juliet");
        stage.Log.Stall();
        await romeo.MessageAsync("juliet@capulet.example", "waits");
        await romeo.MessageAsync("nobody@capulet.example", "refused", id: "no");
        await romeo.SendAsync("<iq type='get' id='ping' to='capulet.example'><ping xmlns='urn:xmpp:ping'/></iq>");
        stage.Log.Release();

        Assert.Equal("no", (await romeo.NextAsync()).Id);
        Assert.Equal("ping", (await romeo.NextAsync()).Id);
    }

    /// <summary>An iq whose handler takes its time.</summary>
    sealed class Slow : IFeature
    {
        readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Finish() => _done.SetResult();

        public void Register(FeatureBuilder on)
        {
            on.IqGet("urn:test:slow", "change", AnswerAsync);
            on.IqSet("urn:test:slow", "change", AnswerAsync);
        }

        async ValueTask<IqReply> AnswerAsync(IqRequest request)
        {
            await _done.Task;
            return new Element("changed", "urn:test:slow");
        }
    }
}
