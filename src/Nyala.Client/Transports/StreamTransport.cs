using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Nyala.Xmpp.Sasl;
using Nyala.Xmpp.Xml;

namespace Nyala.Client.Transports;

/// <summary>A stream over TCP, or over any pair of pipes.</summary>
sealed class StreamTransport : Transport
{
    readonly ClientOptions _options;
    readonly Socket? _socket;
    Stream _stream;

    StreamTransport(ClientOptions options, Socket? socket, Stream stream)
        : base(Framing.Stream)
    {
        _options = options;
        _socket = socket;
        _stream = stream;
    }

    public override bool IsSecure => _stream is SslStream;

    public override ReadOnlyMemory<byte>? EndPoint =>
        (_stream as SslStream)?.RemoteCertificate is X509Certificate2 certificate && ChannelBinding.TlsServerEndPoint(certificate) is { } data ? data : (ReadOnlyMemory<byte>?)null;

    public static async Task<Transport> ConnectAsync(ClientOptions options, CancellationToken token)
    {
        StreamTransport transport;
        if (options.Connect is { } connect)
        {
            transport = new StreamTransport(options, null, await connect(token));
        }
        else
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(options.Host, options.Port, token);
            }
            catch
            {
                socket.Dispose();
                throw;
            }

            transport = new StreamTransport(options, socket, new NetworkStream(socket, ownsSocket: true));
        }

        if (options.Transport == ClientTransport.DirectTls)
        {
            try
            {
                await transport.StartTlsAsync(token);
            }
            catch
            {
                transport.Dispose();
                throw;
            }
        }

        return transport;
    }

    public override async ValueTask StartTlsAsync(CancellationToken token)
    {
        var tls = new SslStream(_stream);
        _stream = tls;
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = _options.Account.Domain,
                RemoteCertificateValidationCallback = _options.Certificate,
                ApplicationProtocols = _options.Transport == ClientTransport.DirectTls ? [new SslApplicationProtocol("xmpp-client")] : null,
            },
            token);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken token) => _stream.WriteAsync(bytes, token);

    public override void Abort()
    {
        if (_socket is not null)
        {
            try
            {
                _socket.LingerState = new LingerOption(enable: true, seconds: 0);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Gone already, which is what was wanted.
            }

            // Not through SslStream, which would say goodbye first.
            _socket.Dispose();
            return;
        }

        _stream.Dispose();
    }

    public override void Dispose() => _stream.Dispose();

    protected override async ValueTask<(int Bytes, bool EndOfMessage)> FillAsync(Memory<byte> buffer, CancellationToken token) =>
        (await _stream.ReadAsync(buffer, token), false);
}
