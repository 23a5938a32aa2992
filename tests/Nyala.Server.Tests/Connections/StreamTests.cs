using System.Net;
using Nyala.Core.Connections;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;
using Xunit;

namespace Nyala.Server.Tests.Connections;

public sealed class StreamTests
{
    static readonly IPEndPoint Somewhere = new(IPAddress.Parse("192.0.2.7"), 4711);

    [Fact]
    public async Task What_arrives_byte_by_byte_is_handed_over_whole()
    {
        using var fixture = new ConnectionFixture();
        using var wire = Wire.Connect(fixture.Clear);
        foreach (var piece in ConnectionFixture.Header + "<presence/><message><body>Ay me</body></message> </stream:stream>")
        {
            await wire.SendAsync(piece.ToString());
        }

        Assert.EndsWith("</stream:stream>", await wire.ReceiveToEndAsync(), StringComparison.Ordinal);
        await wire.EndedAsync();
        await fixture.Handler.Ended;
        Assert.Equal(["open capulet.example", "presence", "message", "closed", "ended"], fixture.Handler.Events);
        Assert.Equal(EndReason.ClosedByPeer, await fixture.Handler.Ended);
    }

    [Fact]
    public async Task A_reset_at_any_byte_ends_the_connection_once()
    {
        var text = ConnectionFixture.Header + "<message><body>Ay me</body></message></stream:stream>";
        for (var length = 0; length <= text.Length; length++)
        {
            using var fixture = new ConnectionFixture();
            using var wire = Wire.Connect(fixture.Clear);
            await wire.SendAsync(text[..length]);
            wire.Reset();
            await wire.EndedAsync();
            Assert.Contains(await fixture.Handler.Ended, new[] { EndReason.ConnectionLost, EndReason.ClosedByPeer });
            Assert.Single(fixture.Handler.Events, entry => entry == "ended");
            Assert.Equal(0, fixture.Services.Registry.Count);
        }
    }

    [Fact]
    public async Task An_error_comes_inside_a_stream_even_before_the_peer_opened_one()
    {
        using var fixture = new ConnectionFixture();
        using var wire = Wire.Connect(fixture.Clear);
        await wire.SendAsync("nonsense");
        var answer = await wire.ReceiveAsync("</stream:stream>");
        Assert.StartsWith("<?xml version='1.0'?><stream:stream xmlns='jabber:client'", answer, StringComparison.Ordinal);
        Assert.Contains("<stream:error><not-well-formed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>", answer, StringComparison.Ordinal);
        wire.Close();
        Assert.Equal(EndReason.ProtocolError, await fixture.Handler.Ended);
    }

    [Fact]
    public async Task The_first_reason_wins()
    {
        using var fixture = new ConnectionFixture();
        using var wire = Wire.Connect(fixture.Clear);
        await wire.SendAsync(ConnectionFixture.Header);
        var connection = await fixture.Handler.Opened;
        connection.End(EndReason.Replaced, StreamError.Conflict);
        connection.End(EndReason.Shutdown, StreamError.SystemShutdown);
        connection.Abort(EndReason.Overload);
        var all = await wire.ReceiveToEndAsync();
        Assert.Contains("conflict", all, StringComparison.Ordinal);
        Assert.DoesNotContain("system-shutdown", all, StringComparison.Ordinal);
        Assert.Equal(EndReason.Replaced, await fixture.Handler.Ended);
    }

    [Fact]
    public async Task An_ended_stream_waits_briefly_for_the_peer_and_ignores_what_it_says()
    {
        using var fixture = new ConnectionFixture();
        using var wire = Wire.Connect(fixture.Clear);
        await wire.SendAsync(ConnectionFixture.Header);
        (await fixture.Handler.Opened).End(EndReason.Replaced, StreamError.Conflict);
        await wire.ReceiveAsync("</stream:stream>");
        await wire.SendAsync("<message/></stream:stream>");
        await wire.EndedAsync();
        await fixture.Handler.Ended;
        Assert.Equal(["open capulet.example", "ended"], fixture.Handler.Events);
    }

    [Fact]
    public async Task A_peer_that_has_closed_its_half_still_gets_the_last_words()
    {
        var handler = new SlowlyClosing();
        using var fixture = new ConnectionFixture(null, () => handler);
        using var wire = Wire.Connect(fixture.Clear);
        await wire.SendAsync(ConnectionFixture.Header + "</stream:stream>");
        wire.Close();
        var connection = await handler.PeerClosed;
        lock (connection.Gate)
        {
            connection.Write("<a xmlns='urn:xmpp:sm:3' h='7'/>"u8);
        }

        connection.End(EndReason.ClosedByPeer);
        Assert.EndsWith("<a xmlns='urn:xmpp:sm:3' h='7'/></stream:stream>", await wire.ReceiveToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_of_the_peer_closes_its_stream()
    {
        using var fixture = new ConnectionFixture();
        using var wire = Wire.Connect(fixture.Clear);
        await wire.SendAsync(ConnectionFixture.Header
            + "<stream:error><undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error><message/></stream:stream>");
        Assert.EndsWith("version='1.0' xml:lang='en'></stream:stream>", await wire.ReceiveToEndAsync(), StringComparison.Ordinal);
        Assert.Equal(EndReason.ClosedByPeer, await fixture.Handler.Ended);
        Assert.Equal(["open capulet.example", "closed", "ended"], fixture.Handler.Events);
    }

    [Fact]
    public async Task A_peer_that_never_closes_sees_an_end_in_good_order_when_the_time_is_up()
    {
        using var fixture = new ConnectionFixture();
        using var wire = Wire.Connect(fixture.Clear);
        await wire.SendAsync(ConnectionFixture.Header);
        (await fixture.Handler.Opened).End(EndReason.Replaced, StreamError.Conflict);
        await wire.ReceiveAsync("</stream:stream>");
        Assert.False(wire.Served.IsCompleted);
        fixture.Time.Advance(TimeSpan.FromSeconds(4));
        await wire.EndedAsync();
        Assert.False(wire.IsAborted);
        Assert.Equal(EndReason.Replaced, await fixture.Handler.Ended);
    }

    [Fact]
    public async Task A_peer_that_does_not_read_cannot_hold_an_ended_stream()
    {
        using var fixture = new ConnectionFixture();
        using var wire = Wire.Connect(fixture.Clear, outputThreshold: 1024);
        await wire.SendAsync(ConnectionFixture.Header);
        var connection = await fixture.Handler.Opened;
        lock (connection.Gate)
        {
            connection.Write(new Element("message", "jabber:client").Add("body", new string('x', 4000)));
            connection.Flush();
            Assert.True(connection.Pending > 4000);
        }

        connection.End(EndReason.Shutdown, StreamError.SystemShutdown);
        fixture.Time.Advance(TimeSpan.FromSeconds(4));
        await wire.EndedAsync();
        Assert.True(wire.IsAborted);
    }

    [Fact]
    public async Task What_the_transport_does_not_take_is_pending_until_the_handler_hears_that_it_drained()
    {
        using var fixture = new ConnectionFixture();
        using var wire = Wire.Connect(fixture.Clear, outputThreshold: 1024);
        await wire.SendAsync(ConnectionFixture.Header);
        var connection = await fixture.Handler.Opened;
        lock (connection.Gate)
        {
            connection.Write(new Element("message", "jabber:client").Add("body", new string('x', 4000)));
            connection.Flush();
            connection.Write(new Element("presence", "jabber:client"));
            connection.Flush();
            Assert.True(connection.Pending > 4000);
        }

        Assert.False(fixture.Handler.HasDrained.IsCompleted);
        await wire.ReceiveAsync("<presence/>");
        // A stream that is closing is not told any more, and the peer may have read all before the transport says so.
        await fixture.Handler.HasDrained.WaitAsync(wire.Cancellation);
        Assert.Equal(0, connection.Pending);
        await wire.SendAsync("</stream:stream>");
        await wire.EndedAsync();
    }

    [Fact]
    public async Task Whoever_lets_pile_up_too_much_is_cut()
    {
        using var fixture = new ConnectionFixture(new() { OutboundBytes = 1000, StanzaBytes = 1000 });
        using var wire = Wire.Connect(fixture.Clear, outputThreshold: 1024);
        await wire.SendAsync(ConnectionFixture.Header);
        var connection = await fixture.Handler.Opened;
        lock (connection.Gate)
        {
            for (var i = 0; i < 10; i++)
            {
                connection.Write(new Element("message", "jabber:client").Add("body", new string('x', 1000)));
                connection.Flush();
            }
        }

        Assert.Equal(EndReason.DoesNotRead, await fixture.Handler.Ended.WaitAsync(wire.Cancellation));
    }

    [Fact]
    public async Task Bytes_before_authentication_are_limited()
    {
        using var fixture = new ConnectionFixture(new() { BytesBeforeAuthentication = 2000 });
        using var wire = Wire.Connect(fixture.Clear);
        await wire.SendAsync(ConnectionFixture.Header);
        for (var i = 0; i < 3; i++)
        {
            await wire.SendAsync($"<message>{new string('x', 700)}</message>");
        }

        Assert.Contains("policy-violation", await wire.ReceiveAsync("</stream:stream>"), StringComparison.Ordinal);
        wire.Close();
        Assert.Equal(EndReason.TooMuchBeforeAuthentication, await fixture.Handler.Ended);
    }

    [Fact]
    public async Task An_authenticated_stream_may_send_more_and_larger()
    {
        using var fixture = new ConnectionFixture(new() { BytesBeforeAuthentication = 2000, StanzaBytesBeforeAuthentication = 1000 });
        using var wire = Wire.Connect(fixture.Clear);
        await wire.SendAsync(ConnectionFixture.Header);
        (await fixture.Handler.Opened).Authenticated();
        await wire.SendAsync($"<message>{new string('x', 7000)}</message></stream:stream>");
        await wire.EndedAsync();
        Assert.Contains("message", fixture.Handler.Events);
        Assert.Equal(EndReason.ClosedByPeer, await fixture.Handler.Ended);
    }

    [Fact]
    public async Task Who_does_not_authenticate_in_time_is_told_so()
    {
        using var fixture = new ConnectionFixture();
        using var wire = Wire.Connect(fixture.Clear);
        await wire.SendAsync("<stream:stream xmlns='jabber:cli");
        await fixture.ConnectedAsync();
        fixture.Time.Advance(fixture.Options.Limits.TimeBeforeAuthentication + TimeSpan.FromSeconds(1));
        Assert.Contains("connection-timeout", await wire.ReceiveAsync("</stream:stream>"), StringComparison.Ordinal);
        wire.Close();
        Assert.Equal(EndReason.NotAuthenticatedInTime, await fixture.Handler.Ended);
    }

    [Fact]
    public async Task An_authenticated_stream_may_stay()
    {
        using var fixture = new ConnectionFixture();
        using var wire = Wire.Connect(fixture.Clear);
        await wire.SendAsync(ConnectionFixture.Header);
        (await fixture.Handler.Opened).Authenticated();
        fixture.Time.Advance(TimeSpan.FromHours(1));
        await wire.SendAsync("</stream:stream>");
        Assert.Equal(EndReason.ClosedByPeer, await fixture.Handler.Ended);
        Assert.Equal(0, fixture.Services.Wheel.Armed);
    }

    [Fact]
    public async Task Whoever_sends_too_fast_is_read_more_slowly()
    {
        var handler = new CountingHandler();
        using var fixture = new ConnectionFixture(new() { BytesPerSecond = 1000, BytesBurst = 2000 }, () => handler);
        using var wire = Wire.Connect(fixture.Clear);
        await wire.SendAsync(ConnectionFixture.Header);
        await handler.Opened;
        var armed = fixture.Services.Wheel.Armed;
        await wire.SendAsync($"<message>{new string('x', 3000)}</message>");
        await handler.Read(1);
        while (fixture.Services.Wheel.Armed <= armed)
        {
            // The clock must not move before the pause has begun.
            await Task.Yield();
        }

        // The pipe holds what follows; nobody reads it before the debt of about a second is paid.
        await wire.SendAsync("<presence/>");
        Assert.Equal(1, handler.Stanzas);
        fixture.Time.Advance(TimeSpan.FromSeconds(3));
        await handler.Read(2);
        await wire.SendAsync("</stream:stream>");
        await wire.EndedAsync();
    }

    [Fact]
    public async Task An_address_has_only_so_many_unauthenticated_connections()
    {
        using var fixture = new ConnectionFixture(new() { UnauthenticatedPerAddress = 2 }, () => new RecordingHandler());
        using var first = Wire.Connect(fixture.Clear, Somewhere);
        using var second = Wire.Connect(fixture.Clear, Somewhere);
        await first.SendAsync(ConnectionFixture.Header);
        await second.SendAsync(ConnectionFixture.Header);
        await first.ReceiveAsync(">");
        await second.ReceiveAsync(">");
        using var third = Wire.Connect(fixture.Clear, Somewhere);
        Assert.Equal("", await third.ReceiveToEndAsync());

        using var elsewhere = Wire.Connect(fixture.Clear, new(IPAddress.Parse("192.0.2.8"), 4711));
        await elsewhere.SendAsync(ConnectionFixture.Header);
        await elsewhere.ReceiveAsync(">");

        // One of them authenticates, and there is room again.
        fixture.Services.Registry.Snapshot()[^1].Authenticated();
        using var fourth = Wire.Connect(fixture.Clear, Somewhere);
        await fourth.SendAsync(ConnectionFixture.Header);
        await fourth.ReceiveAsync(">");
    }

    [Fact]
    public void One_IPv6_subscriber_is_one_address_and_loopback_is_nobody()
    {
        var limits = new AddressLimits(new() { UnauthenticatedPerAddress = 1 });
        Assert.True(limits.TryEnter(IPAddress.Parse("2001:db8:1:2::1")));
        Assert.False(limits.TryEnter(IPAddress.Parse("2001:db8:1:2:ffff::2")));
        Assert.True(limits.TryEnter(IPAddress.Parse("2001:db8:1:3::1")));
        Assert.True(limits.TryEnter(IPAddress.Parse("192.0.2.1")));
        Assert.False(limits.TryEnter(IPAddress.Parse("::ffff:192.0.2.1")));
        Assert.True(limits.TryEnter(IPAddress.Loopback));
        Assert.True(limits.TryEnter(IPAddress.Loopback));
        limits.Leave(IPAddress.Parse("192.0.2.1"));
        Assert.True(limits.TryEnter(IPAddress.Parse("192.0.2.1")));
    }

    [Fact]
    public async Task A_handler_that_fails_ends_the_stream_with_an_internal_error()
    {
        var handler = new FailingHandler();
        using var fixture = new ConnectionFixture(null, () => handler);
        using var wire = Wire.Connect(fixture.Clear);
        await wire.SendAsync(ConnectionFixture.Header + "<message/>");
        Assert.Contains("internal-server-error", await wire.ReceiveAsync("</stream:stream>"), StringComparison.Ordinal);
        wire.Close();
        Assert.Equal(EndReason.InternalError, await handler.Ended);
    }

    [Fact]
    public async Task A_shutdown_tells_everybody_and_cuts_who_does_not_hear()
    {
        using var fixture = new ConnectionFixture(null, () => new RecordingHandler());
        using var polite = Wire.Connect(fixture.Clear);
        using var silent = Wire.Connect(fixture.Clear);
        await polite.SendAsync(ConnectionFixture.Header);
        await silent.SendAsync(ConnectionFixture.Header);
        await polite.ReceiveAsync(">");
        await silent.ReceiveAsync(">");
        var draining = fixture.Services.Registry.DrainAsync(TimeSpan.FromSeconds(2));
        Assert.Contains("system-shutdown", await polite.ReceiveAsync("</stream:stream>"), StringComparison.Ordinal);
        await polite.SendAsync("</stream:stream>");
        await polite.EndedAsync();

        using var late = Wire.Connect(fixture.Clear);
        Assert.Contains("system-shutdown", await late.ReceiveAsync("</stream:stream>"), StringComparison.Ordinal);
        late.Close();
        await late.EndedAsync();

        Assert.False(draining.IsCompleted);
        fixture.Time.Advance(TimeSpan.FromSeconds(2.5));
        await draining.WaitAsync(silent.Cancellation);
        await silent.EndedAsync();
        Assert.Equal(0, fixture.Services.Registry.Count);
    }

    sealed class SlowlyClosing : RecordingHandler
    {
        readonly TaskCompletionSource<Connection> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Connection> PeerClosed => _closed.Task;

        public override void Closed(Connection connection) => _closed.SetResult(connection);
    }

    sealed class FailingHandler : RecordingHandler
    {
        public override ValueTask ReceivedAsync(Connection connection, Stanza stanza) => throw new FormatException("A bug.");
    }

    sealed class CountingHandler : RecordingHandler
    {
        readonly SemaphoreSlim _read = new(0);
        int _waited;

        public int Stanzas { get; private set; }

        public override ValueTask ReceivedAsync(Connection connection, Stanza stanza)
        {
            Stanzas++;
            _read.Release();
            return default;
        }

        public async Task Read(int count)
        {
            while (_waited < count)
            {
                Assert.True(await _read.WaitAsync(TimeSpan.FromSeconds(20)));
                _waited++;
            }
        }
    }
}
