// HOT PATH
using System.Buffers;
using System.Runtime.CompilerServices;

namespace Nyala.Core.Connections;

/// <summary>
/// Output collected in a pooled buffer and sent piece by piece by something that must not be called twice at a time: TLS,
/// a WebSocket. Costs no buffer while nothing is pending.
/// </summary>
abstract class BufferedOutput(TransportConnection owner) : Output(owner)
{
    const int SmallestBuffer = 1024;

    byte[]? _buffer;
    byte[]? _sending;
    int _length;
    int _sendingLength;
    ValueTaskAwaiter _awaiter;
    Action? _continuation;

    public override long Pending => _length + _sendingLength;

    /// <summary>How much is in the buffer that is being filled.</summary>
    protected int Length => _length;

    public override void Advance(int count) => _length += count;

    public override Memory<byte> GetMemory(int sizeHint = 0) => Reserve(sizeHint).AsMemory(_length);

    public override Span<byte> GetSpan(int sizeHint = 0) => Reserve(sizeHint).AsSpan(_length);

    public override void Flush()
    {
        while (_sending is null && !Failed && _length > 0)
        {
            _sending = _buffer;
            _sendingLength = _length;
            _buffer = null;
            _length = 0;
#pragma warning disable CA2012 // Consumed once, through its awaiter; an await here would cost a task per flush.
            var sent = SendAsync(_sending.AsMemory(0, _sendingLength));
            _awaiter = sent.GetAwaiter();
#pragma warning restore CA2012
            if (_awaiter.IsCompleted)
            {
                Complete();
                continue;
            }

            _awaiter.UnsafeOnCompleted(_continuation ??= OnSent);
        }
    }

    /// <summary>Sends bytes; never called while an earlier call is unfinished.</summary>
    protected abstract ValueTask SendAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>Written bytes from a position on, to be filled in later.</summary>
    protected Span<byte> Written(int position) => _buffer.AsSpan(position, _length - position);

    byte[] Reserve(int sizeHint)
    {
        var needed = _length + Math.Max(sizeHint, 1);
        if (_buffer is null)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(needed, SmallestBuffer));
        }
        else if (_buffer.Length < needed)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, _buffer.Length * 2));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        return _buffer;
    }

    void OnSent()
    {
        bool drained;
        lock (Owner.Gate)
        {
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
            _awaiter.GetResult();
            ArrayPool<byte>.Shared.Return(_sending!);
        }
        catch (Exception exception) when (TransportConnection.IsTransportFailure(exception))
        {
            // The buffer is not returned: what failed may still hold it.
            Owner.OutputFailed();
        }

        _sending = null;
        _sendingLength = 0;
    }
}
