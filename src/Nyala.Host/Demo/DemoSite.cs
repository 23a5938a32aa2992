using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.StaticFiles;
using Nyala.Host.Http;

namespace Nyala.Host.Demo;

/// <summary>
/// The page with the two sides, and the buttons' endpoints. Served by the parent, so that it stays when the server is killed; on
/// loopback, to nobody but the page itself.
/// </summary>
sealed class DemoSite : IAsyncDisposable
{
    const string Root = "/demo/";
    const string Entry = "index.html";

    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };
    static readonly FileExtensionContentTypeProvider Types = new();

    readonly WebApplication _app;
    readonly string _files;
    readonly CancellationTokenSource _ending = new();
    DemoStage? _stage;
    string _policy = "";

    DemoSite(WebApplication app, string files) => (_app, _files) = (app, files);

    /// <summary>Its origin, by the name that the first side's web app has too.</summary>
    public string Origin { get; private set; } = "";

    /// <param name="endpoint">Where it listens; port 0 takes a free one.</param>
    /// <param name="files">What the build has left for it.</param>
    /// <exception cref="StartException">The port cannot be opened.</exception>
    public static async Task<DemoSite> StartAsync(IPEndPoint endpoint, string files)
    {
        var builder = WebApplication.CreateEmptyBuilder(new() { ApplicationName = About.Name });
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 1_024;
            kestrel.Listen(endpoint);
        });
        var app = builder.Build();
        var site = new DemoSite(app, files);
        site.Map();
        try
        {
            await app.StartAsync();
        }
        catch (IOException e)
        {
            await app.DisposeAsync();
            throw Explain(endpoint, e);
        }

        site.Origin = "http://localhost:" + new Uri(app.Urls.First()).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return site;
    }

    /// <summary>From now on there is something to show.</summary>
    public void Show(DemoStage stage)
    {
        var sides = string.Join(' ', stage.Origins.SelectMany(side => side));
        _policy = $"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src {sides}; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html";
        _stage = stage;
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _ending.Dispose();
    }

    static StartException Explain(IPEndPoint endpoint, IOException failure)
    {
        if (failure.InnerException is not AddressInUseException)
        {
            return new($"The demo's page cannot be served on {endpoint}: {failure.Message}", failure);
        }

        var owner = PortOwner.Find(endpoint.Port) is { } name ? $"{name} uses it" : "another program uses it";
        return new($"Port {endpoint.Port} for the demo's page is taken, {owner}: stop that program, or add --set Listen:Http=0 for a free port.", failure);
    }

    void Map()
    {
        _app.Use(GuardAsync);
        _app.UseRouting();
        _app.MapReading("/", LeadAsync);
        foreach (var path in Directory.EnumerateFiles(_files, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(_files, path).Replace('\\', '/');
            if (name == Entry)
            {
                // Its parts are beside it, which is only so with the slash.
                _app.MapReading(Root, context => context.Request.Path == Root ? WriteAsync(context, name, path) : LeadAsync(context));
            }
            else
            {
                _app.MapReading(Root + name, context => WriteAsync(context, name, path));
            }
        }

        _app.MapGet(Root + "state", StateAsync);
        MapButton("cut", (_, stage) => NowAsync(() => stage.Cut(isCut: true)));
        MapButton("join", (_, stage) => NowAsync(() => stage.Cut(isCut: false)));
        MapButton("kill", (_, stage) => stage.KillAsync());
        MapButton("reset", (context, stage) => stage.ResetAsync(context.Request.Query["language"] == "id" ? "id" : "en"));
    }

    void MapButton(string name, Func<HttpContext, DemoStage, Task> press) => _app.MapPost(Root + name, context =>
    {
        // What takes long is seen in the state; the press itself is done at once.
        _ = press(context, _stage!);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    });

    static Task NowAsync(Action press)
    {
        press();
        return Task.CompletedTask;
    }

    /// <summary>
    /// Only the page talks to it: by the name of this machine (so that no other name can be made to lead here), and what is
    /// pressed is pressed in it (Fetch Metadata, Origin). Two names lead to the page, and one is its own.
    /// </summary>
    async Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = _policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers.CacheControl = "no-store";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        if (_stage is null)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        headers["Permissions-Policy"] = string.Join(", ", ((string[])["camera", "microphone"]).Select(
            feature => $"{feature}=({string.Join(' ', _stage.Origins.SelectMany(side => side).Select(origin => $"\"{origin}\""))})"));
        var isOwnName = "http://" + context.Request.Host.Value == Origin;
        if (!isOwnName && HttpMethods.IsGet(context.Request.Method) && context.Request.Host.Host is "127.0.0.1" or "[::1]")
        {
            await LeadAsync(context);
            return;
        }

        if (!isOwnName || (HttpMethods.IsPost(context.Request.Method) && context.Request.Headers.Origin != Origin))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        await next(context);
    }

    Task LeadAsync(HttpContext context)
    {
        context.Response.Redirect(Origin + Root);
        return Task.CompletedTask;
    }

    /// <summary>The state now and whenever it changes (server-sent events).</summary>
    async Task StateAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _ending.Token);
        try
        {
            while (true)
            {
                var (state, changed) = _stage!.Look();
                await context.Response.WriteAsync($"data: {JsonSerializer.Serialize(state, Json)}\n\n", ended.Token);
                await context.Response.Body.FlushAsync(ended.Token);
                await changed.WaitAsync(ended.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The page or the demo is gone.
        }
    }

    static Task WriteAsync(HttpContext context, string name, string path)
    {
        context.Response.ContentType = Types.TryGetContentType(name, out var type)
            ? type.StartsWith("text/", StringComparison.Ordinal) ? type + "; charset=utf-8" : type
            : "application/octet-stream";
        return context.Response.SendFileAsync(path, context.RequestAborted);
    }
}
