// HOT PATH
using System.Text;
using Nyala.Core.Connections;
using Nyala.Core.Routing;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Sessions;

/// <summary>
/// The outbound side of a session: what was sent and not acknowledged (XEP-0198), which archive rows are in flight (R8),
/// and the fall-back to reading the log when the client or its socket is slow. Safe from any thread; never blocks.
/// </summary>
public sealed class Outbox
{
    /// <summary>Stanzas without a row that may wait unacknowledged before an answer is asked for.</summary>
    const int AskAfter = 20;

    /// <summary>An answer is asked for at most this often, except after silence, when it is asked for at once.</summary>
    static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>A client that leaves the first question unanswered for so long is pinged.</summary>
    static readonly TimeSpan PingBehind = TimeSpan.FromSeconds(1);

    readonly Lock _gate = new();
    readonly Session _session;
    readonly NyalaServer _server;
    Connection? _connection;
    Queue<Outbound>? _unacked;
    Queue<long>? _unconfirmed;
    CatchUp? _catchUp;
    TaskCompletionSource? _room;
    long _askedAt;
    long _bytes;
    uint _acked;
    int _covered;
    bool _counting;
    bool _asked;
    bool _dirty;
    bool _pinged;
    bool _wantsAnswer;
    bool _ended;

    internal Outbox(Session session, NyalaServer server)
    {
        _session = session;
        _server = server;
    }

    /// <summary>Holds back what an inactive client need not see; null for an active one. Set through <see cref="SetFilter"/>.</summary>
    public IOutboundFilter? Filter { get; private set; }

    /// <summary>The connection in use; null while the session hibernates.</summary>
    public Connection? Connection => Volatile.Read(ref _connection);

    /// <summary>Whether the client has been asked something that it has not answered.</summary>
    internal bool AwaitsAnswer => _asked;

    /// <summary>For how long; zero when nothing was asked.</summary>
    internal TimeSpan AwaitsAnswerFor => _asked ? _server.Time.GetElapsedTime(_askedAt) : TimeSpan.Zero;

    /// <summary>Rows are not written to it: it finds them in the log.</summary>
    internal bool ReadsLog => Volatile.Read(ref _catchUp) is not null;

    /// <summary>Whether anything was sent that the client has not acknowledged.</summary>
    internal bool HasUnacknowledged => _unacked is { Count: > 0 } || _unconfirmed is { Count: > 0 };

    int Outstanding => (_unacked?.Count ?? 0) + (_unconfirmed?.Count ?? 0);

    /// <summary>
    /// Sends a stanza, or queues it while the session hibernates. False when it was not taken: the session ended, or it reads
    /// the log and will find the row there, or there is no room for what is not stored. Call <see cref="Flush"/> afterwards.
    /// </summary>
    public bool Send(in Outbound stanza)
    {
        lock (_gate)
        {
            if (_ended)
            {
                return false;
            }

            if (_catchUp is { } catchUp)
            {
                if (stanza.FromLog)
                {
                    Release(catchUp, stanza.Position - 1);
                }
                else if (stanza is { Position: 0, IsAnswer: false } && catchUp.MustWait(stanza, out var after))
                {
                    return catchUp.Keep(stanza, after);
                }
            }

            if (!Accepts(stanza))
            {
                return false;
            }

            Pass(stanza);
            return true;
        }
    }

    /// <summary>Sends an element that is not a stanza (XEP-0198 §6: not counted).</summary>
    public void SendNonza(Element element)
    {
        lock (_gate)
        {
            if (_connection is { } connection)
            {
                lock (connection.Gate)
                {
                    connection.Write(element);
                }

                _dirty = true;
            }
        }
    }

    /// <summary>Tells the client how much was handled.</summary>
    internal void SendAck(uint handled)
    {
        Span<byte> ack = stackalloc byte[64];
        Encoding.UTF8.TryGetBytes($"<a xmlns='urn:xmpp:sm:3' h='{handled}'/>", ack, out var length);
        lock (_gate)
        {
            if (_connection is { } connection && _counting)
            {
                lock (connection.Gate)
                {
                    connection.Write(ack[..length]);
                }

                _dirty = true;
            }
        }
    }

    /// <summary>Hands what was written to the transport.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            if (_wantsAnswer)
            {
                // Asked behind the last stanza of what is flushed, so that the answer covers all of it.
                _wantsAnswer = false;
                AskLater();
            }

            if (_dirty && _connection is { } connection)
            {
                _dirty = false;
                lock (connection.Gate)
                {
                    connection.Flush();
                }
            }
        }
    }

    /// <summary>Puts a filter in force, or takes it away: then everything held goes out first.</summary>
    public void SetFilter(IOutboundFilter? filter)
    {
        lock (_gate)
        {
            if (Filter is { } old)
            {
                WriteHeld(old);
            }

            Filter = filter;
        }

        Flush();
    }

    /// <summary>From here on stanzas are counted and kept until acknowledged. The answer, if any, is the last thing not counted.</summary>
    internal void StartCounting(Element? answer)
    {
        lock (_gate)
        {
            if (answer is not null)
            {
                SendNonza(answer);
            }

            _unacked = new();
            _counting = true;
            _asked = false;
        }
    }

    /// <summary>The client has handled so many stanzas; false when that is more than were sent (XEP-0198 §4).</summary>
    internal bool Acknowledge(uint handled, out uint sent)
    {
        lock (_gate)
        {
            sent = _acked + (uint)(_unacked?.Count ?? 0);
            if (_unacked is null)
            {
                return true;
            }

            var count = handled - _acked;
            if (count > (uint)_unacked.Count)
            {
                return false;
            }

            _acked = handled;
            for (; count > 0; count--)
            {
                var stanza = _unacked.Dequeue();
                _bytes -= stanza.Length;
                Done(stanza);
            }

            // What was sent before counting began came before anything the client can acknowledge.
            _covered = _unconfirmed?.Count ?? 0;
            Confirm();
            _asked = false;
            AskLater();
        }

        _session.LagEased();
        _catchUp?.Continue();
        return true;
    }

    /// <summary>The client has answered the ping: what was written before it has arrived (R8).</summary>
    internal void PingAnswered(bool behind)
    {
        lock (_gate)
        {
            if (behind && !_pinged)
            {
                // It belongs to a question that was answered already, and says nothing of what was sent since.
                return;
            }

            _pinged = false;
            _asked = false;
            Confirm();
            AskLater();
        }

        _session.LagEased();
        _catchUp?.Continue();
    }

    /// <summary>Delivers the rows that wait for the account, in order and delay-stamped, then whatever comes.</summary>
    internal void DeliverPending()
    {
        PreparePending();
        _catchUp?.Continue();
    }

    /// <summary>From here on rows are read from the log, those that wait for the account first; <see cref="DeliverPending"/> begins.</summary>
    internal void PreparePending()
    {
        lock (_gate)
        {
            if (_ended || !_session.Account.Mailbox.HasPending)
            {
                return;
            }

            if (_catchUp is null)
            {
                _catchUp = new CatchUp(_session, _server, from: null);
            }
            else
            {
                _catchUp.GoBack();
            }
        }
    }

    /// <summary>Puts the session on a connection and sends again what the client has not acknowledged, in order.</summary>
    internal void Attach(Connection connection)
    {
        lock (_gate)
        {
            _connection = connection;
            _asked = false;
            if (_unacked is { Count: > 0 })
            {
                lock (connection.Gate)
                {
                    foreach (var stanza in _unacked)
                    {
                        Write(connection, stanza);
                    }
                }

                _dirty = true;
                Ask();
            }
        }

        Flush();
        _catchUp?.Continue();
    }

    /// <summary>The connection is gone; stanzas are kept for the next one.</summary>
    internal void Detach()
    {
        lock (_gate)
        {
            _connection = null;
            _dirty = false;
            _asked = false;
            ReleaseRoom();
        }
    }

    /// <summary>Asks the client for a sign of life; the answer also acknowledges. Nothing happens while a question is open.</summary>
    internal void Probe()
    {
        lock (_gate)
        {
            Ask();
        }

        Flush();
    }

    /// <summary>Completes when the socket takes what it is sent: until then the client's requests are not read, nor long answers written.</summary>
    public ValueTask RoomAsync()
    {
        if (_connection is not { } connection || connection.Pending <= _server.Options.Limits.OutboundBytes)
        {
            return ValueTask.CompletedTask;
        }

        lock (_gate)
        {
            // What is only buffered counts as pending too, and would never drain.
            Flush();
            if (_connection != connection || connection.Pending <= _server.Options.Limits.OutboundBytes)
            {
                return ValueTask.CompletedTask;
            }

            _session.LagBegan();
            _room ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            return new(_room.Task);
        }
    }

    /// <summary>True when so much is unacknowledged that requests with long answers should be refused for now.</summary>
    public bool IsCrowded => Outstanding >= 4 * _server.Options.Limits.UnacknowledgedStanzas || _bytes >= 8 * _server.Options.Limits.UnacknowledgedBytes;

    /// <summary>The socket has taken what was written.</summary>
    internal void Drained()
    {
        lock (_gate)
        {
            ReleaseRoom();
        }

        _session.LagEased();
        if (_catchUp is { } catchUp)
        {
            catchUp.Continue();
        }
        else
        {
            _session.LagEnded();
        }
    }

    /// <summary>Takes up reading the log again, should it have stopped because the log could not be read.</summary>
    internal void GoOn() => _catchUp?.Continue();

    /// <summary>The session ends: rows in flight are pending again, requests are answered for it (R10). True when rows wait now.</summary>
    internal bool End(out List<Stanza> unanswered)
    {
        unanswered = [];
        lock (_gate)
        {
            _ended = true;
            ReleaseRoom();
            var pending = _session.Account.Mailbox.HasPending;
            IEnumerable<Outbound> left = _unacked ?? [];
            if (Filter is { } filter)
            {
                left = left.Concat(filter.TakeHeld());
            }

            while (_catchUp is { } catchUp && catchUp.TryRelease(long.MaxValue, out var stanza))
            {
                left = left.Append(stanza);
            }

            _catchUp = null;

            foreach (var stanza in left)
            {
                if (stanza.Confirms)
                {
                    pending |= _session.Account.Mailbox.Released(stanza.Position);
                }
                else if (stanza.Kind == StanzaKind.Iq)
                {
                    unanswered.Add(stanza.ToStanza());
                }
            }

            foreach (var position in _unconfirmed ?? [])
            {
                pending |= _session.Account.Mailbox.Released(position);
            }

            _unacked = null;
            _unconfirmed = null;
            _connection = null;
            return pending;
        }
    }

    /// <summary>How the catch-up writes a page: false when it must wait for the client or the socket.</summary>
    internal bool HasRoom()
    {
        lock (_gate)
        {
            return !_ended && _connection is { } connection
                && connection.Pending < _server.Options.Limits.OutboundBytes / 4
                && Outstanding < _server.Options.Limits.UnacknowledgedStanzas / 2
                && _bytes < _server.Options.Limits.UnacknowledgedBytes / 2;
        }
    }

    /// <summary>Ends the catch-up if nothing came meanwhile: from here on rows are written as they are committed.</summary>
    internal bool TryGoLive(CatchUp catchUp)
    {
        lock (_gate)
        {
            if (_catchUp != catchUp || catchUp.MustGoBack || catchUp.Cursor < catchUp.End || catchUp.Cursor < _session.Account.Mailbox.End)
            {
                return _catchUp != catchUp;
            }

            Release(catchUp, long.MaxValue);
            _catchUp = null;
            return true;
        }
    }

    /// <summary>The catch-up has read some rows: what waited for them goes on.</summary>
    internal void Passed(CatchUp catchUp)
    {
        lock (_gate)
        {
            if (_catchUp == catchUp)
            {
                Release(catchUp, catchUp.Cursor);
            }
        }
    }

    bool Accepts(in Outbound stanza)
    {
        if (_connection is null && !_counting)
        {
            // Bound and not started yet: what is written now would never be seen.
            return false;
        }

        if (stanza.FromLog)
        {
            return true;
        }

        var limits = _server.Options.Limits;
        var crowded = Outstanding >= limits.UnacknowledgedStanzas
            || _bytes >= limits.UnacknowledgedBytes
            || (_connection is { } connection && connection.Pending > limits.OutboundBytes);
        if (stanza.Position == 0)
        {
            return !crowded || stanza.IsAnswer;
        }

        if (_catchUp is null && crowded)
        {
            // Rows come in their order: everything before this one was written.
            _catchUp = new CatchUp(_session, _server, stanza.Position - 1);
            _session.LagBegan();
        }

        if (_catchUp is not null)
        {
            _catchUp.Saw(stanza.Position);
            return false;
        }

        return true;
    }

    void ReleaseRoom()
    {
        _room?.SetResult();
        _room = null;
    }

    /// <summary>What waited for rows up to here goes on.</summary>
    void Release(CatchUp catchUp, long upTo)
    {
        while (catchUp.TryRelease(upTo, out var stanza))
        {
            Pass(stanza);
        }
    }

    void Pass(in Outbound stanza)
    {
        if (Filter is { } filter)
        {
            if (filter.Hold(stanza))
            {
                return;
            }

            WriteHeld(filter);
        }

        WriteNow(stanza);
    }

    void WriteHeld(IOutboundFilter filter)
    {
        foreach (var held in filter.TakeHeld())
        {
            WriteNow(held);
        }
    }

    void WriteNow(in Outbound stanza)
    {
        if (_unacked is not null)
        {
            _unacked.Enqueue(stanza);
            _bytes += stanza.Length;
        }

        if (_connection is { } connection)
        {
            lock (connection.Gate)
            {
                Write(connection, stanza);
            }

            _dirty = true;
        }

        if (stanza.Confirms && _unacked is null)
        {
            (_unconfirmed ??= new()).Enqueue(stanza.Position);
        }

        _wantsAnswer |= stanza.Confirms || _unacked is { Count: >= AskAfter };
    }

    /// <summary>What was written before the client was asked has arrived.</summary>
    void Confirm()
    {
        for (; _covered > 0 && _unconfirmed is { Count: > 0 }; _covered--)
        {
            _server.Router.Marked(_session.Account, _session.Account.Mailbox.Acknowledged(_unconfirmed.Dequeue()));
        }
    }

    void Write(Connection connection, in Outbound stanza)
    {
        if (stanza.Stanza is null)
        {
            connection.Write(stanza.Bytes);
        }
        else if (stanza.StampId)
        {
            Span<byte> id = stackalloc byte[StanzaId.MaxLength];
            var length = StanzaId.Write(id, _session.Account, _server.Router.Ids, stanza.Position);
            connection.Write(stanza.Stanza, id[..length]);
        }
        else
        {
            connection.Write(stanza.Stanza);
        }
    }

    void Done(in Outbound stanza)
    {
        if (stanza.Confirms)
        {
            _server.Router.Marked(_session.Account, _session.Account.Mailbox.Acknowledged(stanza.Position));
        }
    }

    /// <summary>Asks now when the last question is long ago, else leaves it to the session's timer.</summary>
    void AskLater()
    {
        if (_asked || _connection is null || !HasUnacknowledged)
        {
            return;
        }

        var limits = _server.Options.Limits;
        if (_server.Time.GetElapsedTime(_askedAt) >= AskEvery
            || Outstanding >= limits.UnacknowledgedStanzas / 4 || _bytes >= limits.UnacknowledgedBytes / 4)
        {
            Ask();
        }
        else
        {
            _session.ArmTimer(AskEvery);
        }
    }

    void Ask()
    {
        if (_asked || _connection is not { } connection)
        {
            return;
        }

        _asked = true;
        _askedAt = _server.Time.GetTimestamp();
        lock (connection.Gate)
        {
            if (_counting)
            {
                connection.Write("<r xmlns='urn:xmpp:sm:3'/>"u8);
            }
            else
            {
                _covered = _unconfirmed?.Count ?? 0;
                connection.Write(Question(Session.PingId, new Element("query", Ns.Version)));
                _pinged = false;
            }
        }

        _dirty = true;
        _session.ArmTimer(_counting ? _server.Options.Limits.ProbeAfter : PingBehind);
    }

    /// <summary>A client that has not answered the first question in a moment is asked again by a ping (XEP-0199 §4.1).</summary>
    internal void PingIfSilent()
    {
        lock (_gate)
        {
            if (_counting || !_asked || _pinged || _connection is not { } connection)
            {
                return;
            }

            _pinged = true;
            lock (connection.Gate)
            {
                connection.Write(Question(Session.PingBehindId, new Element("ping", Ns.Ping)));
                connection.Flush();
            }
        }
    }

    /// <summary>
    /// A request that every client answers, with a result or an error (RFC 6120 §8.2.3): either will do.
    /// COMPAT(go-sendxmpp 0.5): it answers a ping of XEP-0199 and crashes right behind the answer; asked for its version it
    /// survives. Remove when Debian 12 is history.
    /// </summary>
    Element Question(string id, Element payload) => new Element("iq", Ns.Client)
        .Set("type", "get").Set("id", id).Set("from", _server.Options.Domain).Set("to", _session.Jid.ToString())
        .Add(payload);
}
