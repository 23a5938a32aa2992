using Microsoft.AspNetCore.HttpOverrides;
using Nyala.Core;
using Nyala.Core.Connections;
using Nyala.Core.Connections.Bosh;
using Nyala.Features.Registration;
using Nyala.Host.Configuration;
using Nyala.Host.Http.Files;
using Nyala.Host.Http.Pages;
using Nyala.Host.Monitoring;
using Nyala.Storage;

namespace Nyala.Host.Http;

/// <summary>Everything that is served over HTTP.</summary>
static class WebSite
{
    public static void Map(
        WebApplication app, NyalaOptions options, NyalaServer server, Registrar registrar, ConnectionServices connections,
        PrometheusExporter exporter, Func<string?> trouble, TimeProvider time, ILogger logger)
    {
        // A proxy on this machine is believed about its client; nobody else is.
        app.UseForwardedHeaders(new() { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto });
        app.Use((context, next) => AnswerFailuresAsync(context, next, logger));
        app.Use(SecurityHeaders.AddAsync);
        app.Use(new Encryption(options).RequireAsync);
        app.Use(AnswerNotFoundAsync);
        app.UseWebSockets();
        app.UseRouting();
        var earlier = new EarlierBuilds(Path.Combine(options.Data, "web"), time);
        var web = WebApp.Find(WebApp.Beside, options.Server, earlier, options.WebAppStaysInBrowsers, options.FramedBy);
        web?.Map(app);
        if (web is null)
        {
            // Built without Node: the page that says where one is, and how apps log in.
            app.MapReading("/", new HomePage(options).WriteAsync);
        }

        Assets.Map(app);
        HostMeta.Map(app, options.Server);
        FileRoutes.Map(app, server, logger);
        new InviteEndpoints(options, server, registrar, web, time, logger).Map(app);
        new StartEndpoint(options, server).Map(app);
        new RegistrationEndpoint(options, server.Store, registrar, time, logger).Map(app);
        new HealthEndpoints(options, exporter, trouble).Map(app);
        app.Map(WebAddresses.WebSocketPath, new WebSocketEndpoint(connections).RunAsync);
        app.Map(WebAddresses.BoshPath, new BoshEndpoint(connections).RunAsync);
    }

    /// <summary>What no route is for. A method that a route does not have was answered with 405 and <c>Allow</c> (RFC 9110 §15.5.6).</summary>
    static async Task AnswerNotFoundAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        if (context.Response.StatusCode == StatusCodes.Status404NotFound && !context.Response.HasStarted)
        {
            await Layout.WriteMessageAsync(context, StatusCodes.Status404NotFound, texts => texts.NotFoundTitle, texts => texts.NotFoundText);
        }
    }

    static async Task AnswerFailuresAsync(HttpContext context, RequestDelegate next, ILogger logger)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The reader left.
        }
        catch (BadHttpRequestException)
        {
            throw;
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            // The route, not the path: a path may hold a token.
            var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "?";
            Log.RequestFailed(logger, context.Request.Method, route, e);
            var status = e is StoreException ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status500InternalServerError;
            await Layout.WriteMessageAsync(context, status, texts => texts.WrongTitle, texts => texts.WrongText);
        }
    }
}
