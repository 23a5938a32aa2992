// HOT PATH
using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace Nyala.Core.Connections;

/// <summary>
/// What a socket receives, without a pipe in between: while it waits for the peer it holds no buffer and no task. One reader
/// at a time; <see cref="CancelPendingRead"/> from any thread. Tokens are not looked at: closing the socket ends a wait.
/// </summary>
/// <param name="socket">Not blocking.</param>
sealed class SocketReader(Socket socket) : PipeReader, IValueTaskSource<ReadResult>, IDisposable
{
    const int SmallestBuffer = 8192;

    /// <summary>The socket was not asked to tell when it is readable.</summary>
    const int Idle = 0;

    /// <summary>The socket tells, and the reader waits for it.</summary>
    const int Waiting = 1;

    /// <summary>The socket tells, but the reader was woken by something else.</summary>
    const int Forsaken = 2;

    Readiness? _readiness;

    /// <summary>Ends a wait; true when by a cancellation.</summary>
    ManualResetValueTaskSourceCore<bool> _source;
    ReadOnlySequence<byte> _given;
    byte[]? _buffer;
    int _start;
    int _end;
    int _state;
    bool _examined;
    bool _ended;
    volatile bool _cancelled;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (_cancelled || HasNews)
        {
            return new(Result());
        }

        _source.Reset();
        return Wait() ? new(this, _source.Version) : new(Result());
    }

    public override bool TryRead(out ReadResult result)
    {
        var isReady = _cancelled || HasNews;
        result = isReady ? Result() : default;
        return isReady;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _start = _end - (int)_given.Slice(consumed).Length;
        _examined = _given.Slice(examined).IsEmpty;
        _given = default;
        Release();
    }

    public override void CancelPendingRead()
    {
        _cancelled = true;
        WakeCancelled();
    }

    public override void Complete(Exception? exception = null)
    {
        _start = _end;
        Release();
    }

    /// <summary>
    /// Whether the peer has closed or broken the connection, as far as that is seen without reading. While nobody reads; what
    /// it sent last may hide it.
    /// </summary>
    public bool HasEnded
    {
        get
        {
            Span<byte> one = stackalloc byte[1];
            return _ended || (socket.Receive(one, SocketFlags.Peek, out var error) == 0 && error != SocketError.WouldBlock);
        }
    }

    public void Dispose() => _readiness?.Dispose();

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token)
    {
        // Known from the wake itself: another read may have taken the cancellation before.
        _cancelled |= _source.GetResult(token);
        return Result();
    }

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    bool HasNews => _ended || (_end > _start && !_examined);

    ReadResult Result()
    {
        var cancelled = _cancelled;
        _cancelled = false;
        _given = _buffer is null ? ReadOnlySequence<byte>.Empty : new(_buffer, _start, _end - _start);
        return new(_given, cancelled, _ended);
    }

    /// <summary>True when the reader is told later; false when something was received at once.</summary>
    bool Wait()
    {
        while (true)
        {
            if (Interlocked.Exchange(ref _state, Waiting) != Idle || socket.ReceiveAsync(_readiness ??= new(this)))
            {
                if (_cancelled)
                {
                    // Between the look at it and the wait.
                    WakeCancelled();
                }

                return true;
            }

            if (Interlocked.Exchange(ref _state, Idle) != Waiting)
            {
                return true;
            }

            if (TryReceive())
            {
                return false;
            }
        }
    }

    void WakeCancelled()
    {
        if (Interlocked.CompareExchange(ref _state, Forsaken, Waiting) == Waiting)
        {
            _source.SetResult(true);
        }
    }

    /// <summary>The socket is readable, or broken.</summary>
    void OnReady()
    {
        if (Interlocked.Exchange(ref _state, Idle) != Waiting)
        {
            return;
        }

        try
        {
            if (!TryReceive() && Wait())
            {
                return;
            }
        }
        catch (Exception exception) when (TransportConnection.IsTransportFailure(exception))
        {
            _source.SetException(exception);
            return;
        }

        _source.SetResult(false);
    }

    /// <summary>False when there is nothing to receive after all.</summary>
    bool TryReceive()
    {
        var error = _readiness!.SocketError;
        MakeRoom();
        var received = error == SocketError.Success ? socket.Receive(_buffer.AsSpan(_end), SocketFlags.None, out error) : 0;
        if (error != SocketError.WouldBlock)
        {
            // A reset too ends what is to be read. As an exception it would cost as much as a login, when a router fails for thousands.
            _ended = received == 0;
            _examined = false;
            _end += received;
        }

        Release();
        return error != SocketError.WouldBlock;
    }

    void MakeRoom()
    {
        if (_buffer is null)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(SmallestBuffer);
        }
        else if (_end == _buffer.Length)
        {
            // Whoever examines without taking bounds what it waits for.
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(SmallestBuffer, 2 * (_end - _start)));
            _buffer.AsSpan(_start, _end - _start).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            (_buffer, _start, _end) = (larger, 0, _end - _start);
        }
    }

    /// <summary>Gives the buffer back when nothing is in it.</summary>
    void Release()
    {
        if (_buffer is not null && _start == _end)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            (_buffer, _start, _end) = (null, 0, 0);
        }
    }

    /// <summary>Receives nothing, which completes when there is something to receive.</summary>
    sealed class Readiness : SocketAsyncEventArgs
    {
        readonly SocketReader _reader;

        public Readiness(SocketReader reader)
            : base(unsafeSuppressExecutionContextFlow: true)
        {
            _reader = reader;
            SetBuffer(Memory<byte>.Empty);
        }

        protected override void OnCompleted(SocketAsyncEventArgs e) => _reader.OnReady();
    }
}
