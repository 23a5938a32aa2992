using System.Globalization;
using Nyala.Core.Connections;
using Nyala.Core.Routing;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Sessions;

/// <summary>
/// One bound resource. Survives its connection when stream management allows it (hibernation, resumption). Its inbound
/// side is the <see cref="Pipeline"/>, its outbound side the <see cref="Outbox"/>. Safe from any thread.
/// </summary>
public sealed partial class Session : IStreamHandler, ITimerTarget
{
    /// <summary>The id of the server's own pings; their answers are recognised by it.</summary>
    internal const string PingId = "nyala-ping";

    /// <summary>The id of the ping behind an unanswered question.</summary>
    internal const string PingBehindId = "nyala-ping-2";

    readonly NyalaServer _server;
    readonly Lock _state = new();
    Slots _slots;
    TimerHandle? _timer;
    Stanza? _presence;
    long _heardAt;
    long _lagging;
    long _timerDue;
    bool _answersPings;
    TaskCompletionSource? _ending;

    internal Session(NyalaServer server, LocalAccount account, Jid jid, long streamNumber)
    {
        _server = server;
        Account = account;
        Jid = jid;
        StreamNumber = streamNumber;
        Pipeline = new(this, server);
        Outbox = new(this, server);
        _heardAt = server.Time.GetTimestamp();
        StartedAt = server.Time.GetUtcNow();
    }

    /// <summary>The full address.</summary>
    public Jid Jid { get; }

    public LocalAccount Account { get; }

    /// <summary>Never used before and never again (R3).</summary>
    public long StreamNumber { get; }

    /// <summary>The client's own id of its installation (XEP-0388 user-agent), or null.</summary>
    public string? Device { get; init; }

    public Outbox Outbox { get; }

    internal Pipeline Pipeline { get; }

    /// <summary>
    /// What stanzas without an <c>xml:lang</c> of their own are written in (RFC 6120 §8.1.5); null where recipients take them
    /// for that anyway, because their own streams say so.
    /// </summary>
    internal string? Language { get; set; }

    /// <summary>The last broadcast presence, its <c>from</c> stamped; null while unavailable.</summary>
    public Stanza? Presence => Volatile.Read(ref _presence);

    public bool IsAvailable => Presence is not null;

    /// <summary>−128 to 127 (RFC 6121 §4.7.2.3); of meaning only while available.</summary>
    public int Priority { get; private set; }

    /// <summary>The client wants copies of what its account's other devices send and receive (XEP-0280).</summary>
    public bool WantsCopies { get; set; }

    /// <summary>Who hears what this client has; null: nobody.</summary>
    public IRowWatcher? Watcher { get; set; }

    /// <summary>The session waits for its connection to come back instead of ending with it.</summary>
    public bool IsResumable { get; private set; }

    /// <summary>Stream management is in use.</summary>
    internal bool IsCounting { get; private set; }

    public bool IsConnected => Outbox.Connection is not null;

    /// <summary>When it was bound.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>Where the client is; null while it hibernates.</summary>
    public System.Net.IPAddress? Remote => Outbox.Connection?.Remote?.Address;

    /// <summary>What waits for the account may be delivered here, and what this client acknowledges is done (R8).</summary>
    internal bool TakesMail => IsAvailable && Priority >= 0;

    /// <summary>Why it ended; of meaning once it has.</summary>
    public EndReason EndReason { get; private set; }

    public bool HasEnded => Volatile.Read(ref _ending) is not null;

    /// <summary>On the list of sessions the log's batch flushes; only touched on the log's thread.</summary>
    internal bool IsTouched { get; set; }

    public T? Get<T>(SlotKey<T> key) => _slots.Get(key);

    public void Set<T>(SlotKey<T> key, T? value) => _slots.Set(key, value);

    /// <summary>Sends a stanza made here and flushes. False when the session did not take it.</summary>
    public bool Send(Element stanza)
    {
        var kind = stanza.Name switch { "message" => StanzaKind.Message, "presence" => StanzaKind.Presence, _ => StanzaKind.Iq };
        return Send(new Outbound(stanza.ToUtf8(), kind) { IsUrgent = kind == StanzaKind.Iq, IsAnswer = kind == StanzaKind.Iq });
    }

    /// <summary>Sends a stanza and flushes; while the log completes a batch, at its end. False when the session did not take it.</summary>
    public bool Send(in Outbound stanza)
    {
        var taken = Outbox.Send(stanza);
        LogBatch.Touch(this);
        return taken;
    }

    /// <summary>Answers one of the client's own stanzas with an error (RFC 6120 §8.3.1).</summary>
    public void SendError(Stanza about, StanzaError error)
    {
        var answer = new Element(about.Name, Ns.Client)
            .Set("type", "error").Set("id", about.Id).Set("from", (about.To ?? Jid.Bare).ToString()).Set("to", Jid.ToString());
        if (about.Kind == StanzaKind.Iq)
        {
            answer.Add(about.Payload);
        }

        Send(new Outbound(answer.Add(error.ToElement()).ToUtf8(), about.Kind) { IsUrgent = true, IsAnswer = true });
    }

    /// <summary>Enables stream management (XEP-0198 §3); returns the <c>enabled</c> element. The caller sends it where <paramref name="send"/> is false.</summary>
    public Element EnableStreamManagement(bool resumable, bool send)
    {
        var limits = _server.Options.Limits;
        var enabled = new Element("enabled", Ns.StreamManagement);
        if (resumable)
        {
            enabled.Set("id", _server.StreamIds.Encode(Account.Id, StreamNumber))
                .Set("resume", "true")
                .Set("max", ((int)limits.ResumptionTime.TotalSeconds).ToString(CultureInfo.InvariantCulture));
        }

        IsResumable = resumable;
        IsCounting = true;
        Pipeline.StartCounting();
        Outbox.StartCounting(send ? enabled : null);
        return enabled;
    }

    /// <summary>Takes over a connection whose negotiation is finished. False: the session has ended meanwhile.</summary>
    internal bool Attach(Connection connection)
    {
        Connection? other;
        lock (_state)
        {
            if (HasEnded)
            {
                return false;
            }

            _heardAt = _server.Time.GetTimestamp();
            connection.Handler = this;
            other = Outbox.Connection;
        }

        Pipeline.Open(connection);
        other?.End(EndReason.Resumed, StreamError.Conflict with { Text = "Resumed on another connection." });
        Outbox.Attach(connection);
        ArmTimer(_server.Options.Limits.ProbeAfter);
        if (TakesMail)
        {
            // What became pending meanwhile found nobody to take it.
            Outbox.DeliverPending();
        }

        return true;
    }

    /// <summary>The connection is left behind, because another takes over or it is lost: from now on the session hibernates.</summary>
    internal void Detach()
    {
        Pipeline.Close();
        Volatile.Write(ref _heardAt, _server.Time.GetTimestamp());
        Outbox.Detach();
        ArmTimer(_server.Options.Limits.ResumptionTime);
    }

    /// <summary>
    /// Ends the session for good: it leaves its account, and what it had in flight is pending again. Only the first call has
    /// an effect; all complete when that one is done.
    /// </summary>
    public Task EndAsync(EndReason reason, StreamError? error = null)
    {
        lock (_state)
        {
            if (_ending is not null)
            {
                return _ending.Task;
            }

            EndReason = reason;
            _ending = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _timer?.Cancel();
        }

        return FinishAsync(reason, error);
    }

    async Task FinishAsync(EndReason reason, StreamError? error)
    {
        try
        {
            // First of all, so that no session which comes later gets newer rows before those that are pending from here on.
            var connection = Outbox.Connection;
            if (Outbox.End(out var unanswered))
            {
                Account.Mailbox.Taker()?.Outbox.DeliverPending();
            }

            await _server.Sessions.RemoveAsync(this);
            Pipeline.WriteDown();
            connection?.End(reason, error);
            Volatile.Write(ref _presence, null);
            foreach (var iq in unanswered)
            {
                _server.Sessions.Bounce(iq);
            }
        }
        finally
        {
            _ending!.SetResult();
        }
    }

    /// <summary>Notes the session's presence; false when it is malformed. Under the pipeline's lock.</summary>
    internal bool UpdatePresence(Stanza presence)
    {
        if (presence.Type == StanzaType.Unavailable)
        {
            Volatile.Write(ref _presence, null);
            return true;
        }

        var priority = 0;
        if (presence.Child("priority", Ns.Client) is { } element
            && (!int.TryParse(element.Text.AsSpan().Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out priority) || priority is < -128 or > 127))
        {
            return false;
        }

        if (priority >= 0 && !TakesMail)
        {
            // Before anybody sees it as available: from here on new rows queue up behind those that wait (R8, R4).
            Outbox.PreparePending();
        }

        Priority = priority;
        Volatile.Write(ref _presence, presence.Rewrite(Jid, null));
        return true;
    }

    /// <summary>A result or error for the server or the own account: the answer to a ping of ours, or nothing we know.</summary>
    internal void Answered(Stanza iq)
    {
        if (iq.Id is PingId or PingBehindId)
        {
            _answersPings = true;
            Outbox.PingAnswered(behind: iq.Id == PingBehindId);
            return;
        }

        _server.Features.Answered(Jid, iq);
    }

    public ValueTask OpenedAsync(Connection connection, StreamHeader header)
    {
        // A stream is opened once after binding (RFC 6120 §4.3.3 restarts end with SASL).
        _ = EndAsync(EndReason.ProtocolError, StreamError.BadFormat with { Text = "The stream is open already." });
        return ValueTask.CompletedTask;
    }

    public ValueTask ReceivedAsync(Connection connection, Stanza stanza)
    {
        if (HasEnded || connection != Outbox.Connection)
        {
            return ValueTask.CompletedTask;
        }

        Volatile.Write(ref _heardAt, _server.Time.GetTimestamp());
        if (stanza.Kind == StanzaKind.Nonza)
        {
            return _server.Nonzas.ReceiveAsync(this, stanza);
        }

        if (stanza.From is { } from ? !from.Equals(Jid) && !from.Equals(Account.Jid) : stanza.MalformedAddress && stanza.Attribute("from") is not null)
        {
            // RFC 6120 §8.1.2.1 and §4.9.3.9: who speaks for others is cut off.
            return new(EndAsync(EndReason.ProtocolError, StreamError.InvalidFrom));
        }

        if (Language is { } language)
        {
            stanza = stanza.InLanguage(language);
        }

        var room = Outbox.RoomAsync();
        return room.IsCompletedSuccessfully ? Pipeline.ReceiveAsync(connection, stanza) : ReceiveLaterAsync(room, connection, stanza);
    }

    async ValueTask ReceiveLaterAsync(ValueTask room, Connection connection, Stanza stanza)
    {
        await room;
        await Pipeline.ReceiveAsync(connection, stanza);
    }

    public void ReadCompleted(Connection connection) => Outbox.Flush();

    public void Drained(Connection connection) => Outbox.Drained();

    public void Closed(Connection connection)
    {
        if (connection == Outbox.Connection)
        {
            _ = CloseAsync();
        }
    }

    public void Ended(Connection connection, EndReason reason)
    {
        if (connection != Outbox.Connection)
        {
            return;
        }

        if (!IsResumable || reason is not (EndReason.ConnectionLost or EndReason.Unresponsive or EndReason.Overload))
        {
            _ = EndAsync(reason);
            return;
        }

        Detach();
    }

    /// <summary>The last words of a stream that ends in order: everything handled, and how much that was (R15).</summary>
    internal async Task CloseAsync(EndReason reason = EndReason.ClosedByPeer, StreamError? error = null)
    {
        Pipeline.Close();
        await Task.WhenAny(Pipeline.SettleAsync(), Task.Delay(TimeSpan.FromSeconds(5), _server.Time));
        if (IsCounting)
        {
            Pipeline.TellCount();
        }

        Outbox.Flush();
        await EndAsync(reason, error);
    }
}
