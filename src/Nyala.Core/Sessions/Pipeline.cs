// HOT PATH
using Nyala.Core.Connections;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Core.Sessions;

/// <summary>
/// The inbound side of a session: every stanza takes a ticket, tickets finish in any order, their effects and the count
/// <c>h</c> complete in the order of arrival (R2, R4). Nothing here blocks; state changes under one short lock.
/// </summary>
sealed partial class Pipeline(Session session, NyalaServer server) : IThreadPoolWorkItem, ITimerTarget
{
    const int Capacity = 64;

    readonly Lock _gate = new();
    Connection? _source;
    object[] _ring = [];
    int _head;
    int _count;
    int _started;
    int _ordered;
    int _answering;
    int _scheduled;
    ulong _taken;
    ulong _popped;
    ulong _owedBehind;
    Ack _owed;
    uint _durable;
    uint _told;
    bool _counting;
    bool _stored;
    bool _tracked;
    bool _marking;
    bool _markFailed;
    TimerHandle? _patience;
    TaskCompletionSource? _room;
    TaskCompletionSource? _settling;

    public Session Session => session;

    /// <summary>Stanzas handled, contiguous from the stream's first (XEP-0198 §4). Touched only under the lock.</summary>
    public uint Handled { get; private set; }

    /// <summary>True when messages of this session wait for their commit: a transient one must take the log's way too. Under the lock.</summary>
    public bool HasUncommitted => OrderedBefore(Math.Min(_started, _count));

    /// <summary>From here on stanzas of this connection are taken, and of no other.</summary>
    public void Open(Connection source)
    {
        lock (_gate)
        {
            _source = source;
        }
    }

    /// <summary>What is still being read is not taken any more, so not counted either: the client sends it again (R15, resumption).</summary>
    public void Close()
    {
        lock (_gate)
        {
            _source = null;
            MakeRoom();
        }
    }

    /// <summary>Takes a stanza; pending while the pipeline is full, which stops the socket being read.</summary>
    public ValueTask ReceiveAsync(Connection source, Stanza stanza)
    {
        lock (_gate)
        {
            if (_source != source)
            {
                return ValueTask.CompletedTask;
            }

            _taken++;
            if (_count == 0)
            {
                if (server.Router.Start(session, stanza, _counting ? Handled + 1 : 0) is not { } ticket)
                {
                    Handled++;
                    _popped++;
                    _markFailed = false;
                    Acknowledge();
                    return WaitForRoomAsync();
                }

                Put(ticket);
                _started = 1;
                _ordered += ticket.IsOrdered ? 1 : 0;
            }
            else
            {
                Put(stanza);
            }

            Advance();
            return WaitForRoomAsync();
        }
    }

    /// <summary>Runs what must not happen beside the turn of the session.</summary>
    public void Enter(Action action)
    {
        lock (_gate)
        {
            action();
        }
    }

    /// <summary>A request's answer is being made outside the order; too many at a time stop the reading. Under the lock.</summary>
    public void AnswerBegan() => _answering++;

    /// <summary>The answer was sent.</summary>
    public void AnswerEnded()
    {
        lock (_gate)
        {
            _answering--;
            MakeRoom();
        }
    }

    /// <summary>A ticket finished in the log's batch, at whose end <see cref="Continue"/> comes.</summary>
    public volatile bool IsDue;

    /// <summary>Takes off what is finished, now; what waits behind it is started on the pool, where it may take its time.</summary>
    public void Continue()
    {
        lock (_gate)
        {
            PopDone();
            if (_started < _count)
            {
                Schedule();
            }
            else
            {
                Acknowledge();
                MakeRoom();
                Settle();
            }
        }
    }

    /// <summary>Looks for tickets that finished meanwhile, soon, on the pool. From any thread.</summary>
    public void Schedule()
    {
        if (Interlocked.Exchange(ref _scheduled, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    public void Execute()
    {
        Volatile.Write(ref _scheduled, 0);
        lock (_gate)
        {
            Advance();
        }

        session.Outbox.Flush();
    }

    /// <summary>Completes when everything taken is finished and its count durable, or cannot become so.</summary>
    public Task SettleAsync()
    {
        lock (_gate)
        {
            _settling ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            var task = _settling.Task;
            _markFailed = false;
            Settle();
            return task;
        }
    }

    /// <summary>The stream ends: what it counted is written down, so that <c>&lt;failed h/&gt;</c> can tell it later (R3).</summary>
    public void WriteDown()
    {
        lock (_gate)
        {
            _source = null;
            MakeRoom();
            _patience?.Cancel();
            if (!IsCertain)
            {
                server.Store.Log.Append(new HandledMark(this, session) { Handled = Handled });
            }
        }
    }

    ValueTask WaitForRoomAsync()
    {
        if (_count + _answering >= Capacity && _source is not null)
        {
            _room ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            return new(_room.Task);
        }

        return server.Store.Log.IsFull ? server.Store.Log.WaitForRoomAsync() : ValueTask.CompletedTask;
    }

    void MakeRoom()
    {
        if (_room is { } room && (_count + _answering < Capacity || _source is null))
        {
            _room = null;
            room.SetResult();
        }
    }

    void Put(object item)
    {
        if (_count == _ring.Length)
        {
            var grown = new object[Math.Max(4, _ring.Length * 2)];
            for (var i = 0; i < _count; i++)
            {
                grown[i] = _ring[(_head + i) % _ring.Length];
            }

            _ring = grown;
            _head = 0;
        }

        _ring[(_head + _count++) % _ring.Length] = item;
    }

    void Advance()
    {
        do
        {
            PopDone();
            StartWaiting();
        }
        while (_count > 0 && _ring[_head] is ITicket { IsDone: true });

        Acknowledge();
        MakeRoom();
        Settle();
    }

    void PopDone()
    {
        while (_count > 0 && _ring[_head] is ITicket { IsDone: true } ticket)
        {
            _ring[_head] = null!;
            _head = (_head + 1) % _ring.Length;
            _count--;
            _started--;
            _ordered -= ticket.IsOrdered ? 1 : 0;
            Handled++;
            _popped++;
            _markFailed = false;
            ticket.Pop(this);
        }
    }

    void StartWaiting()
    {
        for (; _started < _count; _started++)
        {
            var at = (_head + _started) % _ring.Length;
            var stanza = (Stanza)_ring[at];

            // Messages keep their order in the log itself; anything else waits for what changes state before it.
            if (stanza.Kind == StanzaKind.Message ? HeldBefore(_started) : OrderedBefore(_started))
            {
                return;
            }

            var handled = _counting ? Handled + (uint)_started + 1 : 0;
            var ticket = server.Router.Start(session, stanza, handled) ?? Finished.Ticket;
            _ring[at] = ticket;
            _ordered += ticket.IsOrdered ? 1 : 0;
        }
    }

    bool OrderedBefore(int index)
    {
        if (_ordered == 0)
        {
            return false;
        }

        for (var i = 0; i < index; i++)
        {
            if (_ring[(_head + i) % _ring.Length] is ITicket { IsOrdered: true, IsDone: false })
            {
                return true;
            }
        }

        return false;
    }

    bool HeldBefore(int index)
    {
        for (var i = 0; i < index; i++)
        {
            if (_ring[(_head + i) % _ring.Length] is ITicket { HoldsMessages: true })
            {
                return true;
            }
        }

        return false;
    }

    void Settle()
    {
        if (_settling is { } settling && _count == 0 && (IsCertain || !WriteMark()))
        {
            _settling = null;
            settling.SetResult();
        }
    }

    sealed class Finished : ITicket
    {
        public static Finished Ticket { get; } = new();

        public bool IsDone => true;

        public bool IsOrdered => false;

        public bool HoldsMessages => false;

        public void Pop(Pipeline pipeline)
        {
        }
    }
}
