using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features.Files;

/// <summary>Uploading as it should not be done: nothing of it may be kept, and the next one works.</summary>
public sealed class UploadScenes(SharedServer shared) : Scene(shared)
{
    static readonly byte[] Body = FileStage.Bytes(100_000);

    string Incoming => Path.Combine(Server.DataDirectory, "files", "incoming");

    [Fact]
    public async Task A_slot_is_used_once()
    {
        var slot = await SlotAsync();
        Assert.Equal(HttpStatusCode.NotFound, await slot.Get.StatusAsync());
        Assert.Equal(HttpStatusCode.Created, await slot.PutAsync(Body));
        Assert.Equal(HttpStatusCode.Conflict, await slot.PutAsync([.. Body.Reverse()]));
        using var response = await slot.Get.GetAsync();
        Assert.Equal(Body, await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task A_slot_is_for_its_address_alone_and_not_to_be_made_up()
    {
        var (slot, other) = (await SlotAsync(), await SlotAsync());
        Assert.Equal(HttpStatusCode.Forbidden, await (slot with { Token = other.Token }).PutAsync(Body));
        Assert.Equal(HttpStatusCode.Forbidden, await (slot with { Put = new(slot.Put.ToString().Replace(".png", ".exe", StringComparison.Ordinal)) }).PutAsync(Body));
        var last = slot.Token[^10] == 'A' ? 'B' : 'A';
        Assert.Equal(HttpStatusCode.Forbidden, await (slot with { Token = slot.Token[..^10] + last + slot.Token[^9..] }).PutAsync(Body));
        Assert.Equal(HttpStatusCode.Forbidden, await (slot with { Token = "Bearer " + new string('A', 100_000)[..8_000] }).PutAsync(Body));
        Assert.Equal(HttpStatusCode.Forbidden, await (slot with { Token = "Bearer ???" }).PutAsync(Body));
        Assert.Equal(HttpStatusCode.Unauthorized, await (slot with { Token = "Basic cm9tZW86" }).PutAsync(Body));
        Assert.Equal(HttpStatusCode.Unauthorized, await slot.PutAsync(Body, change: request => request.Headers.Remove("Authorization")));
        await using var stranger = await TestServer.StartAsync();
        Assert.Equal(HttpStatusCode.Forbidden, await (slot with { Put = new(stranger.Web, slot.Put.PathAndQuery) }).PutAsync(Body));
        Assert.Equal(HttpStatusCode.Created, await slot.PutAsync(Body));
    }

    [Fact]
    public async Task What_is_announced_must_be_what_the_slot_says()
    {
        var slot = await SlotAsync();
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await slot.PutAsync([.. Body, 0]));
        Assert.Equal(HttpStatusCode.BadRequest, await slot.PutAsync(Body[1..]));
        Assert.Equal(HttpStatusCode.BadRequest, await slot.PutAsync([]));
        Assert.Equal(HttpStatusCode.LengthRequired, await slot.PutAsync(Body, change: request => request.Headers.TransferEncodingChunked = true));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, await slot.PutAsync(Body, "image/jpeg"));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, await slot.PutAsync(Body, change: request => request.Content!.Headers.ContentEncoding.Add("gzip")));
        Assert.Equal(HttpStatusCode.BadRequest, await slot.PutAsync(Body, change: request => request.Content!.Headers.ContentRange = new(0, 99_999, 100_000)));
        Assert.Equal(HttpStatusCode.NotFound, await slot.Get.StatusAsync());
        Assert.Equal(HttpStatusCode.Created, await slot.PutAsync(Body, "IMAGE/PNG; x=y"));
    }

    [Fact]
    public async Task A_body_that_breaks_off_leaves_nothing_and_the_slot_is_still_good()
    {
        var slot = await SlotAsync();
        using (var client = await BeginAsync(slot, "Content-Length: 100000"))
        {
            await client.GetStream().WriteAsync(Body.AsMemory(0, 70_000));
            await UntilAsync(Server, () => Directory.EnumerateFiles(Incoming).Any(file => file.Contains(Key(slot), StringComparison.Ordinal)));
            Assert.Equal(HttpStatusCode.Conflict, await slot.PutAsync(Body));
            client.Client.Close(timeout: 0);
        }

        await UntilAsync(Server, () => !Directory.EnumerateFiles(Incoming).Any(file => file.Contains(Key(slot), StringComparison.Ordinal)));
        Assert.Equal(HttpStatusCode.NotFound, await slot.Get.StatusAsync());
        HttpStatusCode status;
        do
        {
            status = await slot.PutAsync(Body);
        }
        while (status == HttpStatusCode.Conflict); // while the first one is just being forgotten

        Assert.Equal(HttpStatusCode.Created, status);
    }

    [Fact]
    public async Task Bytes_behind_the_announced_length_are_another_request()
    {
        var slot = await SlotAsync();
        using var client = await BeginAsync(slot, "Content-Length: 100000");
        await client.GetStream().WriteAsync((byte[])[.. Body, .. "GARBAGE\r\n\r\n"u8]);
        Assert.StartsWith("HTTP/1.1 201 ", await LineAsync(client), StringComparison.Ordinal);
        using var response = await slot.Get.GetAsync();
        Assert.Equal(Body, await response.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("Content-Length: 100000\r\nContent-Length: 5", "400")]
    [InlineData("Content-Length: -5", "400")]
    [InlineData("Content-Length: 100000\r\nTransfer-Encoding: chunked", "4")]
    [InlineData("Transfer-Encoding: chunked", "411")]
    [InlineData("X-Nothing: 1", "411")]
    [InlineData("Content-Length: 99999999999999999999", "400")]
    public async Task Lengths_that_contradict_themselves_are_refused(string headers, string status)
    {
        var slot = await SlotAsync();
        using var client = await BeginAsync(slot, headers);
        await client.GetStream().WriteAsync("5\r\nhello\r\n0\r\n\r\n"u8.ToArray());
        Assert.StartsWith("HTTP/1.1 " + status, await LineAsync(client), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, await slot.Get.StatusAsync());
    }

    [Fact]
    public async Task Who_expects_a_go_ahead_is_refused_before_sending()
    {
        var slot = await SlotAsync();
        using var refused = await BeginAsync(slot with { Token = "Bearer AAAA" }, "Content-Length: 100000\r\nExpect: 100-continue");
        Assert.StartsWith("HTTP/1.1 403 ", await LineAsync(refused), StringComparison.Ordinal);
        using var client = await BeginAsync(slot, "Content-Length: 100000\r\nExpect: 100-continue");
        Assert.StartsWith("HTTP/1.1 100 ", await LineAsync(client), StringComparison.Ordinal);
        await client.GetStream().WriteAsync(Body);
        Assert.Equal("", await LineAsync(client));
        Assert.StartsWith("HTTP/1.1 201 ", await LineAsync(client), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_sends_too_slowly_is_told_and_keeps_nothing_busy()
    {
        var time = new FakeTimeProvider(new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
        await using var server = await TestServer.StartAsync(time, settings: "Limits:UploadsPerAccount=1");
        await server.AddUserAsync("romeo");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        var (slot, second) = (await romeo.SlotAsync("a.png", Body.Length), await romeo.SlotAsync("b.png", Body.Length));
        var incoming = Path.Combine(server.DataDirectory, "files", "incoming");
        using var client = await BeginAsync(slot, "Content-Length: 100000");
        await client.GetStream().WriteAsync(Body.AsMemory(0, 1_000));
        await UntilAsync(server, () => Directory.EnumerateFiles(incoming).Any());
        Assert.Equal(HttpStatusCode.TooManyRequests, await second.PutAsync(Body));
        var answer = LineAsync(client);
        while (!answer.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(10));
            await Task.WhenAny(answer, second.Get.StatusAsync());
        }

        Assert.StartsWith("HTTP/1.1 408 ", await answer, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(incoming));
    }

    [Fact]
    public async Task Files_survive_a_restart_and_go_with_their_account()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await server.AddUserAsync("juliet");
        GivenSlot his, hers, unused;
        await using (var romeo = await server.LoginAsync("romeo", "garden"))
        {
            (his, unused) = (await romeo.UploadAsync(Body), await romeo.SlotAsync("later.png", Body.Length));
        }

        await using (var juliet = await server.LoginAsync("juliet", "balcony"))
        {
            hers = await juliet.UploadAsync(Body);
        }

        await server.StopAsync();
        await File.WriteAllTextAsync(Path.Combine(server.DataDirectory, "files", "incoming", Key(unused)), "half");
        await server.StartAgainAsync();
        Assert.Equal(HttpStatusCode.OK, await his.Get.StatusAsync());
        Assert.Equal(HttpStatusCode.NotFound, await unused.Get.StatusAsync());
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(server.DataDirectory, "files", "incoming")));
        Assert.Equal(HttpStatusCode.Created, await unused.PutAsync(Body));
        await server.RemoveUserAsync("romeo");
        Assert.Equal(HttpStatusCode.NotFound, await his.Get.StatusAsync());
        Assert.Equal(HttpStatusCode.OK, await hers.Get.StatusAsync());
        await UntilAsync(server, () => !File.Exists(Path.Combine(server.DataDirectory, "files", Key(his)[..2], Key(his))));
        Assert.True(File.Exists(Path.Combine(server.DataDirectory, "files", Key(hers)[..2], Key(hers))));
    }

    [Fact]
    public async Task A_slot_of_an_account_that_is_gone_is_worth_nothing()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        var slot = await romeo.SlotAsync("a.png", Body.Length);
        await server.RemoveUserAsync("romeo");
        Assert.Equal(HttpStatusCode.Forbidden, await slot.PutAsync(Body));
        Assert.False(File.Exists(Path.Combine(server.DataDirectory, "files", Key(slot)[..2], Key(slot))));
    }

    [Fact]
    public async Task From_other_machines_files_go_up_encrypted()
    {
        await using var server = await TestServer.StartAsync(settings: "Tls:Required=true");
        var address = new Uri(server.Web, "/files/abcdef0123456789abcdef0123456789abcdef01/a.png");
        using var put = await address.SendAsync(HttpMethod.Put, ("X-Forwarded-For", "192.0.2.9"), ("Authorization", "Bearer AAAA"));
        Assert.Equal("Files are uploaded over https.\n", await put.Content.ReadAsStringAsync());
        using var proxied = await address.SendAsync(HttpMethod.Put, ("X-Forwarded-For", "192.0.2.9"), ("X-Forwarded-Proto", "https"), ("Authorization", "Bearer AAAA"));
        Assert.Equal("This is no slot for this address.\n", await proxied.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task No_address_or_token_is_ever_logged()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        var slot = await romeo.UploadAsync(Body);
        File.Delete(Path.Combine(server.DataDirectory, "files", Key(slot)[..2], Key(slot)));
        Assert.Equal(HttpStatusCode.NotFound, await slot.Get.StatusAsync());
        await server.StopAsync();
        Assert.Contains(server.Logs, line => line.Contains("The bytes of an uploaded file are missing", StringComparison.Ordinal));
        Assert.DoesNotContain(server.Logs, line => line.Contains(Key(slot), StringComparison.Ordinal) || line.Contains(slot.Token, StringComparison.Ordinal));
    }

    static string Key(GivenSlot slot) => slot.Put.Segments[^2].TrimEnd('/');

    static async Task<TcpClient> BeginAsync(GivenSlot slot, string headers)
    {
        var client = new TcpClient();
        await client.ConnectAsync(slot.Put.Host, slot.Put.Port);
        await client.GetStream().WriteAsync(slot.Head(headers));
        return client;
    }

    static async Task<string> LineAsync(TcpClient client)
    {
        var line = new StringBuilder();
        var buffer = new byte[1];
        while (await client.GetStream().ReadAsync(buffer).AsTask().WaitAsync(Wire.Patience, TimeProvider.System) == 1 && buffer[0] != '\n')
        {
            line.Append((char)buffer[0]);
        }

        return line.ToString().TrimEnd('\r');
    }

    /// <summary>Waits for what the server does in its own time; between two looks it answers a request.</summary>
    static async Task UntilAsync(TestServer server, Func<bool> holds)
    {
        var until = Environment.TickCount64 + (long)Wire.Patience.TotalMilliseconds;
        while (!holds())
        {
            Assert.True(Environment.TickCount64 < until, "It did not happen.");
            await new Uri(server.Web, "/healthz").StatusAsync();
        }
    }

    async Task<GivenSlot> SlotAsync() => await (await LoginAsync(Romeo)).SlotAsync("picture.png", Body.Length);
}
