// HOT PATH

namespace Nyala.Core.Sessions;

// The fall-back to reading the log, and what waits behind it (R4, R8, R10).
public sealed partial class Outbox
{
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

    /// <summary>What waited for rows up to here goes on.</summary>
    void Release(CatchUp catchUp, long upTo)
    {
        while (catchUp.TryRelease(upTo, out var stanza))
        {
            Pass(stanza);
        }
    }
}
