using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Nyala.Testing;

namespace Nyala.Server.Tests.Federation;

/// <summary>One end of a stream between servers, in a test's hands: what is sent is the text as given.</summary>
sealed class OtherWire : IAsyncDisposable
{
    readonly Socket _socket;
    Stream _stream;
    XmlReader? _reader;

    OtherWire(Socket socket)
    {
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>The last header that came.</summary>
    public XElement? Header { get; private set; }

    public static async Task<OtherWire> ConnectAsync(EndPoint server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server);
        return new(socket);
    }

    public static OtherWire Of(Socket accepted) => new(accepted);

    public async Task SendAsync(string text)
    {
        await _stream.WriteAsync(Encoding.UTF8.GetBytes(text));
        await _stream.FlushAsync();
    }

    /// <summary>Sends a header; other attributes than the usual ones go into <paramref name="more"/>.</summary>
    public Task OpenAsync(string from, string to, string more = "version='1.0'") => SendAsync(
        $"<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback' xmlns:stream='http://etherx.jabber.org/streams' from='{from}' to='{to}' {more}>");

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
            if (_reader.Prefix.Length == 0 && _reader.Name != "xmlns")
            {
                Header.SetAttributeValue(_reader.LocalName, _reader.Value);
            }
        }
    }

    /// <summary>Opens, encrypts and opens again; returns the features. The name TLS is asked for is that of the server.</summary>
    public async Task<XElement> SecureAsync(string from, string to, X509Certificate2? certificate = null)
    {
        await OpenAsync(from, to);
        await ReadHeaderAsync();
        await ExpectAsync("<features xmlns='http://etherx.jabber.org/streams'><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></features>");
        await SendAsync("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        await ExpectAsync("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        var tls = new SslStream(_stream, leaveInnerStreamOpen: false, (_, shown, _, _) => shown is not null);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = to,
            ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true),
        }).WaitAsync(Wire.Patience, TimeProvider.System);
        _stream = tls;
        await OpenAsync(from, to);
        await ReadHeaderAsync();
        return await ReceiveAsync();
    }

    /// <summary>The other side of <see cref="SecureAsync"/>, for a server of ours that comes to us: up to its second header.</summary>
    public async Task ReceiveSecureAsync(string domain, X509Certificate2 certificate)
    {
        await ReadHeaderAsync();
        var them = Header!.Attribute("from")!.Value;
        await OpenAsync(domain, them, "version='1.0' id='one'");
        await SendAsync("<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>");
        await ExpectAsync("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        await SendAsync("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        var tls = new SslStream(_stream);
        await tls.AuthenticateAsServerAsync(certificate).WaitAsync(Wire.Patience, TimeProvider.System);
        _stream = tls;
        await ReadHeaderAsync();
        await OpenAsync(domain, them, "version='1.0' id='two'");
    }

    public async Task<XElement> ReceiveAsync()
    {
        do
        {
            await NextAsync();
            if (_reader!.NodeType == XmlNodeType.EndElement && _reader.LocalName == "stream")
            {
                throw new EndOfStreamException("The stream was closed.");
            }
        }
        while (_reader.NodeType != XmlNodeType.Element);
        using var subtree = _reader.ReadSubtree();
        return await XElement.LoadAsync(subtree, LoadOptions.PreserveWhitespace, CancellationToken.None).WaitAsync(Wire.Patience, TimeProvider.System);
    }

    public async Task<XElement> ExpectAsync(string pattern)
    {
        var element = await ReceiveAsync();
        ElementPattern.Parse(pattern).Require(element);
        return element;
    }

    /// <summary>The stream must end with this error.</summary>
    public async Task ExpectErrorAsync(string condition)
    {
        var error = await ReceiveAsync();
        while (error.Name.LocalName != "error")
        {
            error = await ReceiveAsync();
        }

        Xunit.Assert.Equal(condition, error.Elements().First().Name.LocalName);
        await Xunit.Assert.ThrowsAnyAsync<Exception>(ReceiveAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _socket.Dispose();
    }

    async Task NextAsync()
    {
        if (!await _reader!.ReadAsync().WaitAsync(Wire.Patience, TimeProvider.System))
        {
            throw new EndOfStreamException("The connection was closed.");
        }
    }
}
