using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Nyala.Core.Routing;
using Nyala.Xmpp;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Connections.Bosh;

/// <summary>What the host maps at <c>/http-bind</c>: streams for clients that have nothing but requests of HTTP. Safe from any thread.</summary>
[Xep(124, "1.11.2", Note = "without several streams in one session, key sequences, compression and reports")]
[Xep(206, "1.4")]
public sealed class BoshEndpoint(ConnectionServices services)
{
    /// <summary>What a wrapper may add to the elements in it.</summary>
    const int WrapperBytes = 4_096;

    readonly ConcurrentDictionary<string, BoshConnection> _sessions = new(StringComparer.Ordinal);

    /// <summary>Sessions at this moment.</summary>
    public int Count => _sessions.Count;

    /// <summary>Serves one request.</summary>
    public async Task RunAsync(HttpContext context)
    {
        var headers = context.Response.Headers;

        // Web clients of all origins: whoever knows no sid can do nothing, and cookies play no part.
        headers.AccessControlAllowOrigin = "*";
        headers["Cross-Origin-Resource-Policy"] = "cross-origin";
        if (HttpMethods.IsOptions(context.Request.Method))
        {
            headers.AccessControlAllowMethods = "POST, OPTIONS";
            headers.AccessControlAllowHeaders = "Content-Type";
            headers.AccessControlMaxAge = "86400";
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        if (!HttpMethods.IsPost(context.Request.Method))
        {
            headers.Allow = "POST, OPTIONS";
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            await context.Response.WriteAsync("This address speaks XMPP over BOSH (XEP-0124, XEP-0206).");
            return;
        }

        var (body, problem) = await ReadAsync(context);
        if (body is null)
        {
            await WriteAsync(context, BoshAnswer.Terminal(problem), null);
        }
        else if (body.Sid is { } sid)
        {
            await GoOnAsync(context, body, sid);
        }
        else
        {
            await BeginAsync(context, body);
        }
    }

    async Task BeginAsync(HttpContext context, BoshBody body)
    {
        if (Refusal(body) is { } condition)
        {
            await WriteAsync(context, BoshAnswer.Terminal(condition), BoshTerms.Of(body));
            return;
        }

        var address = context.Connection.RemoteIpAddress;
        var remote = address is null ? null : new IPEndPoint(address, context.Connection.RemotePort);
        var session = new BoshConnection(services, body, body.Rid!.Value, remote, IsSecure(context), sid => _sessions.TryRemove(sid, out _))
        {
            Handler = services.NewHandler(),
        };
        _sessions[session.Sid] = session;
        var request = session.Take(body.Rid.Value, body);

        // The session outlives this request, and nothing of it is to flow there.
        using (ExecutionContext.SuppressFlow())
        {
            _ = session.RunAsync();
        }

        await AnswerAsync(context, session, request);
    }

    async Task GoOnAsync(HttpContext context, BoshBody body, string sid)
    {
        if (!_sessions.TryGetValue(sid, out var session))
        {
            await WriteAsync(context, BoshAnswer.Terminal("item-not-found"), null);
        }
        else if (session.IsSecure && !IsSecure(context))
        {
            // §19.1: neither answered nor held against the session, which somebody else may want to end.
            context.Abort();
        }
        else if (body.Rid is not { } rid)
        {
            await WriteAsync(context, BoshAnswer.Terminal("bad-request"), session.Terms);
        }
        else
        {
            await AnswerAsync(context, session, session.Take(rid, body));
        }
    }

    static async Task AnswerAsync(HttpContext context, BoshConnection session, BoshRequest request)
    {
        await using var leaving = context.RequestAborted.UnsafeRegister(
            static state =>
            {
                var (session, request) = ((BoshConnection, BoshRequest))state!;
                session.Left(request);
            },
            (session, request));
        await WriteAsync(context, await request.Answer.Task, session.Terms);
    }

    /// <summary>Why a session is not begun (§17.2), or null.</summary>
    string? Refusal(BoshBody body) =>
        body.Rid is null ? "bad-request"
        : body["to"] is not { Length: > 0 } to ? "improper-addressing"
        : !Jid.TryParse(to, out var jid) || jid.Local is not null || jid.Resource is not null || jid.Domain != services.Options.Domain ? "host-unknown"
        : null;

    /// <summary>
    /// Reads a wrapper. Strangers may send as much as before authentication only: for more, its beginning must name a session
    /// that is authenticated.
    /// </summary>
    async ValueTask<(BoshBody? Body, string? Problem)> ReadAsync(HttpContext context)
    {
        var limits = services.BeforeAuthentication;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = services.AfterAuthentication.StanzaBytes + WrapperBytes;
        }

        var bytes = new ArrayBufferWriter<byte>();
        while (await context.Request.Body.ReadAsync(bytes.GetMemory(4_096), context.RequestAborted) is var count and > 0)
        {
            bytes.Advance(count);
            if (bytes.WrittenCount <= limits.StanzaBytes + WrapperBytes)
            {
                continue;
            }

            if (limits == services.AfterAuthentication || BoshBody.PeekSid(bytes.WrittenSpan, limits) is not { } sid
                || !_sessions.TryGetValue(sid, out var session) || !session.MaySendMuch)
            {
                return (null, "policy-violation");
            }

            limits = services.AfterAuthentication;
        }

        return BoshBody.Read(bytes.WrittenSpan, limits) is { } body ? (body, null) : (null, "bad-request");
    }

    static async Task WriteAsync(HttpContext context, BoshAnswer answer, BoshTerms? terms)
    {
        var response = context.Response;
        response.StatusCode = terms is { Version: null } ? answer.LegacyStatus : StatusCodes.Status200OK;
        response.ContentType = terms?.ContentType ?? BoshTerms.UsualContentType;
        response.ContentLength = answer.Body.Length;
        await response.Body.WriteAsync(answer.Body, context.RequestAborted);
    }

    // Loopback: a browser on this machine, or a proxy that ended TLS before us.
    static bool IsSecure(HttpContext context) =>
        context.Request.IsHttps || context.Connection.RemoteIpAddress is not { } address || IPAddress.IsLoopback(address);
}
