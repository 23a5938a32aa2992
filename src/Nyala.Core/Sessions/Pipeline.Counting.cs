// HOT PATH
using Nyala.Core.Connections;
using Nyala.Core.Routing;
using Nyala.Storage;

namespace Nyala.Core.Sessions;

// The count h: what may be told, when, and how it becomes durable (R2, R3).
sealed partial class Pipeline
{
    /// <summary>
    /// How long an answer to <c>&lt;r/&gt;</c> waits for commits under way before it tells the count as it is (R2; XEP-0198 §4
    /// allows a timeout, and without it a client would hear of its message only with the unsolicited answer).
    /// </summary>
    static readonly TimeSpan AckPatience = TimeSpan.FromMilliseconds(250);

    /// <summary>What the client is owed.</summary>
    enum Ack
    {
        None,

        /// <summary>The answer to its <c>&lt;r/&gt;</c>.</summary>
        Answer,

        /// <summary>It was told an old count; when that rises it is told again.</summary>
        FollowUp,
    }

    /// <summary>R3: until a row carries a count of this stream nothing is known of it after a crash, and nothing can go down.</summary>
    bool IsCertain => !_tracked || _durable == Handled;

    /// <summary>The highest count that may be told.</summary>
    uint Certain => _tracked ? _durable : Handled;

    /// <summary>Counting begins when stream management is enabled; everything before is settled.</summary>
    public void StartCounting()
    {
        lock (_gate)
        {
            Handled = 0;
            _durable = 0;
            _told = 0;
            _counting = true;

            // Rows of the time before carry no count, but they make the stream known.
            _tracked = _stored;
        }
    }

    /// <summary>Answers <c>&lt;r/&gt;</c>: when what came before it is durable, at the latest after a moment with the count as it is then.</summary>
    public void AckRequested()
    {
        lock (_gate)
        {
            _owed = Ack.Answer;
            _owedBehind = _taken;
            _markFailed = false;
            Acknowledge();
            if (_owed == Ack.Answer)
            {
                if (_patience is null)
                {
                    _patience = server.Timers.Schedule(AckPatience, this);
                }
                else
                {
                    _patience.Schedule(AckPatience);
                }
            }
        }
    }

    /// <summary>Tells the count that is certain, at the end of a stream (R15).</summary>
    public void TellCount()
    {
        lock (_gate)
        {
            _owed = Ack.None;
            Tell(Certain);
        }
    }

    /// <summary>An answer has waited long enough.</summary>
    public void Due(TimerHandle timer)
    {
        lock (_gate)
        {
            if (_owed == Ack.Answer)
            {
                _owed = Ack.FollowUp;
                Tell(Certain);
            }
        }

        session.Outbox.Flush();
    }

    /// <summary>A row that carried this count is durable. Under the lock.</summary>
    public void Committed(uint handled)
    {
        _stored = true;
        if (_counting)
        {
            _tracked = true;
            _durable = handled;
        }
    }

    /// <summary>
    /// A row was not stored, but perhaps its count was: from here on only what is durable is told. Under the lock.
    /// </summary>
    public void NotCommitted()
    {
        if (_counting && !_tracked)
        {
            _tracked = true;
            _durable = _told;
        }
    }

    /// <summary>
    /// The count to go on from with a client that resumes. What could not be made durable (iq, presence, messages that were
    /// answered with an error) is forgotten, and the client sends it again: it was never told that it was handled.
    /// </summary>
    public uint Agree()
    {
        lock (_gate)
        {
            Handled = Certain;
            return Handled;
        }
    }

    void Acknowledge()
    {
        if (_owed == Ack.None || _popped < _owedBehind)
        {
            return;
        }

        if (IsCertain)
        {
            if (_owed == Ack.Answer || Handled != _told)
            {
                Tell(Handled);
            }

            _owed = Ack.None;
            _patience?.Cancel();
        }
        else if (!WriteMark() && _owed == Ack.Answer)
        {
            _owed = Ack.FollowUp;
            Tell(Certain);
        }
    }

    /// <summary>R3: a count may only be told once it is durable; stanzas since the last stored message raised it. False: it cannot be written.</summary>
    bool WriteMark()
    {
        if (!_marking && !_markFailed)
        {
            _marking = true;
            server.Store.Log.Append(new HandledMark(this, session) { Handled = Handled });
        }

        return _marking;
    }

    void Tell(uint handled)
    {
        _told = handled;
        session.Outbox.SendAck(handled);
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
            LogBatch.Enter();
            lock (_pipeline._gate)
            {
                _pipeline._marking = false;
                _pipeline._markFailed = Outcome != LogOutcome.Committed;
                if (!_pipeline._markFailed && (int)(Handled - _pipeline._durable) > 0)
                {
                    // Rows that overtook the mark may have raised it further (R3); counts wrap around.
                    _pipeline._durable = Handled;
                }
            }

            LogBatch.Finished(_pipeline.Session);
        }
    }
}
