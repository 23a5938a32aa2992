using System.Net;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http;
using Nyala.Core.Connections.Bosh;

namespace Nyala.Server.Tests.Connections;

/// <summary>Requests of BOSH as they come to the server, without sockets.</summary>
sealed class BoshClient(BoshEndpoint endpoint)
{
    public const string Body = "http://jabber.org/protocol/httpbind";

    public string Sid { get; set; } = "";

    /// <summary>The number of the last request.</summary>
    public long Rid { get; set; } = 1_573_741_820;

    /// <summary>Asks for a session; returns its answer.</summary>
    public async Task<XElement> BeginAsync(string attributes = "hold='1' wait='60' ver='1.6'")
    {
        var answer = await PostAsync($"<body xmlns='{Body}' rid='{Rid}' to='capulet.example' {attributes} xmlns:xmpp='urn:xmpp:xbosh' xmpp:version='1.0'/>");
        Sid = answer.Xml.Attribute("sid")?.Value ?? "";
        return answer.Xml;
    }

    /// <summary>The next request.</summary>
    public Task<BoshResponse> NextAsync(string content = "", string attributes = "", CancellationToken leaving = default) => SendAsync(++Rid, content, attributes, leaving);

    /// <summary>A request with any number.</summary>
    public Task<BoshResponse> SendAsync(long rid, string content = "", string attributes = "", CancellationToken leaving = default) =>
        PostAsync($"<body xmlns='{Body}' rid='{rid}' sid='{Sid}' {attributes}>{content}</body>", leaving: leaving);

    public async Task<BoshResponse> PostAsync(string text, string method = "POST", string scheme = "http", string address = "127.0.0.1", CancellationToken leaving = default)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = method;
        context.Request.Scheme = scheme;
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(text));
        var output = new MemoryStream();
        context.Response.Body = output;
        context.RequestAborted = leaving;
        context.Connection.RemoteIpAddress = IPAddress.Parse(address);
        await endpoint.RunAsync(context);
        return new(context, Encoding.UTF8.GetString(output.ToArray()));
    }
}

/// <summary>What a request was answered with.</summary>
sealed record BoshResponse(HttpContext Context, string Text)
{
    public XElement Xml => XElement.Parse(Text);

    public string? this[string attribute] => Xml.Attribute(attribute)?.Value;

    public IEnumerable<string> Names => Xml.Elements().Select(element => element.Name.LocalName);

    public IEnumerable<string?> Ids => Xml.Elements().Select(element => element.Attribute("id")?.Value);
}
