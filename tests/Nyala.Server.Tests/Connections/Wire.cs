using System.IO.Pipelines;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Nyala.Core.Connections;

namespace Nyala.Server.Tests.Connections;

/// <summary>A client's end of a connection in memory: text in, text out, and the means to break it.</summary>
sealed class Wire : IDisposable
{
    // Nothing here waits for time; this only keeps a failing test from hanging.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    readonly Pipe _toServer;
    readonly Pipe _toClient;
    readonly CancellationTokenSource _patience = new(Patience);
    readonly StringBuilder _seen = new();

    Wire(int outputThreshold)
    {
        _toServer = new(new PipeOptions(useSynchronizationContext: false));
        _toClient = new(new PipeOptions(pauseWriterThreshold: outputThreshold, resumeWriterThreshold: outputThreshold / 2, useSynchronizationContext: false));
        ServerSide = new DuplexPipe(_toServer.Reader, _toClient.Writer);
        ClientSide = new DuplexPipe(_toClient.Reader, _toServer.Writer);
    }

    public IDuplexPipe ServerSide { get; }

    public IDuplexPipe ClientSide { get; }

    /// <summary>The server's whole handling of this connection.</summary>
    public Task Served { get; private set; } = Task.CompletedTask;

    /// <summary>Whether the server reset the connection.</summary>
    public bool IsAborted { get; private set; }

    public CancellationToken Cancellation => _patience.Token;

    public Stream Stream => new PipeStream(ClientSide);

    public Stream ServerStream => new PipeStream(ServerSide);

    /// <summary>Connects to a listener.</summary>
    public static Wire Connect(XmppListener listener, IPEndPoint? remote = null, int outputThreshold = 65_536)
    {
        var wire = new Wire(outputThreshold);
        wire.Served = wire.ServeAsync(listener, remote);
        return wire;
    }

    /// <summary>Two ends and no server, for what runs on a stream of its own.</summary>
    public static Wire Bare() => new(65_536);

    public Task SendAsync(string text) => SendRawAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendRawAsync(byte[] bytes)
    {
        var result = await ClientSide.Output.WriteAsync(bytes, Cancellation);
        if (result.IsCompleted)
        {
            await ClientSide.Output.CompleteAsync();
        }
    }

    /// <summary>Reads until the text was seen; returns everything behind what earlier calls returned.</summary>
    public async Task<string> ReceiveAsync(string until)
    {
        while (true)
        {
            var all = _seen.ToString();
            var at = all.IndexOf(until, StringComparison.Ordinal);
            if (at >= 0)
            {
                _seen.Remove(0, at + until.Length);
                return all[..(at + until.Length)];
            }

            if (!await ReadAsync())
            {
                throw new InvalidOperationException($"The server closed; instead of '{until}' it sent: {all}");
            }
        }
    }

    /// <summary>Reads what is left until the server closes.</summary>
    public async Task<string> ReceiveToEndAsync()
    {
        while (await ReadAsync())
        {
        }

        var all = _seen.ToString();
        _seen.Clear();
        return all;
    }

    /// <summary>The client's socket is closed in order.</summary>
    public void Close() => ClientSide.Output.Complete();

    /// <summary>The client's socket is reset.</summary>
    public void Reset()
    {
        ClientSide.Output.Complete(new ConnectionResetException("Reset by peer."));
        ClientSide.Input.Complete();
    }

    public Task EndedAsync() => Served.WaitAsync(Cancellation);

    public void Dispose()
    {
        ClientSide.Output.Complete();
        ClientSide.Input.Complete();
        _patience.Dispose();
    }

    async Task ServeAsync(XmppListener listener, IPEndPoint? remote)
    {
        await using var context = new MemoryContext(ServerSide, ClientSide, () => IsAborted = true) { RemoteEndPoint = remote };
        await Task.Yield();
        await listener.OnConnectedAsync(context);
        await ServerSide.Output.CompleteAsync();
        await ServerSide.Input.CompleteAsync();
    }

    async Task<bool> ReadAsync()
    {
        var result = await ClientSide.Input.ReadAsync(Cancellation);
        foreach (var segment in result.Buffer)
        {
            _seen.Append(Encoding.UTF8.GetString(segment.Span));
        }

        ClientSide.Input.AdvanceTo(result.Buffer.End);
        return !result.IsCompleted && !result.IsCanceled;
    }

    /// <summary>What Kestrel would hand over. An abort is seen by both sides, as on a socket.</summary>
    sealed class MemoryContext(IDuplexPipe server, IDuplexPipe client, Action aborted) : ConnectionContext
    {
        readonly CancellationTokenSource _closed = new();

        public override IDuplexPipe Transport { get; set; } = server;

        public override string ConnectionId { get; set; } = "test";

        public override IFeatureCollection Features { get; } = new FeatureCollection();

        public override IDictionary<object, object?> Items { get; set; } = new Dictionary<object, object?>();

        public override EndPoint? RemoteEndPoint { get; set; }

        public override CancellationToken ConnectionClosed => _closed.Token;

        public override void Abort(ConnectionAbortedException abortReason)
        {
            aborted();
            client.Output.Complete(abortReason);
            client.Input.CancelPendingRead();
            _closed.Cancel();
        }
    }

    sealed class DuplexPipe(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }

    /// <summary>For SslStream and WebSocket on the client's side.</summary>
    sealed class PipeStream(IDuplexPipe pipe) : Stream
    {
        readonly Stream _input = pipe.Input.AsStream(leaveOpen: true);
        readonly Stream _output = pipe.Output.AsStream(leaveOpen: true);

        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _input.ReadAsync(buffer, cancellationToken);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => _input.ReadAsync(buffer, offset, count, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => _output.WriteAsync(buffer, cancellationToken);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => _output.WriteAsync(buffer, offset, count, cancellationToken);

        public override Task FlushAsync(CancellationToken cancellationToken) => _output.FlushAsync(cancellationToken);

        public override void Flush() => throw new NotSupportedException();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
