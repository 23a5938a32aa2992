using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;
using Nyala.Core;

namespace Nyala.Host.Http;

/// <summary>The web app: the files that the build of <c>web/</c> has left beside the binary, served as they are.</summary>
sealed class WebApp
{
    const string Entry = "index.html";
    const string Worker = "sw.js";

    /// <summary>A worker that gives up what the one before it has kept, and itself: the app then comes from the server each time.</summary>
    static readonly byte[] Farewell = """
        self.addEventListener('install', () => self.skipWaiting());
        self.addEventListener('activate', (event) => event.waitUntil((async () => {
          for (const name of await caches.keys()) await caches.delete(name);
          await self.registration.unregister();
        })()));
        """u8.ToArray();

    static readonly FileExtensionContentTypeProvider Types = new();
    readonly IReadOnlyDictionary<string, string> _files;
    readonly string _policy;
    readonly (string Before, string After) _entry;
    readonly bool _keepsItself;
    readonly string? _framedBy;

    WebApp(IReadOnlyDictionary<string, string> files, ServerOptions options, bool keepsItself, string? framedBy)
    {
        _files = files;
        _keepsItself = keepsItself;
        _framedBy = framedBy;
        _policy = Policy(WebAddresses.WebSocket(options.WebAddress), options.Uploads.Address ?? options.WebAddress, framedBy ?? "'none'");
        var entry = File.ReadAllText(files[Entry]);
        var head = entry.IndexOf("</head>", StringComparison.Ordinal);
        _entry = head < 0 ? ("", entry) : (entry[..head], entry[head..]);
    }

    /// <summary>Where the build leaves the app.</summary>
    public static string Beside { get; } = Path.Combine(AppContext.BaseDirectory, "web");

    /// <summary>Whether this binary was built with Node.</summary>
    public static bool IsBeside => File.Exists(Path.Combine(Beside, Entry));

    /// <summary>The app beside this binary; null where it was built without Node.</summary>
    /// <param name="directory">Where the build has left it.</param>
    /// <param name="options">The server.</param>
    /// <param name="earlier">What earlier builds had, for pages that are still open; null: nothing.</param>
    /// <param name="keepsItself">Browsers may keep the app, to start it without a connection.</param>
    /// <param name="framedBy">The origin of the demo's page, which may frame it and sign people in; null: nobody may.</param>
    public static WebApp? Find(
        string directory, ServerOptions options, EarlierBuilds? earlier = null, bool keepsItself = true, string? framedBy = null)
    {
        if (!File.Exists(Path.Combine(directory, Entry)))
        {
            return null;
        }

        var files = Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)
            .Where(path => !IsPacked(path))
            .ToDictionary(path => Path.GetRelativePath(directory, path).Replace('\\', '/'), StringComparer.Ordinal);
        foreach (var (name, path) in earlier?.Take(directory) ?? [])
        {
            files.TryAdd(name, path);
        }

        return new(files, options, keepsItself, framedBy);
    }

    /// <summary>Whether a file is another one, compressed.</summary>
    public static bool IsPacked(string path) => path.EndsWith(".br", StringComparison.Ordinal) || path.EndsWith(".gz", StringComparison.Ordinal);

    /// <summary>Every file has its address; the entry is also at <c>/</c>.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (var (name, path) in _files)
        {
            if (name == Worker && !_keepsItself)
            {
                routes.MapReading("/" + name, SayFarewellAsync);
                continue;
            }

            if (name == Entry && _framedBy is { } page)
            {
                routes.MapReading("/", context => WriteEntryAsync(context, Html.Of($"<meta name=\"nyala-demo\" content=\"{page}\">")));
                continue;
            }

            var tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))[..32]}\"";
            routes.MapReading(name == Entry ? "/" : "/" + name, context => WriteAsync(context, name, path, tag));
        }
    }

    /// <summary>The entry with something in its head, for programs that make a preview of the address and run no script.</summary>
    public Task WriteEntryAsync(HttpContext context, Html head)
    {
        AddPolicy(context);
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync(_entry.Before + head.Value + _entry.After, Encoding.UTF8, context.RequestAborted);
    }

    /// <summary>
    /// Nothing inline and nothing foreign; what becomes HTML or script goes through the app's own narrow policy (Trusted Types).
    /// The WebSocket and the files are named beside 'self', because older browsers do not take that for other schemes and ports.
    /// </summary>
    static string Policy(string webSocket, string files, string ancestors) =>
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        + $"connect-src 'self' {webSocket} {files}; img-src 'self' blob: data: {files}; media-src 'self' blob: {files}; "
        + $"worker-src 'self'; manifest-src 'self'; font-src 'self'; frame-ancestors {ancestors}; base-uri 'none'; form-action 'none'; "
        + "require-trusted-types-for 'script'; trusted-types svelte-trusted-html default";

    void AddPolicy(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = _policy;
        if (_framedBy is not null)
        {
            // It knows no single origin; the policy does.
            headers.Remove(HeaderNames.XFrameOptions);
        }

        headers["Permissions-Policy"] = "camera=(self), microphone=(self), geolocation=()";
    }

    Task SayFarewellAsync(HttpContext context)
    {
        context.Response.ContentType = Type(Worker);
        return context.Response.Body.WriteAsync(Farewell, context.RequestAborted).AsTask();
    }

    async Task WriteAsync(HttpContext context, string name, string path, string tag)
    {
        // A worker asks under the policy that it came with, so scripts have that of the page.
        AddPolicy(context);

        // Names under assets/ hold the hash of their content; everything else is asked for again, and mostly not sent again.
        var headers = context.Response.Headers;
        headers.CacheControl = name.StartsWith("assets/", StringComparison.Ordinal) ? "public, max-age=31536000, immutable" : "no-cache";
        headers.ETag = tag;
        headers.Vary = HeaderNames.AcceptEncoding;
        if (context.Request.GetTypedHeaders().IfNoneMatch.Any(known => known.Tag == tag || known.Equals(EntityTagHeaderValue.Any)))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        context.Response.ContentType = Type(name);
        await context.Response.SendFileAsync(Packed(context, path), context.RequestAborted);
    }

    /// <summary>The compressed file beside it that the browser takes, else the file itself.</summary>
    static string Packed(HttpContext context, string path)
    {
        foreach (var (coding, ending) in new[] { ("br", ".br"), ("gzip", ".gz") })
        {
            var accepted = context.Request.GetTypedHeaders().AcceptEncoding.Any(value => value.Value == coding && value.Quality is not 0);
            if (accepted && File.Exists(path + ending))
            {
                context.Response.Headers.ContentEncoding = coding;
                return path + ending;
            }
        }

        return path;
    }

    static string Type(string name)
    {
        var type = name.EndsWith(".webmanifest", StringComparison.Ordinal) ? "application/manifest+json"
            : Types.TryGetContentType(name, out var known) ? known : "application/octet-stream";
        return type.StartsWith("text/", StringComparison.Ordinal) ? type + "; charset=utf-8" : type;
    }
}
