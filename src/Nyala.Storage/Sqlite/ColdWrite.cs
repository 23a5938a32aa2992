using Nyala.Storage.Sql;

namespace Nyala.Storage.Sqlite;

/// <summary>Work other than messages that rides the log, so that one thread writes and one commit serves all.</summary>
abstract class ColdWrite : LogEntry
{
    /// <summary>Why this write alone did not happen; the rest of its batch did.</summary>
    public Exception? Error { get; set; }

    /// <summary>Whether there is something to commit.</summary>
    public virtual bool Writes => true;

    /// <summary>Runs on the log's thread inside the transaction, and again if the batch is redone.</summary>
    public abstract void Run(SqlSession session);
}

sealed class ColdWrite<T>(Func<SqlSession, ValueTask<T>> work, Func<string?> trouble) : ColdWrite
{
    readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    T? _result;

    public Task<T> Task => _done.Task;

    // Calls on SQLite complete before they return: nothing is waited for here.
    public override void Run(SqlSession session) => _result = work(session).AsTask().GetAwaiter().GetResult();

    public override void Complete()
    {
        if (Error is not null)
        {
            _done.TrySetException(Error);
        }
        else if (Outcome == LogOutcome.Committed)
        {
            _done.TrySetResult(_result!);
        }
        else
        {
            _done.TrySetException(new StoreException(trouble() ?? "The database could not be written.", Failure));
        }
    }
}

/// <summary>Marks a place in the log: when it completes, everything before it has, and the database has been brought there if it can be.</summary>
sealed class LogFlush : ColdWrite
{
    readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Task => _done.Task;

    public override bool Writes => false;

    public override void Run(SqlSession session)
    {
    }

    public override void Complete() => _done.TrySetResult();
}
