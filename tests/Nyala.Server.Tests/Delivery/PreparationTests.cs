using Nyala.Core.Routing;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Xunit;

namespace Nyala.Server.Tests.Delivery;

/// <summary>What hooks on the sender's side do to a message's way: they drop it, or it waits for them (R2, R4).</summary>
public sealed class PreparationTests
{
    const string Request = "<r xmlns='urn:xmpp:sm:3'/>";

    [Fact]
    public async Task R2_A_message_and_what_follows_it_count_when_what_it_waits_for_is_done()
    {
        var work = new TaskCompletionSource();
        await using var stage = await Stage.OpenAsync((Nyala.Core.Limits?)null, new Hook(message => message.Preparation = IsMarked(message) ? work.Task : null));
        var romeo = await stage.EnterAsync("romeo", "garden", priority: null);
        var juliet = await stage.EnterAsync("juliet", "balcony");
        await romeo.MessageAsync("juliet@capulet.example", "marked");
        await romeo.MessageAsync("juliet@capulet.example", "behind");
        await romeo.SendAsync(Request);
        stage.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0u, await romeo.AckAsync());
        await juliet.ExpectNothingAsync();

        work.SetResult();
        Assert.Equal(2u, await romeo.AckAsync());
        await juliet.ExpectBodiesAsync("marked", "behind");
    }

    [Fact]
    public async Task R2_When_what_a_message_waits_for_fails_its_sender_is_told()
    {
        await using var stage = await Stage.OpenAsync((Nyala.Core.Limits?)null, new Hook(message =>
            message.Preparation = IsMarked(message) ? Task.FromException(new StoreException("Full.", LogFailure.Full)) : null));
        var romeo = await stage.EnterAsync("romeo", "garden", priority: null);
        var juliet = await stage.EnterAsync("juliet", "balcony");
        await romeo.MessageAsync("juliet@capulet.example", "marked");
        await romeo.MessageAsync("juliet@capulet.example", "behind");

        Assert.NotNull((await romeo.NextAsync()).Child("error", Ns.Client)?.Child("resource-constraint", Ns.StanzaErrors));
        await juliet.ExpectBodiesAsync("behind");
    }

    [Fact]
    public async Task What_a_hook_on_the_senders_side_drops_counts_and_goes_nowhere()
    {
        await using var stage = await Stage.OpenAsync((Nyala.Core.Limits?)null, new Hook(message => message.IsDropped = IsMarked(message)));
        var romeo = await stage.EnterAsync("romeo", "garden", priority: null);
        var juliet = await stage.EnterAsync("juliet", "balcony");
        await romeo.MessageAsync("juliet@capulet.example", "marked");
        await romeo.MessageAsync("nowhere@rooms.capulet.example", "marked");
        await romeo.MessageAsync("juliet@capulet.example", "behind");
        await juliet.ExpectBodiesAsync("behind");
        await romeo.SettleAsync();
        await romeo.SendAsync(Request);

        Assert.Equal(4u, await romeo.AckAsync());
    }

    static bool IsMarked(MessageEntry message) => message.Message.Child("body", Ns.Client)?.Text == "marked";

    sealed class Hook(Action<MessageEntry> act) : IFeature
    {
        public void Register(FeatureBuilder on) => on.Message(MessageStage.OutgoingStamp, message =>
        {
            act(message);
            return (StanzaError?)null;
        });
    }
}
