// HOT PATH
using System.Buffers.Text;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Nyala.Load.Wire;

/// <summary>What gets the elements a <see cref="LeanClient"/> reads once it is logged in.</summary>
interface IReceiver
{
    /// <summary>One first-level element; valid during the call only. Stream management is dealt with already.</summary>
    void Received(LeanClient client, ReadOnlySpan<byte> element);
}

/// <summary>
/// A client that is as cheap as a socket: it counts stanzas, answers acknowledgement requests and pings, and hands the bytes
/// on. Reading is one loop at a time; sending is safe from any thread.
/// </summary>
sealed partial class LeanClient : IDisposable
{
    static readonly byte[] AckRequest = "<r xmlns='urn:xmpp:sm:3'/>"u8.ToArray();

    readonly LoadOptions _options;
    readonly ElementScanner _scanner = new();
    readonly Lock _sending = new();
    readonly Socket _socket;
    SslStream? _tls;
    uint _received;

    LeanClient(LoadOptions options, string user, Socket socket)
    {
        _options = options;
        _socket = socket;
        User = user;
    }

    /// <summary>The account's localpart.</summary>
    public string User { get; }

    /// <summary>The full JID once bound.</summary>
    public string Address { get; private set; } = "";

    /// <summary>How many of our stanzas the server has acknowledged (XEP-0198).</summary>
    public uint Acknowledged { get; private set; }

    /// <summary>Stream management is on.</summary>
    public bool Managed { get; private set; }

    /// <summary>Sends text as it is.</summary>
    public void Send(string text) => Send(Encoding.UTF8.GetBytes(text));

    /// <summary>Sends bytes as they are. Blocks when the server has stopped reading, which is its right, for ten seconds.</summary>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        lock (_sending)
        {
            if (_tls is not null)
            {
                _tls.Write(bytes);
                return;
            }

            while (!bytes.IsEmpty)
            {
                bytes = bytes[_socket.Send(bytes)..];
            }
        }
    }

    /// <summary>Asks for an acknowledgement of everything sent so far.</summary>
    public void RequestAck() => Send(AckRequest);

    /// <summary>Reads until the connection ends.</summary>
    /// <returns>When the server closed it or <see cref="Cut"/> did.</returns>
    public async Task RunAsync(IReceiver receiver)
    {
        try
        {
            do
            {
                while (_scanner.TryTake(out var element))
                {
                    if (!Handled(element.Span))
                    {
                        receiver.Received(this, element.Span);
                    }
                }
            }
            while (!_scanner.Closed && await FillAsync(CancellationToken.None));
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
        {
            // The connection was cut, here or there: whoever waits for its messages will miss them and say so.
        }
    }

    /// <summary>Cuts the connection with a reset, as a lost network looks when it is noticed.</summary>
    public void Cut()
    {
        _socket.LingerState = new LingerOption(enable: true, seconds: 0);
        Dispose();
    }

    /// <summary>Acknowledges what came (XEP-0198 §4: else it counts as not received), closes the stream and the socket.</summary>
    public void Close()
    {
        try
        {
            if (Managed)
            {
                Acknowledge();
            }

            Send("</stream:stream>");
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
        {
            // Gone already.
        }

        Dispose();
    }

    public void Dispose()
    {
        _tls?.Dispose();
        _socket.Dispose();
    }

    /// <summary>The next element as text; for the slow part before chatting.</summary>
    public async ValueTask<string> NextAsync(CancellationToken token)
    {
        while (true)
        {
            while (_scanner.TryTake(out var element))
            {
                if (!Handled(element.Span))
                {
                    return Encoding.UTF8.GetString(element.Span);
                }
            }

            if (_scanner.Closed || !await FillAsync(token))
            {
                throw new LoadException($"The server closed the connection of {User}.");
            }
        }
    }

    /// <summary>Waits for the answers to iqs, in whatever order they come, passing over everything else.</summary>
    /// <returns>The last of them.</returns>
    /// <exception cref="LoadException">One is an error.</exception>
    public async ValueTask<string> ResultAsync(CancellationToken token, params string[] ids)
    {
        var waiting = new List<string>(ids);
        while (true)
        {
            var element = await NextAsync(token);
            var tag = element[..(element.IndexOf('>', StringComparison.Ordinal) + 1)];
            if (!tag.StartsWith("<iq", StringComparison.Ordinal) || waiting.RemoveAll(id => Names(tag, id)) == 0)
            {
                continue;
            }

            if (tag.Contains("error", StringComparison.Ordinal))
            {
                throw new LoadException($"{User} got {element}");
            }

            if (waiting.Count == 0)
            {
                return element;
            }
        }
    }

    static bool Names(string tag, string id) =>
        tag.Contains($"id='{id}'", StringComparison.Ordinal) || tag.Contains($"id=\"{id}\"", StringComparison.Ordinal);

    /// <summary>Waits for an element that begins like this, passing over presence and messages.</summary>
    public async ValueTask<string> ExpectAsync(string start, CancellationToken token)
    {
        while (true)
        {
            var element = await NextAsync(token);
            if (element.StartsWith(start, StringComparison.Ordinal))
            {
                return element;
            }

            if (element.StartsWith("<failure", StringComparison.Ordinal) || element.StartsWith("<stream:error", StringComparison.Ordinal) || element.StartsWith("<failed", StringComparison.Ordinal))
            {
                throw new LoadException($"{User} got {element} instead of {start}");
            }
        }
    }

    async ValueTask<bool> FillAsync(CancellationToken token)
    {
        var space = _scanner.Space();
        var read = _tls is null ? await _socket.ReceiveAsync(space, SocketFlags.None, token) : await _tls.ReadAsync(space, token);
        _scanner.Added(read);
        return read > 0;
    }

    /// <summary>Stream management and the server's pings; true when nobody else needs to see the element.</summary>
    bool Handled(ReadOnlySpan<byte> element)
    {
        switch (element[1])
        {
            case (byte)'r' when element.Length > 2 && element[2] is (byte)' ' or (byte)'/':
                Acknowledge();
                return true;
            case (byte)'a' when element[2] == ' ':
                var h = element[(element.IndexOf("h="u8) + 3)..];
                if (Utf8Parser.TryParse(h, out uint acknowledged, out _))
                {
                    Acknowledged = acknowledged;
                }

                return true;
            case (byte)'m' or (byte)'p':
                _received++;
                return false;
            case (byte)'i':
                _received++;
                return AnswersPing(element);
            default:
                return false;
        }
    }

    void Acknowledge()
    {
        Span<byte> ack = stackalloc byte[64];
        "<a xmlns='urn:xmpp:sm:3' h='"u8.CopyTo(ack);
        Utf8Formatter.TryFormat(_received, ack[28..], out var digits);
        "'/>"u8.CopyTo(ack[(28 + digits)..]);
        Send(ack[..(31 + digits)]);
    }

    /// <summary>The one request servers make of a client like this is a ping (XEP-0199 §4.1).</summary>
    bool AnswersPing(ReadOnlySpan<byte> element)
    {
        var tag = element[..element.IndexOf((byte)'>')];
        if (tag.IndexOf("='get'"u8) < 0 && tag.IndexOf("=\"get\""u8) < 0)
        {
            return false;
        }

        var text = Encoding.UTF8.GetString(element);
        var quote = text[text.IndexOf(" id=", StringComparison.Ordinal) + 4];
        Send($"<iq type='result' to='{_options.Domain}' id='{Between(text, " id=" + quote, quote.ToString())}'/>");
        return true;
    }

    /// <summary>The text between two marks, or a <see cref="LoadException"/>.</summary>
    public static string Between(string text, string from, string to)
    {
        var start = text.IndexOf(from, StringComparison.Ordinal) + from.Length;
        var end = start < from.Length ? -1 : text.IndexOf(to, start, StringComparison.Ordinal);
        return end < 0 ? throw new LoadException("Not understood: " + text) : text[start..end];
    }
}
