// HOT PATH
using Microsoft.Extensions.Logging;
using Nyala.Storage.Sql;

namespace Nyala.Storage.Sqlite;

/// <summary>
/// The message log: one thread that takes everything queued (up to <see cref="MaxBatch"/>), makes it durable, and completes it
/// in order. An idle log commits at once; under load the batch is what came in during the last commit. The database may be
/// a moment behind what is durable: who reads messages waits for <see cref="CatchUpAsync(long)"/> first.
/// </summary>
sealed partial class SqliteLog : IMessageLog, IDisposable
{
    /// <summary>Entries in one commit at most.</summary>
    public const int MaxBatch = 200;

    // Checkpoint at a quiet moment beyond the first, in any case beyond the second: fewer checkpoints write fewer pages,
    // since those of the indexes are hit again and again.
    const int PagesWorthCheckpointing = 512;
    const int PagesTooMany = 16_384;
    const int QuietMilliseconds = 200;

    static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(2);

    readonly LogQueue _queue;
    readonly BatchWriter _writer;
    readonly StoreTrouble _trouble;
    readonly ReaderThreads _readers;
    readonly SqliteMailboxes _mailboxes;
    readonly StreamNumbers _streams;
    readonly TimeProvider _time;
    readonly ILogger _logger;
    readonly ITimer _probe;
    readonly Thread _thread;
    readonly LogEntry?[] _batch = new LogEntry?[MaxBatch];
    readonly Func<bool> _mustStayAwake;
    long _commits;
    long _rows;
    long _refused;
    long _ticks;
    int _pagesInLog;
    bool _probeArmed;
    volatile bool _probeDue;
    volatile bool _stopping;
    volatile bool _stopped;

    public SqliteLog(
        BatchWriter writer, StoreTrouble trouble, ReaderThreads readers, Func<SqliteLog, SqliteMailboxes> mailboxes, StartingPoint start,
        SqliteStoreOptions options, TimeProvider time, ILogger logger)
    {
        _queue = new LogQueue(options.MaxQueuedEntries, options.MaxQueuedBytes);
        _writer = writer;
        _trouble = trouble;
        _readers = readers;
        _time = time;
        _logger = logger;
        _mailboxes = mailboxes(this);
        _streams = new StreamNumbers(start.Stream, start.StreamLimit, ReserveStreamsAsync);
        _mustStayAwake = () => IsCatchUpDue || _writer.HasArrived || _probeDue || _stopping;
        _probe = time.CreateTimer(_ => Probe(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _thread = new Thread(Run) { Name = "nyala-log", IsBackground = true };
        _thread.Start();
    }

    public bool IsFull => _queue.IsFull;

    public Action? BatchCompleted { get; set; }

    public long Head => _writer.Head;

    public LogStatistics Statistics => new(
        Volatile.Read(ref _commits), Volatile.Read(ref _rows), Volatile.Read(ref _refused),
        _time.GetElapsedTime(0, Volatile.Read(ref _ticks)), _queue.Count);

    public SqliteMailboxes Mailboxes => _mailboxes;

    public void Append(LogEntry entry)
    {
        _queue.Push(entry);
        if (_stopped)
        {
            RefuseLeftovers();
        }
    }

    public ValueTask WaitForRoomAsync() => _queue.WaitForRoomAsync();

    public long NextStream() => _streams.Next();

    public async ValueTask<uint?> FindHandledAsync(long account, long stream)
    {
        // With a commit in doubt the highest count on the disk need not be what a restart would find.
        if (_trouble.Text is not null && _trouble.Kind == LogFailure.Error)
        {
            return null;
        }

        await CatchUpAsync(account);
        return await _readers.RunAsync(db => HandledCounts.FindAsync(db, account, stream, _time.GetUtcNow()), default);
    }

    public Task FlushAsync()
    {
        var flush = new LogFlush();
        Append(flush);
        return flush.Task;
    }

    /// <summary>Queues work for the log's thread; completes when it is durable.</summary>
    public ValueTask<T> WriteAsync<T>(Func<SqlSession, ValueTask<T>> work)
    {
        var write = new ColdWrite<T>(work, () => _trouble.Text);
        Append(write);
        return new ValueTask<T>(write.Task);
    }

    /// <summary>Writes what is queued and ends the thread; what comes later fails.</summary>
    public void Dispose()
    {
        _stopping = true;
        _probe.Dispose();
        _queue.Wake();
        _thread.Join();
        RefuseLeftovers();
        _queue.Dispose();
    }

    void Run()
    {
        while (true)
        {
            if (_writer.HasArrived)
            {
                Land();
            }

            var count = _queue.Take(_batch);
            if (count > 0)
            {
                Process(_batch.AsSpan(0, count)!);
                continue;
            }

            if (IsCatchUpDue)
            {
                CatchUp();
            }

            if (_probeDue)
            {
                ProbeNow();
            }

            if (_stopping)
            {
                break;
            }

            Rest();
        }

        Land();
        Write([], withMarks: true);
        _stopped = true;
        Answer(TakeWaiters(), done: false);
        _writer.Dispose();
    }

    void Rest()
    {
        var isWork = _pagesInLog >= PagesWorthCheckpointing || (_writer.IsBehind && _trouble.Text is null);
        if (!isWork || _writer.IsFlying)
        {
            _queue.Sleep(_mustStayAwake, Timeout.Infinite);
        }
        else if (!_queue.Sleep(_mustStayAwake, QuietMilliseconds))
        {
            if (_writer.IsBehind)
            {
                CatchUp();
            }
            else
            {
                Checkpoint(wait: false);
            }
        }
    }

    void Process(Span<LogEntry> batch)
    {
        // Without a journal marks join the next commit there is; with one, most batches have none.
        var withMarks = _marksDue && !_writer.HasJournal;
        var writes = false;
        var bytes = 0L;
        foreach (var entry in batch)
        {
            bytes += entry.Stanza.Length;
            withMarks |= entry is LogFlush;
            writes |= entry is ColdWrite cold ? cold.Writes : entry.Kind != LogKind.PassThrough;
        }

        if (writes || (withMarks && (_mailboxes.HasDirty || _writer.IsBehind || _writer.IsFlying)))
        {
            Write(batch, withMarks);
        }
        else
        {
            foreach (var entry in batch)
            {
                entry.Outcome = LogOutcome.Committed;
            }
        }

        Complete(batch);
        _queue.Done(batch.Length, bytes);
        batch.Clear();
        if (IsCatchUpDue || (_writer.IsFarBehind && !_writer.IsFlying))
        {
            CatchUp();
        }
        else if (_pagesInLog > PagesTooMany)
        {
            Checkpoint(wait: true);
        }
    }

    void Write(ReadOnlySpan<LogEntry> batch, bool withMarks)
    {
        var (head, started) = (Head, _time.GetTimestamp());
        var done = !withMarks && !batch.IsEmpty && _writer.TryJournal(batch);
        if (!done)
        {
            Land();
            done = WriteTransaction(batch, withMarks);
        }

        Volatile.Write(ref _ticks, _ticks + _time.GetTimestamp() - started);
        Volatile.Write(ref _commits, _commits + (done ? 1 : 0));
        Volatile.Write(ref _rows, _rows + Head - head);
        ProbeLaterIfNeeded();
    }

    bool WriteTransaction(ReadOnlySpan<LogEntry> batch, bool withMarks)
    {
        var marks = withMarks ? BeginMarks() : null;
        var waiters = TakeWaiters();
        var done = _writer.WriteTransaction(batch, marks);
        _pagesInLog += _writer.TakePagesWritten();
        MarksWritten(marks, done);
        Answer(waiters, done);
        return done;
    }

    void Complete(ReadOnlySpan<LogEntry> batch)
    {
        foreach (var entry in batch)
        {
            if (entry.Outcome == LogOutcome.Failed)
            {
                Volatile.Write(ref _refused, _refused + 1);
            }

            try
            {
                entry.Complete();
            }
            catch (Exception e)
            {
                _logger.CompletionThrew(e);
            }
        }

        try
        {
            BatchCompleted?.Invoke();
        }
        catch (Exception e)
        {
            _logger.CompletionThrew(e);
        }
    }

    void Checkpoint(bool wait)
    {
        Land();
        _pagesInLog = 0;
        _writer.Checkpoint(wait);
        _writer.TakePagesWritten();
    }

    void ProbeLaterIfNeeded()
    {
        if (_trouble.Text is not null && !_probeArmed)
        {
            _probeArmed = true;
            _probe.Change(ProbeInterval, Timeout.InfiniteTimeSpan);
        }
    }

    void Probe()
    {
        _probeDue = true;
        _queue.Wake();
    }

    /// <summary>With nothing to store, only a write of our own can tell that the trouble is over.</summary>
    void ProbeNow()
    {
        _probeDue = false;
        _probeArmed = false;
        if (_trouble.Text is not null && _trouble.WorthProbing)
        {
            Land();
            _writer.WriteTransaction([new ColdWrite<bool>(static _ => ValueTask.FromResult(true), () => null)], null);
        }

        ProbeLaterIfNeeded();
    }

    void RefuseLeftovers()
    {
        var one = new LogEntry?[1];
        lock (_batch)
        {
            while (_queue.Take(one) > 0)
            {
                one[0]!.Outcome = LogOutcome.Failed;
                one[0]!.Failure = LogFailure.Error;
                Complete(one!);
            }
        }
    }

    async ValueTask ReserveStreamsAsync(long limit) =>
        await WriteAsync(db => db.ExecuteAsync("update meta set value = @limit where name = 'stream'", ("@limit", limit)));
}
