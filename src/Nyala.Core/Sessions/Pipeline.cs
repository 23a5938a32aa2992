// HOT PATH
using Nyala.Core.Connections;
using Nyala.Storage;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Core.Sessions;

/// <summary>
/// The inbound side of a session: every stanza takes a ticket, tickets finish in any order, their effects and the count
/// <c>h</c> complete in the order of arrival (R2, R4). Nothing here blocks; state changes under one short lock.
/// </summary>
sealed class Pipeline(Session session, NyalaServer server) : IThreadPoolWorkItem
{
    const int Capacity = 64;

    /// <summary>How long an answer to <c>&lt;r/&gt;</c> waits for commits under way before it tells the count as it is (R2).</summary>
    static readonly TimeSpan AckPatience = TimeSpan.FromMilliseconds(250);

    readonly Lock _gate = new();
    object[] _ring = [];
    int _head;
    int _count;
    int _started;
    int _ordered;
    int _scheduled;
    uint _durable;
    uint _told;
    bool _tracked;
    bool _oweAck;
    TaskCompletionSource? _room;
    TaskCompletionSource? _drained;

    public Session Session => session;

    /// <summary>Stanzas handled, contiguous from the stream's first (XEP-0198 §4). Touched only under the lock.</summary>
    public uint Handled { get; private set; }

    /// <summary>Counting begins when stream management is enabled.</summary>
    public void StartCounting()
    {
        lock (_gate)
        {
            Handled = 0;
            _durable = 0;
        }
    }

    /// <summary>Takes a stanza; pending while the pipeline is full, which stops the socket being read.</summary>
    public ValueTask ReceiveAsync(Stanza stanza)
    {
        lock (_gate)
        {
            if (_count == 0)
            {
                if (server.Router.Start(session, stanza, Handled + 1) is not { } ticket)
                {
                    Handled++;
                    return server.Store.Log.IsFull ? server.Store.Log.WaitForRoomAsync() : ValueTask.CompletedTask;
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
            if (_count >= Capacity)
            {
                _room ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
                return new(_room.Task);
            }
        }

        return server.Store.Log.IsFull ? server.Store.Log.WaitForRoomAsync() : ValueTask.CompletedTask;
    }

    /// <summary>Answers <c>&lt;r/&gt;</c>: in its order, or after a moment with the count as it is then.</summary>
    public void AckRequested()
    {
        lock (_gate)
        {
            var request = new AckRequest();
            Put(request);
            Advance();
            if (!request.IsAnswered)
            {
                _ = server.Timers.Schedule(AckPatience, new LateAck(this, request));
            }
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

    /// <summary>A row that carried this count is durable.</summary>
    public void Committed(uint handled)
    {
        _tracked = true;
        _durable = handled;
    }

    /// <summary>Completes when no ticket is left: before a stream is resumed, and at shutdown.</summary>
    public Task DrainedAsync()
    {
        lock (_gate)
        {
            return _count == 0 ? Task.CompletedTask : (_drained ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>The stream ends: what it counted is written down, so that <c>&lt;failed h/&gt;</c> can tell it later (R3).</summary>
    public void WriteDown()
    {
        lock (_gate)
        {
            if (_tracked && _durable != Handled)
            {
                server.Store.Log.Append(new HandledMark(this, session) { Handled = Handled });
            }
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
        bool again;
        do
        {
            again = PopDone();
            again |= StartWaiting();
        }
        while (again && _count > 0 && _ring[_head] is ITicket { IsDone: true });

        if (_count < Capacity && _room is { } room)
        {
            _room = null;
            room.SetResult();
        }

        if (_count == 0 && _drained is { } drained)
        {
            _drained = null;
            drained.SetResult();
        }
    }

    bool PopDone()
    {
        var popped = false;
        while (_count > 0 && _ring[_head] is ITicket ticket)
        {
            if (ticket is AckRequest request)
            {
                if (!Answer(request))
                {
                    break;
                }
            }
            else if (!ticket.IsDone)
            {
                break;
            }

            _ring[_head] = null!;
            _head = (_head + 1) % _ring.Length;
            _count--;
            _started = Math.Max(0, _started - 1);
            if (ticket.IsOrdered)
            {
                _ordered--;
            }

            if (ticket.Counts)
            {
                Handled++;
            }

            ticket.Pop(this);
            popped = true;
        }

        var certain = _tracked ? _durable : Handled;
        if (popped && _oweAck && certain != _told)
        {
            // R2: the count has risen since a late answer told the old one.
            _oweAck = _count > 0;
            Tell(certain);
        }

        return popped;
    }

    bool StartWaiting()
    {
        var any = false;
        while (_started < _count)
        {
            var at = (_head + _started) % _ring.Length;
            if (_ring[at] is Stanza stanza)
            {
                // Messages keep their order in the log itself; anything else waits for what changes state before it.
                if (stanza.Kind != StanzaKind.Message && OrderedBefore(_started))
                {
                    return any;
                }

                if (stanza.Kind == StanzaKind.Message && HeldBefore(_started))
                {
                    return any;
                }

                var ticket = server.Router.Start(session, stanza, CountUpTo(_started)) ?? Finished.Ticket;
                _ring[at] = ticket;
                _ordered += ticket.IsOrdered ? 1 : 0;
            }

            _started++;
            any = true;
        }

        return any;
    }

    uint CountUpTo(int index)
    {
        var count = Handled + 1;
        for (var i = 0; i < index; i++)
        {
            if (_ring[(_head + i) % _ring.Length] is ITicket { Counts: true })
            {
                count++;
            }
        }

        return count;
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

    /// <summary>True when messages of this session wait for their commit: a transient one must take the log's way too.</summary>
    public bool HasUncommitted
    {
        get
        {
            for (var i = 0; i < _started && i < _count; i++)
            {
                if (_ring[(_head + i) % _ring.Length] is ITicket { IsOrdered: true, IsDone: false })
                {
                    return true;
                }
            }

            return false;
        }
    }

    bool Answer(AckRequest request)
    {
        if (request.IsDone)
        {
            return true;
        }

        if (_tracked && _durable != Handled)
        {
            // R3: the count may only be told once it is durable; stanzas since the last stored message raised it.
            if (!request.IsWriting)
            {
                request.IsWriting = true;
                server.Store.Log.Append(new HandledMark(this, session) { Handled = Handled });
            }

            return false;
        }

        request.IsDone = true;
        Tell(Handled);
        return true;
    }

    void Tell(uint handled)
    {
        _told = handled;
        session.Outbox.SendAck(handled);
    }

    void Late(AckRequest request)
    {
        lock (_gate)
        {
            if (!request.IsAnswered)
            {
                request.IsAnswered = true;
                _oweAck = true;
                Tell(_tracked ? _durable : Handled);
                request.Late();
            }
        }

        session.Outbox.Flush();
    }

    /// <summary>An <c>&lt;r/&gt;</c> in its place among the stanzas.</summary>
    sealed class AckRequest : ITicket
    {
        public bool IsDone { get; set; }

        public bool IsWriting { get; set; }

        public bool IsAnswered { get; set; }

        public bool Counts => false;

        public bool IsOrdered => false;

        public bool HoldsMessages => false;

        public void Late() => IsDone = true;

        public void Pop(Pipeline pipeline) => IsAnswered = true;
    }

    sealed class LateAck(Pipeline pipeline, AckRequest request) : ITimerTarget
    {
        public void Due(TimerHandle timer) => pipeline.Late(request);
    }

    /// <summary>Makes a count durable that no message row carries.</summary>
    sealed class HandledMark : LogEntry
    {
        readonly Pipeline _pipeline;

        public HandledMark(Pipeline pipeline, Session session)
        {
            _pipeline = pipeline;
            Kind = LogKind.Handled;
            Sender = session.Account.Id;
            Stream = session.StreamNumber;
        }

        public override void Complete()
        {
            // When it cannot be written the answer stays owed; the late answer has told the old count.
            if (Outcome == LogOutcome.Committed)
            {
                lock (_pipeline._gate)
                {
                    _pipeline._durable = Math.Max(_pipeline._durable, Handled);
                }
            }

            _pipeline.Schedule();
        }
    }

    sealed class Finished : ITicket
    {
        public static Finished Ticket { get; } = new();

        public bool IsDone => true;

        public bool Counts => true;

        public bool IsOrdered => false;

        public bool HoldsMessages => false;

        public void Pop(Pipeline pipeline)
        {
        }
    }
}
