using Nyala.Core.Sessions;
using Nyala.Storage;

namespace Nyala.Core.Routing;

/// <summary>
/// How far an account's incoming rows are delivered (R8). Rows are done, in flight to sessions, or pending: in
/// (<c>cursor</c>, <c>end</c>] and not tracked. Rows up to the mark are done. Safe from any thread.
/// </summary>
public sealed class Mailbox
{
    /// <summary>Beyond this many tracked rows those that are done are forgotten; at worst one is delivered twice, under the same id.</summary>
    const int TrackedBound = 4_096;

    readonly Lock _gate = new();
    readonly LocalAccount _account;
    List<Row>? _rows;

    /// <summary>What came of a row before its dispatch was complete; at most the one row that the log is dispatching.</summary>
    Dictionary<long, (int Released, bool Done)>? _early;

    long _mark;
    long _cursor;
    long _end;
    long _archivedDone;

    internal Mailbox(LocalAccount account, long mark, long head)
    {
        _account = account;
        _mark = mark;
        _cursor = mark;
        _end = Math.Max(mark, head);
    }

    /// <summary>The newest row that was dispatched, or that existed when the account came into memory.</summary>
    public long End
    {
        get
        {
            lock (_gate)
            {
                return _end;
            }
        }
    }

    /// <summary>Where pending rows may begin: everything up to here is done or in flight.</summary>
    public long Cursor
    {
        get
        {
            lock (_gate)
            {
                return _cursor;
            }
        }
    }

    public bool HasPending
    {
        get
        {
            lock (_gate)
            {
                return _cursor < _end;
            }
        }
    }

    /// <summary>The client reads the archive itself: archived rows that are pending now are done (R9).</summary>
    public void ArchivedAreDone()
    {
        lock (_gate)
        {
            // Those in flight are not: should their session end, they are pending again.
            _archivedDone = _end;
            _rows?.RemoveAll(row => row.IsPending);
        }
    }

    /// <summary>On the log's thread, in position order: a row was handed to so many sessions; with 0 it is pending.</summary>
    internal long Dispatched(long position, int sessions)
    {
        lock (_gate)
        {
            var done = false;
            if (_early is not null && _early.Remove(position, out var early))
            {
                // A quick client, or one that is gone, was faster than the end of the dispatch.
                sessions = early.Done ? Math.Max(1, sessions - early.Released) : sessions - early.Released;
                done = early.Done;
                Releases += sessions <= 0 ? 1 : 0;
            }

            if (sessions > 0)
            {
                Track(position, sessions);
                if (_cursor >= _end)
                {
                    _cursor = position;
                }

                if (done)
                {
                    var index = Find(position);
                    _rows![index] = _rows[index] with { Done = true };
                }
            }

            _end = Math.Max(_end, position);
            return Advance();
        }
    }

    /// <summary>A reader of the log wants to send a row: false when it is done, or in flight elsewhere and <paramref name="onlyPending"/>.</summary>
    internal bool TryTake(in ArchiveRow row, bool onlyPending)
    {
        lock (_gate)
        {
            if (onlyPending)
            {
                var archived = (row.Flags & RowFlags.InRecipientArchive) != 0;
                var index = Find(row.Position);
                if (row.Position <= _mark || (index >= 0 ? !_rows![index].IsPending : archived && row.Position <= _archivedDone))
                {
                    return false;
                }
            }

            if (row.Position > _mark)
            {
                Track(row.Position, 1);
            }

            return true;
        }
    }

    /// <summary>How often a row became pending again.</summary>
    internal int Releases { get; private set; }

    /// <summary>
    /// A reader has taken all pending rows up to here. Returns the mark when it rose, else 0. Rows that became pending again
    /// since it began (<paramref name="releases"/>) may lie behind it: then the next reader passes them.
    /// </summary>
    internal long Passed(long position, int releases)
    {
        lock (_gate)
        {
            _cursor = releases == Releases ? Math.Max(_cursor, position) : _cursor;
            return Advance();
        }
    }

    /// <summary>A session has the row safely. Returns the mark when it rose, else 0.</summary>
    internal long Acknowledged(long position)
    {
        lock (_gate)
        {
            var index = Find(position);
            if (index < 0)
            {
                Early(position, released: 0, done: true);
                return 0;
            }

            _rows![index] = _rows[index] with { Done = true };
            return Advance();
        }
    }

    /// <summary>A session ended without having acknowledged the row; true when the row is pending again.</summary>
    internal bool Released(long position)
    {
        lock (_gate)
        {
            var index = Find(position);
            if (index < 0)
            {
                Early(position, released: 1, done: false);
                return false;
            }

            var row = _rows![index] with { InFlight = _rows[index].InFlight - 1 };
            _rows[index] = row;
            if (!row.IsPending)
            {
                return false;
            }

            Releases++;
            _cursor = Math.Min(_cursor, position - 1);
            _end = Math.Max(_end, position);
            return true;
        }
    }

    /// <summary>The available session that should take pending rows, or null.</summary>
    internal Session? Taker()
    {
        foreach (var session in _account.Sessions)
        {
            if (session.TakesMail && session.IsConnected)
            {
                return session;
            }
        }

        return null;
    }

    /// <summary>Something about a row that is still being handed out; <see cref="Dispatched"/>, which is about to come, takes it into account.</summary>
    void Early(long position, int released, bool done)
    {
        if (position > _end)
        {
            _early ??= [];
            _early.TryGetValue(position, out var before);
            _early[position] = (before.Released + released, before.Done || done);
        }
    }

    void Track(long position, int sessions)
    {
        var rows = _rows ??= [];
        var index = Find(position);
        if (index >= 0)
        {
            rows[index] = rows[index] with { InFlight = rows[index].InFlight + sessions };
            return;
        }

        if (rows.Count >= TrackedBound)
        {
            rows.RemoveAll(row => row.Done);
            index = Find(position);
        }

        rows.Insert(~index, new Row(position, sessions, Done: false));
    }

    long Advance()
    {
        var limit = _cursor < _end ? _cursor : _end;
        var gone = 0;
        if (_rows is not null)
        {
            while (gone < _rows.Count && _rows[gone].Done)
            {
                gone++;
            }

            if (gone < _rows.Count)
            {
                limit = Math.Min(limit, _rows[gone].Position - 1);
            }

            // Rows that are done but lie behind pending ones stay tracked, so that the reader skips them.
            while (gone > 0 && _rows[gone - 1].Position > limit)
            {
                gone--;
            }

            _rows.RemoveRange(0, gone);
            if (_rows.Count == 0)
            {
                _rows = null;
            }
        }

        if (limit <= _mark)
        {
            return 0;
        }

        _mark = limit;
        return limit;
    }

    int Find(long position)
    {
        if (_rows is null)
        {
            return ~0;
        }

        int low = 0, high = _rows.Count - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var found = _rows[middle].Position;
            if (found == position)
            {
                return middle;
            }

            if (found < position)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return ~low;
    }

    readonly record struct Row(long Position, int InFlight, bool Done)
    {
        /// <summary>It was in flight, and whoever had it is gone.</summary>
        public bool IsPending => InFlight <= 0 && !Done;
    }
}
