using System.Buffers;
using System.Net.Security;
using System.Runtime.InteropServices;
using System.Security.Authentication;
using System.Security.Authentication.ExtendedProtection;
using System.Security.Cryptography.X509Certificates;
using Nyala.Core.Diagnostics;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Core.Connections;

// The one TLS adapter, for STARTTLS and direct TLS alike.
partial class TcpConnection
{
    const int RecordHeader = 5;
    const byte HandshakeRecord = 22;
    const int LargestRecord = 16_384 + 256;

    static readonly List<SslApplicationProtocol> XmppClient = [new("xmpp-client")];
    static readonly List<SslApplicationProtocol> XmppServer = [new("xmpp-server")];

    /// <summary>Whether this connection holds a place among the handshakes; 1 or 0.</summary>
    int _handshaking;

    public override async ValueTask<bool> StartTlsAsync()
    {
        // What came behind starttls in clear was written by who knows whom, and would be taken for encrypted
        // (the STARTTLS injection of CVE-2011-0411).
        if (!WithoutSpace(_read.Slice(_read.Length - Unread)).IsEmpty || !CanStartTls || Output is not { } clear)
        {
            End(EndReason.ProtocolError, StreamError.PolicyViolation with { Text = "Nothing may follow starttls before TLS." });
            return false;
        }

        _input.AdvanceTo(_read.End);
        _advanced = true;
        lock (Gate)
        {
            if (!Initiates)
            {
                Write("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"u8);
            }

            clear.Flush();
        }

        await clear.DrainAsync();
        lock (Gate)
        {
            Output = null;
        }

        return !IsOver && await HandshakeAsync();
    }

    async ValueTask<bool> HandshakeAsync()
    {
        var admission = Services.Admission;
        var limits = Services.Options.Limits;
        SetTimer(limits.HandshakeTime);
        var problem = Initiates ? null : await ReadHelloAsync();
        if (problem is not null)
        {
            return Fail(problem);
        }

        var started = Services.Time.GetTimestamp();
        SetTimer(limits.HandshakeTime + limits.AdmissionTime);
        if (admission.IsJammed || !await admission.Handshakes.EnterAsync(admission.Time, _context.ConnectionClosed))
        {
            Services.Logger.ConnectionRefused(Id, Remote, EndReason.NotAdmitted);
            Abort(EndReason.NotAdmitted);
            return false;
        }

        _handshaking = 1;
        SetTimer(limits.HandshakeTime);
        try
        {
            if (_context is SocketTransport { PeerHasLeft: true })
            {
                // It gave up in the line: nobody waits for our costly part.
                return Fail("the peer left");
            }

            // Key exchange and signature: not on the thread that reads other people's sockets.
            await Services.Lane;
            await NegotiateAsync();
        }
        catch (Exception exception) when (IsTransportFailure(exception))
        {
            return Fail(exception.Message);
        }
        finally
        {
            LeaveHandshakes();
        }

        SetTimer(TimeLeft);
        Services.Metrics.Handshakes.Add(1, new KeyValuePair<string, object?>("result", _tls!.Protocol));
        Services.Metrics.HandshakeTime.Record(Services.Time.GetElapsedTime(started).TotalSeconds);
        return !IsOver;
    }

    public override ReadOnlyMemory<byte> TlsUnique()
    {
        using var token = _ssl?.TransportContext.GetChannelBinding(ChannelBindingKind.Unique);
        if (token is null || token.IsInvalid)
        {
            return default;
        }

        // The token is a SEC_CHANNEL_BINDINGS structure; its application data are the type's name, a colon, and the data.
        var bytes = new byte[token.Size];
        Marshal.Copy(token.DangerousGetHandle(), bytes, 0, bytes.Length);
        var prefix = bytes.AsSpan().IndexOf("tls-unique:"u8);
        return prefix < 0 ? default : bytes.AsMemory(prefix + "tls-unique:".Length);
    }

    async Task NegotiateAsync()
    {
        // Taken together and once: a certificate renewed meanwhile must not leave us with the other's binding data.
        var (certificate, serverEndPoint) = Services.Certificates.Current;
        var stream = new TransportStream(_context.Transport) { Waits = LeaveHandshakes, Lane = Services.Lane };
        var ssl = new SslStream(stream);
        _ssl = ssl;
        await (Initiates ? AsInitiatorAsync(ssl, certificate) : AsReceiverAsync(ssl, certificate));
        (stream.Waits, stream.Lane) = (null, null);
        _ = TlsBuffers.ReleaseWhileIdle(ssl);
        lock (Gate)
        {
            _tls = new(ssl.SslProtocol == SslProtocols.Tls13 ? "TLSv1.3" : "TLSv1.2", serverEndPoint);
            Output = new StreamOutput(this, ssl);
        }

        RestartStream();
    }

#pragma warning disable CA5359 // Any certificate is taken, and PeerCertificates decides later what it proves.
    Task AsReceiverAsync(SslStream ssl, SslStreamCertificateContext certificate) => ssl.AuthenticateAsServerAsync(
        new SslServerAuthenticationOptions
        {
            ServerCertificateContext = certificate,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            AllowRenegotiation = false,
            ApplicationProtocols = !_directTls ? null : _role is null ? XmppClient : XmppServer,
            ClientCertificateRequired = _role is not null,
            RemoteCertificateValidationCallback = _role is null ? null : NotePeer,
        },
        _context.ConnectionClosed);

    Task AsInitiatorAsync(SslStream ssl, SslStreamCertificateContext certificate) => ssl.AuthenticateAsClientAsync(
        new SslClientAuthenticationOptions
        {
            TargetHost = _role!.Target,
            ClientCertificateContext = certificate,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            AllowRenegotiation = false,
            ApplicationProtocols = _directTls ? XmppServer : null,
            RemoteCertificateValidationCallback = NotePeer,
        },
        _context.ConnectionClosed);
#pragma warning restore CA5359

    /// <summary>Takes any certificate: what it is worth is decided where it is to prove something (RFC 6120 §13.7.2, XEP-0220).</summary>
    bool NotePeer(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        _role!.Certificate = certificate is null ? null : X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        foreach (var element in chain?.ChainElements.Skip(1) ?? [])
        {
            _role.Intermediates.Add(X509CertificateLoader.LoadCertificate(element.Certificate.RawData));
        }

        foreach (var extra in chain?.ChainPolicy.ExtraStore ?? [])
        {
            _role.Intermediates.Add(X509CertificateLoader.LoadCertificate(extra.RawData));
        }

        return true;
    }

    /// <summary>
    /// Waits for the peer's first TLS record without taking it: who has not said hello gets no place in the line.
    /// Null, or what is wrong.
    /// </summary>
    async ValueTask<string?> ReadHelloAsync()
    {
        while (true)
        {
            var result = await _input.ReadAsync();
            var buffer = _directTls ? result.Buffer : WithoutSpace(result.Buffer);
            var needed = HelloLength(buffer);
            if (needed < 0 || result.IsCanceled || (result.IsCompleted && buffer.Length < needed))
            {
                _input.AdvanceTo(buffer.Start);
                return needed < 0 ? "not TLS" : "the peer left";
            }

            if (buffer.Length >= needed)
            {
                _input.AdvanceTo(buffer.Start);
                return null;
            }

            _input.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    /// <summary>
    /// What remains after leading white space. COMPAT(go-xmpp): it ends starttls with a line break, which RFC 6120 §5.3.1
    /// forbids; white space cannot be taken for anything, so it is dropped. Remove when go-sendxmpp no longer does so.
    /// </summary>
    static ReadOnlySequence<byte> WithoutSpace(ReadOnlySequence<byte> buffer)
    {
        var reader = new SequenceReader<byte>(buffer);
        reader.AdvancePastAny(" \t\r\n"u8);
        return reader.UnreadSequence;
    }

    /// <summary>How many bytes the first record has, as far as one can tell; negative when it is none of a handshake.</summary>
    static long HelloLength(ReadOnlySequence<byte> buffer)
    {
        if (buffer.Length < RecordHeader)
        {
            return RecordHeader;
        }

        Span<byte> header = stackalloc byte[RecordHeader];
        buffer.Slice(0, RecordHeader).CopyTo(header);
        var length = (header[3] << 8) | header[4];
        return header[0] == HandshakeRecord && length <= LargestRecord ? RecordHeader + length : -1;
    }

    /// <summary>
    /// Gives the place to the next as soon as we wait for the peer: our costly part is done then, and a peer that
    /// stalls blocks nobody.
    /// </summary>
    void LeaveHandshakes()
    {
        if (Interlocked.Exchange(ref _handshaking, 0) == 1)
        {
            Services.Admission.Handshakes.Leave();
        }
    }

    bool Fail(string problem)
    {
        Services.Metrics.Handshakes.Add(1, new KeyValuePair<string, object?>("result", "failed"));
        Services.Logger.TlsFailed(Id, Remote, problem);

        // In good order: TLS has an alert on its way that says why.
        Leave(EndReason.TlsFailed);
        return false;
    }
}
