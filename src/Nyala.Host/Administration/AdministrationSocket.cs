using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Nyala.Storage;

namespace Nyala.Host.Administration;

/// <summary>
/// Administration for the command line while the server runs: HTTP and JSON over a socket in the data directory that only
/// this user can open. A listener of its own, so that no web request can ever reach it.
/// </summary>
sealed class AdministrationSocket : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly string _socket;

    AdministrationSocket(WebApplication app, string socket)
    {
        _app = app;
        _socket = socket;
    }

    public static async Task<AdministrationSocket> StartAsync(IAdministration administration, string dataDirectory)
    {
        var socket = SocketPath.For(dataDirectory);
        SocketPath.Prepare(socket, dataDirectory);
        var builder = WebApplication.CreateEmptyBuilder(new() { ApplicationName = About.Name });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(socket, listen => listen.Protocols = HttpProtocols.Http1));
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        var app = builder.Build();
        app.Use(AnswerErrorsAsync);
        Map(app, administration);
        await app.StartAsync();
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        return new(app, socket);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        File.Delete(_socket);
    }

    static void Map(WebApplication app, IAdministration administration)
    {
        Map<NewUser, AccountView>(app, "users/add", administration.AddUserAsync);
        Map<NewPassword>(app, "users/password", administration.SetPasswordAsync);
        Map<string>(app, "users/remove", administration.RemoveUserAsync);
        Map<UserDisabling>(app, "users/disable", administration.SetDisabledAsync);
        Map<UserRole>(app, "users/role", administration.SetAdminAsync);
        Map<bool, IReadOnlyList<AccountView>>(app, "users/list", _ => administration.ListUsersAsync());
        Map<UserFile>(app, "users/export", administration.ExportUserAsync);
        Map<bool, IReadOnlyList<ReportView>>(app, "reports/list", administration.ListReportsAsync);
        Map<long, ReportView>(app, "reports/show", administration.ShowReportAsync);
        Map<long>(app, "reports/close", administration.CloseReportAsync);
        Map<NewInvite, InviteView>(app, "invites/create", administration.CreateInviteAsync);
        Map<string, IReadOnlyList<PushTestView>>(app, "push/test", administration.TestPushAsync);
        Map<bool, string>(app, "turn/secret", _ => administration.TurnSecretAsync());
        Map<string>(app, "backup", administration.BackupAsync);
        Map<bool, IReadOnlyList<string>>(app, "integrity", _ => administration.CheckIntegrityAsync());
        Map<bool, ServerStatus>(app, "status", _ => administration.StatusAsync());
    }

    static void Map<TRequest>(WebApplication app, string name, Func<TRequest, Task> call) => Map<TRequest, bool>(app, name, async request =>
    {
        await call(request);
        return true;
    });

    static void Map<TRequest, TAnswer>(WebApplication app, string name, Func<TRequest, Task<TAnswer>> call) =>
        app.MapPost("/v1/" + name, async (HttpContext context) =>
        {
            var request = await JsonSerializer.DeserializeAsync<TRequest>(context.Request.Body, JsonSerializerOptions.Web, context.RequestAborted)
                ?? throw new AdministrationException("The request is empty.");
            await context.Response.WriteAsJsonAsync(await call(request), JsonSerializerOptions.Web, context.RequestAborted);
        });

    static async Task AnswerErrorsAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (Exception e) when (e is AdministrationException or StoreException or JsonException)
        {
            context.Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
            await context.Response.WriteAsJsonAsync(e.Message, JsonSerializerOptions.Web, CancellationToken.None);
        }
    }
}
