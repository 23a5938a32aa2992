using System.Net.Security;
using System.Runtime.InteropServices;
using System.Security.Authentication;
using System.Security.Authentication.ExtendedProtection;
using System.Text;
using Nyala.Core.Connections;
using Nyala.Xmpp.Stanzas;
using Xunit;

namespace Nyala.Server.Tests.Connections;

public sealed class TlsTests
{
    const string StartTls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

    [Theory]
    [InlineData(SslProtocols.Tls12, "TLSv1.2")]
    [InlineData(SslProtocols.Tls13, "TLSv1.3")]
    public async Task A_clear_stream_is_upgraded_and_begins_again(SslProtocols protocol, string name)
    {
        var handler = new UpgradingHandler();
        using var fixture = new ConnectionFixture(null, () => handler);
        using var wire = Wire.Connect(fixture.Clear);
        await wire.SendAsync(ConnectionFixture.Header + StartTls);
        await wire.ReceiveAsync("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        await using var ssl = await AuthenticateAsync(wire, protocol);
        await ssl.WriteAsync(Encoding.UTF8.GetBytes(ConnectionFixture.Header + "<presence/></stream:stream>"), wire.Cancellation);
        Assert.EndsWith("</stream:stream>", await new StreamReader(ssl).ReadToEndAsync(wire.Cancellation), StringComparison.Ordinal);
        await handler.Ended.WaitAsync(wire.Cancellation);
        Assert.Equal(["open capulet.example", "starttls", "open capulet.example", "presence", "closed", "ended"], handler.Events);
        Assert.Equal(name, handler.Tls?.Protocol);
        Assert.Equal(fixture.Certificates.Current.ServerEndPoint, handler.Tls?.ServerEndPoint);
        Assert.Equal(FirstFinished(ssl), Convert.ToHexString(handler.Unique.Span), StringComparer.Ordinal);
    }

    [Fact]
    public async Task Buffers_are_given_back_while_nothing_is_in_them()
    {
        using var fixture = new ConnectionFixture(null, () => new UpgradingHandler());
        using var wire = Wire.Connect(fixture.Clear);
        await wire.SendAsync(ConnectionFixture.Header + StartTls);
        await wire.ReceiveAsync("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        await using var ssl = await AuthenticateAsync(wire, SslProtocols.Tls13);

        // Fails when a new runtime keeps its handle elsewhere: idle connections would cost 30 KB more.
        Assert.True(TlsBuffers.ReleaseWhileIdle(ssl));
    }

    [Theory]
    [InlineData("\n", "")]
    [InlineData("", "\r\n ")]
    public async Task White_space_behind_starttls_is_dropped(string before, string after)
    {
        using var fixture = new ConnectionFixture(null, () => new UpgradingHandler());
        using var wire = Wire.Connect(fixture.Clear);
        await wire.SendAsync(ConnectionFixture.Header + StartTls + before);
        await wire.ReceiveAsync("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        await wire.SendAsync(after);
        await using var ssl = await AuthenticateAsync(wire, SslProtocols.Tls13);
        await ssl.WriteAsync(Encoding.UTF8.GetBytes(ConnectionFixture.Header + "</stream:stream>"), wire.Cancellation);
        Assert.EndsWith("</stream:stream>", await new StreamReader(ssl).ReadToEndAsync(wire.Cancellation), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\n<presence/>")]
    [InlineData("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AHJvbWVvAHNlY3JldA==</auth>")]
    public async Task What_stands_in_clear_behind_starttls_ends_the_stream(string injected)
    {
        var handler = new UpgradingHandler();
        using var fixture = new ConnectionFixture(null, () => handler);
        using var wire = Wire.Connect(fixture.Clear);
        await wire.SendAsync(ConnectionFixture.Header + StartTls + injected);
        var answer = await wire.ReceiveAsync("</stream:stream>");
        Assert.Contains("policy-violation", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("proceed", answer, StringComparison.Ordinal);
        wire.Close();
        Assert.Equal(EndReason.ProtocolError, await handler.Ended);
    }

    [Theory]
    [InlineData("xmpp-client", true)]
    [InlineData(null, true)]
    [InlineData("http/1.1", false)]
    public async Task Direct_TLS_serves_xmpp_and_those_who_do_not_say(string? protocol, bool served)
    {
        using var fixture = new ConnectionFixture();
        using var wire = Wire.Connect(fixture.Direct);
        var authentication = AuthenticateAsync(wire, SslProtocols.None, protocol);
        if (!served)
        {
            // The alert arrives: the client knows why.
            await Assert.ThrowsAsync<AuthenticationException>(() => authentication);
            Assert.Equal(EndReason.TlsFailed, await fixture.Handler.Ended);
            return;
        }

        await using var ssl = await authentication;
        Assert.Equal(protocol ?? "", ssl.NegotiatedApplicationProtocol.ToString());
        await ssl.WriteAsync(Encoding.UTF8.GetBytes(ConnectionFixture.Header + "</stream:stream>"), wire.Cancellation);
        Assert.EndsWith("</stream:stream>", await new StreamReader(ssl).ReadToEndAsync(wire.Cancellation), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<?xml version='1.0'?>")]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("\u0016\u0003\u0001\u0000\u0004abcd")]
    public async Task What_is_not_TLS_ends_direct_TLS_without_a_word_in_clear(string text)
    {
        using var fixture = new ConnectionFixture();
        using var wire = Wire.Connect(fixture.Direct);
        await wire.SendAsync(text);
        Assert.DoesNotContain("stream", await wire.ReceiveToEndAsync(), StringComparison.Ordinal);
        Assert.Equal(EndReason.TlsFailed, await fixture.Handler.Ended);
    }

    [Fact]
    public async Task What_is_not_TLS_behind_proceed_ends_the_connection_at_once()
    {
        using var fixture = new ConnectionFixture(null, () => new UpgradingHandler());
        using var wire = Wire.Connect(fixture.Clear);
        await wire.SendAsync(ConnectionFixture.Header + "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        await wire.ReceiveAsync("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        await wire.SendAsync(ConnectionFixture.Header);
        Assert.Equal("", await wire.ReceiveToEndAsync());
        await wire.EndedAsync();
        Assert.False(wire.IsAborted);
    }

    [Fact]
    public async Task Who_says_no_hello_is_cut_after_the_time_of_a_handshake()
    {
        using var fixture = new ConnectionFixture();
        using var wire = Wire.Connect(fixture.Direct);
        await wire.SendAsync("\u0016\u0003");
        await fixture.ConnectedAsync();

        // The handshake's time begins when the connection is served, which may be a moment later.
        while (!fixture.Handler.Ended.IsCompleted)
        {
            fixture.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal(EndReason.TlsFailed, await fixture.Handler.Ended);
        Assert.Equal("", await wire.ReceiveToEndAsync());
    }

    [Fact]
    public async Task A_peer_that_stalls_in_the_handshake_blocks_nobody()
    {
        using var fixture = new ConnectionFixture(new() { ConcurrentHandshakes = 1 }, () => new RecordingHandler());
        using var stalling = Wire.Connect(fixture.Direct);
        await stalling.SendRawAsync(await HelloAsync());

        // Its hello was answered: from here on the server waits for it alone.
        await stalling.ClientSide.Input.ReadAsync(stalling.Cancellation);
        using var wire = Wire.Connect(fixture.Direct);
        await using var ssl = await AuthenticateAsync(wire, SslProtocols.None);
        Assert.True(ssl.IsAuthenticated);
    }

    [Fact]
    public async Task Who_is_not_admitted_in_time_is_closed_before_TLS()
    {
        using var fixture = new ConnectionFixture(new() { ConcurrentHandshakes = 1 });
        Assert.True(await fixture.Services.Admission.Handshakes.EnterAsync(TimeSpan.Zero, CancellationToken.None));
        using var wire = Wire.Connect(fixture.Direct);
        await wire.SendRawAsync(await HelloAsync());
        while (fixture.Services.Admission.Handshakes.Waiting == 0 || fixture.Services.Wheel.Armed < 2)
        {
            // The connection's own timer and that of its wait.
            await Task.Yield();
        }

        fixture.Time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(EndReason.NotAdmitted, await fixture.Handler.Ended.WaitAsync(wire.Cancellation));
        Assert.Equal("", await wire.ReceiveToEndAsync());
    }

    [Fact]
    public async Task A_renewed_certificate_serves_the_next_handshake_with_its_own_binding_data()
    {
        var handlers = new List<UpgradingHandler>();
        using var fixture = new ConnectionFixture(null, () =>
        {
            handlers.Add(new());
            return handlers[^1];
        });
        using var first = Wire.Connect(fixture.Direct);
        await using var before = await AuthenticateAsync(first, SslProtocols.None);
        var old = fixture.Certificates.Current;
        fixture.Certificates.Current = TestCertificates.Make();
        using var second = Wire.Connect(fixture.Direct);
        await using var after = await AuthenticateAsync(second, SslProtocols.None);
        await before.WriteAsync(Encoding.UTF8.GetBytes(ConnectionFixture.Header + "</stream:stream>"), first.Cancellation);
        await after.WriteAsync(Encoding.UTF8.GetBytes(ConnectionFixture.Header + "</stream:stream>"), second.Cancellation);
        await first.EndedAsync();
        await second.EndedAsync();
        Assert.Equal(old.ServerEndPoint, handlers[0].Tls?.ServerEndPoint);
        Assert.Equal(fixture.Certificates.Current.ServerEndPoint, handlers[1].Tls?.ServerEndPoint);
        Assert.NotEqual(before.RemoteCertificate, after.RemoteCertificate);
    }

    [Fact]
    public async Task Much_output_passes_a_slow_encrypted_peer_in_order()
    {
        using var fixture = new ConnectionFixture();
        using var wire = Wire.Connect(fixture.Direct, outputThreshold: 4096);
        await using var ssl = await AuthenticateAsync(wire, SslProtocols.None);
        await ssl.WriteAsync(Encoding.UTF8.GetBytes(ConnectionFixture.Header), wire.Cancellation);
        var connection = await fixture.Handler.Opened;
        for (var i = 0; i < 2000; i++)
        {
            lock (connection.Gate)
            {
                connection.Write(Encoding.UTF8.GetBytes($"<message><body>{i}</body></message>"));
                connection.Flush();
            }
        }

        Assert.True(connection.Pending > 0);
        connection.End(EndReason.Replaced);
        await ssl.WriteAsync("</stream:stream>"u8.ToArray(), wire.Cancellation);
        var text = await new StreamReader(ssl).ReadToEndAsync(wire.Cancellation);
        Assert.Contains(string.Concat(Enumerable.Range(0, 2000).Select(i => $"<message><body>{i}</body></message>")), text, StringComparison.Ordinal);
    }

    static async Task<SslStream> AuthenticateAsync(Wire wire, SslProtocols protocols, string? application = null)
    {
        var ssl = new SslStream(wire.Stream);
        await ssl.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "capulet.example",
                EnabledSslProtocols = protocols,
                ApplicationProtocols = application is null ? null : [new(application)],
#pragma warning disable CA5359 // The certificate is made for this test; that it is ours is what the tests compare.
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
            },
            wire.Cancellation);
        return ssl;
    }

    /// <summary>The first flight of a real client.</summary>
    static async Task<byte[]> HelloAsync()
    {
        using var wire = Wire.Bare();
        var authentication = AuthenticateAsync(wire, SslProtocols.None);
        var hello = await wire.ServerSide.Input.ReadAsync(wire.Cancellation);
        byte[] bytes = [.. hello.Buffer.FirstSpan];
        await wire.ServerSide.Output.CompleteAsync();
        await Assert.ThrowsAnyAsync<IOException>(() => authentication);
        return bytes;
    }

    /// <summary>The client's own idea of tls-unique (RFC 5929 §3): all that follows the name in the token.</summary>
    static string FirstFinished(SslStream ssl)
    {
        using var token = ssl.TransportContext.GetChannelBinding(ChannelBindingKind.Unique)!;
        var bytes = new byte[token.Size];
        Marshal.Copy(token.DangerousGetHandle(), bytes, 0, bytes.Length);
        return Convert.ToHexString(bytes.AsSpan(bytes.AsSpan().IndexOf("tls-unique:"u8) + "tls-unique:".Length));
    }

    sealed class UpgradingHandler : RecordingHandler
    {
        public TlsSession? Tls { get; private set; }

        public ReadOnlyMemory<byte> Unique { get; private set; }

        public override async ValueTask ReceivedAsync(Connection connection, Stanza stanza)
        {
            await base.ReceivedAsync(connection, stanza);
            if (stanza.Name == "starttls")
            {
                await connection.StartTlsAsync();
            }
        }

        public override void Closed(Connection connection)
        {
            Tls = connection.Tls;
            Unique = connection.TlsUnique();
            base.Closed(connection);
        }
    }
}
