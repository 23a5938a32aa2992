using Nyala.Core.Connections;
using Xunit;

namespace Nyala.Server.Tests.Delivery;

/// <summary>A message that a client sends again after its stream was lost (R5).</summary>
public sealed class DuplicateTests
{
    const string Id = "0123456789abcdef";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task R5_A_resend_on_another_stream_counts_and_is_neither_stored_nor_delivered_again(bool counting)
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden", counting);
        var juliet = await stage.EnterAsync("juliet", "balcony");
        await romeo.MessageAsync("juliet@capulet.example", "once", Id);
        await juliet.ExpectBodiesAsync("once");
        await romeo.Session.EndAsync(EndReason.ConnectionLost);
        romeo = await stage.EnterAsync("romeo", "garden", priority: null);
        await romeo.MessageAsync("juliet@capulet.example", "once, encrypted anew", Id);
        await romeo.SendAsync("<r xmlns='urn:xmpp:sm:3'/>");

        Assert.Equal(1u, await romeo.AckAsync());
        await juliet.ExpectNothingAsync();
        await romeo.SendAsync("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>");
        await romeo.ExpectBodiesAsync("once");
        Assert.Equal("q", (await romeo.NextAsync()).Id);
    }

    [Theory]
    [InlineData("juliet@capulet.example", "chat", "short")]
    [InlineData("juliet@capulet.example", "normal", Id)]
    [InlineData("nurse@capulet.example", "chat", Id)]
    public async Task R5_What_differs_in_recipient_or_type_or_has_no_good_id_is_no_resend(string to, string type, string id)
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var juliet = await stage.EnterAsync("juliet", "balcony");
        var nurse = await stage.EnterAsync("nurse", "house");
        await romeo.SendAsync($"<message to='juliet@capulet.example' type='chat' id='{id}'><body>first</body></message>");
        await juliet.ExpectBodiesAsync("first");
        await romeo.Session.EndAsync(EndReason.ConnectionLost);
        romeo = await stage.EnterAsync("romeo", "garden");
        await romeo.SendAsync($"<message to='{to}' type='{type}' id='{id}'><body>second</body></message>");

        await (to.StartsWith("nurse", StringComparison.Ordinal) ? nurse : juliet).ExpectBodiesAsync("second");
    }

    [Fact]
    public async Task R5_The_same_id_on_the_same_stream_is_another_message()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var juliet = await stage.EnterAsync("juliet", "balcony");
        await romeo.MessageAsync("juliet@capulet.example", "one", Id);
        await romeo.MessageAsync("juliet@capulet.example", "two", Id);

        await juliet.ExpectBodiesAsync("one", "two");
    }

    [Fact]
    public async Task R5_A_resend_is_known_by_its_origin_id_also_after_a_restart()
    {
        const string message = "<message to='juliet@capulet.example' type='chat'><body>once</body><origin-id xmlns='urn:xmpp:sid:0' id='o1'/></message>";
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var juliet = await stage.EnterAsync("juliet", "balcony");
        await romeo.SendAsync(message);
        await juliet.ExpectBodiesAsync("once");
        await juliet.AcknowledgeAsync();
        await stage.RestartAsync(orderly: true);
        juliet = await stage.EnterAsync("juliet", "balcony");
        romeo = await stage.EnterAsync("romeo", "garden");
        await romeo.SendAsync(message);
        await romeo.SettleAsync();

        await juliet.ExpectNothingAsync();
    }
}
