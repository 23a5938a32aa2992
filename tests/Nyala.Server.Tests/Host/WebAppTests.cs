using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Nyala.Core;
using Nyala.Host.Http;
using Xunit;

namespace Nyala.Server.Tests.Host;

public sealed class WebAppTests : IAsyncLifetime
{
    static readonly ServerOptions Options = new() { Domain = "chat.example.org", WebAddress = "https://chat.example.org" };
    readonly string _directory = Directory.CreateTempSubdirectory("nyala-web-").FullName;
    readonly HttpClient _http = new(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None });
    WebApplication _app = null!;

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Path.Combine(_directory, "assets"));
        await File.WriteAllTextAsync(Path.Combine(_directory, "index.html"), "<!doctype html>", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_directory, "assets", "index-abc.js"), "1", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_directory, "assets", "index-abc.js.br"), "packed", TestContext.Current.CancellationToken);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        _app = builder.Build();
        WebApp.Find(_directory, Options)!.Map(_app);
        await _app.StartAsync(TestContext.Current.CancellationToken);
        _http.BaseAddress = new(_app.Urls.Single());
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task The_entry_is_the_page_and_is_asked_for_again_each_time()
    {
        using var response = await _http.GetAsync("/");
        Assert.Equal("<!doctype html>", await response.Content.ReadAsStringAsync());
        Assert.Equal("text/html", response.Content.Headers.ContentType!.MediaType);
        Assert.True(response.Headers.CacheControl!.NoCache);
        using var again = new HttpRequestMessage(HttpMethod.Get, "/");
        again.Headers.IfNoneMatch.Add(response.Headers.ETag!);
        using var same = await _http.SendAsync(again);
        Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
    }

    [Fact]
    public async Task The_page_runs_its_own_scripts_only_and_speaks_to_this_server_only()
    {
        using var response = await _http.GetAsync("/");
        var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("script-src 'self';", policy, StringComparison.Ordinal);
        Assert.Contains("connect-src 'self' wss://chat.example.org/xmpp-websocket https://chat.example.org;", policy, StringComparison.Ordinal);
        Assert.Contains("require-trusted-types-for 'script'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Assets_are_kept_for_good_and_sent_packed_to_who_takes_that()
    {
        using var plain = await _http.GetAsync("/assets/index-abc.js");
        Assert.Equal("1", await plain.Content.ReadAsStringAsync());
        Assert.Contains("immutable", plain.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/assets/index-abc.js");
        request.Headers.AcceptEncoding.Add(new("br"));
        using var packed = await _http.SendAsync(request);
        Assert.Equal("packed", await packed.Content.ReadAsStringAsync());
        Assert.Equal("br", Assert.Single(packed.Content.Headers.ContentEncoding));
        Assert.Equal("text/javascript", packed.Content.Headers.ContentType!.MediaType);
    }

    [Theory]
    [InlineData("/assets/index-abc.js.br")]
    [InlineData("/assets/../../etc/passwd")]
    [InlineData("/assets/other.js")]
    public async Task Nothing_else_is_there(string path)
    {
        using var response = await _http.GetAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public void Without_an_entry_there_is_no_app() => Assert.Null(WebApp.Find(Path.Combine(_directory, "assets"), Options));
}
