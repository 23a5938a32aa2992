// HOT PATH
using Nyala.Core.Connections;
using Nyala.Core.Routing;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Sessions;

/// <summary>
/// The outbound side of a session: what was sent and not acknowledged (XEP-0198), which archive rows are in flight (R8),
/// and the fall-back to reading the log when the client or its socket is slow. Safe from any thread; never blocks.
/// </summary>
public sealed partial class Outbox
{
    readonly Lock _gate = new();
    readonly Session _session;
    readonly NyalaServer _server;
    Connection? _connection;
    Queue<Outbound>? _unacked;
    Queue<Unconfirmed>? _unconfirmed;
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
                else if (stanza is { IsRow: false, IsAnswer: false } && catchUp.MustWait(stanza, out var after))
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

            foreach (var written in _unconfirmed ?? [])
            {
                pending |= written.Confirms && _session.Account.Mailbox.Released(written.Position);
            }

            _unacked = null;
            _unconfirmed = null;
            _connection = null;
            return pending;
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
        if (!stanza.IsRow)
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

        if (stanza.Waits)
        {
            Showed(stanza.Position);
        }

        var matters = stanza.Confirms || (stanza.Position != 0 && _session.Watcher is not null);
        if (matters && _unacked is null)
        {
            (_unconfirmed ??= new()).Enqueue(new(stanza.Position, stanza.Confirms));
        }

        _wantsAnswer |= matters || _unacked is { Count: >= AskAfter };
    }

    void Write(Connection connection, in Outbound stanza)
    {
        if (stanza.IsAddressed)
        {
            connection.Write(stanza.Bytes, _session.Jid);
        }
        else if (stanza.Stanza is null)
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

    /// <summary>A row written to a client that does not count.</summary>
    readonly record struct Unconfirmed(long Position, bool Confirms);
}
