using System.Security.Cryptography;

namespace Nyala.Host.Http;

/// <summary>The files pages need, inside the binary.</summary>
static class Assets
{
    static readonly byte[] Css = Read("nyala.css");
    static readonly byte[] Svg = Read("nyala.svg");

    /// <summary>Changes when a file changes, so that browsers may keep them.</summary>
    public static string Version { get; } = Convert.ToHexStringLower(SHA256.HashData(Css))[..8];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapReading("/assets/nyala.css", context => WriteAsync(context, "text/css; charset=utf-8", Css));
        routes.MapReading("/assets/nyala.svg", context => WriteAsync(context, "image/svg+xml", Svg));
        routes.MapReading("/favicon.ico", context => WriteAsync(context, "image/svg+xml", Svg));
    }

    static async Task WriteAsync(HttpContext context, string type, byte[] content)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = content.Length;
        context.Response.Headers.CacheControl = "public, max-age=86400";
        await context.Response.Body.WriteAsync(content, context.RequestAborted);
    }

    static byte[] Read(string name)
    {
        using var stream = typeof(Assets).Assembly.GetManifestResourceStream("Nyala.Host.Http.Assets." + name)
            ?? throw new InvalidOperationException($"The asset {name} is missing from the binary.");
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
