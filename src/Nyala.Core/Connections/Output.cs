// HOT PATH
using System.Buffers;

namespace Nyala.Core.Connections;

/// <summary>
/// What a connection writes into. All members but <see cref="DrainAsync"/> under the connection's gate. Nothing blocks and
/// nothing throws: when the transport fails, <see cref="TransportConnection.OutputFailed"/> is told and bytes go nowhere.
/// </summary>
abstract class Output(TransportConnection owner) : IBufferWriter<byte>
{
    TaskCompletionSource? _drained;

    protected TransportConnection Owner { get; } = owner;

    /// <summary>Bytes written and not yet taken by the transport.</summary>
    public abstract long Pending { get; }

    protected bool Failed { get; private set; }

    public abstract void Advance(int count);

    public abstract Memory<byte> GetMemory(int sizeHint = 0);

    public abstract Span<byte> GetSpan(int sizeHint = 0);

    /// <summary>Hands what is written to the transport.</summary>
    public abstract void Flush();

    /// <summary>Marks where a message begins, where the transport has messages.</summary>
    public virtual void BeginMessage()
    {
    }

    public virtual void EndMessage()
    {
    }

    /// <summary>Completes when the transport has taken everything, or has failed. Without the gate.</summary>
    public Task DrainAsync()
    {
        lock (Owner.Gate)
        {
            if (Failed || Pending == 0)
            {
                return Task.CompletedTask;
            }

            return (_drained ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Gives up: what is pending is lost.</summary>
    public void Fail()
    {
        Failed = true;
        _drained?.TrySetResult();
    }

    /// <summary>To be called when nothing is pending any more after something was.</summary>
    protected void Drained() => _drained?.TrySetResult();
}
