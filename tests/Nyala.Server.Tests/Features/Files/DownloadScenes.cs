using System.Net;
using Xunit;

namespace Nyala.Server.Tests.Features.Files;

/// <summary>Fetching files: whole, in parts, and what browsers are told of them.</summary>
public sealed class DownloadScenes(SharedServer shared) : Scene(shared)
{
    static readonly byte[] Body = FileStage.Bytes(100_000);

    [Fact]
    public async Task A_file_comes_down_as_it_went_up_for_everybody()
    {
        var file = await UploadAsync();
        using var response = await file.Get.GetAsync();
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(Body, await response.Content.ReadAsByteArrayAsync());
        Assert.Equal("image/png", response.Content.Headers.ContentType!.ToString());
        Assert.Equal("inline", response.Content.Headers.ContentDisposition!.DispositionType);
        Assert.Equal("bytes", Assert.Single(response.Headers.AcceptRanges));
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none';", policy, StringComparison.Ordinal);
        Assert.EndsWith("sandbox", policy, StringComparison.Ordinal);
        Assert.Equal("cross-origin", Assert.Single(response.Headers.GetValues("Cross-Origin-Resource-Policy")));
        Assert.Equal("*", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.True(response.Headers.CacheControl!.Private);
        using var head = await file.Get.SendAsync(HttpMethod.Head);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Equal(Body.Length, head.Content.Headers.ContentLength);
        Assert.Equal(response.Headers.ETag, head.Headers.ETag);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("bytes=0-0", 0, 1)]
    [InlineData("bytes=0-", 0, 100_000)]
    [InlineData("bytes=99999-", 99_999, 1)]
    [InlineData("bytes=100-199", 100, 100)]
    [InlineData("bytes=99990-200000", 99_990, 10)]
    [InlineData("bytes=-1", 99_999, 1)]
    [InlineData("bytes=-200000", 0, 100_000)]
    public async Task A_part_is_sent_as_a_part(string range, int from, int length)
    {
        var file = await UploadAsync();
        using var response = await file.Get.GetAsync(("Range", range));
        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal(Body[from..(from + length)], await response.Content.ReadAsByteArrayAsync());
        Assert.Equal($"bytes {from}-{from + length - 1}/100000", response.Content.Headers.ContentRange!.ToString());
    }

    [Theory]
    [InlineData("bytes=100000-")]
    [InlineData("bytes=100000-100001")]
    [InlineData("bytes=-0")]
    public async Task A_part_behind_the_end_cannot_be_had(string range)
    {
        var file = await UploadAsync();
        using var response = await file.Get.GetAsync(("Range", range));
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, response.StatusCode);
        Assert.Equal("bytes */100000", response.Content.Headers.ContentRange!.ToString());
    }

    [Theory]
    [InlineData("bytes=1-0")]
    [InlineData("bytes=a-b")]
    [InlineData("bytes=")]
    [InlineData("lines=1-2")]
    [InlineData("bytes=0-0,2-3")]
    [InlineData("bytes=99999999999999999999-")]
    public async Task A_range_that_is_not_understood_or_several_are_ignored(string range)
    {
        var file = await UploadAsync();
        using var response = await file.Get.GetAsync(("Range", range));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(Body.Length, response.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task What_the_client_has_already_is_not_sent_again()
    {
        var file = await UploadAsync();
        using var first = await file.Get.GetAsync();
        var (tag, modified) = (first.Headers.ETag!.ToString(), first.Content.Headers.LastModified!.Value.ToString("R"));
        async Task IsAsync(HttpStatusCode status, params (string, string)[] headers)
        {
            using var response = await file.Get.GetAsync(headers);
            Assert.Equal(status, response.StatusCode);
            if (status == HttpStatusCode.NotModified)
            {
                Assert.Equal(tag, response.Headers.ETag!.ToString());
                Assert.Empty(await response.Content.ReadAsByteArrayAsync());
            }
        }

        await IsAsync(HttpStatusCode.NotModified, ("If-None-Match", tag));
        await IsAsync(HttpStatusCode.NotModified, ("If-None-Match", "W/" + tag));
        await IsAsync(HttpStatusCode.NotModified, ("If-None-Match", "\"x\", " + tag));
        await IsAsync(HttpStatusCode.NotModified, ("If-None-Match", "*"));
        await IsAsync(HttpStatusCode.NotModified, ("If-Modified-Since", modified));
        await IsAsync(HttpStatusCode.NotModified, ("If-None-Match", tag), ("Range", "bytes=0-1"));
        await IsAsync(HttpStatusCode.OK, ("If-None-Match", "\"x\""));
        await IsAsync(HttpStatusCode.OK, ("If-None-Match", "\"x\""), ("If-Modified-Since", modified));
        await IsAsync(HttpStatusCode.OK, ("If-Modified-Since", "Thu, 01 Jan 2026 00:00:00 GMT"));
        await IsAsync(HttpStatusCode.OK, ("If-Match", tag));
        await IsAsync(HttpStatusCode.PreconditionFailed, ("If-Match", "\"x\""));
        await IsAsync(HttpStatusCode.PreconditionFailed, ("If-Match", "W/" + tag));
        await IsAsync(HttpStatusCode.OK, ("If-Unmodified-Since", modified));
        await IsAsync(HttpStatusCode.PreconditionFailed, ("If-Unmodified-Since", "Thu, 01 Jan 2004 00:00:00 GMT"));
        await IsAsync(HttpStatusCode.PartialContent, ("Range", "bytes=0-1"), ("If-Range", tag));
        await IsAsync(HttpStatusCode.PartialContent, ("Range", "bytes=0-1"), ("If-Range", modified));
        await IsAsync(HttpStatusCode.OK, ("Range", "bytes=0-1"), ("If-Range", "\"x\""));
        await IsAsync(HttpStatusCode.OK, ("Range", "bytes=0-1"), ("If-Range", "W/" + tag));
        await IsAsync(HttpStatusCode.OK, ("Range", "bytes=0-1"), ("If-Range", "Thu, 01 Jan 2026 00:00:00 GMT"));
    }

    [Theory]
    [InlineData("page.html", "text/html", "application/octet-stream", "attachment")]
    [InlineData("page.xhtml", "application/xhtml+xml", "application/octet-stream", "attachment")]
    [InlineData("drawing.svg", "image/svg+xml", "application/octet-stream", "attachment")]
    [InlineData("feed.xml", "text/xml", "application/octet-stream", "attachment")]
    [InlineData("code.js", "text/javascript", "application/octet-stream", "attachment")]
    [InlineData("app.apk", "application/vnd.android.package-archive", "application/octet-stream", "attachment")]
    [InlineData("page.png", "TEXT/HTML; charset=utf-7", "application/octet-stream", "attachment")]
    [InlineData("unknown", null, "application/octet-stream", "attachment")]
    [InlineData("letter.pdf", "application/pdf", "application/pdf", "attachment")]
    [InlineData("notes.txt", "text/plain; charset=utf-8", "text/plain", "attachment")]
    [InlineData("photo.jpg", "image/jpeg", "image/jpeg", "inline")]
    [InlineData("song.ogg", "audio/ogg", "audio/ogg", "inline")]
    [InlineData("film.mp4", "video/mp4", "video/mp4", "inline")]
    public async Task Only_what_cannot_act_is_shown(string name, string? claimed, string served, string disposition)
    {
        var romeo = await LoginAsync(Romeo);
        var file = await romeo.UploadAsync("<script>alert(1)</script>"u8.ToArray(), name, claimed);
        using var response = await file.Get.GetAsync();
        Assert.Equal(served, response.Content.Headers.ContentType!.ToString());
        Assert.Equal(disposition, response.Content.Headers.ContentDisposition!.DispositionType);
        Assert.Equal(name, response.Content.Headers.ContentDisposition.FileNameStar);
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
    }

    [Fact]
    public async Task What_the_upload_says_counts_where_the_slot_said_nothing()
    {
        var romeo = await LoginAsync(Romeo);
        var slot = await romeo.SlotAsync("photo", 3, type: null);
        Assert.Equal(HttpStatusCode.Created, await slot.PutAsync([1, 2, 3], "image/webp"));
        using var response = await slot.Get.GetAsync();
        Assert.Equal("image/webp", response.Content.Headers.ContentType!.ToString());
    }

    [Fact]
    public async Task An_address_that_is_nearly_right_leads_nowhere()
    {
        var file = await UploadAsync();
        var address = file.Get.ToString();
        var key = file.Get.Segments[^2].TrimEnd('/');
        foreach (var other in (string[])
            [
                address[..^4] + ".exe", address.ToUpperInvariant().Replace("HTTP", "http", StringComparison.Ordinal), address.Replace(key, new string('0', 40), StringComparison.Ordinal),
                address.Replace(key, "..", StringComparison.Ordinal), address.Replace(key, "%2e%2e%2fnyala.db", StringComparison.Ordinal), address.Replace("/picture.png", "", StringComparison.Ordinal),
                address + "/more", address.Replace(key, key + "%00", StringComparison.Ordinal),
            ])
        {
            Assert.Contains(await new Uri(other).StatusAsync(), (HttpStatusCode[])[HttpStatusCode.NotFound, HttpStatusCode.BadRequest]);
        }

        using var post = await file.Get.SendAsync(HttpMethod.Post);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, post.StatusCode);
        using var delete = await file.Get.SendAsync(HttpMethod.Delete);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, delete.StatusCode);
        Assert.Equal(HttpStatusCode.OK, await file.Get.StatusAsync());
    }

    [Fact]
    public async Task Web_clients_of_every_origin_may_ask()
    {
        var file = await UploadAsync();
        using var response = await file.Get.SendAsync(
            HttpMethod.Options, ("Origin", "https://web.example"), ("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "authorization,content-type"));
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal("*", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.Contains("PUT", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Methods")), StringComparison.Ordinal);
        Assert.Contains("Authorization", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Headers")), StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("Access-Control-Allow-Credentials"));
    }

    async Task<GivenSlot> UploadAsync() => await (await LoginAsync(Romeo)).UploadAsync(Body);
}
