using System.Text.Json;
using System.Xml.Linq;
using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Xmpp;

namespace Nyala.Host.Http;

/// <summary>Where WebSocket clients connect, for those who know only the domain (XEP-0156 §3, RFC 6415).</summary>
[Xep(156, "1.4.0", Note = "WebSocket; host-meta and host-meta.json")]
static class HostMeta
{
    static readonly XNamespace Xrd = "http://docs.oasis-open.org/ns/xri/xrd-1.0";

    public static void Map(IEndpointRouteBuilder routes, ServerOptions options)
    {
        var address = WebAddresses.WebSocket(options.WebAddress);
        var xml = "<?xml version='1.0' encoding='utf-8'?>\n" + new XElement(
            Xrd + "XRD", new XElement(Xrd + "Link", new XAttribute("rel", Ns.AltConnectWebSocket), new XAttribute("href", address)));
        var json = JsonSerializer.Serialize(new { links = new[] { new { rel = Ns.AltConnectWebSocket, href = address } } }, JsonSerializerOptions.Web);
        routes.MapReading("/.well-known/host-meta", context => WriteAsync(context, "application/xrd+xml; charset=utf-8", xml));
        routes.MapReading("/.well-known/host-meta.json", context => WriteAsync(context, "application/jrd+json; charset=utf-8", json));
    }

    static Task WriteAsync(HttpContext context, string type, string text)
    {
        // §3: web clients of other origins read it.
        context.Response.Headers.AccessControlAllowOrigin = "*";
        context.Response.ContentType = type;
        return context.Response.WriteAsync(text, context.RequestAborted);
    }
}
