using System.Globalization;
using Nyala.Core.Connections;
using Nyala.Xmpp;
using Nyala.Xmpp.Xml;

namespace Nyala.Federation.Streams;

/// <summary>
/// The inbound side of stream management with another server (XEP-0198): counts what is handled, contiguous, each stanza once
/// all about it is durable (R2). It outlives its connection when the stream is resumed on another. Bounded: while too many are
/// under way nothing more is read. Safe from any thread.
/// </summary>
sealed class StanzaCounter(Connection connection)
{
    const int MostUnderWay = 256;

    /// <summary>How long a resumption waits for what the old connection has brought.</summary>
    public static readonly TimeSpan Settling = TimeSpan.FromSeconds(10);

    readonly Lock _gate = new();
    readonly Queue<Ticket> _underWay = new();
    Connection _connection = connection;
    TaskCompletionSource? _room;
    TaskCompletionSource? _settled;
    TaskCompletionSource? _calm;
    int _messages;
    uint _handled;
    uint _received;
    uint _asked;
    bool _counts;

    /// <summary>Stanzas count from here on.</summary>
    public void Start()
    {
        lock (_gate)
        {
            _counts = true;
            (_handled, _received, _asked) = (0, 0, 0);
            _underWay.Clear();
        }
    }

    /// <summary>
    /// A stanza was read; what is returned is to be called when it is handled. Null: the stream goes on on another connection,
    /// and this stanza comes again there.
    /// </summary>
    public Action? Receive(Connection from, bool isMessage = false)
    {
        var ticket = new Ticket(isMessage);
        lock (_gate)
        {
            if (from != _connection)
            {
                return null;
            }

            _received++;
            _messages += isMessage ? 1 : 0;
            _underWay.Enqueue(ticket);
        }

        return () => Handled(ticket);
    }

    /// <summary>Completes when there is room for another stanza.</summary>
    public Task RoomAsync()
    {
        lock (_gate)
        {
            return _underWay.Count < MostUnderWay ? Task.CompletedTask
                : (_room ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Completes when all messages that were taken have gone: nothing else may overtake them (RFC 6120 §10.1). One waits at a time.</summary>
    public Task CalmAsync()
    {
        lock (_gate)
        {
            return _messages == 0 ? Task.CompletedTask : (_calm ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>The peer asks: it is told at once, and again when what it has sent so far is handled.</summary>
    public void Asked()
    {
        lock (_gate)
        {
            _asked = _received;
            Tell();
        }
    }

    /// <summary>
    /// The stream goes on on another connection (§5): from now on nothing is taken from the old one. Completes with the count
    /// when all that was taken is handled; null when that takes too long.
    /// </summary>
    public async Task<uint?> MoveAsync(Connection connection, TimeSpan patience, TimeProvider time)
    {
        Connection old;
        Task settled;
        lock (_gate)
        {
            (old, _connection) = (_connection, connection);
            settled = _underWay.Count == 0 ? Task.CompletedTask
                : (_settled ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }

        old.Abort(EndReason.Resumed);
        try
        {
            await settled.WaitAsync(patience, time);
        }
        catch (TimeoutException)
        {
            return null;
        }

        lock (_gate)
        {
            return _handled;
        }
    }

    void Handled(Ticket ticket)
    {
        TaskCompletionSource? room = null, settled = null, calm = null;
        lock (_gate)
        {
            ticket.IsHandled = true;
            _messages -= ticket.IsMessage ? 1 : 0;
            if (_messages == 0)
            {
                (calm, _calm) = (_calm, null);
            }

            var before = _handled;
            while (_underWay.TryPeek(out var first) && first.IsHandled)
            {
                _underWay.Dequeue();
                _handled++;
            }

            if (_counts && before != _handled && (int)(_asked - before) > 0 && (int)(_asked - _handled) <= 0)
            {
                Tell();
            }

            if (_room is not null && _underWay.Count < MostUnderWay)
            {
                (room, _room) = (_room, null);
            }

            if (_settled is not null && _underWay.Count == 0)
            {
                (settled, _settled) = (_settled, null);
            }
        }

        room?.SetResult();
        settled?.SetResult();
        calm?.SetResult();
    }

    void Tell()
    {
        lock (_connection.Gate)
        {
            _connection.Write(new Element("a", Ns.StreamManagement).Set("h", _handled.ToString(CultureInfo.InvariantCulture)));
            _connection.Flush();
        }
    }

    sealed class Ticket(bool isMessage)
    {
        public bool IsMessage => isMessage;

        public bool IsHandled { get; set; }
    }
}
