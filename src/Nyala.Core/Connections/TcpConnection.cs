// HOT PATH
using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Nyala.Xmpp;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Connections;

/// <summary>A stream over TCP: clear, upgraded with STARTTLS (RFC 6120 §5), or in TLS from the first byte (XEP-0368).</summary>
sealed partial class TcpConnection : TransportConnection
{
    const int ReadBuffer = 8192;

    readonly ConnectionContext _context;
    readonly PipeReader _input;
    readonly bool _directTls;
    readonly bool _clearAllowed;
    readonly ServerRole? _role;
    SslStream? _ssl;
    TlsSession? _tls;
    ReadOnlySequence<byte> _read;
    bool _advanced;

    public TcpConnection(ConnectionServices services, ConnectionContext context, bool directTls, ServerRole? role = null)
        : base(services, Framing.Stream, role?.Content ?? Ns.Client)
    {
        _role = role;
        _context = context;
        _input = context.Transport.Input;
        _directTls = directTls;
        _clearAllowed = !services.Options.TlsRequired && (context.LocalEndPoint is not IPEndPoint local || IPAddress.IsLoopback(local.Address));
        Output = directTls ? null : new StreamOutput(this, new TransportStream(context.Transport));
    }

    public override IPEndPoint? Remote => _context.RemoteEndPoint as IPEndPoint;

    public override TlsSession? Tls => _tls;

    public override bool IsSecure => _tls is not null || _clearAllowed;

    public override bool CanStartTls => _tls is null && !_directTls;

    /// <summary>Opened by this server.</summary>
    bool Initiates => _role?.Target is not null;

    protected override async Task ReadAllAsync()
    {
        if (_directTls && !IsOver && !await HandshakeAsync())
        {
            return;
        }

        if (Initiates && !IsOver)
        {
            Handler.Connected(this);
        }

        // Nothing but this method waits for a silent peer: each one more would keep its state meanwhile.
        var goesOn = true;
        while (goesOn && !IsOver)
        {
            if (_ssl is { } ssl)
            {
                // Waits without a buffer: neither we nor SslStream hold one for a silent peer.
#pragma warning disable CA2022 // Nothing is read here.
                _ = await ssl.ReadAsync(Memory<byte>.Empty);
#pragma warning restore CA2022
                if (!IsSettled())
                {
                    await Services.Lane;
                }

                goesOn = await TakeEncryptedAsync(ssl);
            }
            else
            {
                var read = await _input.ReadAsync();
                if (!IsSettled())
                {
                    await Services.Lane;
                }

                goesOn = await TakeClearAsync(read);
            }
        }
    }

    protected override void KillTransport()
    {
        _input.CancelPendingRead();
        _context.Abort(new ConnectionAbortedException());
    }

    protected override void WakeReader() => _input.CancelPendingRead();

    protected override async ValueTask CloseTransportAsync()
    {
        if (_ssl is { IsAuthenticated: true })
        {
            // Sends close_notify: the peer knows that nothing was cut off.
            await _ssl.ShutdownAsync();
        }

        await _context.Transport.Output.CompleteAsync();
    }

    // OpenSSL's part of a connection is tens of kilobytes outside of the heap.
    protected override void Release() => _ssl?.Dispose();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    async ValueTask<bool> TakeClearAsync(System.IO.Pipelines.ReadResult result)
    {
        var buffer = result.Buffer;
        if (result.IsCanceled)
        {
            _input.AdvanceTo(buffer.Start);
            return true;
        }

        _advanced = false;
        _read = buffer;
        Unread = buffer.Length;
        var position = buffer.Start;
        while (!_advanced && buffer.TryGet(ref position, out var memory))
        {
            await FeedAsync(memory);
        }

        _read = default;
        if (!_advanced)
        {
            _input.AdvanceTo(buffer.End);
        }

        await CompleteReadAsync(buffer.Length);
        return !result.IsCompleted;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    async ValueTask<bool> TakeEncryptedAsync(SslStream ssl)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ReadBuffer);
        var length = await ssl.ReadAsync(buffer);
        if (length > 0)
        {
            Unread = length;
            await FeedAsync(buffer.AsMemory(0, length));
        }

        // Not in a finally: after a failure something may still hold the buffer, and losing it costs nothing.
        ArrayPool<byte>.Shared.Return(buffer);
        await CompleteReadAsync(length);
        return length > 0;
    }
}
