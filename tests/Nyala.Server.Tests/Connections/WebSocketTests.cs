using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Nyala.Core.Connections;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;
using Xunit;

namespace Nyala.Server.Tests.Connections;

public sealed class WebSocketTests
{
    const string Open = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='capulet.example' version='1.0'/>";
    const string Close = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>";

    [Fact]
    public async Task One_message_is_one_element_in_both_directions()
    {
        using var fixture = new ConnectionFixture();
        using var client = new Client(fixture);
        await client.SendAsync(Open);
        Assert.StartsWith("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' id=", await client.ReceiveAsync(), StringComparison.Ordinal);
        var connection = await fixture.Handler.Opened;
        lock (connection.Gate)
        {
            connection.Write(Stanza.Parse("<message id='a/b>c'><body>Ay me</body></message>"u8.ToArray()), "<x xmlns='y'/>"u8);
            connection.Write("<iq type='result' id='1'/>"u8);
            connection.Write("<r xmlns='urn:xmpp:sm:3'/>"u8);
            connection.Write("<message id='&lt;x xmlns='><a xmlns='b'/></message>"u8);
            connection.Write("<stream:features><a xmlns='b'/></stream:features>"u8);
            connection.Write(new Element("features", "http://etherx.jabber.org/streams"));
            connection.Write(new Element("presence", "jabber:client"));
            connection.Flush();
        }

        Assert.Equal("<message xmlns='jabber:client' id='a/b>c'><body>Ay me</body><x xmlns='y'/></message>", await client.ReceiveAsync());
        Assert.Equal("<iq xmlns='jabber:client' type='result' id='1'/>", await client.ReceiveAsync());
        Assert.Equal("<r xmlns='urn:xmpp:sm:3'/>", await client.ReceiveAsync());
        Assert.Equal("<message xmlns='jabber:client' id='&lt;x xmlns='><a xmlns='b'/></message>", await client.ReceiveAsync());
        Assert.Equal("<stream:features xmlns:stream='http://etherx.jabber.org/streams'><a xmlns='b'/></stream:features>", await client.ReceiveAsync());
        Assert.Equal("<stream:features xmlns:stream='http://etherx.jabber.org/streams'/>", await client.ReceiveAsync());
        Assert.Equal("<presence xmlns='jabber:client'/>", await client.ReceiveAsync());

        await client.SendAsync("<presence xmlns='jabber:client'/>");
        await client.SendAsync("<message xmlns='jabb", endOfMessage: false);
        await client.SendAsync("er:client'/>");
        await client.SendAsync(Close);
        Assert.Equal(Close, await client.ReceiveAsync());
        Assert.Null(await client.ReceiveAsync());
        Assert.Equal(WebSocketCloseStatus.NormalClosure, client.Socket.CloseStatus);
        await client.CloseAsync();
        Assert.Equal(EndReason.ClosedByPeer, await fixture.Handler.Ended.WaitAsync(client.Cancellation));
        await fixture.Handler.Ended;
        Assert.Equal(["open capulet.example", "presence", "message", "closed", "ended"], fixture.Handler.Events);
    }

    [Fact]
    public async Task The_server_ends_with_error_close_and_the_closing_handshake()
    {
        using var fixture = new ConnectionFixture();
        using var client = new Client(fixture);
        await client.SendAsync(Open);
        await client.ReceiveAsync();
        (await fixture.Handler.Opened).End(EndReason.Replaced, StreamError.Conflict);
        Assert.Contains("<conflict", await client.ReceiveAsync(), StringComparison.Ordinal);
        Assert.Equal(Close, await client.ReceiveAsync());
        await client.SendAsync(Close);
        Assert.Null(await client.ReceiveAsync());
        await client.CloseAsync();
        Assert.Equal(EndReason.Replaced, await fixture.Handler.Ended.WaitAsync(client.Cancellation));

        // The request is over, and with it what a late timer could cut.
        fixture.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(client.IsAborted);
    }

    [Fact]
    public async Task A_socket_closed_without_closing_the_stream_is_a_lost_connection()
    {
        // RFC 7395 §3.6: so that the session can be resumed.
        using var fixture = new ConnectionFixture();
        using var client = new Client(fixture);
        await client.SendAsync(Open);
        await client.ReceiveAsync();
        await client.CloseAsync();
        Assert.Null(await client.ReceiveAsync());
        Assert.Equal(EndReason.ConnectionLost, await fixture.Handler.Ended.WaitAsync(client.Cancellation));
    }

    [Fact]
    public async Task Binary_messages_are_refused()
    {
        using var fixture = new ConnectionFixture();
        using var client = new Client(fixture);
        await client.Socket.SendAsync(new byte[] { 1 }, WebSocketMessageType.Binary, true, client.Cancellation);
        Assert.Null(await client.ReceiveAsync());
        Assert.Equal(WebSocketCloseStatus.InvalidMessageType, client.Socket.CloseStatus);
        await client.CloseAsync();
        Assert.Equal(EndReason.ProtocolError, await fixture.Handler.Ended.WaitAsync(client.Cancellation));
    }

    [Fact]
    public async Task A_message_too_large_is_refused_while_it_is_read()
    {
        using var fixture = new ConnectionFixture(new() { StanzaBytesBeforeAuthentication = 10_000 });
        using var client = new Client(fixture);
        await client.SendAsync(Open);
        await client.ReceiveAsync();
        await client.SendAsync("<message xmlns='jabber:client'>" + new string('x', 20_000), endOfMessage: false);
        Assert.Contains("policy-violation", await client.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_elements_in_one_message_are_an_error()
    {
        using var fixture = new ConnectionFixture();
        using var client = new Client(fixture);
        await client.SendAsync(Open + "<presence xmlns='jabber:client'/>");
        await client.ReceiveAsync();
        Assert.Contains("bad-format", await client.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_peer_that_does_not_answer_the_close_is_cut_when_the_time_is_up()
    {
        using var fixture = new ConnectionFixture();
        using var client = new Client(fixture);
        await client.SendAsync(Open);
        await client.ReceiveAsync();
        (await fixture.Handler.Opened).End(EndReason.Replaced);
        Assert.Equal(Close, await client.ReceiveAsync());
        fixture.Time.Advance(TimeSpan.FromSeconds(4));
        Assert.Null(await client.ReceiveAsync());
        fixture.Time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(EndReason.Replaced, await fixture.Handler.Ended.WaitAsync(client.Cancellation));
    }

    [Fact]
    public async Task A_request_for_something_else_is_answered_with_400()
    {
        using var fixture = new ConnectionFixture();
        var context = new DefaultHttpContext();
        await new WebSocketEndpoint(fixture.Services).RunAsync(context);
        Assert.Equal(400, context.Response.StatusCode);
    }

    sealed class Client : IDisposable, IHttpWebSocketFeature
    {
        readonly Wire _wire = Wire.Bare();

        public Client(ConnectionFixture fixture)
        {
            Socket = WebSocket.CreateFromStream(_wire.Stream, new WebSocketCreationOptions { SubProtocol = "xmpp" });
            var context = new DefaultHttpContext();
            context.Features.Set<IHttpWebSocketFeature>(this);
            context.Features.Set<IHttpRequestLifetimeFeature>(new Lifetime(this, _wire));
            context.Request.Headers.SecWebSocketProtocol = "xmpp";
            context.Connection.RemoteIpAddress = IPAddress.Loopback;
            _ = new WebSocketEndpoint(fixture.Services).RunAsync(context);
        }

        public WebSocket Socket { get; }

        public CancellationToken Cancellation => _wire.Cancellation;

        public bool IsWebSocketRequest => true;

        /// <summary>Whether the server cut the request short.</summary>
        public bool IsAborted { get; private set; }

        public Task<WebSocket> AcceptAsync(WebSocketAcceptContext context) =>
            Task.FromResult(WebSocket.CreateFromStream(_wire.ServerStream, new WebSocketCreationOptions { IsServer = true, SubProtocol = context.SubProtocol }));

        public Task SendAsync(string text, bool endOfMessage = true) =>
            Socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage, Cancellation);

        /// <summary>The next message, or null when the server closes.</summary>
        public async Task<string?> ReceiveAsync()
        {
            var buffer = new byte[65_536];
            var received = await Socket.ReceiveAsync(buffer, Cancellation);
            Assert.True(received.EndOfMessage);
            return received.MessageType == WebSocketMessageType.Close ? null : Encoding.UTF8.GetString(buffer, 0, received.Count);
        }

        public Task CloseAsync() => Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);

        public void Dispose()
        {
            Socket.Dispose();
            _wire.Dispose();
        }

        sealed class Lifetime(Client client, Wire wire) : IHttpRequestLifetimeFeature
        {
            public CancellationToken RequestAborted { get; set; }

            public void Abort()
            {
                client.IsAborted = true;
                wire.ClientSide.Output.Complete(new IOException("Aborted."));
            }
        }
    }
}
