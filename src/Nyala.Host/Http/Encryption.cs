using System.Net;
using Nyala.Features.Files;
using Nyala.Host.Configuration;
using Nyala.Host.Http.Pages;

namespace Nyala.Host.Http;

/// <summary>
/// Keeps people off unencrypted pages: from other machines, plain HTTP leads to the HTTPS address. What comes from this
/// machine counts as safe, and a TLS proxy on it says what its client used (X-Forwarded-Proto).
/// </summary>
sealed class Encryption(NyalaOptions options)
{
    /// <summary>Whether nobody between the client and this machine can read along.</summary>
    public static bool IsSafe(HttpContext context) =>
        context.Request.IsHttps || context.Connection.RemoteIpAddress is not { } address || IPAddress.IsLoopback(address);

    public Task RequireAsync(HttpContext context, RequestDelegate next)
    {
        var isPage = context.Request.Path == "/" || context.Request.Path.StartsWithSegments("/invite", StringComparison.Ordinal)
            || context.Request.Path.StartsWithSegments(FileAddress.Root, StringComparison.Ordinal)
            || context.Request.Path.StartsWithSegments("/export", StringComparison.Ordinal);
        if (!isPage || IsSafe(context))
        {
            return next(context);
        }

        var secure = options.Server.WebAddress.StartsWith("https:", StringComparison.Ordinal);
        if (secure && HttpMethods.IsGet(context.Request.Method))
        {
            context.Response.Redirect(options.Server.WebAddress + context.Request.Path, permanent: false, preserveMethod: true);
            return Task.CompletedTask;
        }

        return options.Server.TlsRequired && HttpMethods.IsPost(context.Request.Method)
            ? Layout.WriteMessageAsync(context, StatusCodes.Status403Forbidden, texts => texts.WrongTitle, texts => texts.NotSecure)
            : next(context);
    }
}
