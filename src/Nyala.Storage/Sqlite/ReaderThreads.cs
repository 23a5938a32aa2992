using Microsoft.Data.Sqlite;
using Nyala.Storage.Sql;

namespace Nyala.Storage.Sqlite;

/// <summary>
/// Threads that read, each with its own connection: Microsoft.Data.Sqlite blocks, and the thread pool belongs to the
/// sessions. Safe from any thread.
/// </summary>
sealed class ReaderThreads : IDisposable
{
    /// <summary>What the work on this thread reads with, if this is a reader at work.</summary>
    [ThreadStatic]
    static (ReaderThreads Owner, SqlSession Session)? Current;

    readonly string _path;
    readonly Queue<Job> _jobs = new();
    readonly Thread[] _threads;
    int _open;
    bool _paused;
    bool _stopping;

    public ReaderThreads(string path, int count)
    {
        _path = path;
        _threads = new Thread[count];
        for (var i = 0; i < count; i++)
        {
            _threads[i] = new Thread(Run) { Name = $"nyala-read-{i + 1}", IsBackground = true };
            _threads[i].Start();
        }
    }

    /// <summary>Runs work on some reader, in one snapshot; work that is begun by such work joins it.</summary>
    public ValueTask<T> RunAsync<T>(Func<SqlSession, ValueTask<T>> work, CancellationToken cancellation)
    {
        if (Current is { } current && current.Owner == this)
        {
            return work(current.Session);
        }

        var job = new Job<T>(work, cancellation);
        lock (_jobs)
        {
            ObjectDisposedException.ThrowIf(_stopping, this);
            _jobs.Enqueue(job);
            Monitor.Pulse(_jobs);
        }

        return new ValueTask<T>(job.Task);
    }

    /// <summary>
    /// Closes all connections between two jobs, so that the next to open the database recovers it from what is on the disk.
    /// False when some reader was still busy after the time.
    /// </summary>
    public bool Pause(TimeSpan patience)
    {
        lock (_jobs)
        {
            _paused = true;
            Monitor.PulseAll(_jobs);
            var until = Environment.TickCount64 + (long)patience.TotalMilliseconds;
            while (_open > 0)
            {
                var left = until - Environment.TickCount64;
                if (left <= 0 || !Monitor.Wait(_jobs, (int)left))
                {
                    return _open == 0;
                }
            }

            return true;
        }
    }

    public void Resume()
    {
        lock (_jobs)
        {
            _paused = false;
            Monitor.PulseAll(_jobs);
        }
    }

    public void Dispose()
    {
        lock (_jobs)
        {
            _stopping = true;
            _paused = false;
            Monitor.PulseAll(_jobs);
        }

        foreach (var thread in _threads)
        {
            thread.Join();
        }
    }

    void Run()
    {
        SqliteConnection? connection = null;
        SqlSession? session = null;
        while (Next(ref connection, ref session) is { } job)
        {
            try
            {
                if (connection is null)
                {
                    connection = SqliteFiles.OpenReader(_path);
                    session = new SqlSession(connection);
                    lock (_jobs)
                    {
                        _open++;
                    }
                }

                Current = (this, session!);
                job.Run(session!);
            }
            catch (Exception e)
            {
                job.Fail(e is SqliteException ? new StoreException($"The database cannot be read: {e.Message}", LogFailure.Error, e) : e);
                Close(ref connection, ref session);
            }
            finally
            {
                Current = null;
            }
        }

        Close(ref connection, ref session);
    }

    /// <summary>The next job, or null to stop.</summary>
    Job? Next(ref SqliteConnection? connection, ref SqlSession? session)
    {
        lock (_jobs)
        {
            while (true)
            {
                if (_paused)
                {
                    Close(ref connection, ref session);
                }
                else if (_jobs.TryDequeue(out var job))
                {
                    return job;
                }
                else if (_stopping)
                {
                    return null;
                }

                Monitor.Wait(_jobs);
            }
        }
    }

    void Close(ref SqliteConnection? connection, ref SqlSession? session)
    {
        if (connection is null)
        {
            return;
        }

        session?.Dispose();
        connection.Dispose();
        connection = null;
        session = null;
        lock (_jobs)
        {
            _open--;
            Monitor.PulseAll(_jobs);
        }
    }

    abstract class Job
    {
        public abstract void Run(SqlSession session);

        public abstract void Fail(Exception e);
    }

    sealed class Job<T>(Func<SqlSession, ValueTask<T>> work, CancellationToken cancellation) : Job
    {
        readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T> Task => _result.Task;

        public override void Run(SqlSession session)
        {
            if (cancellation.IsCancellationRequested)
            {
                _result.TrySetCanceled(cancellation);
                return;
            }

            _result.TrySetResult(ReadAsync(session).AsTask().GetAwaiter().GetResult());
        }

        public override void Fail(Exception e) => _result.TrySetException(e);

        // Calls on SQLite complete before they return.
        async ValueTask<T> ReadAsync(SqlSession session)
        {
            await session.ExecuteAsync("begin");
            var result = await work(session);
            await session.ExecuteAsync("commit");
            return result;
        }
    }
}
