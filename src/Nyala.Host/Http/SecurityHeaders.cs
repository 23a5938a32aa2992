namespace Nyala.Host.Http;

/// <summary>What every answer carries: pages run no script, load nothing foreign, and are framed by nobody.</summary>
static class SecurityHeaders
{
    const string Policy =
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    public static Task AddAsync(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";

        // Pages hold tokens, numbers are of the moment. What may be kept says so itself.
        headers.CacheControl = "no-store";
        headers.XFrameOptions = "DENY";

        // An invite's token is in the address. Not no-referrer: that would hide the Origin of our own form.
        headers["Referrer-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = context.Request.Path.StartsWithSegments("/.well-known", StringComparison.Ordinal) ? "cross-origin" : "same-origin";
        return next(context);
    }
}
