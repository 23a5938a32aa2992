using System.Security.Cryptography;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;
using Nyala.Core;

namespace Nyala.Host.Http;

/// <summary>The web app: the files that the build of <c>web/</c> has left beside the binary, served as they are.</summary>
sealed class WebApp
{
    const string Entry = "index.html";
    static readonly FileExtensionContentTypeProvider Types = new();
    readonly string _directory;
    readonly string _policy;
    readonly string[] _files;

    WebApp(string directory, ServerOptions options)
    {
        _directory = directory;
        _files = [.. Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(directory, path).Replace('\\', '/'))
            .Where(name => !name.EndsWith(".br", StringComparison.Ordinal) && !name.EndsWith(".gz", StringComparison.Ordinal))];
        _policy = Policy(WebAddresses.WebSocket(options.WebAddress), options.Uploads.Address ?? options.WebAddress);
    }

    /// <summary>The app beside this binary; null where it was built without Node.</summary>
    public static WebApp? Find(string directory, ServerOptions options) =>
        File.Exists(Path.Combine(directory, Entry)) ? new(directory, options) : null;

    /// <summary>Every file has its address; the entry is also at <c>/</c>.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (var name in _files)
        {
            var tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(_directory, name))))[..32]}\"";
            routes.MapReading(name == Entry ? "/" : "/" + name, context => WriteAsync(context, name, tag));
        }
    }

    /// <summary>
    /// Nothing inline and nothing foreign; what becomes HTML or script goes through the app's own narrow policy (Trusted Types).
    /// The WebSocket and the files are named beside 'self', because older browsers do not take that for other schemes and ports.
    /// </summary>
    static string Policy(string webSocket, string files) =>
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        + $"connect-src 'self' {webSocket} {files}; img-src 'self' blob: data: {files}; media-src 'self' blob: {files}; "
        + "worker-src 'self'; manifest-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
        + "require-trusted-types-for 'script'; trusted-types svelte-trusted-html default";

    async Task WriteAsync(HttpContext context, string name, string tag)
    {
        var headers = context.Response.Headers;
        if (name.EndsWith(".html", StringComparison.Ordinal))
        {
            headers.ContentSecurityPolicy = _policy;
            headers["Permissions-Policy"] = "camera=(self), microphone=(self), geolocation=()";
        }

        // Names under assets/ hold the hash of their content; everything else is asked for again, and mostly not sent again.
        headers.CacheControl = name.StartsWith("assets/", StringComparison.Ordinal) ? "public, max-age=31536000, immutable" : "no-cache";
        headers.ETag = tag;
        headers.Vary = HeaderNames.AcceptEncoding;
        if (context.Request.GetTypedHeaders().IfNoneMatch.Any(known => known.Tag == tag || known.Equals(EntityTagHeaderValue.Any)))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        context.Response.ContentType = Type(name);
        await context.Response.SendFileAsync(Path.Combine(_directory, Packed(context, name)), context.RequestAborted);
    }

    /// <summary>The compressed file beside it that the browser takes, else the file itself.</summary>
    string Packed(HttpContext context, string name)
    {
        foreach (var (coding, ending) in new[] { ("br", ".br"), ("gzip", ".gz") })
        {
            var accepted = context.Request.GetTypedHeaders().AcceptEncoding.Any(value => value.Value == coding && value.Quality is not 0);
            if (accepted && File.Exists(Path.Combine(_directory, name + ending)))
            {
                context.Response.Headers.ContentEncoding = coding;
                return name + ending;
            }
        }

        return name;
    }

    static string Type(string name)
    {
        var type = Types.TryGetContentType(name, out var known) ? known : "application/octet-stream";
        return type.StartsWith("text/", StringComparison.Ordinal) ? type + "; charset=utf-8" : type;
    }
}
