using System.Net;
using System.Security.Cryptography;
using System.Text;
using Nyala.Host.Configuration;
using Nyala.Host.Monitoring;

namespace Nyala.Host.Http;

/// <summary>What monitoring asks: alive (<c>/healthz</c>), of use (<c>/readyz</c>), and how it goes (<c>/metrics</c>).</summary>
/// <param name="trouble">Why the server cannot serve now, or null.</param>
sealed class HealthEndpoints(NyalaOptions options, PrometheusExporter exporter, Func<string?> trouble)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapReading("/healthz", context => context.Response.WriteAsync("ok\n", context.RequestAborted));
        routes.MapReading("/readyz", ReadyAsync);
        routes.MapReading("/metrics", MetricsAsync);
    }

    Task ReadyAsync(HttpContext context)
    {
        var problem = trouble();
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.StatusCode = problem is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return context.Response.WriteAsync((problem ?? "ready") + "\n", context.RequestAborted);
    }

    Task MetricsAsync(HttpContext context)
    {
        if (!MayReadMetrics(context))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return context.Response.WriteAsync("Only this machine, or who sends Metrics:Token as a bearer token.\n", context.RequestAborted);
        }

        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return context.Response.WriteAsync(exporter.Write(), context.RequestAborted);
    }

    bool MayReadMetrics(HttpContext context)
    {
        if (context.Connection.RemoteIpAddress is not { } address || IPAddress.IsLoopback(address))
        {
            return true;
        }

        const string Scheme = "Bearer ";
        var authorization = context.Request.Headers.Authorization.ToString();
        return options.MetricsToken is { } token
            && authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(authorization[Scheme.Length..]), Encoding.UTF8.GetBytes(token));
    }
}
