// HOT PATH
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Nyala.Core.Connections;

/// <summary>
/// Output straight into the transport's pipe, for connections without TLS. <see cref="Pending"/> counts from the moment the
/// pipe asks its writer to wait; up to that threshold (64 KB in Kestrel) the pipe has taken the bytes.
/// </summary>
sealed class PipeOutput(TransportConnection owner, PipeWriter writer) : Output(owner)
{
    long _unflushed;
    long _inFlight;
    bool _flushing;
    ValueTaskAwaiter<FlushResult> _awaiter;
    Action? _continuation;

    public override long Pending => _unflushed + _inFlight;

    public override void Advance(int count)
    {
        writer.Advance(count);
        _unflushed += count;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) => writer.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => writer.GetSpan(sizeHint);

    public override void Flush()
    {
        while (!_flushing && !Failed && _unflushed > 0)
        {
            _inFlight = _unflushed;
            _unflushed = 0;
#pragma warning disable CA2012 // Consumed once, through its awaiter; an await here would cost a task per flush.
            var flushed = writer.FlushAsync();
            _awaiter = flushed.GetAwaiter();
#pragma warning restore CA2012
            if (_awaiter.IsCompleted)
            {
                Complete();
                continue;
            }

            _flushing = true;
            _awaiter.UnsafeOnCompleted(_continuation ??= OnFlushed);
        }
    }

    void OnFlushed()
    {
        bool drained;
        lock (Owner.Gate)
        {
            _flushing = false;
            Complete();
            Flush();
            drained = Pending == 0 && !Failed;
            if (drained)
            {
                Drained();
            }
        }

        if (drained)
        {
            Owner.OutputDrained();
        }
    }

    void Complete()
    {
        try
        {
            var result = _awaiter.GetResult();
            _inFlight = 0;
            if (result.IsCompleted)
            {
                Owner.OutputFailed();
            }
        }
        catch (Exception exception) when (TransportConnection.IsTransportFailure(exception))
        {
            Owner.OutputFailed();
        }
    }
}
