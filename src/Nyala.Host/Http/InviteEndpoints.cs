using Nyala.Core;
using Nyala.Features.Registration;
using Nyala.Host.Configuration;
using Nyala.Host.Http.Pages;
using Nyala.Storage;

namespace Nyala.Host.Http;

/// <summary>Landing pages of invites, and the form that makes an account in the browser.</summary>
/// <param name="web">The web app that opens invites itself, or null where there is only the page.</param>
sealed class InviteEndpoints(NyalaOptions options, NyalaServer server, Registrar registrar, WebApp? web, TimeProvider time, ILogger logger)
{
    const int MaxFormBytes = 4_096;
    const int AttemptsPerRegistration = 20;

    readonly InvitePage _page = new(options);
    readonly Invitations _invitations = new(server);

    // Who holds an invite may register, and a whole campus may share an address (R14): only hammering is stopped.
    readonly RegistrationLimit _attempts = new(
        options.Server.Limits with { RegistrationsPerAddress = options.Server.Limits.RegistrationsPerAddress * AttemptsPerRegistration }, time);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapReading("/invite/{token}", ShowAsync);
        routes.MapPost("/invite/{token}", CreateAsync);
    }

    /// <summary>The app where there is one; the page for those whose browser runs no scripts, or who want another app (<c>?apps</c>).</summary>
    async Task ShowAsync(HttpContext context)
    {
        var found = await _invitations.FindAsync((string)context.Request.RouteValues["token"]!);
        if (web is not null && !context.Request.Query.ContainsKey("apps"))
        {
            context.Response.StatusCode = found is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK;
            await web.WriteEntryAsync(context, found is null ? Html.Empty : Preview.Of(found, Texts.For(context.Request), options));
            return;
        }

        if (found is null)
        {
            await GoneAsync(context);
            return;
        }

        await _page.WriteAsync(context, Texts.For(context.Request), StatusCodes.Status200OK, new(found.Invite, found.Inviter?.Username));
    }

    async Task CreateAsync(HttpContext context)
    {
        var texts = Texts.For(context.Request);
        if (!IsSameOrigin(context.Request))
        {
            await Layout.WriteMessageAsync(context, StatusCodes.Status403Forbidden, t => t.WrongTitle, t => t.ForeignForm);
            return;
        }

        if (await FindAsync(context) is not { Invite.CreatesAccount: true } view)
        {
            await GoneAsync(context);
            return;
        }

        var form = await ReadFormAsync(context);
        var (username, password) = (form["username"].ToString().Trim(), form["password"].ToString());
        view = view with { Username = username };
        Task AgainAsync(int status, string error) => _page.WriteAsync(context, texts, status, view with { Error = error });

        if (password != form["again"].ToString())
        {
            await AgainAsync(StatusCodes.Status400BadRequest, texts.PasswordsDiffer);
            return;
        }

        if (!MayRegister(context))
        {
            await AgainAsync(StatusCodes.Status429TooManyRequests, texts.TooMany);
            return;
        }

        try
        {
            var result = await registrar.RegisterAsync(username, password, view.Invite, time.GetUtcNow(), context.Connection.RemoteIpAddress);
            await (result.Problem switch
            {
                RegistrationProblem.None => _page.WriteDoneAsync(context, texts, result.Account!.Username, view.Inviter),
                RegistrationProblem.BadUsername => AgainAsync(StatusCodes.Status400BadRequest, texts.BadUsername),
                RegistrationProblem.BadPassword => AgainAsync(StatusCodes.Status400BadRequest, texts.BadPassword),
                RegistrationProblem.Taken => AgainAsync(StatusCodes.Status409Conflict, texts.Taken),
                RegistrationProblem.TooMany => AgainAsync(StatusCodes.Status429TooManyRequests, texts.TooMany),
                _ => GoneAsync(context),
            });
        }
        catch (StoreException)
        {
            await AgainAsync(StatusCodes.Status503ServiceUnavailable, texts.NoSpace);
        }
    }

    async Task<InviteForm?> FindAsync(HttpContext context) =>
        await _invitations.FindAsync((string)context.Request.RouteValues["token"]!) is { } found ? new(found.Invite, found.Inviter?.Username) : null;

    static Task GoneAsync(HttpContext context) =>
        Layout.WriteMessageAsync(context, StatusCodes.Status404NotFound, texts => texts.GoneTitle, texts => texts.GoneText);

    static async Task<IFormCollection> ReadFormAsync(HttpContext context)
    {
        if (!context.Request.HasFormContentType || context.Request.ContentLength is null or > MaxFormBytes)
        {
            return FormCollection.Empty;
        }

        try
        {
            return await context.Request.ReadFormAsync(new() { BufferBodyLengthLimit = MaxFormBytes, ValueCountLimit = 8 }, context.RequestAborted);
        }
        catch (InvalidDataException)
        {
            return FormCollection.Empty;
        }
    }

    bool MayRegister(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress;
        if (_attempts.TryTake(address))
        {
            return true;
        }

        Log.TooManyRegistrations(logger, address?.ToString() ?? "?");
        return false;
    }

    /// <summary>
    /// Whether a form comes from a page of ours. Browsers say so in Sec-Fetch-Site or Origin; what sends neither is no browser
    /// and holds nothing that a forged request could abuse.
    /// </summary>
    static bool IsSameOrigin(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site.Length > 0)
        {
            return site is "same-origin" or "none";
        }

        var origin = request.Headers.Origin.ToString();
        return origin.Length == 0
            || (Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase));
    }
}
