// HOT PATH
namespace Nyala.Storage.Sqlite;

// Bringing the database to where the journal is: beside the log if possible, and who waits for it.
sealed partial class SqliteLog
{
    readonly Lock _waitersGate = new();
    TaskCompletionSource? _waiters;
    TaskCompletionSource? _waitersInFlight;
    Dictionary<long, long>? _marksInFlight;
    volatile bool _marksDue;
    volatile bool _catchUpDue;

    /// <summary>Somebody waits for the database, and it is not under way already.</summary>
    bool IsCatchUpDue => (_marksDue || _catchUpDue) && !_writer.IsFlying;

    /// <summary>Completes when the database has every message of an account that was durable at the call.</summary>
    /// <exception cref="StoreException">The database cannot be written.</exception>
    public ValueTask CatchUpAsync(long account) => _writer.IsBehindFor(account) ? CatchUpAsync() : ValueTask.CompletedTask;

    /// <summary>Completes when the database has everything that was durable at the call.</summary>
    /// <exception cref="StoreException">The database cannot be written.</exception>
    public ValueTask CatchUpAsync()
    {
        Task task;
        lock (_waitersGate)
        {
            _waiters ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            task = _waiters.Task;
        }

        _catchUpDue = true;
        _queue.Wake();
        if (_stopped)
        {
            Answer(TakeWaiters(), done: false);
        }

        return new(task);
    }

    /// <summary>Makes the log write the marks that are waiting.</summary>
    public void WriteMarksSoon()
    {
        _marksDue = true;
        _queue.Wake();
    }

    /// <summary>Brings the database to where the journal is, beside the log if possible.</summary>
    void CatchUp()
    {
        var marks = _marksDue ? BeginMarks() : null;
        var waiters = TakeWaiters();
        if (_writer.TakeOff(marks, _queue.Wake))
        {
            (_marksInFlight, _waitersInFlight) = (marks, waiters);
            return;
        }

        var done = (!_writer.IsBehind && marks is null) || _writer.WriteTransaction([], marks);
        _pagesInLog += _writer.TakePagesWritten();
        MarksWritten(marks, done);
        Answer(waiters, done);
        ProbeLaterIfNeeded();
    }

    /// <summary>Waits for what goes on beside the log, if anything does.</summary>
    void Land()
    {
        if (!_writer.IsFlying)
        {
            return;
        }

        var done = _writer.Land();
        _pagesInLog += _writer.TakePagesWritten();
        MarksWritten(_marksInFlight, done);
        Answer(_waitersInFlight, done);
        (_marksInFlight, _waitersInFlight) = (null, null);
        ProbeLaterIfNeeded();
    }

    /// <summary>The marks to write now, or null.</summary>
    Dictionary<long, long>? BeginMarks()
    {
        _marksDue = false;
        return _mailboxes.HasDirty ? _mailboxes.BeginWriting() : null;
    }

    void MarksWritten(Dictionary<long, long>? marks, bool done)
    {
        if (marks is not null && !done)
        {
            _mailboxes.NotWritten();
        }
    }

    TaskCompletionSource? TakeWaiters()
    {
        _catchUpDue = false;
        lock (_waitersGate)
        {
            var waiters = _waiters;
            _waiters = null;
            return waiters;
        }
    }

    void Answer(TaskCompletionSource? waiters, bool done)
    {
        if (done)
        {
            waiters?.TrySetResult();
        }
        else
        {
            waiters?.TrySetException(new StoreException(_trouble.Text ?? "The database could not be written.", _trouble.Kind));
        }
    }
}
