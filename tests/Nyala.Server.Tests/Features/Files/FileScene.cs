using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Xml.Linq;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features.Files;

/// <summary>A slot as an app gets it.</summary>
/// <param name="Token">The value of the Authorization header.</param>
sealed record GivenSlot(Uri Put, Uri Get, string Token);

/// <summary>What an app does to upload and to download, over the wire and over HTTP.</summary>
static class FileStage
{
    public const string Service = "upload.localhost";
    public const string Ns = "urn:xmpp:http:upload:0";
    public const string Purpose = "urn:xmpp:http:upload:purpose:0";

    static readonly HttpClient Http = new(new SocketsHttpHandler { AllowAutoRedirect = false });

    /// <summary>The bytes of a file, for comparing.</summary>
    public static byte[] Bytes(int size) => [.. Enumerable.Range(0, size).Select(i => (byte)((i * 31) + (i >> 8)))];

    public static string Request(string name, long size, string? type = "image/png", string inner = "") =>
        $"<request xmlns='{Ns}' filename='{name}' size='{size}'{(type is null ? "" : $" content-type='{type}'")}>{inner}</request>";

    public static async Task<GivenSlot> SlotAsync(this Wire wire, string name, long size, string? type = "image/png", string inner = "")
    {
        var id = Guid.NewGuid().ToString("N");
        await wire.SendAsync($"<iq type='get' id='{id}' to='{Service}'>{Request(name, size, type, inner)}</iq>");
        var slot = (await wire.AwaitAsync($"<iq type='result' from='{Service}' id='{id}'><slot xmlns='{Ns}'><put><header name='Authorization'/></put><get/></slot></iq>")).Elements().Single();
        var put = slot.Element(XName.Get("put", Ns))!;
        return new(new(put.Attribute("url")!.Value), new(slot.Element(XName.Get("get", Ns))!.Attribute("url")!.Value), put.Elements().Single().Value);
    }

    /// <summary>Uploads; returns the answer's status.</summary>
    public static async Task<HttpStatusCode> PutAsync(this GivenSlot slot, byte[] body, string? type = "image/png", Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, slot.Put) { Content = new ByteArrayContent(body) };
        request.Headers.TryAddWithoutValidation("Authorization", slot.Token);
        request.Content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        change?.Invoke(request);
        using var response = await Http.SendAsync(request);
        Assert.Equal("*", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Origin")));
        return response.StatusCode;
    }

    /// <summary>Gets a slot and uploads to it.</summary>
    public static async Task<GivenSlot> UploadAsync(this Wire wire, byte[] body, string name = "picture.png", string? type = "image/png", string inner = "")
    {
        var slot = await wire.SlotAsync(name, body.Length, type, inner);
        Assert.Equal(HttpStatusCode.Created, await slot.PutAsync(body, type));
        return slot;
    }

    public static Task<HttpResponseMessage> GetAsync(this Uri address, params (string Name, string Value)[] headers) => SendAsync(address, HttpMethod.Get, headers);

    public static async Task<HttpResponseMessage> SendAsync(this Uri address, HttpMethod method, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, address);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await Http.SendAsync(request);
    }

    public static async Task<HttpStatusCode> StatusAsync(this Uri address)
    {
        using var response = await address.GetAsync();
        return response.StatusCode;
    }

    /// <summary>The head of a PUT, for connections that are driven by hand.</summary>
    public static byte[] Head(this GivenSlot slot, string length) => Encoding.ASCII.GetBytes(
        $"PUT {slot.Put.AbsolutePath} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {slot.Token}\r\nContent-Type: image/png\r\n{length}\r\n\r\n");
}
