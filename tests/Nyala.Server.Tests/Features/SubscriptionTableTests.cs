using Nyala.Features.Sharing;
using Nyala.Storage;
using Nyala.Xmpp.Stanzas;
using Xunit;
using static Nyala.Features.Sharing.SubscriptionState;

namespace Nyala.Server.Tests.Features;

/// <summary>RFC 6121 appendix A, written down from its tables: route or deliver, and the new state.</summary>
public sealed class SubscriptionTableTests
{
    /// <summary>A.2.1 to A.2.4: state, type, routed, new state.</summary>
    public static TheoryData<SubscriptionState, StanzaType, bool, SubscriptionState> Outbound => new()
    {
        { None, StanzaType.Subscribe, true, NoneOut },
        { NoneOut, StanzaType.Subscribe, true, NoneOut },
        { NoneIn, StanzaType.Subscribe, true, NoneOutIn },
        { NoneOutIn, StanzaType.Subscribe, true, NoneOutIn },
        { To, StanzaType.Subscribe, true, To },
        { ToIn, StanzaType.Subscribe, true, ToIn },
        { From, StanzaType.Subscribe, true, FromOut },
        { FromOut, StanzaType.Subscribe, true, FromOut },
        { Both, StanzaType.Subscribe, true, Both },

        { None, StanzaType.Unsubscribe, true, None },
        { NoneOut, StanzaType.Unsubscribe, true, None },
        { NoneIn, StanzaType.Unsubscribe, true, NoneIn },
        { NoneOutIn, StanzaType.Unsubscribe, true, NoneIn },
        { To, StanzaType.Unsubscribe, true, None },
        { ToIn, StanzaType.Unsubscribe, true, NoneIn },
        { From, StanzaType.Unsubscribe, true, From },
        { FromOut, StanzaType.Unsubscribe, true, From },
        { Both, StanzaType.Unsubscribe, true, From },

        { None, StanzaType.Subscribed, false, None },
        { NoneOut, StanzaType.Subscribed, false, NoneOut },
        { NoneIn, StanzaType.Subscribed, true, From },
        { NoneOutIn, StanzaType.Subscribed, true, FromOut },
        { To, StanzaType.Subscribed, false, To },
        { ToIn, StanzaType.Subscribed, true, Both },
        { From, StanzaType.Subscribed, false, From },
        { FromOut, StanzaType.Subscribed, false, FromOut },
        { Both, StanzaType.Subscribed, false, Both },

        { None, StanzaType.Unsubscribed, false, None },
        { NoneOut, StanzaType.Unsubscribed, false, NoneOut },
        { NoneIn, StanzaType.Unsubscribed, true, None },
        { NoneOutIn, StanzaType.Unsubscribed, true, NoneOut },
        { To, StanzaType.Unsubscribed, false, To },
        { ToIn, StanzaType.Unsubscribed, true, To },
        { From, StanzaType.Unsubscribed, true, None },
        { FromOut, StanzaType.Unsubscribed, true, NoneOut },
        { Both, StanzaType.Unsubscribed, true, To },
    };

    /// <summary>A.3.1 to A.3.4: state, type, delivered, new state.</summary>
    public static TheoryData<SubscriptionState, StanzaType, bool, SubscriptionState> Inbound => new()
    {
        { None, StanzaType.Subscribe, true, NoneIn },
        { NoneOut, StanzaType.Subscribe, true, NoneOutIn },
        { NoneIn, StanzaType.Subscribe, false, NoneIn },
        { NoneOutIn, StanzaType.Subscribe, false, NoneOutIn },
        { To, StanzaType.Subscribe, true, ToIn },
        { ToIn, StanzaType.Subscribe, false, ToIn },
        { From, StanzaType.Subscribe, false, From },
        { FromOut, StanzaType.Subscribe, false, FromOut },
        { Both, StanzaType.Subscribe, false, Both },

        { None, StanzaType.Unsubscribe, false, None },
        { NoneOut, StanzaType.Unsubscribe, false, NoneOut },
        { NoneIn, StanzaType.Unsubscribe, true, None },
        { NoneOutIn, StanzaType.Unsubscribe, true, NoneOut },
        { To, StanzaType.Unsubscribe, false, To },
        { ToIn, StanzaType.Unsubscribe, true, To },
        { From, StanzaType.Unsubscribe, true, None },
        { FromOut, StanzaType.Unsubscribe, true, NoneOut },
        { Both, StanzaType.Unsubscribe, true, To },

        { None, StanzaType.Subscribed, false, None },
        { NoneOut, StanzaType.Subscribed, true, To },
        { NoneIn, StanzaType.Subscribed, false, NoneIn },
        { NoneOutIn, StanzaType.Subscribed, true, ToIn },
        { To, StanzaType.Subscribed, false, To },
        { ToIn, StanzaType.Subscribed, false, ToIn },
        { From, StanzaType.Subscribed, false, From },
        { FromOut, StanzaType.Subscribed, true, Both },
        { Both, StanzaType.Subscribed, false, Both },

        { None, StanzaType.Unsubscribed, false, None },
        { NoneOut, StanzaType.Unsubscribed, true, None },
        { NoneIn, StanzaType.Unsubscribed, false, NoneIn },
        { NoneOutIn, StanzaType.Unsubscribed, true, NoneIn },
        { To, StanzaType.Unsubscribed, true, None },
        { ToIn, StanzaType.Unsubscribed, true, NoneIn },
        { From, StanzaType.Unsubscribed, false, From },
        { FromOut, StanzaType.Unsubscribed, true, From },
        { Both, StanzaType.Unsubscribed, true, From },
    };

    public static TheoryData<SubscriptionState> States => [.. Enum.GetValues<SubscriptionState>()];

    [Theory]
    [MemberData(nameof(Outbound))]
    public void What_a_client_sends_leads_where_appendix_A_2_says(SubscriptionState state, StanzaType type, bool routed, SubscriptionState after) =>
        Assert.Equal(new SubscriptionStep(after, routed), SubscriptionTable.Outbound(state, type));

    [Theory]
    [MemberData(nameof(Inbound))]
    public void What_a_contact_sends_leads_where_appendix_A_3_says(SubscriptionState state, StanzaType type, bool delivered, SubscriptionState after)
    {
        // The note of A.3.1: who sees the presence already is answered by the server.
        var replies = type == StanzaType.Subscribe && state is (From or FromOut or Both);
        Assert.Equal(new SubscriptionStep(after, delivered, replies), SubscriptionTable.Inbound(state, type));
    }

    [Fact]
    public void The_tables_here_are_complete()
    {
        Assert.Equal(9 * 4, Outbound.Count);
        Assert.Equal(9 * 4, Inbound.Count);
    }

    [Theory]
    [MemberData(nameof(States))]
    public void A_state_survives_being_stored(SubscriptionState state)
    {
        var item = Subscriptions.Unknown(Xmpp.Jid.Parse("juliet@localhost")).In(state, [1]);
        Assert.Equal(state, SubscriptionTable.Of(item));
        Assert.Equal(state.IsFrom(), (item.Subscription & Subscription.From) != 0);
        Assert.Equal(state.IsTo(), (item.Subscription & Subscription.To) != 0);
        Assert.Equal(state.IsAsking(), item.Ask);
        Assert.Equal(state.IsAsked(), item.Request is not null);
    }
}
