using System.Net.Mime;
using System.Text.Json;
using System.Text.Json.Serialization;
using Nyala.Core;
using Nyala.Features.Registration;
using Nyala.Host.Configuration;
using Nyala.Host.Http.Pages;

namespace Nyala.Host.Http;

/// <summary>
/// What the web app asks before anybody is signed in: which door it is (docs/web.md), and what an invite is about. Nothing
/// secret, and nothing is used up by asking.
/// </summary>
sealed class StartEndpoint(NyalaOptions options, NyalaServer server)
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    readonly Invitations _invitations = new(server);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapReading("/start", StartAsync);
        routes.MapReading("/start/invite/{token}", InviteAsync);
        routes.MapReading("/start/invite/{token}/face", FaceAsync);
        routes.MapReading("/start/invite/{token}/code.svg", CodeAsync);
    }

    async Task StartAsync(HttpContext context) => await WriteAsync(context, StatusCodes.Status200OK, new
    {
        domain = options.Server.Domain,
        name = options.OperatorName ?? options.Server.Domain,
        sentence = options.OperatorSentence,
        registration = options.Server.Registration.ToString().ToLowerInvariant(),
        isEmpty = await server.Store.Accounts.CountAsync() == 0,
        address = options.Server.WebAddress,
        isReachable = WebAddresses.IsReachable(options.Server.WebAddress),
    });

    async Task InviteAsync(HttpContext context)
    {
        if (await FindAsync(context) is not var (invite, inviter, room))
        {
            await WriteAsync(context, StatusCodes.Status404NotFound, new { title = "The invite is not good", status = StatusCodes.Status404NotFound, code = "bad-invite" });
            return;
        }

        await WriteAsync(context, StatusCodes.Status200OK, new
        {
            createsAccount = invite.CreatesAccount,
            username = invite.Username,
            greeting = invite.Greeting,
            expires = invite.ExpiresAt,
            app = InviteLinks.Uri(options.Server, invite, inviter?.Username),
            inviter = inviter is null ? null : new
            {
                address = $"{inviter.Username}@{options.Server.Domain}",
                name = inviter.Name,
                isThere = inviter.IsThere,
                hasFace = await _invitations.FaceAsync(invite) is not null,
            },
            room = room is null ? null : new { address = room.Address.ToString(), title = room.Title, members = room.Members, needsApproval = invite.NeedsApproval },
        });
    }

    async Task FaceAsync(HttpContext context)
    {
        if (await FindAsync(context) is not { } found || await _invitations.FaceAsync(found.Invite) is not { } face)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        context.Response.ContentType = face.Type;
        context.Response.ContentLength = face.Data.Length;
        await context.Response.Body.WriteAsync(face.Data, context.RequestAborted);
    }

    /// <summary>The invite's page as a code for another device's camera.</summary>
    async Task CodeAsync(HttpContext context)
    {
        if (await FindAsync(context) is not { } found)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        context.Response.ContentType = "image/svg+xml";
        await context.Response.WriteAsync(
            QrSvg.Make(WebAddresses.InvitePage(options.Server.WebAddress, found.Invite.Token), Texts.For(context.Request).ScanTitle).Value, context.RequestAborted);
    }

    Task<Invitation?> FindAsync(HttpContext context) => _invitations.FindAsync((string)context.Request.RouteValues["token"]!);

    static Task WriteAsync<T>(HttpContext context, int status, T answer)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = status == StatusCodes.Status200OK ? MediaTypeNames.Application.Json : MediaTypeNames.Application.ProblemJson;
        return context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(answer, Json), context.RequestAborted).AsTask();
    }
}
