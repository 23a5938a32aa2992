using Nyala.Features.Sharing;
using Xunit;
using State = Nyala.Features.Sharing.SubscriptionState;
using Type = Nyala.Xmpp.Stanzas.StanzaType;

namespace Nyala.Server.Tests.Features;

/// <summary>RFC 6121 appendix A, copied out table by table: the state afterwards where the stanza goes on, "-" where it must not.</summary>
public sealed class SubscriptionTableTests
{
    static readonly State[] States = [State.None, State.NoneOut, State.NoneIn, State.NoneOutIn, State.To, State.ToIn, State.From, State.FromOut, State.Both];

    // Columns: None, None+PO, None+PI, None+PO+PI, To, To+PI, From, From+PO, Both.
    [Theory]
    [InlineData(Type.Subscribe, "NoneOut NoneOut NoneOutIn NoneOutIn To ToIn FromOut FromOut Both")]
    [InlineData(Type.Unsubscribe, "None None NoneIn NoneIn None NoneIn From From From")]
    [InlineData(Type.Subscribed, "- - From FromOut - Both - - -")]
    [InlineData(Type.Unsubscribed, "- - None NoneOut - To None NoneOut To")]
    public void Outbound_stanzas_do_what_appendix_A_2_says(Type type, string cells) => Check(SubscriptionTable.Outbound, type, cells);

    [Theory]
    [InlineData(Type.Subscribe, "NoneIn NoneOutIn - - ToIn - - - -")]
    [InlineData(Type.Unsubscribe, "- - None NoneOut - To None NoneOut To")]
    [InlineData(Type.Subscribed, "- To - ToIn - - - Both -")]
    [InlineData(Type.Unsubscribed, "- None - NoneIn None NoneIn - From From")]
    public void Inbound_stanzas_do_what_appendix_A_3_says(Type type, string cells) => Check(SubscriptionTable.Inbound, type, cells);

    [Fact]
    public void Who_asks_again_though_approved_is_answered_by_the_server()
    {
        foreach (var state in States)
        {
            // A.3.1, note 2.
            Assert.Equal(state is State.From or State.FromOut or State.Both, SubscriptionTable.Inbound(state, Type.Subscribe).Replies);
            Assert.False(SubscriptionTable.Inbound(state, Type.Subscribed).Replies);
        }
    }

    [Fact]
    public void A_stored_item_keeps_its_state()
    {
        Assert.True(Nyala.Xmpp.Jid.TryParse("juliet@localhost", out var juliet));
        foreach (var state in States)
        {
            var item = Subscriptions.Unknown(juliet).In(state, [1]);
            Assert.Equal(state, SubscriptionTable.Of(item));
            Assert.Equal(state.IsAsked(), item.Request is not null);
        }
    }

    static void Check(Func<State, Type, SubscriptionStep> table, Type type, string cells)
    {
        var expected = cells.Split(' ');
        Assert.Equal(States.Length, expected.Length);
        for (var i = 0; i < States.Length; i++)
        {
            var step = table(States[i], type);
            var passes = expected[i] != "-";
            Assert.Equal((States[i], passes, passes ? Enum.Parse<State>(expected[i]) : States[i]), (States[i], step.Passes, step.State));
        }
    }
}
