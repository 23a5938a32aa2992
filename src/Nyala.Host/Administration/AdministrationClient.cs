using System.Net.Sockets;
using System.Text.Json;

namespace Nyala.Host.Administration;

/// <summary>Administration over the socket of a running server.</summary>
sealed class AdministrationClient : IAdministration, IDisposable
{
    readonly HttpClient _http;

    AdministrationClient(HttpClient http) => _http = http;

    /// <summary>A client, or null when no server listens for this data directory.</summary>
    public static async Task<AdministrationClient?> TryConnectAsync(string dataDirectory)
    {
        var socket = SocketPath.For(dataDirectory);
        if (!File.Exists(socket))
        {
            return null;
        }

        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancellation) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
                    return new NetworkStream(connection, ownsSocket: true);
                }
                catch
                {
                    connection.Dispose();
                    throw;
                }
            },
        };

        // Integrity checks and backups read everything.
        var client = new AdministrationClient(new HttpClient(handler) { BaseAddress = new("http://nyala/v1/"), Timeout = Timeout.InfiniteTimeSpan });
        try
        {
            await client.StatusAsync();
            return client;
        }
        catch (HttpRequestException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.AccessDenied })
        {
            client.Dispose();
            throw new AdministrationException($"The server's socket {socket} may not be opened by this user: run the command as the user that runs nyala.");
        }
        catch (HttpRequestException)
        {
            // A socket that a killed server left behind.
            client.Dispose();
            return null;
        }
    }

    public Task<AccountView> AddUserAsync(NewUser user) => CallAsync<NewUser, AccountView>("users/add", user);

    public Task SetPasswordAsync(NewPassword change) => CallAsync<NewPassword, bool>("users/password", change);

    public Task RemoveUserAsync(string address) => CallAsync<string, bool>("users/remove", address);

    public Task<IReadOnlyList<AccountView>> ListUsersAsync() => CallAsync<bool, IReadOnlyList<AccountView>>("users/list", true);

    public Task SetDisabledAsync(UserDisabling change) => CallAsync<UserDisabling, bool>("users/disable", change);

    public Task SetAdminAsync(UserRole change) => CallAsync<UserRole, bool>("users/role", change);

    public Task<IReadOnlyList<ReportView>> ListReportsAsync(bool closed) => CallAsync<bool, IReadOnlyList<ReportView>>("reports/list", closed);

    public Task<ReportView> ShowReportAsync(long id) => CallAsync<long, ReportView>("reports/show", id);

    public Task CloseReportAsync(long id) => CallAsync<long, bool>("reports/close", id);

    public Task ExportUserAsync(UserFile export) => CallAsync<UserFile, bool>("users/export", export);

    public Task<InviteView> CreateInviteAsync(NewInvite invite) => CallAsync<NewInvite, InviteView>("invites/create", invite);

    public Task<IReadOnlyList<PushTestView>> TestPushAsync(string address) => CallAsync<string, IReadOnlyList<PushTestView>>("push/test", address);

    public Task<string> TurnSecretAsync() => CallAsync<bool, string>("turn/secret", true);

    public Task BackupAsync(string file) => CallAsync<string, bool>("backup", file);

    public Task<IReadOnlyList<string>> CheckIntegrityAsync() => CallAsync<bool, IReadOnlyList<string>>("integrity", true);

    public Task<ServerStatus> StatusAsync() => CallAsync<bool, ServerStatus>("status", true);

    public void Dispose() => _http.Dispose();

    async Task<TAnswer> CallAsync<TRequest, TAnswer>(string name, TRequest request)
    {
        using var answer = await _http.PostAsJsonAsync(name, request, JsonSerializerOptions.Web);
        if (answer.IsSuccessStatusCode)
        {
            return (await answer.Content.ReadFromJsonAsync<TAnswer>(JsonSerializerOptions.Web))!;
        }

        throw new AdministrationException(answer.StatusCode == System.Net.HttpStatusCode.UnprocessableEntity
            ? (await answer.Content.ReadFromJsonAsync<string>())!
            : $"The running server answered {(int)answer.StatusCode} to {name}: its log says why, or it is of another version than this command.");
    }
}
