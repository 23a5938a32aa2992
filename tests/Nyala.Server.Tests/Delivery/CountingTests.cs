using Nyala.Core.Connections;
using Nyala.Core.Routing;
using Nyala.Storage;
using Nyala.Xmpp.Stanzas;
using Xunit;

namespace Nyala.Server.Tests.Delivery;

/// <summary>What the server counts, and when it says so (R2, R3; XEP-0198 §4).</summary>
public sealed class CountingTests
{
    const string Request = "<r xmlns='urn:xmpp:sm:3'/>";

    [Fact]
    public async Task R2_Messages_presence_and_iq_count_alike()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden", priority: null);
        await stage.AccountAsync("juliet");
        await romeo.SendAsync("<presence/>", "<iq type='get' id='1' to='capulet.example'><ping xmlns='urn:xmpp:ping'/></iq>");
        await romeo.MessageAsync("juliet@capulet.example", "But soft");
        await romeo.SendAsync(Request);

        Assert.Equal(3u, await romeo.AckAsync());
    }

    [Fact]
    public async Task R2_A_stanza_that_is_answered_with_an_error_counts()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden", priority: null);
        await romeo.SendAsync(
            "<message to='nobody@capulet.example' type='chat'><body>?</body></message>",
            "<message to='@@'><body>?</body></message>",
            "<iq type='set' id='1' to='capulet.example'><unknown xmlns='urn:nobody'/></iq>",
            "<presence type='nonsense'/>",
            Request);

        Assert.Equal(4u, await romeo.AckAsync());
    }

    [Fact]
    public async Task R2_A_request_is_answered_with_the_old_count_while_the_log_is_stalled_and_the_rise_is_told_unasked()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden", priority: null);
        await stage.AccountAsync("juliet");
        await romeo.MessageAsync("juliet@capulet.example", "one");
        await romeo.SendAsync(Request);
        Assert.Equal(1u, await romeo.AckAsync());
        stage.Log.Stall();
        await romeo.MessageAsync("juliet@capulet.example", "two");
        await romeo.SendAsync("<iq type='get' id='1' to='capulet.example'><ping xmlns='urn:xmpp:ping'/></iq>", Request);
        stage.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(1u, await romeo.AckAsync());
        stage.Log.Release();
        Assert.Equal(3u, await romeo.AckAsync());
    }

    [Fact]
    public async Task R2_Nothing_counts_before_an_earlier_stanza_is_committed()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden", priority: null);
        await stage.AccountAsync("juliet");
        stage.Log.Stall();
        await romeo.MessageAsync("juliet@capulet.example", "one");
        await romeo.MessageAsync("nobody@capulet.example", "refused at once");
        await romeo.SendAsync(Request);
        stage.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(0u, await romeo.AckAsync());
    }

    [Theory]
    [InlineData(LogFailure.Full, "resource-constraint")]
    [InlineData(LogFailure.Error, "internal-server-error")]
    public async Task R2_A_message_that_cannot_be_stored_is_answered_and_counts(LogFailure failure, string condition)
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden", priority: null);
        var juliet = await stage.EnterAsync("juliet", "balcony");
        stage.Log.Failing = failure;
        await romeo.MessageAsync("juliet@capulet.example", "lost");

        var error = await romeo.NextAsync();
        Assert.Equal(StanzaType.Error, error.Type);
        Assert.Contains(condition, error.ToString(), StringComparison.Ordinal);
        stage.Log.Failing = null;
        await romeo.MessageAsync("juliet@capulet.example", "stored");
        await romeo.SendAsync(Request);
        Assert.Equal(2u, await romeo.AckAsync());
        await juliet.ExpectBodiesAsync("stored");
    }

    [Fact]
    public async Task R3_A_count_that_cannot_be_made_durable_is_not_told_until_it_can()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden", priority: null);
        await stage.AccountAsync("juliet");
        await romeo.MessageAsync("juliet@capulet.example", "one");
        await romeo.SettleAsync();
        stage.Log.Failing = LogFailure.Full;
        await romeo.SendAsync(Request);
        Assert.Equal(1u, await romeo.AckAsync());
        stage.Log.Failing = null;
        await romeo.SendAsync(Request);

        Assert.Equal(2u, await romeo.AckAsync());
    }

    [Fact]
    public async Task R3_A_resend_that_is_recognised_while_nothing_can_be_written_is_not_refused_and_its_count_not_told()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden", priority: null);
        await stage.AccountAsync("juliet");
        (stage.Log.Failing, stage.Log.Recognising) = (LogFailure.Full, true);
        await romeo.MessageAsync("juliet@capulet.example", "stored before", "0123456789abcdef");
        await romeo.SendAsync(Request);
        Assert.Equal(0u, await romeo.AckAsync());
        stage.Log.Failing = null;
        await romeo.SendAsync(Request);

        Assert.Equal(1u, await romeo.AckAsync());
        await romeo.ExpectNothingAsync();
    }

    [Fact]
    public async Task R3_After_a_crash_the_committed_count_is_repeated()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden", priority: null);
        await stage.AccountAsync("juliet");
        await romeo.MessageAsync("juliet@capulet.example", "one");
        await romeo.MessageAsync("juliet@capulet.example", "two");
        await romeo.SendAsync(Request);
        var told = await romeo.AckAsync();
        await stage.RestartAsync(orderly: false);

        Assert.Equal((null, told), await FailedAsync(stage, "romeo", romeo.Stream));
    }

    [Fact]
    public async Task R3_What_was_sent_before_counting_began_is_not_counted_after_a_crash()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden", counting: false, priority: null);
        await stage.AccountAsync("juliet");
        await romeo.MessageAsync("juliet@capulet.example", "one");
        await romeo.MessageAsync("juliet@capulet.example", "two");
        await romeo.EnableAsync();
        await stage.RestartAsync(orderly: false);

        var (_, handled) = await FailedAsync(stage, "romeo", romeo.Stream);
        Assert.True(handled is null or 0, $"{handled} was counted");
    }

    [Fact]
    public async Task R3_A_count_of_iq_alone_is_told_after_rows_from_before_only_when_durable()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden", counting: false, priority: null);
        await stage.AccountAsync("juliet");
        await romeo.MessageAsync("juliet@capulet.example", "one");
        await romeo.EnableAsync();
        await romeo.SettleAsync();
        await romeo.SendAsync(Request);
        var told = await romeo.AckAsync();
        await stage.RestartAsync(orderly: false);

        Assert.Equal(1u, told);
        Assert.Equal((null, told), await FailedAsync(stage, "romeo", romeo.Stream));
    }

    [Fact]
    public async Task R3_A_stream_of_another_account_is_unknown_without_a_count()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden", priority: null);
        await stage.EnterAsync("mallory", "corner", priority: null);
        await romeo.MessageAsync("mallory@capulet.example", "one");
        await romeo.SettleAsync();

        Assert.Equal((null, null), await FailedAsync(stage, "mallory", romeo.Stream));
        Assert.True(romeo.Session.IsConnected);
    }

    [Fact]
    public async Task R3_A_stream_that_ended_tells_what_it_handled()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden", priority: null);
        await stage.AccountAsync("juliet");
        await romeo.MessageAsync("juliet@capulet.example", "one");
        await romeo.SettleAsync();
        await romeo.Session.EndAsync(EndReason.LoggedOut);
        await stage.Server.Store.Log.FlushAsync();

        Assert.Equal((null, 2u), await FailedAsync(stage, "romeo", romeo.Stream));
    }

    [Fact]
    public async Task Many_requests_for_an_acknowledgement_cost_nothing_while_the_log_is_stalled()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden", priority: null);
        await stage.AccountAsync("juliet");
        stage.Log.Stall();
        await romeo.MessageAsync("juliet@capulet.example", "one");
        for (var i = 0; i < 1_000; i++)
        {
            await romeo.SendAsync(Request);
        }

        stage.Log.Release();
        Assert.Equal(1u, await romeo.AckAsync());
        await romeo.ExpectNothingAsync();
    }

    [Fact]
    public async Task A_full_pipeline_stops_the_reading_until_the_log_goes_on()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden", priority: null);
        await stage.AccountAsync("juliet");
        stage.Log.Stall();
        var sent = 0;
        Task sending;
        do
        {
            sending = romeo.MessageAsync("juliet@capulet.example", "again");
            sent++;
        }
        while (sending.IsCompletedSuccessfully && sent < 1_000);

        Assert.InRange(sent, 10, 100);
        stage.Log.Release();
        await sending;
    }

    [Fact]
    public async Task A_feature_that_throws_is_answered_for_and_the_stream_goes_on()
    {
        await using var stage = await Stage.OpenAsync(more: new Broken());
        var romeo = await stage.EnterAsync("romeo", "garden", priority: null);
        await stage.AccountAsync("juliet");
        await romeo.MessageAsync("juliet@capulet.example", "throw");
        Assert.Contains("internal-server-error", (await romeo.NextAsync()).ToString(), StringComparison.Ordinal);
        await romeo.MessageAsync("juliet@capulet.example", "throw later");
        await romeo.SendAsync(Request);

        Assert.Equal(2u, await romeo.AckAsync());
    }

    static async Task<(object? Session, uint? Handled)> FailedAsync(Stage stage, string username, string stream)
    {
        var (session, handled) = await stage.Server.Sessions.ResumeAsync(await stage.AccountAsync(username), stream);
        return (session, handled);
    }

    sealed class Broken : IFeature
    {
        public void Register(FeatureBuilder on)
        {
            on.Message(MessageStage.OutgoingCheck, message => Throw(message, "throw"));
            on.Message(MessageStage.Delivered, message => Throw(message, "throw later"));
        }

        static StanzaError? Throw(MessageEntry message, string body) =>
            Player.BodyOf(message.Message) == body ? throw new InvalidOperationException("A feature with a mistake in it.") : null;
    }
}
