using Nyala.Core.Sessions;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Routing;

/// <summary>Which entity an iq is addressed to, as the sender sees it.</summary>
[Flags]
public enum Entity
{
    /// <summary>The server's own domain.</summary>
    Domain = 1,

    /// <summary>The sender's own account: no <c>to</c>, or its bare address.</summary>
    OwnAccount = 2,

    /// <summary>Another account here, by its bare address; it exists. To who comes from elsewhere every account is another.</summary>
    OtherAccount = 4,

    /// <summary>The service that rooms belong to, by its domain.</summary>
    RoomService = 8,

    /// <summary>A room, by its bare address.</summary>
    Room = 16,

    /// <summary>The PubSub service, by its domain.</summary>
    PubSub = 32,

    /// <summary>The service that files are uploaded to, by its domain.</summary>
    Files = 128,

    /// <summary>The service that wakes browsers, by its domain.</summary>
    PushService = 64,

    /// <summary>The directory of people, by its domain.</summary>
    Directory = 256,

    /// <summary>A bare address of the server's domain that is no account, or one that has blocked who asks: for what must be told apart by neither.</summary>
    NoAccount = 512,
}

/// <summary>An iq get or set that the server answers.</summary>
public sealed class IqRequest
{
    /// <summary>The session that asks; null when the request came from another server, a room or a component.</summary>
    public required Session? Session { get; init; }

    public required Stanza Stanza { get; init; }

    /// <summary>The address of who asks, with its resource where it has one.</summary>
    public required Jid From { get; init; }

    /// <summary>Whom it is addressed to (the asking account when <c>to</c> was absent).</summary>
    public required Jid To { get; init; }

    public required Entity Entity { get; init; }

    /// <summary>The addressed account; null for the domain and for hosts.</summary>
    public required LocalAccount? Account { get; init; }

    /// <summary>The one child element.</summary>
    public required Element Payload { get; init; }

    public bool IsSet => Stanza.Type == StanzaType.Set;
}

/// <summary>What a handler answers: a result, an error, or nothing because it has answered itself.</summary>
public readonly struct IqReply
{
    IqReply(bool answered, Element? payload, StanzaError? error)
    {
        IsAnswered = answered;
        Payload = payload;
        Error = error;
    }

    /// <summary>The handler has answered itself.</summary>
    public bool IsAnswered { get; }

    public Element? Payload { get; }

    public StanzaError? Error { get; }

    /// <summary>An empty result.</summary>
    public static IqReply Done => default;

    /// <summary>No answer is to be made: the handler has sent one.</summary>
    public static IqReply Answered => new(answered: true, null, null);

    public static implicit operator IqReply(Element payload) => new(answered: false, payload, null);

    public static implicit operator IqReply(StanzaError error) => new(answered: false, null, error);

    public static implicit operator ValueTask<IqReply>(IqReply reply) => ValueTask.FromResult(reply);
}

/// <summary>Answers one kind of iq. Runs in the sender's order (R4); a slow one holds only its own answer.</summary>
public delegate ValueTask<IqReply> IqHandler(IqRequest request);
