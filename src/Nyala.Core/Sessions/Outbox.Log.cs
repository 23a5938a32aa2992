// HOT PATH

namespace Nyala.Core.Sessions;

// The fall-back to reading the log, and what waits behind it (R4, R8, R10).
public sealed partial class Outbox
{
    /// <summary>Of more rows it is forgotten that the client has seen them: those come twice, under the same id.</summary>
    const int MaxShown = 100;

    Queue<long>? _shown;

    /// <summary>Rows are not written to it: it finds them in the log.</summary>
    internal bool ReadsLog => Volatile.Read(ref _catchUp) is not null;

    /// <summary>Delivers the rows that wait for the account, in order and delay-stamped, then whatever comes.</summary>
    internal void DeliverPending()
    {
        PreparePending();
        _catchUp?.Continue();
    }

    /// <summary>From here on rows are read from the log, those that wait for the account first; <see cref="DeliverPending"/> begins.</summary>
    internal void PreparePending()
    {
        lock (_gate)
        {
            if (_ended || !_session.Account.Mailbox.HasPending)
            {
                return;
            }

            if (_catchUp is null)
            {
                _catchUp = new CatchUp(_session, _server, from: null);
            }
            else
            {
                _catchUp.GoBack();
            }
        }
    }

    /// <summary>Takes up reading the log again, should it have stopped because the log could not be read.</summary>
    internal void GoOn() => _catchUp?.Continue();

    /// <summary>How the catch-up writes a page: false when it must wait for the client or the socket.</summary>
    internal bool HasRoom()
    {
        lock (_gate)
        {
            return !_ended && _connection is { } connection
                && connection.Pending < _server.Options.Limits.OutboundBytes / 4
                && Outstanding < _server.Options.Limits.UnacknowledgedStanzas / 2
                && _bytes < _server.Options.Limits.UnacknowledgedBytes / 2;
        }
    }

    /// <summary>Ends the catch-up if nothing came meanwhile: from here on rows are written as they are committed.</summary>
    internal bool TryGoLive(CatchUp catchUp)
    {
        lock (_gate)
        {
            if (_catchUp != catchUp || catchUp.MustGoBack || catchUp.Cursor < catchUp.End || catchUp.Cursor < _session.Account.Mailbox.End)
            {
                return _catchUp != catchUp;
            }

            Release(catchUp, long.MaxValue);
            _catchUp = null;
            return true;
        }
    }

    /// <summary>The catch-up has read some rows: what waited for them goes on.</summary>
    internal void Passed(CatchUp catchUp)
    {
        lock (_gate)
        {
            if (_catchUp == catchUp)
            {
                Release(catchUp, catchUp.Cursor);
            }
        }
    }

    /// <summary>
    /// Whether the client was shown this row when it did not take mail yet, as a copy or addressed to it: then it is not sent
    /// again, and what acknowledges that stanza makes the row done.
    /// </summary>
    internal bool ConfirmsShown(long position)
    {
        lock (_gate)
        {
            if (_ended || _shown is null || !_shown.Contains(position))
            {
                return false;
            }

            if (_unacked is null)
            {
                (_unconfirmed ??= new()).Enqueue(new(position, Confirms: true));
                _wantsAnswer = true;
            }
            else if (_unacked.Any(stanza => stanza.Position == position))
            {
                _unacked = new(_unacked.Select(stanza => stanza.Position == position ? stanza with { Confirms = true } : stanza));
                _wantsAnswer = true;
            }
            else
            {
                _server.Router.Marked(_session.Account, _session.Account.Mailbox.Acknowledged(position));
            }

            return true;
        }
    }

    void Showed(long position)
    {
        _shown ??= new();
        if (_shown.Count == MaxShown)
        {
            _shown.Dequeue();
        }

        _shown.Enqueue(position);
    }

    /// <summary>What waited for rows up to here goes on.</summary>
    void Release(CatchUp catchUp, long upTo)
    {
        while (catchUp.TryRelease(upTo, out var stanza))
        {
            Pass(stanza);
        }
    }
}
