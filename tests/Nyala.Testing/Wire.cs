using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Nyala.Testing;

/// <summary>
/// A raw XMPP stream for scripts: what is sent is the text as given, what comes is compared with patterns
/// (<see cref="ElementPattern"/>). Reads with .NET's own XML reader, so that our reader is not its own judge.
/// Not safe for several threads at once.
/// </summary>
public sealed class Wire : IAsyncDisposable
{
    /// <summary>How long something expected may take before the test fails; nothing waits for it to pass.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    readonly Socket _socket;
    Stream _stream;
    XmlReader? _reader;

    Wire(Socket socket, string domain)
    {
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
        Domain = domain;
    }

    public string Domain { get; }

    /// <summary>The full address after <see cref="LoginAsync"/>.</summary>
    public string Address { get; private set; } = "";

    /// <summary>The last stream header the server sent.</summary>
    public XElement? Header { get; private set; }

    public static async Task<Wire> ConnectAsync(EndPoint server, string domain)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server);
        return new(socket, domain);
    }

    /// <summary>Sends text as it is.</summary>
    public async Task SendAsync(string text)
    {
        await _stream.WriteAsync(Encoding.UTF8.GetBytes(text));
        await _stream.FlushAsync();
    }

    /// <summary>Opens a stream (again) and returns its features.</summary>
    public async Task<XElement> OpenAsync(string? to = null)
    {
        await SendAsync(
            $"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='{to ?? Domain}'>");
        await ReadHeaderAsync();
        return await ReceiveAsync();
    }

    /// <summary>Reads the server's stream header.</summary>
    public async Task ReadHeaderAsync()
    {
        _reader = XmlReader.Create(_stream, new() { Async = true, ConformanceLevel = ConformanceLevel.Fragment, IgnoreWhitespace = true });
        do
        {
            await NextAsync();
        }
        while (_reader.NodeType != XmlNodeType.Element);
        Header = new XElement(XName.Get(_reader.LocalName, _reader.NamespaceURI));
        while (_reader.MoveToNextAttribute())
        {
            if (_reader.Name != "xmlns" && _reader.Prefix != "xmlns")
            {
                Header.SetAttributeValue(XName.Get(_reader.LocalName, _reader.NamespaceURI), _reader.Value);
            }
        }
    }

    /// <summary>The next first-level element.</summary>
    /// <exception cref="EndOfStreamException">The stream or the connection ended instead.</exception>
    public async Task<XElement> ReceiveAsync()
    {
        var reader = _reader ?? throw new InvalidOperationException("Open a stream first.");
        do
        {
            await NextAsync();
            if (reader.NodeType == XmlNodeType.EndElement && reader.LocalName == "stream")
            {
                throw new EndOfStreamException("The server closed the stream.");
            }
        }
        while (reader.NodeType != XmlNodeType.Element);

        // ReadFrom would go on to the node behind, which has not been sent yet.
        using var subtree = reader.ReadSubtree();
        return await XElement.LoadAsync(subtree, LoadOptions.PreserveWhitespace, CancellationToken.None).WaitAsync(Patience, TimeProvider.System);
    }

    /// <summary>The next element, which must match; see <see cref="ElementPattern"/>.</summary>
    public async Task<XElement> ExpectAsync(string pattern)
    {
        var element = await ReceiveAsync();
        ElementPattern.Parse(pattern).Require(element);
        return element;
    }

    /// <summary>The next element that matches; others before it are passed over.</summary>
    public async Task<XElement> AwaitAsync(string pattern)
    {
        var wanted = ElementPattern.Parse(pattern);
        var passed = new List<XElement>();
        while (true)
        {
            try
            {
                var element = await ReceiveAsync();
                if (wanted.Mismatch(element) is null)
                {
                    return element;
                }

                passed.Add(element);
            }
            catch (Exception e) when (e is EndOfStreamException or TimeoutException)
            {
                throw new InvalidOperationException($"Waited for {pattern} in vain. Received: {string.Join("\n", passed)}", e);
            }
        }
    }

    /// <summary>Proves that nothing more comes: a ping's answer is the next element (what was sent before it would come first, R4).</summary>
    public async Task ExpectNothingAsync()
    {
        var id = "nothing-" + Guid.NewGuid().ToString("N");
        await SendAsync($"<iq type='get' id='{id}' to='{Domain}'><ping xmlns='urn:xmpp:ping'/></iq>");
        await ExpectAsync($"<iq xmlns='jabber:client' id='{id}'/>");
    }

    /// <summary>The stream must end with this error condition, and then the connection.</summary>
    public async Task ExpectStreamErrorAsync(string condition)
    {
        var error = await AwaitAsync("<error xmlns='http://etherx.jabber.org/streams'/>");
        if (error.Elements().FirstOrDefault()?.Name.LocalName != condition)
        {
            throw new InvalidOperationException($"Expected the stream error {condition}, received {error}");
        }

        await ExpectEndAsync();
    }

    /// <summary>The server must end the stream or the connection, without another element.</summary>
    public async Task ExpectEndAsync()
    {
        try
        {
            var element = await ReceiveAsync();
            throw new InvalidOperationException($"Expected the end, received {element}");
        }
        catch (Exception e) when (e is EndOfStreamException or IOException or XmlException)
        {
            // As it should be.
        }
    }

    /// <summary>Upgrades to TLS after <see cref="OpenAsync"/>, and opens the stream again.</summary>
    public async Task<XElement> StartTlsAsync()
    {
        await SendAsync("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        await ExpectAsync("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        await AuthenticateTlsAsync();
        return await OpenAsync();
    }

    /// <summary>Does a TLS handshake at once (direct TLS).</summary>
    public async Task<X509Certificate2> AuthenticateTlsAsync(params string[] applicationProtocols)
    {
        // The test server's certificate is self-signed.
        var tls = new SslStream(_stream, leaveInnerStreamOpen: false, (_, certificate, _, _) => certificate is not null);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = Domain,
            ApplicationProtocols = applicationProtocols.Length == 0 ? null : [.. applicationProtocols.Select(name => new SslApplicationProtocol(name))],
        }).WaitAsync(Patience, TimeProvider.System);
        _stream = tls;
        return (X509Certificate2)tls.RemoteCertificate!;
    }

    /// <summary>Opens the stream and logs in with PLAIN; the stream is open again.</summary>
    public async Task AuthenticateAsync(string username, string password)
    {
        await OpenAsync();
        var response = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{username}\0{password}"));
        await SendAsync($"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{response}</auth>");
        await ExpectAsync("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        await OpenAsync();
    }

    /// <summary>The same, and binds a resource.</summary>
    public async Task LoginAsync(string username, string password, string resource)
    {
        await AuthenticateAsync(username, password);
        await SendAsync($"<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>{resource}</resource></bind></iq>");
        var bound = await ExpectAsync("<iq xmlns='jabber:client' type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
        Address = bound.Descendants(XName.Get("jid", "urn:ietf:params:xml:ns:xmpp-bind")).Single().Value;
    }

    /// <summary>Comes in as a guest, at a domain where that is possible (SASL ANONYMOUS), and binds.</summary>
    public async Task LoginAnonymouslyAsync()
    {
        await OpenAsync();
        await SendAsync("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>");
        await ExpectAsync("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        await OpenAsync();
        await SendAsync("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
        var bound = await ExpectAsync("<iq xmlns='jabber:client' type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
        Address = bound.Descendants(XName.Get("jid", "urn:ietf:params:xml:ns:xmpp-bind")).Single().Value;
    }

    /// <summary>Drops the connection without a word, as a dead network does.</summary>
    public void Cut()
    {
        _socket.LingerState = new(enable: true, seconds: 0);
        _socket.Close();
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _socket.Dispose();
    }

    async Task NextAsync()
    {
        if (!await _reader!.ReadAsync().WaitAsync(Patience, TimeProvider.System))
        {
            throw new EndOfStreamException("The server closed the connection.");
        }
    }
}
