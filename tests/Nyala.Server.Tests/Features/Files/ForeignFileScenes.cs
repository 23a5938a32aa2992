using System.Net;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features.Files;

/// <summary>Files of another server, fetched for the web app.</summary>
public sealed class ForeignFileScenes : IAsyncLifetime
{
    const int Largest = 200_000;

    TlsSite _other = null!;
    TestServer _server = null!;
    RequestDelegate _answer = context => context.Response.Body.WriteAsync(FileStage.Bytes(100_000)).AsTask();

    public async ValueTask InitializeAsync()
    {
        _other = await TlsSite.StartAsync(context => _answer(context));
        _server = await StartAsync("Files:Foreign=any");
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _other.DisposeAsync();
    }

    [Fact]
    public async Task Bytes_come_as_they_are_and_as_nothing_that_a_browser_shows()
    {
        string? cookie = null, agent = null;
        _answer = context =>
        {
            (cookie, agent) = (context.Request.Headers.Cookie, context.Request.Headers.Authorization);
            context.Response.ContentType = "text/html";
            context.Response.Headers.SetCookie = "a=b";
            return context.Response.Body.WriteAsync(FileStage.Bytes(100_000)).AsTask();
        };
        using var response = await FetchAsync(_server, new(_other.Address, "a/b.jpg?c=d"), ("Cookie", "x=y"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(FileStage.Bytes(100_000), await response.Content.ReadAsByteArrayAsync());
        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType!.ToString());
        Assert.Equal("attachment", response.Content.Headers.ContentDisposition!.ToString());
        Assert.EndsWith("sandbox", Assert.Single(response.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("Set-Cookie"));
        Assert.Equal(("", ""), (cookie ?? "", agent ?? ""));
    }

    [Fact]
    public async Task Only_people_with_an_account_fetch()
    {
        using var nobody = await Media(_server, _other.Address).GetAsync();
        Assert.Equal((HttpStatusCode.Unauthorized, "Bearer"), (nobody.StatusCode, nobody.Headers.WwwAuthenticate.ToString()));
        using var forged = await Media(_server, _other.Address).GetAsync(("Authorization", "Bearer " + new string('A', 64)));
        Assert.Equal(HttpStatusCode.Unauthorized, forged.StatusCode);
    }

    [Theory]
    [InlineData("http://localhost/a")]
    [InlineData("https://a:b@localhost/a")]
    [InlineData("https://localhost:25/a")]
    [InlineData("file:///etc/passwd")]
    [InlineData("/a")]
    public async Task What_is_no_address_of_a_file_is_refused(string address)
    {
        using var response = await FetchAsync(_server, new(address, UriKind.RelativeOrAbsolute));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task Private_addresses_are_not_reached_unless_the_operator_says_so()
    {
        await using var server = await StartAsync("Files:Foreign=public");
        using var response = await FetchAsync(server, _other.Address);
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
    }

    [Fact]
    public async Task It_can_be_off()
    {
        await using var server = await StartAsync("Files:Foreign=off");
        using var response = await FetchAsync(server, _other.Address);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task A_redirection_is_followed_to_what_is_allowed_and_not_for_ever()
    {
        _answer = context =>
        {
            context.Response.Redirect(context.Request.Path.Value switch { "/good" => "/file", "/bad" => "http://localhost/", _ => "/round" });
            return context.Request.Path == "/file" ? Bytes(context, 200) : Task.CompletedTask;
        };
        using var good = await FetchAsync(_server, new(_other.Address, "good"));
        Assert.Equal((HttpStatusCode.OK, "x"), (good.StatusCode, await good.Content.ReadAsStringAsync()));
        using var bad = await FetchAsync(_server, new(_other.Address, "bad"));
        Assert.Equal(HttpStatusCode.BadGateway, bad.StatusCode);
        using var round = await FetchAsync(_server, new(_other.Address, "round"));
        Assert.Equal(HttpStatusCode.BadGateway, round.StatusCode);
    }

    [Theory]
    [InlineData(404, HttpStatusCode.NotFound)]
    [InlineData(410, HttpStatusCode.NotFound)]
    [InlineData(403, HttpStatusCode.BadGateway)]
    [InlineData(500, HttpStatusCode.BadGateway)]
    [InlineData(206, HttpStatusCode.BadGateway)]
    public async Task What_the_other_server_refuses_is_told(int status, HttpStatusCode expected)
    {
        _answer = context => Bytes(context, status);
        using var response = await FetchAsync(_server, _other.Address);
        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task What_is_too_large_is_refused_and_what_turns_out_to_be_breaks_off()
    {
        _answer = context =>
        {
            context.Response.ContentLength = Largest + 1;
            return context.Response.Body.WriteAsync(new byte[Largest + 1]).AsTask();
        };
        using var told = await FetchAsync(_server, _other.Address);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, told.StatusCode);

        _answer = async context =>
        {
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(new byte[10_000]);
            }
        };
        Assert.False(await ComesWholeAsync());
    }

    [Fact]
    public async Task A_file_that_breaks_off_there_breaks_off_here()
    {
        _answer = async context =>
        {
            context.Response.ContentLength = 150_000;
            await context.Response.Body.WriteAsync(new byte[140_000]);
            context.Abort();
        };
        Assert.False(await ComesWholeAsync());
    }

    /// <summary>Whether something came that looks like the whole file: not an error, and not a connection that broke off.</summary>
    async Task<bool> ComesWholeAsync()
    {
        try
        {
            using var response = await FetchAsync(_server, _other.Address);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    async Task<TestServer> StartAsync(string foreign)
    {
        var server = await TestServer.StartAsync(null, null, "Federation:Roots=" + _other.RootsFile, foreign, $"Files:MaxBytes={Largest}");
        await server.AddUserAsync("romeo");
        return server;
    }

    static Task Bytes(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return context.Response.Body.WriteAsync("x"u8.ToArray()).AsTask();
    }

    static Uri Media(TestServer server, Uri address) => new(server.Web, "media?url=" + Uri.EscapeDataString(address.OriginalString));

    static async Task<HttpResponseMessage> FetchAsync(TestServer server, Uri address, params (string Name, string Value)[] headers)
    {
        await using var romeo = await server.LoginAsync("romeo", "orchard");
        await romeo.SendAsync("<iq type='set' id='pass'><command xmlns='http://jabber.org/protocol/commands' node='urn:nyala:commands:0#media'/></iq>");
        var answer = await romeo.AwaitAsync("<iq type='result' id='pass'><command xmlns='http://jabber.org/protocol/commands' status='completed'/></iq>");
        XNamespace form = "jabber:x:data";
        var pass = answer.Descendants(form + "field").Single(field => field.Attribute("var")!.Value == "pass").Value;
        return await Media(server, address).GetAsync([("Authorization", "Bearer " + pass), .. headers]);
    }
}
