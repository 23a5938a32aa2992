using System.Text.Json;
using System.Xml.Linq;
using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Xmpp;

namespace Nyala.Host.Http;

/// <summary>Where web clients connect, for those who know only the domain (XEP-0156 §3, RFC 6415).</summary>
[Xep(156, "1.4.0", Note = "WebSocket and BOSH; host-meta and host-meta.json")]
static class HostMeta
{
    static readonly XNamespace Xrd = "http://docs.oasis-open.org/ns/xri/xrd-1.0";

    public static void Map(IEndpointRouteBuilder routes, ServerOptions options)
    {
        (string Rel, string Href)[] links =
        [
            (Ns.AltConnectWebSocket, WebAddresses.WebSocket(options.WebAddress)),
            (Ns.AltConnectBosh, WebAddresses.Bosh(options.WebAddress)),
        ];
        var xml = "<?xml version='1.0' encoding='utf-8'?>\n" + new XElement(
            Xrd + "XRD", links.Select(link => new XElement(Xrd + "Link", new XAttribute("rel", link.Rel), new XAttribute("href", link.Href))));
        var json = JsonSerializer.Serialize(new { links = links.Select(link => new { rel = link.Rel, href = link.Href }) }, JsonSerializerOptions.Web);
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
