using System.Buffers;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Client.Transports;

/// <summary>One connection: elements in, bytes out. Reading by one at a time, writing by one at a time; <see cref="Abort"/> from any thread.</summary>
abstract class Transport(Framing framing) : IDisposable
{
    readonly byte[] _buffer = new byte[8192];
    ReadOnlyMemory<byte> _unread;

    public Framing Framing { get; } = framing;

    protected XmppReader Reader { get; } = new(framing, new ReaderLimits(StanzaBytes: 4 << 20));

    /// <summary>TLS is in force.</summary>
    public abstract bool IsSecure { get; }

    /// <summary>Channel binding data, tls-server-end-point (RFC 5929 §4), or null.</summary>
    public virtual ReadOnlyMemory<byte>? EndPoint => null;

    /// <summary>Ends the TCP connection without a word, with a reset where there is a socket.</summary>
    public abstract void Abort();

    public abstract void Dispose();

    /// <summary>Sends bytes that form one or more complete elements (one per WebSocket message).</summary>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken token);

    /// <summary>Upgrades after the server said <c>proceed</c>.</summary>
    public virtual ValueTask StartTlsAsync(CancellationToken token) => throw new NotSupportedException();

    /// <summary>Reads what there is. 0 bytes: the connection ended.</summary>
    protected abstract ValueTask<(int Bytes, bool EndOfMessage)> FillAsync(Memory<byte> buffer, CancellationToken token);

    /// <summary>The next element; null when the stream or the connection ended.</summary>
    /// <exception cref="XmppException">The server sent something that is not a stream.</exception>
    public async ValueTask<Stanza?> ReadAsync(CancellationToken token)
    {
        while (true)
        {
            var result = Reader.Read(_unread.Span, out var consumed);
            _unread = _unread[consumed..];
            switch (result)
            {
                case ReadResult.Stanza:
                    return Reader.Stanza;
                case ReadResult.StreamOpen:
                    continue;
                case ReadResult.StreamClose:
                    return null;
                case ReadResult.Error:
                    throw new XmppException(Reader.Error.Condition, "The server's stream is broken: " + Reader.Error);
            }

            var (bytes, endOfMessage) = await FillAsync(_buffer, token);
            if (bytes == 0 && !endOfMessage)
            {
                return null;
            }

            _unread = _buffer.AsMemory(0, bytes);
            if (endOfMessage && bytes > 0)
            {
                var last = Reader.Read(_unread.Span, out consumed);
                _unread = _unread[consumed..];
                if (Reader.EndOfMessage() == ReadResult.Error)
                {
                    throw new XmppException(Reader.Error.Condition, "A WebSocket message was not one element.");
                }

                if (last == ReadResult.Stanza)
                {
                    return Reader.Stanza;
                }

                if (last == ReadResult.StreamClose)
                {
                    return null;
                }
            }
        }
    }

    /// <summary>Opens the stream, again after TLS and SASL.</summary>
    /// <param name="account">Told to the server only where nobody can listen (RFC 6120 §4.7.1).</param>
    /// <param name="token">Gives up.</param>
    public ValueTask OpenAsync(Jid account, CancellationToken token)
    {
        Reader.Reset();
        var output = new ArrayBufferWriter<byte>();
        XmlOut.Raw(output, Framing == Framing.WebSocket
            ? "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' version='1.0'"
            : "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'");
        XmlOut.Attribute(output, "to", account.Domain);
        if (IsSecure)
        {
            XmlOut.Attribute(output, "from", account.Bare.ToString());
        }

        XmlOut.Raw(output, Framing == Framing.WebSocket ? "/>" : ">");
        return WriteAsync(output.WrittenMemory, token);
    }

    /// <summary>Says that nothing more will be sent.</summary>
    public ValueTask CloseAsync(CancellationToken token) => WriteAsync(
        Framing == Framing.WebSocket ? "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"u8.ToArray() : "</stream:stream>"u8.ToArray(), token);

    public ValueTask WriteAsync(Element element, CancellationToken token) =>
        WriteAsync(element.ToUtf8(Framing == Framing.WebSocket ? "" : Ns.Client), token);

    public ValueTask WriteAsync(Stanza stanza, CancellationToken token)
    {
        var output = new ArrayBufferWriter<byte>(stanza.Bytes.Length + 32);
        stanza.WriteTo(output, Framing);
        return WriteAsync(output.WrittenMemory, token);
    }
}
