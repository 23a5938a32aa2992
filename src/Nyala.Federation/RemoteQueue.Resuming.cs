using Nyala.Federation.Streams;

namespace Nyala.Federation;

// What becomes of what was sent and not acknowledged when its stream is lost: the next one goes on where the peer says that it
// was (XEP-0198 §5); only where it cannot say everything is sent again.
sealed partial class RemoteQueue
{
    /// <summary>How much longer this server waits where it is the other's turn to come back.</summary>
    static readonly TimeSpan TheirTurn = TimeSpan.FromSeconds(5);

    (LostStream Stream, uint Count)? _lost;

    public LostStream? Resumes
    {
        get
        {
            lock (_gate)
            {
                return _lost is { Stream: { IsOurs: true } stream } ? stream : null;
            }
        }
    }

    /// <summary>
    /// The other server lets this one answer on a stream that it has opened (XEP-0288). False: there is a better way, or another
    /// stream is to go on first. <see cref="Ready"/> follows.
    /// </summary>
    public bool Offered(WayBack way)
    {
        lock (_gate)
        {
            if (_phase == Phase.Open && _stream!.Resumption is { } open && open.Id == way.Resumption?.Id)
            {
                // The same stream on another connection, before the end of the first was noticed.
                TakeBack(_stream, []);
                _phase = Phase.BackingOff;
            }

            var goesOn = _lost is { } lost && lost.Stream.Id == way.Resumption?.Id;
            if (_phase is not (Phase.Idle or Phase.BackingOff) || (_lost is not null && !goesOn))
            {
                return false;
            }

            _phase = Phase.Connecting;
            _stream = way;
            _timer.Cancel();
            return true;
        }
    }

    /// <summary>Something is to be sent, or to be found out about. Under the gate.</summary>
    bool Waits => _waiting.Count > 0 || _isBehind || _sent.Count > 0 || _lost is not null;

    /// <summary>
    /// There is no stream. What was sent on one that can be resumed stays as it is until that was tried; most of what is not stored
    /// does not wait longer than that. Under the gate.
    /// </summary>
    /// <param name="lost">The stream that was in use, or null: none came to be.</param>
    /// <param name="returned">Gets what is to be given back.</param>
    void TakeBack(IStanzaStream? lost, List<Item> returned)
    {
        if (lost is { Resumption: { } resumption } && (_sent.Count > 0 || resumption.Received is not null))
        {
            _lost = (resumption, lost.Acknowledged);
            return;
        }

        if (lost is not null)
        {
            GoOn(null, isResumed: false, returned);
            return;
        }

        for (var count = _sent.Count; count > 0; count--)
        {
            var item = _sent.Dequeue();
            _sent.Enqueue(Keeps(item, returned) ? item : item with { Stanza = null });
        }

        for (var node = _waiting.First; node is not null;)
        {
            var next = node.Next;
            if (!Keeps(node.Value, returned))
            {
                _waiting.Remove(node);
            }

            node = next;
        }

        if (_sent.All(item => item.Stanza is null))
        {
            // Nothing depends on its count any more.
            _sent.Clear();
            _lost = null;
        }
    }

    /// <summary>
    /// A new stream begins, or there will be none: what the peer has of the lost one is done, the rest waits again, before what
    /// was not sent yet. Under the gate.
    /// </summary>
    /// <param name="handled">The peer's count; null: unknown.</param>
    /// <param name="isResumed">Nothing that it did not count was handled: requests may be sent again.</param>
    /// <param name="returned">Gets what is to be given back.</param>
    void GoOn(uint? handled, bool isResumed, List<Item> returned)
    {
        if (handled is { } count && _lost is { } lost && count - lost.Count is var more && more < int.MaxValue)
        {
            Done((int)Math.Min(more, (uint)_sent.Count));
        }

        _lost = null;
        foreach (var item in _sent.Reverse())
        {
            if (item.Stanza is not null && (isResumed || Keeps(item, returned)))
            {
                _waiting.AddFirst(item);
            }
        }

        _sent.Clear();
    }

    /// <summary>What is not stored is given back, unless it may wait for the link. Under the gate.</summary>
    bool Keeps(Item item, List<Item> returned)
    {
        if (item.Position > 0 || item.Stanza is null || WaitsForLink(item.Stanza))
        {
            return item.Stanza is not null;
        }

        _bytes -= item.Stanza.Bytes.Length;
        returned.Add(item);
        return false;
    }
}
