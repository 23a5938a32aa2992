using Nyala.Core.Connections;
using Nyala.Core.Diagnostics;
using Nyala.Federation.Streams;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Federation;

// When there is a stream, and what becomes of what waits when there cannot be one.
sealed partial class RemoteQueue
{
    enum Phase
    {
        /// <summary>No stream, and nothing waits.</summary>
        Idle,

        /// <summary>On the way to a stream.</summary>
        Connecting,

        Open,

        /// <summary>It failed, and is tried again later.</summary>
        BackingOff,

        /// <summary>The server stops, or the queue was at rest and is forgotten.</summary>
        Stopped,
    }

    /// <summary>A stream on which nothing was sent for so long is closed.</summary>
    static readonly TimeSpan Idleness = TimeSpan.FromMinutes(10);

    /// <summary>How long a peer may take to acknowledge; then the stream is dead, whatever TCP says.</summary>
    static readonly TimeSpan Answering = TimeSpan.FromSeconds(60);

    static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    /// <summary>For so long after a failure what is not stored is given back at once.</summary>
    static readonly TimeSpan Hopeless = TimeSpan.FromSeconds(5);

    /// <summary>For so long after a stream was lost what is said in rooms, and presence, waits for another.</summary>
    static readonly TimeSpan Healing = TimeSpan.FromSeconds(60);

    /// <summary>Between attempts meanwhile.</summary>
    static readonly TimeSpan LongestPauseWhileHealing = TimeSpan.FromSeconds(8);

    Phase _phase;
    int _attempts;
    long _failedAt;
    long _lostAt;
    bool _quiet;

    /// <summary>It was tried a moment ago; where a stream was only just lost, it has still to be. Under the gate.</summary>
    bool IsHopeless => _phase == Phase.BackingOff && !(_lost is not null && _attempts <= 1) && !TriesNow();

    public void Ended(IStanzaStream stream, string problem, bool isFinal)
    {
        lock (_gate)
        {
            if (stream != _stream && _stream is not null)
            {
                return;
            }
        }

        Failed(problem, isFinal);
    }

    /// <summary>On the timer's thread.</summary>
    public void Due(TimerHandle timer)
    {
        IStanzaStream? dead = null, idle = null;
        lock (_gate)
        {
            switch (_phase)
            {
                case Phase.BackingOff when !Waits:
                    _phase = Phase.Idle;
                    break;
                case Phase.BackingOff:
                    Connect();
                    return;
                case Phase.Open when _stream is { Counts: false } && _sent.Count > 0:
                    // What was written before the last look, and the stream lives.
                    Done(Math.Min(_trusted, _sent.Count));
                    _trusted = _sent.Count;
                    _timer.Schedule(_sent.Count > 0 ? Trust : Idleness);
                    break;
                case Phase.Open when _sent.Count > 0:
                    dead = _stream;
                    break;
                case Phase.Open when _waiting.Count == 0 && !_isBehind:
                    if (_quiet && _stream!.TryRest())
                    {
                        idle = _stream;
                    }
                    else
                    {
                        _quiet = true;
                        _timer.Schedule(Idleness);
                    }

                    break;
            }
        }

        dead?.Connection!.Abort(EndReason.Unresponsive);
        idle?.Close(EndReason.LoggedOut);
        Pump();
    }

    /// <summary>Ends the stream; what is not acknowledged stays in the log.</summary>
    public void Stop()
    {
        IStanzaStream? stream;
        lock (_gate)
        {
            stream = _stream;
            _phase = Phase.Stopped;
            _timer.Cancel();
        }

        stream?.Close(EndReason.Shutdown, StreamError.SystemShutdown);
    }

    /// <summary>Whether nothing waits and nothing is known of it that must not be forgotten; then it takes nothing any more.</summary>
    public bool TryRetire()
    {
        lock (_gate)
        {
            if (_phase is not (Phase.Idle or Phase.BackingOff) || Waits || _reading || _stored > 0)
            {
                return false;
            }

            _phase = Phase.Stopped;
            _timer.Cancel();
            return true;
        }
    }

    /// <summary>A stream was lost a moment ago. Under the gate.</summary>
    bool IsHealing => _lostAt != 0 && _services.Server.Time.GetElapsedTime(_lostAt) is var since && since < Healing && since < _services.Options.GiveUpAfter;

    /// <summary>
    /// What keeps people and rooms together is not given back because a link fails for a moment: who hears that presence or a
    /// word of the room did not arrive takes the other one for gone (XEP-0045, ghosts). Requests fail soon: who asks may ask again.
    /// Under the gate.
    /// </summary>
    bool WaitsForLink(Stanza stanza) => (stanza.Kind == StanzaKind.Presence || stanza.Type == StanzaType.Groupchat) && IsHealing;

    /// <summary>Whoever has something new to send makes a queue try again that has failed a while ago. Under the gate.</summary>
    bool TriesNow()
    {
        if (_services.Server.Time.GetElapsedTime(_failedAt) < Hopeless)
        {
            return false;
        }

        Connect();
        return true;
    }

    /// <summary>Under the gate.</summary>
    void Connect()
    {
        _phase = Phase.Connecting;
        _stream = null;
        _quiet = false;
        _ = ConnectAsync();
    }

    async Task ConnectAsync()
    {
        try
        {
            await ReturnLateAsync();
            var (stream, problem, isFinal) = await _services.OpenAsync(From, To, this);
            if (stream is null)
            {
                Failed(problem, isFinal);
                return;
            }

            lock (_gate)
            {
                // It may have ended already, or be ready.
                _stream ??= _phase is Phase.Connecting ? stream : _stream;
            }
        }
        catch (Exception e)
        {
            _services.Log.FederationQueueFailed(To, e);
            Failed(e.Message, isFinal: false);
        }
    }

    /// <summary>There is no stream (any more).</summary>
    void Failed(string problem, bool isFinal)
    {
        List<Item> returned = [];
        var error = isFinal ? StanzaError.RemoteServerNotFound : StanzaError.RemoteServerTimeout;
        lock (_gate)
        {
            if (_phase is Phase.Stopped or Phase.Idle or Phase.BackingOff)
            {
                return;
            }

            var wasOpen = _phase == Phase.Open;
            _failedAt = _services.Server.Time.GetTimestamp();
            _lostAt = isFinal ? 0 : wasOpen ? _failedAt : _lostAt;
            TakeBack(wasOpen ? _stream : null, returned);
            _stream = null;
            if (Waits || !wasOpen)
            {
                // Also with nothing left to send: whoever comes next is not kept waiting in vain.
                _phase = Phase.BackingOff;
                _timer.Schedule(_triesAgain ? TimeSpan.Zero : _lost is { Stream.IsOurs: false } ? Pause() + TheirTurn : Pause());
                _triesAgain = false;
                _services.Metrics.FederationFailures.Add(1);
                _services.Log.FederationFailed(From, To, problem);
            }
            else
            {
                _phase = Phase.Idle;
                _timer.Cancel();
            }
        }

        if (isFinal)
        {
            _ = ReturnAllAsync(error);
        }

        foreach (var item in returned)
        {
            Return(item, error);
        }
    }

    /// <summary>Doubles, with chance, so that those who lost the same peer do not come back as one.</summary>
    TimeSpan Pause()
    {
        var longest = IsHealing ? LongestPauseWhileHealing : LongestPause;
        var most = Math.Min(longest.TotalSeconds, FirstPause.TotalSeconds * Math.Pow(2, Math.Min(_attempts++, 16)));
        return TimeSpan.FromSeconds(most * (0.5 + (Random.Shared.NextDouble() / 2)));
    }

    /// <summary>Gives back what has waited too long (RFC 6120 §8.3.3.16).</summary>
    async Task ReturnLateAsync()
    {
        var limit = (_services.Server.Time.GetUtcNow() - _services.Options.GiveUpAfter).ToUnixTimeMilliseconds();
        await ReturnWhileAsync(item => item.At < limit, StanzaError.RemoteServerTimeout);
    }

    async Task ReturnAllAsync(StanzaError error)
    {
        try
        {
            await ReturnWhileAsync(_ => true, error);
        }
        catch (Exception e)
        {
            _services.Log.FederationQueueFailed(To, e);
        }
    }

    /// <summary>From the oldest stored message on; the rest of the log is read as need be.</summary>
    async Task ReturnWhileAsync(Func<Item, bool> late, StanzaError error)
    {
        var count = 0;
        List<Item> returned = [];
        while (true)
        {
            Item item;
            bool reads;
            lock (_gate)
            {
                if (_phase == Phase.Open)
                {
                    break;
                }

                if (_sent.FirstOrDefault(sent => sent.Position > 0) is { Stanza: not null } oldest && late(oldest))
                {
                    // It is given up that the lost stream goes on.
                    GoOn(null, isResumed: false, returned);
                }

                reads = _waiting.Count == 0 && _isBehind && !_reading;
                _reading |= reads;
                item = _waiting.First is { } first && first.Value.Position > 0 && late(first.Value) ? first.Value : default;
                if (item.Stanza is { } leaving)
                {
                    _waiting.RemoveFirst();
                    _bytes -= leaving.Bytes.Length;
                }
            }

            if (reads)
            {
                await ReadPageAsync();
                continue;
            }

            if (item.Stanza is null)
            {
                break;
            }

            // R1: the failure is stored before the message is forgotten.
            var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await _services.Router.AnswerAsync(item.Stanza, error, told.SetResult);
            await told.Task;
            count++;
            _services.Metrics.FederationReturned.Add(1);
            lock (_gate)
            {
                Left(1);
                _services.Server.Store.Mailboxes.SetMark(Owner, item.Position);
            }
        }

        returned.ForEach(item => Return(item, error));
        if (count > 0)
        {
            _services.Log.FederationReturned(count, To, error.Condition);
        }
    }

    /// <summary>Tells the sender of what was not stored; nobody waits to hear that a goodbye did not arrive.</summary>
    void Return(Item item, StanzaError error)
    {
        if (item.Stanza is { } stanza && stanza.Type is not (StanzaType.Error or StanzaType.Result or StanzaType.Unavailable or StanzaType.Probe))
        {
            _services.Metrics.FederationReturned.Add(1);
            _services.Router.Answer(stanza, error);
        }
    }
}
