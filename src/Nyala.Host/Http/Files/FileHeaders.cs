using System.Text;

namespace Nyala.Host.Http.Files;

/// <summary>Headers of all answers below the root of files.</summary>
static class FileHeaders
{
    /// <summary>Neither a document nor an embedded one may do anything here, and it belongs to no origin.</summary>
    const string Policy = "default-src 'none'; img-src 'self'; media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

    /// <summary>
    /// Web clients of every origin upload and download: what opens a file is its address, and what opens an upload its token,
    /// which no browser sends by itself (XEP-0363 §8).
    /// </summary>
    public static void Add(HttpResponse response)
    {
        var headers = response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.AccessControlAllowOrigin = "*";
        headers.AccessControlExposeHeaders = "Accept-Ranges, Content-Length, Content-Range, Content-Disposition, ETag";
        headers["Cross-Origin-Resource-Policy"] = "cross-origin";
        headers["Referrer-Policy"] = "no-referrer";
        headers["X-Robots-Tag"] = "none";
    }

    /// <summary>Another server's bytes: whatever they are, they are saved or read by our own page, and never a document of this site.</summary>
    public static void AddForeign(HttpResponse response)
    {
        response.ContentType = "application/octet-stream";
        response.Headers.ContentSecurityPolicy = Policy;
        response.Headers.ContentDisposition = "attachment";
        response.Headers["X-Robots-Tag"] = "none";
    }

    /// <summary>An answer that is only words, in place of a page.</summary>
    public static Task WriteAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";

        // COMPAT(nbxmpp 4.2): it takes a body without a length for one that is too long.
        var words = Encoding.UTF8.GetBytes(text + "\n");
        context.Response.ContentLength = words.Length;
        return context.Response.Body.WriteAsync(words, context.RequestAborted).AsTask();
    }
}
