using System.Collections.Immutable;
using Nyala.Storage;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Features.Sharing;

/// <summary>How an account and a contact stand to each other (RFC 6121 appendix A.1). Out: the account has asked; In: the contact has.</summary>
public enum SubscriptionState
{
    None,
    NoneOut,
    NoneIn,
    NoneOutIn,
    To,
    ToIn,
    From,
    FromOut,
    Both,
}

/// <summary>What a subscription stanza does on one side.</summary>
/// <param name="State">The state afterwards.</param>
/// <param name="Passes">The stanza goes on: outbound to the contact, inbound to the account's clients.</param>
/// <param name="Replies">The server answers <c>subscribed</c> itself.</param>
public readonly record struct SubscriptionStep(SubscriptionState State, bool Passes, bool Replies = false);

/// <summary>RFC 6121 appendix A as one table, pre-approval (§3.4) apart.</summary>
public static class SubscriptionTable
{
    static readonly Cell Stay = default;
    static readonly Cell Reply = new() { Replies = true };

    /// <summary>A.2 on the left, A.3 on the right: where a stanza leads in each state.</summary>
    static readonly ImmutableArray<Row> Rows =
    [
        new(SubscriptionState.None,
            Out(subscribe: Go(SubscriptionState.NoneOut), unsubscribe: Go(SubscriptionState.None), subscribed: Stay, unsubscribed: Stay),
            In(subscribe: Go(SubscriptionState.NoneIn), unsubscribe: Stay, subscribed: Stay, unsubscribed: Stay)),
        new(SubscriptionState.NoneOut,
            Out(subscribe: Go(SubscriptionState.NoneOut), unsubscribe: Go(SubscriptionState.None), subscribed: Stay, unsubscribed: Stay),
            In(subscribe: Go(SubscriptionState.NoneOutIn), unsubscribe: Stay, subscribed: Go(SubscriptionState.To), unsubscribed: Go(SubscriptionState.None))),
        new(SubscriptionState.NoneIn,
            Out(subscribe: Go(SubscriptionState.NoneOutIn), unsubscribe: Go(SubscriptionState.NoneIn), subscribed: Go(SubscriptionState.From), unsubscribed: Go(SubscriptionState.None)),
            In(subscribe: Stay, unsubscribe: Go(SubscriptionState.None), subscribed: Stay, unsubscribed: Stay)),
        new(SubscriptionState.NoneOutIn,
            Out(subscribe: Go(SubscriptionState.NoneOutIn), unsubscribe: Go(SubscriptionState.NoneIn), subscribed: Go(SubscriptionState.FromOut), unsubscribed: Go(SubscriptionState.NoneOut)),
            In(subscribe: Stay, unsubscribe: Go(SubscriptionState.NoneOut), subscribed: Go(SubscriptionState.ToIn), unsubscribed: Go(SubscriptionState.NoneIn))),
        new(SubscriptionState.To,
            Out(subscribe: Go(SubscriptionState.To), unsubscribe: Go(SubscriptionState.None), subscribed: Stay, unsubscribed: Stay),
            In(subscribe: Go(SubscriptionState.ToIn), unsubscribe: Stay, subscribed: Stay, unsubscribed: Go(SubscriptionState.None))),
        new(SubscriptionState.ToIn,
            Out(subscribe: Go(SubscriptionState.ToIn), unsubscribe: Go(SubscriptionState.NoneIn), subscribed: Go(SubscriptionState.Both), unsubscribed: Go(SubscriptionState.To)),
            In(subscribe: Stay, unsubscribe: Go(SubscriptionState.To), subscribed: Stay, unsubscribed: Go(SubscriptionState.NoneIn))),
        new(SubscriptionState.From,
            Out(subscribe: Go(SubscriptionState.FromOut), unsubscribe: Go(SubscriptionState.From), subscribed: Stay, unsubscribed: Go(SubscriptionState.None)),
            In(subscribe: Reply, unsubscribe: Go(SubscriptionState.None), subscribed: Stay, unsubscribed: Stay)),
        new(SubscriptionState.FromOut,
            Out(subscribe: Go(SubscriptionState.FromOut), unsubscribe: Go(SubscriptionState.From), subscribed: Stay, unsubscribed: Go(SubscriptionState.NoneOut)),
            In(subscribe: Reply, unsubscribe: Go(SubscriptionState.NoneOut), subscribed: Go(SubscriptionState.Both), unsubscribed: Go(SubscriptionState.From))),
        new(SubscriptionState.Both,
            Out(subscribe: Go(SubscriptionState.Both), unsubscribe: Go(SubscriptionState.From), subscribed: Stay, unsubscribed: Go(SubscriptionState.To)),
            In(subscribe: Reply, unsubscribe: Go(SubscriptionState.To), subscribed: Stay, unsubscribed: Go(SubscriptionState.From))),
    ];

    /// <summary>The account's client sends a subscription stanza to the contact.</summary>
    public static SubscriptionStep Outbound(SubscriptionState state, StanzaType type) => Rows[(int)state].Out.For(state, type);

    /// <summary>A subscription stanza comes from the contact.</summary>
    public static SubscriptionStep Inbound(SubscriptionState state, StanzaType type) => Rows[(int)state].In.For(state, type);

    /// <summary>The state a stored item is in.</summary>
    public static SubscriptionState Of(RosterItem? item) => item is null ? SubscriptionState.None : (item.Subscription, item.Ask, item.Request is not null) switch
    {
        (Subscription.Both, _, _) => SubscriptionState.Both,
        (Subscription.From, var asks, _) => asks ? SubscriptionState.FromOut : SubscriptionState.From,
        (Subscription.To, _, var asked) => asked ? SubscriptionState.ToIn : SubscriptionState.To,
        (_, true, var asked) => asked ? SubscriptionState.NoneOutIn : SubscriptionState.NoneOut,
        (_, false, var asked) => asked ? SubscriptionState.NoneIn : SubscriptionState.None,
    };

    /// <summary>The item in a state; <paramref name="request"/> is kept where the contact's question is open.</summary>
    public static RosterItem In(this RosterItem item, SubscriptionState state, byte[]? request) => item with
    {
        Subscription = state switch
        {
            SubscriptionState.To or SubscriptionState.ToIn => Subscription.To,
            SubscriptionState.From or SubscriptionState.FromOut => Subscription.From,
            SubscriptionState.Both => Subscription.Both,
            _ => Subscription.None,
        },
        Ask = state is SubscriptionState.NoneOut or SubscriptionState.NoneOutIn or SubscriptionState.FromOut,
        Request = state is SubscriptionState.NoneIn or SubscriptionState.NoneOutIn or SubscriptionState.ToIn ? request : null,
    };

    /// <summary>The contact sees the account's presence.</summary>
    public static bool IsFrom(this SubscriptionState state) => state is SubscriptionState.From or SubscriptionState.FromOut or SubscriptionState.Both;

    /// <summary>The account sees the contact's presence.</summary>
    public static bool IsTo(this SubscriptionState state) => state is SubscriptionState.To or SubscriptionState.ToIn or SubscriptionState.Both;

    /// <summary>The account has asked and got no answer.</summary>
    public static bool IsAsking(this SubscriptionState state) => state is SubscriptionState.NoneOut or SubscriptionState.NoneOutIn or SubscriptionState.FromOut;

    /// <summary>The contact has asked and got no answer.</summary>
    public static bool IsAsked(this SubscriptionState state) => state is SubscriptionState.NoneIn or SubscriptionState.NoneOutIn or SubscriptionState.ToIn;

    static Cell Go(SubscriptionState state) => new() { Next = state };

    static Cells Out(Cell subscribe, Cell unsubscribe, Cell subscribed, Cell unsubscribed) => new(subscribe, unsubscribe, subscribed, unsubscribed);

    static Cells In(Cell subscribe, Cell unsubscribe, Cell subscribed, Cell unsubscribed) => new(subscribe, unsubscribe, subscribed, unsubscribed);

    readonly record struct Cell
    {
        public SubscriptionState? Next { get; init; }

        public bool Replies { get; init; }
    }

    sealed record Cells(Cell Subscribe, Cell Unsubscribe, Cell Subscribed, Cell Unsubscribed)
    {
        public SubscriptionStep For(SubscriptionState state, StanzaType type)
        {
            var cell = type switch
            {
                StanzaType.Subscribe => Subscribe,
                StanzaType.Unsubscribe => Unsubscribe,
                StanzaType.Subscribed => Subscribed,
                StanzaType.Unsubscribed => Unsubscribed,
                _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a subscription stanza."),
            };
            return new(cell.Next ?? state, Passes: cell.Next is not null, cell.Replies);
        }
    }

    /// <summary><paramref name="State"/> is the row's own place, for the reader of the table.</summary>
    sealed record Row(SubscriptionState State, Cells Out, Cells In);
}
