using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
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
    public async Task A_page_that_was_open_finds_the_parts_of_the_builds_before()
    {
        var (clock, kept) = (new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)), Path.Combine(_directory, "kept"));
        EarlierBuilds Earlier() => new(kept, clock);
        for (var build = 1; build <= 4; build++)
        {
            Directory.Delete(Path.Combine(_directory, "assets"), recursive: true);
            Directory.CreateDirectory(Path.Combine(_directory, "assets"));
            await File.WriteAllTextAsync(Path.Combine(_directory, "assets", $"part-{build}.js"), "1", TestContext.Current.CancellationToken);
            Earlier().Take(_directory);
            clock.Advance(TimeSpan.FromDays(1));
        }

        Assert.Equal(["assets/part-2.js", "assets/part-3.js"], Earlier().Take(_directory).Select(file => file.Name).Order());
        clock.Advance(TimeSpan.FromDays(27.5));
        Assert.Equal(["assets/part-3.js"], Earlier().Take(_directory).Select(file => file.Name));
        clock.Advance(TimeSpan.FromDays(2));
        Assert.Empty(Earlier().Take(_directory));
    }

    [Fact]
    public async Task A_worker_that_is_not_wanted_any_more_gives_itself_up()
    {
        await File.WriteAllTextAsync(Path.Combine(_directory, "sw.js"), "the worker", TestContext.Current.CancellationToken);
        Assert.Equal("the worker", await ServeAsync(keepsItself: true));
        Assert.Contains("unregister()", await ServeAsync(keepsItself: false), StringComparison.Ordinal);

        async Task<string> ServeAsync(bool keepsItself)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Services.AddRoutingCore();
            await using var app = builder.Build();
            WebApp.Find(_directory, Options, null, keepsItself)!.Map(app);
            await app.StartAsync(TestContext.Current.CancellationToken);
            return await _http.GetStringAsync(new Uri(app.Urls.Single() + "/sw.js"));
        }
    }

    [Fact]
    public async Task A_preview_finds_what_is_put_into_the_head_of_the_entry()
    {
        await File.WriteAllTextAsync(Path.Combine(_directory, "index.html"), "<html><head><title>Nyala</title></head></html>", TestContext.Current.CancellationToken);
        var context = new DefaultHttpContext { Response = { Body = new MemoryStream() } };
        await WebApp.Find(_directory, Options)!.WriteEntryAsync(context, Html.Of($"<meta content=\"{"<b>"}\">"));
        context.Response.Body.Position = 0;
        using var reader = new StreamReader(context.Response.Body);
        Assert.Equal("<html><head><title>Nyala</title><meta content=\"&lt;b&gt;\"></head></html>", await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Contains("script-src 'self'", context.Response.Headers.ContentSecurityPolicy.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_an_entry_there_is_no_app() => Assert.Null(WebApp.Find(Path.Combine(_directory, "assets"), Options));
}
