using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Nyala.Core.Connections;
using Xunit;

namespace Nyala.Server.Tests.Connections;

/// <summary>What a connection reads and writes when it is a socket of this machine.</summary>
public sealed class SocketTests : IAsyncLifetime
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    readonly Socket _client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    readonly TaskCompletionSource<ConnectionContext> _accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly TaskCompletionSource _served = new(TaskCreationOptions.RunContinuationsAsynchronously);
    SocketListener _listener = null!;
    ConnectionContext _connection = null!;

    PipeReader Input => _connection.Transport.Input;

    PipeWriter Output => _connection.Transport.Output;

    public async ValueTask InitializeAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener = new(socket, 16, ServeAsync, TimeProvider.System, NullLogger.Instance);
        await _client.ConnectAsync(socket.LocalEndPoint!);
        _connection = await _accepted.Task.WaitAsync(Patience);
    }

    public ValueTask DisposeAsync()
    {
        _served.TrySetResult();
        _listener.Dispose();
        _client.Dispose();
        return default;
    }

    [Fact]
    public async Task What_was_looked_at_and_not_taken_comes_again_with_what_follows()
    {
        await SendAsync("hal");
        var result = await ReadAsync();
        Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        var reading = Input.ReadAsync();
        Assert.False(reading.IsCompleted);
        await SendAsync("lo!");
        result = await reading;
        Assert.Equal("hallo!", Text(result));
        Input.AdvanceTo(result.Buffer.GetPosition(5));
        result = await ReadAsync();
        Assert.Equal("!", Text(result));
        Input.AdvanceTo(result.Buffer.End);
    }

    [Fact]
    public async Task More_than_a_buffer_may_be_waited_for()
    {
        var all = new string('x', 50_000);
        var sending = SendAsync(all);
        var result = await ReadAsync();
        while (result.Buffer.Length < all.Length)
        {
            Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            result = await ReadAsync();
        }

        await sending;
        Assert.Equal(all, Text(result));
        Input.AdvanceTo(result.Buffer.End);
    }

    [Fact]
    public async Task A_wait_can_be_cancelled_and_taken_up_again()
    {
        var reading = Input.ReadAsync();
        Input.CancelPendingRead();
        var result = await reading;
        Assert.True(result.IsCanceled);
        Input.AdvanceTo(result.Buffer.Start);

        var again = Input.ReadAsync();
        await SendAsync("after");
        result = await again;
        Assert.False(result.IsCanceled);
        Assert.Equal("after", Text(result));
        Input.AdvanceTo(result.Buffer.End);

        Input.CancelPendingRead();
        Assert.True((await ReadAsync()).IsCanceled);
    }

    [Fact]
    public async Task A_read_is_cancelled_whenever_the_cancellation_comes()
    {
        for (var i = 0; i < 500; i++)
        {
            var cancelling = Task.Run(Input.CancelPendingRead);
            var sending = SendAsync("x");
            var (cancelled, seen) = (0, 0L);
            while (cancelled == 0 || seen == 0)
            {
                var result = await ReadAsync();
                cancelled += result.IsCanceled ? 1 : 0;
                seen += result.Buffer.Length;
                Input.AdvanceTo(result.Buffer.End);
            }

            await Task.WhenAll(cancelling, sending);
            Assert.InRange(cancelled, 1, 2);
            Assert.Equal(1, seen);
        }
    }

    [Fact]
    public async Task The_end_is_told_behind_what_came_before_it()
    {
        await SendAsync("bye");
        _client.Shutdown(SocketShutdown.Send);
        var result = await ReadAsync();
        Assert.Equal("bye", Text(result));
        Input.AdvanceTo(result.Buffer.End);
        Assert.True((await ReadAsync()).IsCompleted);
    }

    [Fact]
    public async Task A_peer_that_left_is_seen_without_reading()
    {
        var transport = Assert.IsType<SocketTransport>(_connection);
        Assert.False(transport.PeerHasLeft);
        await SendAsync("x");
        var result = await ReadAsync();
        Assert.False(transport.PeerHasLeft);
        _client.Shutdown(SocketShutdown.Both);
        Input.AdvanceTo(result.Buffer.End);

        // The end has arrived when it can be read.
        Assert.True((await ReadAsync()).IsCompleted);
        Assert.True(transport.PeerHasLeft);
    }

    [Fact]
    public async Task A_reset_ends_what_is_read_and_written()
    {
        var reading = Input.ReadAsync();
        _client.Close(timeout: 0);
        Assert.True((await reading).IsCompleted);
        var written = await Output.WriteAsync("x"u8.ToArray());
        Assert.True(written.IsCompleted);
    }

    [Fact]
    public async Task A_large_write_is_done_when_the_peer_has_taken_it()
    {
        var bytes = new byte[20_000_000];
        new Random(1).NextBytes(bytes);
        var writing = Output.WriteAsync(bytes);
        Assert.False(writing.IsCompleted);
        var received = new byte[bytes.Length];
        for (var length = 0; length < received.Length;)
        {
            length += await _client.ReceiveAsync(received.AsMemory(length), SocketFlags.None);
        }

        Assert.False((await writing).IsCompleted);
        Assert.Equal(bytes, received);
    }

    [Fact]
    public async Task An_abort_resets_the_peer_and_ends_a_wait()
    {
        var reading = Input.ReadAsync();
        var closed = _connection.ConnectionClosed;
        _connection.Abort(new ConnectionAbortedException());
        Assert.True((await reading).IsCompleted);
        Assert.True(closed.IsCancellationRequested);
        Assert.True((await Output.WriteAsync("x"u8.ToArray())).IsCompleted);
        await Assert.ThrowsAsync<SocketException>(async () => await _client.ReceiveAsync(new byte[1]));
    }

    [Fact]
    public async Task A_closed_port_takes_nobody_and_lets_the_others_go_on()
    {
        _listener.Dispose();
        await SendAsync("still here");
        Assert.Equal("still here", Text(await ReadAsync()));
        using var late = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await Assert.ThrowsAsync<SocketException>(async () => await late.ConnectAsync(_client.RemoteEndPoint!));
    }

    [Fact]
    public async Task What_was_written_arrives_before_the_end()
    {
        await Output.WriteAsync("last words"u8.ToArray());
        _served.SetResult();
        var received = new byte[100];
        Assert.Equal(10, await _client.ReceiveAsync(received));
        Assert.Equal(0, await _client.ReceiveAsync(received));
    }

    async Task ServeAsync(ConnectionContext connection)
    {
        _accepted.SetResult(connection);
        await _served.Task;
    }

    async Task SendAsync(string text)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        Assert.Equal(bytes.Length, await _client.SendAsync(bytes));
    }

    async Task<ReadResult> ReadAsync() => await Input.ReadAsync().AsTask().WaitAsync(Patience);

    static string Text(ReadResult result) => Encoding.ASCII.GetString(result.Buffer);
}
