namespace Nyala.Host.Portability.Readable;

/// <summary>
/// Lets what writes its small parts synchronously (the ends of a ZIP's entries, its directory) write to an output that must not block a
/// thread: those parts wait here for the next asynchronous write. All else is asynchronous, so that little ever waits.
/// </summary>
sealed class UnblockedOutput(Stream output) : Stream
{
    /// <summary>More than the directory of a ZIP of as many files and chats as there are.</summary>
    const int Most = 16 * 1024 * 1024;

    readonly MemoryStream _waiting = new();
    long _written;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _written;
        set => throw new NotSupportedException();
    }

    public override void Flush()
    {
    }

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        await PassAsync(cancellationToken);
        await output.FlushAsync(cancellationToken);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_waiting.Length + buffer.Length > Most)
        {
            throw new IOException("Too much was written without waiting.");
        }

        _waiting.Write(buffer);
        _written += buffer.Length;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await PassAsync(cancellationToken);
        await output.WriteAsync(buffer, cancellationToken);
        _written += buffer.Length;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _waiting.Dispose();
        base.Dispose(disposing);
    }

    async ValueTask PassAsync(CancellationToken cancellation)
    {
        if (_waiting.Length > 0)
        {
            await output.WriteAsync(_waiting.GetBuffer().AsMemory(0, (int)_waiting.Length), cancellation);
            _waiting.SetLength(0);
        }
    }
}
