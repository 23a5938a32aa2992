// HOT PATH
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography.X509Certificates;

namespace Nyala.Load.Scenarios;

/// <summary>
/// The physical limit: what arrives at one socket of a pair leaves at the other, unread. No server on this platform can move a
/// message for less, nor one that keeps it and says so (<c>--journal</c>: written and synced before it leaves, and acknowledged
/// as XEP-0198 does), nor let a client in over TLS (<c>--certificate</c>: the handshake, and nothing else). Pairs are two
/// connections accepted one after the other.
/// </summary>
static class Relay
{
    const int BufferSize = 16_384;

    static readonly byte[] Kept = "<a xmlns='urn:xmpp:sm:3' h='1'/>"u8.ToArray();

    /// <summary>Runs until it is told to stop.</summary>
    public static async Task RunAsync(LoadOptions options, CancellationToken token)
    {
        using var journal = options.Journal is null ? null : new RelayJournal(options.Journal);
        using var certificate = options.Certificate is null ? null : X509Certificate2.CreateFromPemFile(options.Certificate);
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Parse(options.Host), options.Port));
        listener.Listen(4096);
        try
        {
            await (certificate is null ? PairAsync(listener, journal, token) : ShakeHandsAsync(listener, certificate, token));
        }
        catch (OperationCanceledException)
        {
            // Told to stop.
        }
    }

    static async Task PairAsync(Socket listener, RelayJournal? journal, CancellationToken token)
    {
        while (true)
        {
            var first = await listener.AcceptAsync(token);
            var second = await listener.AcceptAsync(token);
            if (IsGone(first))
            {
                // Somebody who looked whether anybody listens.
                first.Dispose();
                (first, second) = (second, await listener.AcceptAsync(token));
            }

            first.NoDelay = second.NoDelay = true;
            _ = MoveAsync(first, second, journal);
            _ = MoveAsync(second, first, journal);
        }
    }

    static bool IsGone(Socket socket) => socket.Poll(0, SelectMode.SelectRead) && socket.Available == 0;

    static async Task MoveAsync(Socket from, Socket to, RelayJournal? journal)
    {
        var buffer = new byte[BufferSize];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var read)
            {
                journal?.Keep(buffer.AsSpan(0, read));
                to.Send(buffer, read, SocketFlags.None);
                if (journal is not null)
                {
                    from.Send(Kept);
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // One side is gone; below, so is the other.
        }

        from.Dispose();
        to.Dispose();
    }

    static async Task ShakeHandsAsync(Socket listener, X509Certificate2 certificate, CancellationToken token)
    {
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true),
            ApplicationProtocols = [new SslApplicationProtocol("xmpp-client")],
        };
        while (true)
        {
            _ = ShakeAsync(await listener.AcceptAsync(token), options);
        }
    }

    static async Task ShakeAsync(Socket socket, SslServerAuthenticationOptions options)
    {
        await using var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        try
        {
            await stream.AuthenticateAsServerAsync(options);
            while (await stream.ReadAsync(new byte[1024]) > 0)
            {
                // Until the client is gone.
            }
        }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
        {
            // The client is gone.
        }
    }
}

/// <summary>What the relay writes before it passes anything on: over and over the same few megabytes, so that only the sync costs.</summary>
sealed partial class RelayJournal(string path) : IDisposable
{
    const int Size = 4 << 20;

    readonly FileStream _file = Allocated(path);
    readonly Lock _gate = new();
    long _at;

    public void Keep(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            _at = _at + bytes.Length > Size ? 0 : _at;
            RandomAccess.Write(_file.SafeFileHandle, bytes, _at);
            if (DataSync((int)_file.SafeFileHandle.DangerousGetHandle()) != 0)
            {
                throw new IOException("fdatasync failed.");
            }

            _at += bytes.Length;
        }
    }

    public void Dispose() => _file.Dispose();

    [LibraryImport("libc", EntryPoint = "fdatasync")]
    private static partial int DataSync(int file);

    static FileStream Allocated(string path)
    {
        var file = new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        RandomAccess.Write(file.SafeFileHandle, new byte[Size], 0);
        RandomAccess.FlushToDisk(file.SafeFileHandle);
        return file;
    }
}
