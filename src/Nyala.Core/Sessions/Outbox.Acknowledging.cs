// HOT PATH
using System.Text;
using Nyala.Xmpp;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Sessions;

// What the client has acknowledged, and how it is asked (XEP-0198, R8).
public sealed partial class Outbox
{
    /// <summary>Stanzas without a row that may wait unacknowledged before an answer is asked for.</summary>
    const int AskAfter = 20;

    /// <summary>An answer is asked for at most this often, except after silence, when it is asked for at once.</summary>
    static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>A client that leaves the first question unanswered for so long is pinged.</summary>
    static readonly TimeSpan PingBehind = TimeSpan.FromSeconds(1);

    /// <summary>Whether the client has been asked something that it has not answered.</summary>
    internal bool AwaitsAnswer => _asked;

    /// <summary>For how long; zero when nothing was asked.</summary>
    internal TimeSpan AwaitsAnswerFor => _asked ? _server.Time.GetElapsedTime(_askedAt) : TimeSpan.Zero;

    /// <summary>Whether anything was sent that the client has not acknowledged.</summary>
    internal bool HasUnacknowledged => _unacked is { Count: > 0 } || _unconfirmed is { Count: > 0 };

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

            // What was shown before will not be in the count: only what comes again under it can be known to have arrived (R8).
            _shown = null;
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
            if ((int)count < 0)
            {
                // Older than what is known; counts wrap around.
                return true;
            }

            if (count > (uint)_unacked.Count)
            {
                return false;
            }

            _acked = handled;
            for (; count > 0; count--)
            {
                var stanza = _unacked.Dequeue();
                _bytes -= stanza.Length;
                Has(stanza.Position, stanza.Confirms);
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

    /// <summary>Asks the client for a sign of life; the answer also acknowledges. Nothing happens while a question is open.</summary>
    internal void Probe()
    {
        lock (_gate)
        {
            Ask();
        }

        Flush();
    }

    /// <summary>What was written before the client was asked has arrived.</summary>
    void Confirm()
    {
        for (; _covered > 0 && _unconfirmed is { Count: > 0 }; _covered--)
        {
            var written = _unconfirmed.Dequeue();
            Has(written.Position, written.Confirms);
        }
    }

    /// <summary>The client has it.</summary>
    void Has(long position, bool confirms)
    {
        if (confirms)
        {
            _server.Router.Marked(_session.Account, _session.Account.Mailbox.Acknowledged(position));
        }

        if (position != 0)
        {
            _session.Watcher?.Acknowledged(position);
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
