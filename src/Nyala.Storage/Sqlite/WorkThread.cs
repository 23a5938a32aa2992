namespace Nyala.Storage.Sqlite;

/// <summary>A thread for work that blocks, one piece at a time: the thread pool belongs to the sessions.</summary>
sealed class WorkThread : IDisposable
{
    readonly AutoResetEvent _wake = new(false);
    readonly Thread _thread;
    Action? _work;
    TaskCompletionSource? _done;
    volatile bool _stopping;

    public WorkThread(string name)
    {
        _thread = new Thread(Run) { Name = name, IsBackground = true };
        _thread.Start();
    }

    /// <summary>Starts the next piece; the one before must be done.</summary>
    public Task StartAsync(Action work)
    {
        _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _work = work;
        _wake.Set();
        return _done.Task;
    }

    /// <summary>Finishes what was started.</summary>
    public void Dispose()
    {
        _stopping = true;
        _wake.Set();
        _thread.Join();
        _wake.Dispose();
    }

    void Run()
    {
        while (true)
        {
            _wake.WaitOne();
            if (Interlocked.Exchange(ref _work, null) is { } work)
            {
                var done = _done!;
                try
                {
                    work();
                    done.SetResult();
                }
                catch (Exception e)
                {
                    done.SetException(e);
                }
            }
            else if (_stopping)
            {
                return;
            }
        }
    }
}
