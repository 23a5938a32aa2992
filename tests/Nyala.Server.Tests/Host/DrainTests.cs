using System.Net;
using System.Net.Sockets;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Host;

public sealed class DrainTests : IDisposable
{
    readonly NyalaProcess _nyala = new();

    public void Dispose() => _nyala.Dispose();

    [Theory]
    [InlineData("-TERM")]
    [InlineData("-INT")]
    public async Task A_signal_ends_every_stream_with_system_shutdown_and_frees_the_ports(string signal)
    {
        await _nyala.RunAsync("user", "add", "romeo", "--password", TestServer.Password);
        var address = new IPEndPoint(IPAddress.Loopback, LoopbackPort.Find());
        using var server = await _nyala.ServeAsync("--set", "Tls:Required=false", "--set", $"Listen:Xmpp={address}");
        await using var romeo = await Wire.ConnectAsync(address, "localhost");
        await romeo.LoginAsync("romeo", TestServer.Password, "garden");
        await using var stranger = await Wire.ConnectAsync(address, "localhost");
        await stranger.OpenAsync();

        server.Signal(signal);
        await romeo.ExpectStreamErrorAsync("system-shutdown");
        await stranger.ExpectStreamErrorAsync("system-shutdown");
        await server.EndedAsync();
        Assert.Equal(0, server.ExitCode);

        using var next = new Socket(SocketType.Stream, ProtocolType.Tcp);
        next.Bind(address);
        next.Listen();
        Assert.False(File.Exists(Path.Combine(_nyala.Data, "nyala.sock")));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named_with_its_owner()
    {
        using var server = await _nyala.ServeAsync();
        var port = server.Port("XMPP (TLS)");
        var second = await _nyala.RunAsync(
            "run", "--data", Path.Combine(_nyala.Directory, "other"), "--set", "Listen:Xmpp=off", "--set", $"Listen:XmppTls=127.0.0.1:{port}",
            "--set", "Listen:Http=off", "--set", "Listen:Https=off");
        Assert.Equal(1, second.ExitCode);
        Assert.Matches(
            $@"^Port {port} of Listen:XmppTls \(127\.0\.0\.1:{port}\) is taken, nyala \(process \d+\) uses it: stop that program, or set Listen:XmppTls to another port or off\.\n$",
            second.Error);
    }

    [Fact]
    public async Task A_second_server_on_the_same_data_is_refused()
    {
        using var server = await _nyala.ServeAsync();
        var second = await _nyala.RunAsync("run", "--set", "Listen:Xmpp=127.0.0.1:0");
        Assert.Equal(1, second.ExitCode);
        Assert.Contains("uses the data directory", second.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_start_prints_one_invite_for_the_administrator_until_there_is_an_account()
    {
        static string Invite(NyalaProcess.Server server) => server.Lines.Single(line => line.Contains("/invite/", StringComparison.Ordinal))[^24..];
        string token;
        using (var first = await _nyala.ServeAsync())
        {
            token = Invite(first);
            Assert.Contains(first.Lines, line => line.Contains("it leads to http://127.0.0.1:", StringComparison.Ordinal));
            Assert.Equal(!NyalaProcess.HasWebApp, first.Lines.Any(line => line.StartsWith("The web app is not in this build", StringComparison.Ordinal)));
            await first.TerminateAsync();
        }

        using (var again = await _nyala.ServeAsync())
        {
            Assert.Equal(token, Invite(again));
            await _nyala.RunAsync("user", "add", "romeo");
            await again.TerminateAsync();
        }

        using var later = await _nyala.ServeAsync();
        Assert.DoesNotContain(later.Lines, line => line.Contains("/invite/", StringComparison.Ordinal));
    }
}
