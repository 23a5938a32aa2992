using System.IO.Pipelines;

namespace Nyala.Core.Connections;

/// <summary>The transport's pipes as the stream that TLS runs on. Empty reads wait for data and take nothing.</summary>
/// <param name="lane">Where the handshake goes on when the peer has answered.</param>
/// <param name="waits">Called each time reading has to wait for the peer while <see cref="Watched"/>.</param>
sealed class TransportStream(IDuplexPipe transport, Lane lane, Action waits) : Stream
{
    /// <summary>The handshake goes on: waiting is reported.</summary>
    public bool Watched { get; set; } = true;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var reading = transport.Input.ReadAsync(cancellationToken);
        if (Watched && !reading.IsCompleted)
        {
            waits();
        }

        var result = await reading;
        if (Watched)
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

        Check(writing.GetAwaiter().GetResult());
        return default;

        static async ValueTask SlowlyAsync(ValueTask<FlushResult> writing) => Check(await writing);

        static void Check(FlushResult result)
        {
            if (result.IsCompleted)
            {
                throw new IOException("The peer is gone.");
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
