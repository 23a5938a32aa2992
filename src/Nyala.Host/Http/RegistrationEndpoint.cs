using System.Net;
using System.Net.Mime;
using System.Text.Json;
using Nyala.Core;
using Nyala.Features.Registration;
using Nyala.Host.Configuration;
using Nyala.Storage;
using Nyala.Xmpp.Sasl;

namespace Nyala.Host.Http;

/// <summary>
/// Accounts for apps that derive the keys themselves: the server never sees the password and does no PBKDF2, so that thousands
/// can join in seconds. docs/registration.md describes it; answers that are no success are problem details (RFC 9457).
/// </summary>
sealed class RegistrationEndpoint(NyalaOptions options, IStore store, Registrar registrar, TimeProvider time, ILogger logger)
{
    const string Path = "/register";
    const string RetryAfterSeconds = "60";
    const int AttemptsPerRegistration = 20;

    /// <summary>Names that may be asked for: a person who types asks for several, and none of them costs anything.</summary>
    const int ChecksPerAttempt = 20;

    // As on the invite's page: who holds an invite may register, and a whole campus may share an address (R14).
    readonly RegistrationLimit _attempts = new(
        options.Server.Limits with { RegistrationsPerAddress = options.Server.Limits.RegistrationsPerAddress * AttemptsPerRegistration }, time);

    readonly RegistrationLimit _checks = new(
        options.Server.Limits with { RegistrationsPerAddress = options.Server.Limits.RegistrationsPerAddress * AttemptsPerRegistration * ChecksPerAttempt }, time);

    readonly byte[] _description = JsonSerializer.SerializeToUtf8Bytes(new
    {
        domain = options.Server.Domain,
        registration = options.Server.Registration.ToString().ToLowerInvariant(),
        mechanisms = ScramHash.All.Select(hash => new { mechanism = hash.Mechanism, required = KeyRegistration.Required.Contains(hash) }),
        iterations = options.Server.ScramIterations,
        saltBytes = KeyRegistration.SaltBytes,
    });

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapReading(Path, DescribeAsync);
        routes.MapPost(Path, context => WriteAsync(context, AnswerAsync));
        routes.MapPost(Path + "/name", context => WriteAsync(context, CheckAsync));
    }

    /// <summary>What a client must know to derive the keys.</summary>
    Task DescribeAsync(HttpContext context)
    {
        context.Response.ContentType = MediaTypeNames.Application.Json;
        return context.Response.Body.WriteAsync(_description, context.RequestAborted).AsTask();
    }

    static async Task WriteAsync(HttpContext context, Func<HttpContext, Task<Answer>> respond)
    {
        var answer = await respond(context);
        var response = context.Response;
        response.StatusCode = (int)answer.Status;
        response.Headers.CacheControl = "no-store";
        if (answer.Status is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable)
        {
            response.Headers.RetryAfter = RetryAfterSeconds;
        }

        object body = answer.Address is { } address
            ? new { address }
            : new { title = answer.Title, status = response.StatusCode, detail = answer.Detail, code = answer.Code };
        response.ContentType = answer.Address is null ? MediaTypeNames.Application.ProblemJson : MediaTypeNames.Application.Json;
        await response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(body), context.RequestAborted);
    }

    async Task<Answer> AnswerAsync(HttpContext context)
    {
        var (body, refusal) = await TakeAsync(context, _attempts);
        return refusal
            ?? (KeyRegistration.TryRead(body, options.Server.ScramIterations, out var request, out var problem)
                ? await CreateAsync(request, context.Connection.RemoteIpAddress)
                : Answer.Malformed(problem));
    }

    /// <summary>Whether a name is free for who may register. It tells no more than the attempt would.</summary>
    async Task<Answer> CheckAsync(HttpContext context)
    {
        var (body, refusal) = await TakeAsync(context, _checks);
        if (refusal is not null)
        {
            return refusal;
        }

        if (!NameCheck.TryRead(body, out var check, out var problem))
        {
            return Answer.Malformed(problem);
        }

        try
        {
            var (invite, closed) = await InviteAsync(check.Token, time.GetUtcNow());
            return closed ?? (await registrar.CheckNameAsync(check.Username, invite) switch
            {
                RegistrationProblem.None => Answer.Free($"{registrar.TryPrepare(check.Username)}@{options.Server.Domain}"),
                RegistrationProblem.Taken => Answer.Taken,
                _ => Answer.BadUsername,
            });
        }
        catch (StoreException)
        {
            return Answer.NoStore;
        }
    }

    /// <summary>The body of a request that may be answered, or why it is not.</summary>
    async Task<(byte[] Body, Answer? Refusal)> TakeAsync(HttpContext context, RegistrationLimit limit)
    {
        if (options.Server.TlsRequired && !Encryption.IsSafe(context))
        {
            return ([], Answer.NotEncrypted);
        }

        if (!context.Request.HasJsonContentType())
        {
            // Not for browsers' forms either: another website's page cannot send this type without asking first (CORS).
            return ([], Answer.WrongType);
        }

        if (options.Server.Registration == RegistrationMode.Closed)
        {
            return ([], Answer.Closed);
        }

        if (!limit.TryTake(context.Connection.RemoteIpAddress))
        {
            Log.TooManyRegistrations(logger, context.Connection.RemoteIpAddress?.ToString() ?? "?");
            return ([], Answer.TooMany);
        }

        return await ReadAsync(context.Request) is { } body ? (body, null) : ([], Answer.TooLarge);
    }

    /// <summary>The invite of a token, where none is needed without one; else why not.</summary>
    async Task<(Invite? Invite, Answer? Refusal)> InviteAsync(string? token, DateTimeOffset now)
    {
        if (token is null)
        {
            return (null, options.Server.Registration == RegistrationMode.Open ? null : Answer.NeedsInvite);
        }

        return await store.Invites.FindAsync(token, now) is { CreatesAccount: true } invite ? (invite, null) : (null, Answer.BadInvite);
    }

    async Task<Answer> CreateAsync(KeyRegistration request, IPAddress? address)
    {
        var now = time.GetUtcNow();
        try
        {
            var (invite, refusal) = await InviteAsync(request.Token, now);
            if (refusal is not null)
            {
                return refusal;
            }

            var result = await registrar.RegisterAsync(request.Username, request.Credentials, invite, now, address);
            return result.Problem switch
            {
                RegistrationProblem.None => Answer.Made($"{result.Account!.Username}@{options.Server.Domain}"),
                RegistrationProblem.BadUsername => Answer.BadUsername,
                RegistrationProblem.Taken => Answer.Taken,
                RegistrationProblem.TooMany => Answer.TooMany,
                _ => Answer.BadInvite,
            };
        }
        catch (StoreException)
        {
            return Answer.NoStore;
        }
    }

    /// <summary>The whole body, or null when it is larger than any request.</summary>
    static async Task<byte[]?> ReadAsync(HttpRequest request)
    {
        if (request.ContentLength > KeyRegistration.MaxBytes)
        {
            return null;
        }

        var buffer = new byte[KeyRegistration.MaxBytes + 1];
        var read = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, request.HttpContext.RequestAborted);
        return read <= KeyRegistration.MaxBytes ? buffer[..read] : null;
    }

    /// <summary>An answer: an address that was made or is free, or a problem.</summary>
    /// <param name="Code">What clients decide by; sentences may change.</param>
    sealed record Answer(HttpStatusCode Status, string Code, string Title, string Detail)
    {
        public static readonly Answer NotEncrypted = new(HttpStatusCode.Forbidden, "not-encrypted", "Not encrypted", "Keys are secrets: use the https address.");
        public static readonly Answer WrongType = new(HttpStatusCode.UnsupportedMediaType, "wrong-type", "Wrong type", "The body is application/json.");
        public static readonly Answer TooLarge = new(HttpStatusCode.RequestEntityTooLarge, "too-large", "Too large", $"A request has {KeyRegistration.MaxBytes} bytes at most.");
        public static readonly Answer Closed = new(HttpStatusCode.Forbidden, "closed", "Registration is closed", "Only the administrator makes accounts here.");
        public static readonly Answer NeedsInvite = new(HttpStatusCode.Forbidden, "needs-invite", "An invite is needed", "This server makes accounts for people who were invited: send the invite's token.");
        public static readonly Answer BadInvite = new(HttpStatusCode.Forbidden, "bad-invite", "The invite is not good", "It is unknown, used up, too old, or makes no account.");
        public static readonly Answer BadUsername = new(HttpStatusCode.BadRequest, "bad-username", "The name cannot be used", "A username is a localpart (RFC 7622 §3.3), and the one that an invite names if it does.");
        public static readonly Answer Taken = new(HttpStatusCode.Conflict, "taken", "The name is taken", "Somebody has it, or an invite keeps it.");
        public static readonly Answer TooMany = new(HttpStatusCode.TooManyRequests, "too-many", "Too many accounts", "Too many were made from your address lately.");
        public static readonly Answer NoStore = new(HttpStatusCode.ServiceUnavailable, "unavailable", "Nothing can be stored", "No account was made; try again later.");

        public string? Address { get; private init; }

        public static Answer Made(string address) => new(HttpStatusCode.Created, "", "", "") { Address = address };

        public static Answer Free(string address) => new(HttpStatusCode.OK, "", "", "") { Address = address };

        public static Answer Malformed(string detail) => new(HttpStatusCode.BadRequest, "malformed", "Not understood", detail);
    }
}
