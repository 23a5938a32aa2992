using System.Net.WebSockets;
using System.Text;
using System.Xml.Linq;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Negotiation;

/// <summary>Negotiation in WebSocket messages (RFC 7395): open and close stand where the stream's tags do elsewhere.</summary>
public sealed class WebSocketFramingScenes
{
    const string Framing = "urn:ietf:params:xml:ns:xmpp-framing";
    const string Open = $"<open xmlns='{Framing}' to='localhost' version='1.0'/>";

    [Fact]
    public async Task A_session_is_opened_bound_and_closed_in_messages()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        using var socket = await ConnectAsync(server);
        await SendAsync(socket, Open);
        await ExpectAsync(socket, $"<open xmlns='{Framing}' from='localhost' id='*' version='1.0'/>");
        await ExpectAsync(socket, "<stream:features/>");
        await SendAsync(socket, Logins.Auth("PLAIN", Logins.Plain("romeo")));
        await ExpectAsync(socket, $"<success xmlns='{Logins.Sasl}'/>");

        await SendAsync(socket, Open);
        await ExpectAsync(socket, $"<open xmlns='{Framing}' from='localhost' id='*' version='1.0'/>");
        await ExpectAsync(socket, "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>");
        await SendAsync(socket, "<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>web</resource></bind></iq>");
        await ExpectAsync(socket, "<iq type='result' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>romeo@localhost/web</jid></bind></iq>");

        await SendAsync(socket, $"<close xmlns='{Framing}'/>");
        await ExpectAsync(socket, $"<close xmlns='{Framing}'/>");
    }

    [Theory]
    [InlineData($"<open xmlns='{Framing}' to='example.org' version='1.0'/>", "host-unknown")]
    [InlineData($"<open xmlns='{Framing}' to='localhost'/>", "unsupported-version")]
    [InlineData("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'/>", "*")]
    public async Task A_wrong_beginning_is_answered_with_open_error_and_close(string sent, string condition)
    {
        await using var server = await TestServer.StartAsync();
        using var socket = await ConnectAsync(server);
        await SendAsync(socket, sent);
        await ExpectAsync(socket, $"<open xmlns='{Framing}' from='localhost'/>");
        var error = await ExpectAsync(socket, "<stream:error/>");
        Assert.Matches(condition == "*" ? "invalid-namespace|bad-format" : condition, error.Elements().First().Name.LocalName);
        await ExpectAsync(socket, $"<close xmlns='{Framing}'/>");
    }

    [Fact]
    public async Task A_stanza_before_authentication_ends_the_stream_here_too()
    {
        await using var server = await TestServer.StartAsync();
        using var socket = await ConnectAsync(server);
        await SendAsync(socket, Open);
        await ExpectAsync(socket, $"<open xmlns='{Framing}'/>");
        await ExpectAsync(socket, "<stream:features/>");
        await SendAsync(socket, "<presence xmlns='jabber:client'/>");
        await ExpectAsync(socket, "<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>");
        await ExpectAsync(socket, $"<close xmlns='{Framing}'/>");
    }

    static async Task<ClientWebSocket> ConnectAsync(TestServer server)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("xmpp");
        await socket.ConnectAsync(server.WebSocket, CancellationToken.None).WaitAsync(Wire.Patience, TimeProvider.System);
        Assert.Equal("xmpp", socket.SubProtocol);
        return socket;
    }

    static async Task SendAsync(ClientWebSocket socket, string text) =>
        await socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    /// <summary>The next message must be one whole element that matches.</summary>
    static async Task<XElement> ExpectAsync(ClientWebSocket socket, string pattern)
    {
        using var message = new MemoryStream();
        var buffer = new byte[8192];
        WebSocketReceiveResult part;
        do
        {
            part = await socket.ReceiveAsync(buffer, CancellationToken.None).WaitAsync(Wire.Patience, TimeProvider.System);
            Assert.Equal(WebSocketMessageType.Text, part.MessageType);
            message.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);
        var element = XElement.Parse(Encoding.UTF8.GetString(message.ToArray()));
        ElementPattern.Parse(pattern).Require(element);
        return element;
    }
}
