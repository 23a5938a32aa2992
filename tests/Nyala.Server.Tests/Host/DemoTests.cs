using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Nyala.Core;
using Nyala.Host.Demo;
using Nyala.Host.Http;
using Xunit;

namespace Nyala.Server.Tests.Host;

/// <summary>What <c>nyala run --demo</c> opens is open there and nowhere else. The demo itself is played in web/e2e/demo.spec.ts.</summary>
public sealed class DemoTests : IDisposable
{
    readonly NyalaProcess _nyala = new();

    [Theory]
    [InlineData("demo")]
    [InlineData("demo/")]
    [InlineData("demo/state")]
    [InlineData("demo/index.html")]
    public async Task A_server_has_no_demo(string path)
    {
        using var server = await _nyala.ServeAsync();
        using var http = new HttpClient { BaseAddress = new($"http://127.0.0.1:{server.Port("Web")}/") };
        using var read = await http.GetAsync(path);
        using var pressed = await http.PostAsync("demo/kill", null);
        Assert.Equal(HttpStatusCode.NotFound, read.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, pressed.StatusCode);
    }

    [Fact]
    public async Task Nobody_may_frame_the_app_of_a_server()
    {
        using var server = await _nyala.ServeAsync();
        using var http = new HttpClient();
        using var page = await http.GetAsync($"http://127.0.0.1:{server.Port("Web")}/");
        Assert.Contains("frame-ancestors 'none'", Assert.Single(page.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.Equal("DENY", Assert.Single(page.Headers.GetValues("X-Frame-Options")));
        Assert.DoesNotContain("nyala-demo", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_app_of_the_demo_may_be_framed_by_one_page_and_knows_it()
    {
        var directory = Directory.CreateTempSubdirectory("nyala-web-");
        await File.WriteAllTextAsync(Path.Combine(directory.FullName, "index.html"), "<head></head>", TestContext.Current.CancellationToken);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        await using var app = builder.Build();
        app.Use(SecurityHeaders.AddAsync);
        app.UseRouting();
        WebApp.Find(directory.FullName, new ServerOptions { Domain = "localhost", WebAddress = "http://localhost:1" }, framedBy: "http://localhost:5280")!.Map(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient();
        using var page = await http.GetAsync(app.Urls.Single());
        Assert.Contains("frame-ancestors http://localhost:5280;", Assert.Single(page.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.False(page.Headers.Contains("X-Frame-Options"));
        Assert.Equal("<head><meta name=\"nyala-demo\" content=\"http://localhost:5280\"></head>", await page.Content.ReadAsStringAsync());
        directory.Delete(recursive: true);
    }

    [Theory]
    [InlineData("")]
    [InlineData("http://attacker.example\n")]
    [InlineData("http://localhost:5280/demo/\n")]
    [InlineData("yes\n")]
    public async Task A_server_is_no_demo_without_the_demo_as_its_parent(string said)
    {
        var result = await _nyala.RunAsync(said, ["run", "--demo-server", "--set", "Listen:Http=127.0.0.1:0"]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("--demo-server is what 'nyala run --demo' starts its server with", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_demo_is_not_for_other_machines()
    {
        var result = await _nyala.RunAsync("run", "--demo", "--set", "Listen:Http=0.0.0.0:5280");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("The demo is for this machine only, and Listen:Http is 0.0.0.0:5280", result.Error, StringComparison.Ordinal);
        var server = await _nyala.RunAsync("http://localhost:5280\n", ["run", "--demo-server", "--set", "Listen:Http=0.0.0.0:0"]);
        Assert.Equal(1, server.ExitCode);
        Assert.Contains("for this machine only", server.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_relay_passes_bytes_until_it_is_cut_and_then_resets()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        using var relay = new DemoRelay { Target = ((IPEndPoint)server.LocalEndpoint).Port };
        foreach (var port in (int[])[relay.Port, relay.SecondPort])
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
            using var accepted = await server.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
            await client.GetStream().WriteAsync("there"u8.ToArray(), TestContext.Current.CancellationToken);
            Assert.Equal("there", await ReadAsync(accepted.GetStream(), 5));
            await accepted.GetStream().WriteAsync("back"u8.ToArray(), TestContext.Current.CancellationToken);
            Assert.Equal("back", await ReadAsync(client.GetStream(), 4));

            relay.IsCut = true;
            await Assert.ThrowsAsync<IOException>(() => ReadAsync(client.GetStream(), 1));
            await Assert.ThrowsAnyAsync<IOException>(() => ReadAsync(accepted.GetStream(), 1));
            Assert.True(await IsResetAsync(port));
            relay.IsCut = false;
        }
    }

    public void Dispose() => _nyala.Dispose();

    /// <summary>Whether a new connection is reset: before it is whole, or after.</summary>
    static async Task<bool> IsResetAsync(int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
            await ReadAsync(client.GetStream(), 1);
            return false;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return true;
        }
    }

    static async Task<string> ReadAsync(NetworkStream stream, int count)
    {
        var bytes = new byte[count];
        await stream.ReadExactlyAsync(bytes, TestContext.Current.CancellationToken);
        return System.Text.Encoding.UTF8.GetString(bytes);
    }
}
