using System.Globalization;
using Nyala.Core.Connections;
using Nyala.Core.Diagnostics;
using Nyala.Federation.Streams;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Federation;

/// <summary>
/// What goes from one of our domains to one other, in order. Stored messages are rows of the log with the queue as their owner:
/// durable with their commit, done when the other server has acknowledged them (R1), read from the log again after a start or where
/// memory was full. Everything else is kept in memory and given back when the other server cannot be reached now; what is said in
/// rooms, and presence, waits a minute where a stream was lost. How it connects and tries again is in RemoteQueue.Connecting.cs.
/// Safe from any thread.
/// </summary>
sealed partial class RemoteQueue : IStreamOwner, ITimerTarget
{
    /// <summary>Bounds of what one queue keeps in memory, sent and not acknowledged included.</summary>
    const int MostInMemory = 500;
    const int MostBytesInMemory = 524_288;

    /// <summary>The socket gets no more while this much waits in it.</summary>
    const int MostPending = 262_144;

    const int PageRows = 50;

    /// <summary>A peer that neither counts (XEP-0198) nor answers has what it was sent so long ago, if the stream lives.</summary>
    static readonly TimeSpan Trust = TimeSpan.FromSeconds(30);

    readonly QueueServices _services;
    readonly FederationLoad _load;
    readonly Lock _gate = new();
    readonly TimerHandle _timer;
    readonly LinkedList<Item> _waiting = new();
    readonly Queue<Item> _sent = new();
    IStanzaStream? _stream;
    int _bytes;
    int _stored;
    readonly long _countedTo;
    int _trusted;
    long _cursor;
    long _newest;
    bool _isBehind;
    bool _reading;
    bool _asking;
    bool _triesAgain;
    int _askedFor;

    /// <param name="services">What all streams share.</param>
    /// <param name="load">What all queues hold.</param>
    /// <param name="owner">The queue's number as an owner of rows.</param>
    /// <param name="mark">Rows up to here are done.</param>
    /// <param name="stored">How many rows wait behind it.</param>
    /// <param name="countedTo">The last position at which these were counted.</param>
    public RemoteQueue(QueueServices services, FederationLoad load, (string From, string To) pair, long owner, long mark, int stored, long countedTo)
    {
        _services = services;
        _load = load;
        (From, To) = pair;
        Owner = owner;
        _cursor = mark;
        _stored = stored;
        _countedTo = countedTo;
        _isBehind = stored > 0;
        load.Add(stored);
        _timer = services.Server.Timers.Create(this);
    }

    public string From { get; }

    public string To { get; }

    public long Owner { get; }

    /// <summary>Whether another stored message has room.</summary>
    public bool HasRoom => Volatile.Read(ref _stored) < _services.Options.QueuedPerDomain && _load.Stored < _services.Options.Queued;

    /// <summary>Begins with what an earlier process has left.</summary>
    public void Begin() => Pump();

    /// <summary>The peer has come: the queue need not wait any more to find its stream.</summary>
    public void Arrived()
    {
        lock (_gate)
        {
            if (_phase is Phase.Idle or Phase.BackingOff)
            {
                Connect();
            }
            else
            {
                // It looked a moment ago, perhaps too early.
                _triesAgain = _phase == Phase.Connecting;
            }
        }
    }

    /// <summary>Takes a stanza, in its sender's order. False: there is no room, or no hope, for what is not stored, or the queue takes nothing any more.</summary>
    /// <param name="stanza">With its addresses.</param>
    /// <param name="position">Of its row; 0 for what is not stored.</param>
    /// <param name="at">When it was stored, in milliseconds since 1970.</param>
    public bool Add(Stanza stanza, long position, long at)
    {
        lock (_gate)
        {
            var fits = _waiting.Count + _sent.Count < MostInMemory && _bytes + stanza.Bytes.Length <= MostBytesInMemory;
            if (position == 0)
            {
                if (_isBehind || !fits || _phase == Phase.Stopped || (!WaitsForLink(stanza) && IsHopeless))
                {
                    return false;
                }
            }
            else if (_phase == Phase.Stopped)
            {
                return false;
            }
            else if (position <= _cursor)
            {
                // Read from the log already.
                return true;
            }
            else
            {
                _newest = position;
                if (position > _countedTo)
                {
                    _stored++;
                    _load.Add(1);
                }

                if (_isBehind || !fits)
                {
                    _isBehind = true;
                    PumpLater();
                    return true;
                }

                _cursor = position;
            }

            _bytes += stanza.Bytes.Length;
            _waiting.AddLast(new Item(stanza, position, at));
        }

        Pump();
        return true;
    }

    public void Ready(IStanzaStream stream, uint? handled)
    {
        List<Item> returned = [];
        lock (_gate)
        {
            GoOn(handled, isResumed: _lost is { } lost && lost.Stream.Id == stream.Resumption?.Id, returned);
            _stream = stream;
            _attempts = 0;
            _lostAt = 0;
            _phase = Phase.Open;
            _asking = false;
            _askedFor = 0;
            _timer.Schedule(Idleness);
        }

        foreach (var item in returned)
        {
            Return(item, StanzaError.RemoteServerTimeout);
        }

        Pump();
    }

    public void Acknowledged(IStanzaStream stream, uint count)
    {
        lock (_gate)
        {
            if (stream == _stream)
            {
                Done((int)Math.Min(count, (uint)_sent.Count));
                _timer.Schedule(_sent.Count > 0 ? Answering : Idleness);
            }
        }

        Pump();
    }

    public void Drained(IStanzaStream stream) => Pump();

    /// <summary>A peer that does not count has answered what was asked behind the messages: it has them (as R8 has it for clients).</summary>
    public void Answered(string id)
    {
        lock (_gate)
        {
            if (!_asking || _stream is not { Connection: { } connection } || id != QuestionOn(connection))
            {
                return;
            }

            _asking = false;
            Done(Math.Min(_askedFor, _sent.Count));
            if (_sent.Count > 0)
            {
                Ask(_stream);
                _stream.Flush();
            }
        }

        Pump();
    }

    static string QuestionOn(Connection connection) => QueueServices.QuestionId + connection.Id.ToString(CultureInfo.InvariantCulture);

    /// <summary>Under the gate.</summary>
    void Ask(IStanzaStream stream)
    {
        _asking = true;
        _askedFor = _sent.Count;
        stream.Send(Stanza.Of(new Element("iq", Ns.Client)
            .Set("from", From).Set("to", To).Set("type", "get").Set("id", QuestionOn(stream.Connection!)).Add(new Element("ping", Ns.Ping))));
    }

    /// <summary>So many of what was sent are safe over there. Under the gate.</summary>
    void Done(int count)
    {
        var mark = 0L;
        _askedFor = Math.Max(0, _askedFor - count);
        for (; count > 0; count--)
        {
            var item = _sent.Dequeue();
            _bytes -= item.Stanza?.Bytes.Length ?? 0;
            if (item.Position > 0)
            {
                mark = item.Position;
                Left(1);
            }
        }

        if (mark > 0)
        {
            _services.Server.Store.Mailboxes.SetMark(Owner, mark);
        }
    }

    /// <summary>Rows that are done. Under the gate.</summary>
    void Left(int count)
    {
        _stored -= count;
        _load.Add(-count);
    }

    void PumpLater() => ThreadPool.UnsafeQueueUserWorkItem(static queue => queue.Pump(), this, preferLocal: false);

    /// <summary>Sends what there is, or sees to it that it can be sent. Never blocks.</summary>
    void Pump()
    {
        lock (_gate)
        {
            if (_phase != Phase.Open)
            {
                if (_phase == Phase.Idle && (_waiting.Count > 0 || _isBehind))
                {
                    Connect();
                }

                return;
            }

            var stream = _stream!;
            var wrote = false;
            var waited = _sent.Count > 0;
            while (_waiting.First is { Value: { Stanza: { } stanza } item } && stream.Connection!.Pending < MostPending)
            {
                _waiting.RemoveFirst();
                wrote = true;
                _quiet = false;
                stream.Send(stanza);
                if (stream.Counts || item.Position > 0 || stanza.Type == StanzaType.Groupchat)
                {
                    _sent.Enqueue(item);
                }
                else
                {
                    _bytes -= stanza.Bytes.Length;
                }
            }

            if (wrote)
            {
                if (!stream.Counts && !_asking && _sent.Count > 0)
                {
                    Ask(stream);
                }

                stream.Flush();
                if (_sent.Count > 0 && !waited)
                {
                    _trusted = 0;
                    _timer.Schedule(stream.Counts ? Answering : Trust);
                }
            }

            if (_isBehind && !_reading && _waiting.Count == 0 && _sent.Count < MostInMemory / 2)
            {
                _reading = true;
                _ = ReadAsync();
            }
        }
    }

    /// <summary>Takes the next rows from the log into memory.</summary>
    async Task ReadAsync()
    {
        try
        {
            await ReadPageAsync();
        }
        catch (Exception e)
        {
            // One place catches: nothing is lost, the rows are in the log.
            _services.Log.FederationQueueFailed(To, e);
            lock (_gate)
            {
                _reading = false;
                _timer.Schedule(Answering);
            }

            return;
        }

        Pump();
    }

    async Task ReadPageAsync()
    {
        var head = _services.Server.Store.Log.Head;
        var rows = await _services.Server.Store.Archive.ReadForDeliveryAsync(Owner, _cursor, head, sent: false, PageRows, CancellationToken.None);
        lock (_gate)
        {
            foreach (var row in rows)
            {
                _cursor = row.Position;
                if (TryParse(row.Stanza) is { } stanza && stanza.To?.Domain == To)
                {
                    _bytes += stanza.Bytes.Length;
                    _waiting.AddLast(new Item(stanza, row.Position, row.At));
                }
                else
                {
                    Left(1);
                }
            }

            _cursor = rows.Count < PageRows ? Math.Max(_cursor, head) : _cursor;
            _isBehind = rows.Count == PageRows || _newest > _cursor;
            _reading = false;
        }
    }

    static Stanza? TryParse(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return Stanza.Parse(bytes);
        }
        catch (FormatException)
        {
            // A row that cannot be read (a damaged database) must not keep the others.
            return null;
        }
    }

    /// <param name="Stanza">Null: it was sent on a stream that was lost, and given back; it still has its number there.</param>
    /// <param name="Position">Of its row; 0 for what is not stored.</param>
    /// <param name="At">When it was stored, in milliseconds since 1970.</param>
    readonly record struct Item(Stanza? Stanza, long Position, long At);
}

/// <summary>What all queues to other servers hold together. Safe from any thread.</summary>
sealed class FederationLoad
{
    int _stored;

    /// <summary>Stored messages that wait.</summary>
    public int Stored => Volatile.Read(ref _stored);

    public void Add(int count) => Interlocked.Add(ref _stored, count);
}
