using System.IO.Pipelines;

namespace Nyala.Core.Connections;

/// <summary>The transport's pipes as the stream that TLS runs on. Empty reads wait for data and take nothing.</summary>
sealed class TransportStream(IDuplexPipe transport) : Stream
{
    const string Gone = "The peer is gone.";

    /// <summary>Called each time reading has to wait for the peer; taken away after the handshake.</summary>
    public Action? Waits { get; set; }

    /// <summary>Where reading goes on when the peer has sent something, during the handshake.</summary>
    public Lane? Lane { get; set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var reading = transport.Input.ReadAsync(cancellationToken);
        if (!reading.IsCompleted)
        {
            Waits?.Invoke();
        }

        var result = await reading;
        if (Lane is { } lane)
        {
            await lane;
        }

        if (result.IsCanceled)
        {
            transport.Input.AdvanceTo(result.Buffer.Start);
            throw new IOException("The connection was aborted.");
        }

        var taken = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, buffer.Length));
        var count = 0;
        foreach (var segment in taken)
        {
            segment.CopyTo(buffer[count..]);
            count += segment.Length;
        }

        transport.Input.AdvanceTo(taken.End);
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var writing = transport.Output.WriteAsync(buffer, cancellationToken);
        if (!writing.IsCompletedSuccessfully)
        {
            return SlowlyAsync(writing);
        }

        return writing.Result.IsCompleted ? ValueTask.FromException(new IOException(Gone)) : default;

        static async ValueTask SlowlyAsync(ValueTask<FlushResult> writing)
        {
            if ((await writing).IsCompleted)
            {
                throw new IOException(Gone);
            }
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
