// HOT PATH
using System.Net;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Connections;

/// <summary>
/// One socket (or WebSocket) speaking a stream: elements in, bytes out, one end. Reading calls <see cref="Handler"/> from
/// one thread at a time. Writing members are called under <see cref="Gate"/>, from any thread; they never block, and what
/// the socket does not take yet is counted in <see cref="Pending"/>.
/// </summary>
public abstract class Connection
{
    /// <summary>A number for log lines, unique in this process.</summary>
    public long Id { get; } = Interlocked.Increment(ref Numbers);

    static long Numbers;

    /// <summary>Guards everything that writes.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Where the peer is, for limits and logs; null in in-memory tests.</summary>
    public abstract IPEndPoint? Remote { get; }

    public abstract Framing Framing { get; }

    /// <summary>What TLS that ends in this process is in force, or null.</summary>
    public abstract TlsSession? Tls { get; }

    /// <summary>
    /// Channel binding data of tls-unique (RFC 5929 §3): this handshake's first Finished message. Empty without TLS that
    /// ends in this process. Computed anew at each call.
    /// </summary>
    public virtual ReadOnlyMemory<byte> TlsUnique() => default;

    /// <summary>Encrypted, here or (WebSocket) by the HTTP listener, or a loopback listener that may do without (Tls:Required=false).</summary>
    public abstract bool IsSecure { get; }

    /// <summary>A plain TCP connection that may be upgraded with STARTTLS.</summary>
    public abstract bool CanStartTls { get; }

    /// <summary>Who gets what is read. Set before reading starts; replaced by the handler itself as the stream advances.</summary>
    public required IStreamHandler Handler { get; set; }

    /// <summary>Bytes written but not yet taken by the transport.</summary>
    public abstract long Pending { get; }

    /// <summary>The peer has announced that nothing will be heard of it for a limited while: silence means nothing.</summary>
    public virtual bool IsPaused => false;

    /// <summary>Buffers a stanza with <paramref name="append"/> before its end tag. Under <see cref="Gate"/>.</summary>
    public abstract void Write(Stanza stanza, ReadOnlySpan<byte> append = default);

    /// <summary>Buffers one complete element (canonical: no xmlns for jabber:client on its root). Under <see cref="Gate"/>.</summary>
    public abstract void Write(ReadOnlySpan<byte> element);

    /// <summary>Buffers one complete canonical stanza that has no <c>to</c>, with this one. Under <see cref="Gate"/>.</summary>
    public abstract void Write(ReadOnlySpan<byte> stanza, Jid to);

    /// <summary>Buffers one element. Under <see cref="Gate"/>.</summary>
    public abstract void Write(Element element);

    /// <summary>Hands buffered bytes to the transport; returns at once. Under <see cref="Gate"/>.</summary>
    public abstract void Flush();

    /// <summary>Sends the stream header (or framing open) answering <paramref name="header"/>; without an id where it is empty. Under <see cref="Gate"/>.</summary>
    public abstract void WriteHeader(string from, string? to, string streamId, StreamHeader? header);

    /// <summary>
    /// Ends the stream: the error if any (with a header first when none was sent, RFC 6120 §4.9.1.2), the closing tag,
    /// a flush with a time limit, then the socket. Idempotent: the first reason wins. From any thread, also under Gate.
    /// </summary>
    public abstract void End(EndReason reason, StreamError? error = null);

    /// <summary>Drops the socket at once, for a peer that does not read or a stream taken over by another connection.</summary>
    public abstract void Abort(EndReason reason);

    /// <summary>The stream starts again in the same connection (after SASL, RFC 6120 §6.4.6): a new header is expected.</summary>
    public abstract void RestartStream();

    /// <summary>
    /// Called inside <see cref="IStreamHandler.ReceivedAsync"/> for <c>starttls</c>: sends <c>proceed</c> (or, where this server has
    /// opened the connection, for <c>proceed</c>), discards nothing silently
    /// (bytes that came behind starttls in clear end the connection), does the handshake, then expects a new header.
    /// False when the handshake failed: the connection is gone.
    /// </summary>
    public abstract ValueTask<bool> StartTlsAsync();

    /// <summary>The stream is authenticated: limits before authentication no longer hold, the others do.</summary>
    public abstract void Authenticated();
}

/// <summary>What gets what a connection reads, in order.</summary>
public interface IStreamHandler
{
    /// <summary>A connection that this server has opened can be written to: the header is to be sent.</summary>
    void Connected(Connection connection)
    {
    }

    /// <summary>The peer opened (or re-opened) its stream.</summary>
    ValueTask OpenedAsync(Connection connection, StreamHeader header);

    /// <summary>A complete first-level element. Reading goes on when the task completes: a pending one slows the peer down (R14).</summary>
    ValueTask ReceivedAsync(Connection connection, Stanza stanza);

    /// <summary>All that was readable has been handed over: the moment to act and to flush.</summary>
    void ReadCompleted(Connection connection);

    /// <summary>
    /// All that <see cref="Connection.Pending"/> counted is taken by the transport. Called on any thread, not under the gate,
    /// and only when a flush had to wait: the moment to go on writing for whoever held back.
    /// </summary>
    void Drained(Connection connection)
    {
    }

    /// <summary>The peer says why it closes its stream; <see cref="Closed"/> follows.</summary>
    void ErrorReceived(Connection connection, Stanza error)
    {
    }

    /// <summary>The peer closed its stream properly. Unless the handler ends the connection otherwise, it calls <see cref="Connection.End"/>.</summary>
    void Closed(Connection connection);

    /// <summary>The connection is gone. Called exactly once, last.</summary>
    void Ended(Connection connection, EndReason reason);
}

/// <summary>TLS that ends here.</summary>
/// <param name="Protocol">For logs and XEP-0474-like checks, such as TLSv1.3.</param>
/// <param name="ServerEndPoint">Channel binding data (RFC 5929 §4) of the certificate this handshake used.</param>
public sealed record TlsSession(string Protocol, byte[] ServerEndPoint);

/// <summary>Why a connection ended: every end has a name that metrics count.</summary>
public enum EndReason
{
    None,
    ClosedByPeer,
    ConnectionLost,
    ProtocolError,
    TlsFailed,
    NotAuthenticatedInTime,
    TooMuchBeforeAuthentication,
    AuthenticationFailed,
    TooManyConnections,
    NotAdmitted,
    Unresponsive,
    DoesNotRead,
    Replaced,
    Resumed,
    LoggedOut,
    AccountRemoved,
    Overload,
    Shutdown,
    InternalError,
}
