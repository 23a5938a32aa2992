using Nyala.Xmpp.Stanzas;

namespace Nyala.Client;

/// <summary>
/// What was sent and not acknowledged yet (XEP-0198 §4), in order. Safe from any thread.
/// </summary>
sealed class Outbox
{
    readonly Lock _gate = new();
    readonly Queue<Stanza> _waiting = new();
    uint _acknowledged;

    /// <summary>How many stanzas wait.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count;
            }
        }
    }

    public void Add(Stanza stanza)
    {
        lock (_gate)
        {
            _waiting.Enqueue(stanza);
        }
    }

    /// <summary>Forgets what the server has handled.</summary>
    /// <param name="h">The server's count, modulo 2^32.</param>
    /// <param name="acknowledged">Gets what was acknowledged by it, in order.</param>
    /// <exception cref="XmppException">The server counts stanzas that were never sent, or goes back: fatal (§4).</exception>
    public void Acknowledge(uint h, List<Stanza> acknowledged)
    {
        lock (_gate)
        {
            var handled = unchecked(h - _acknowledged);
            if (handled > _waiting.Count)
            {
                throw new XmppException("handled-count-too-high", $"The server acknowledges {h} stanzas; {_acknowledged} were acknowledged before and {_waiting.Count} sent since.");
            }

            for (; handled > 0; handled--)
            {
                acknowledged.Add(_waiting.Dequeue());
            }

            _acknowledged = h;
        }
    }

    /// <summary>Everything that waits, in order; it stays.</summary>
    public Stanza[] Waiting()
    {
        lock (_gate)
        {
            return [.. _waiting];
        }
    }

    /// <summary>A new stream counts from zero: what waits is handed out and forgotten.</summary>
    public Stanza[] Restart()
    {
        lock (_gate)
        {
            var rest = _waiting.ToArray();
            _waiting.Clear();
            _acknowledged = 0;
            return rest;
        }
    }
}
