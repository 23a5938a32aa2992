using System.Collections;
using System.Net;
using Microsoft.Extensions.Logging;
using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Host;
using Nyala.Host.Configuration;
using Nyala.Storage;

namespace Nyala.Testing;

/// <summary>
/// The real server in this process, with its own data directory, on free loopback ports. Domain <c>localhost</c>; TLS is
/// offered but not required and rate limits are off unless a setting says otherwise.
/// </summary>
public sealed class TestServer : IAsyncDisposable
{
    /// <summary>The password of every account that <see cref="AddUserAsync"/> makes.</summary>
    public const string Password = "correct horse battery";

    readonly TimeProvider _time;
    readonly CollectedLogs _logs = new();
    readonly ILoggerFactory _loggers;
    readonly NyalaOptions _options;
    readonly bool _ownsData;
    readonly Func<NyalaServer, IEnumerable<IFeature>>? _more;
    RunningServer? _running;

    TestServer(NyalaOptions options, TimeProvider time, bool ownsData, Func<NyalaServer, IEnumerable<IFeature>>? more)
    {
        _more = more;
        _options = options;
        _time = time;
        _ownsData = ownsData;
        _loggers = LoggerFactory.Create(logging =>
        {
            Logging.Filter(logging, LogLevel.Debug);
            logging.AddProvider(_logs);
        });
    }

    public string Domain => _options.Server.Domain;

    public string DataDirectory => _options.Data;

    /// <summary>STARTTLS, and plain streams when TLS is not required.</summary>
    public IPEndPoint Xmpp => _options.Xmpp[0];

    /// <summary>TLS from the first byte.</summary>
    public IPEndPoint XmppTls => _options.XmppTls[0];

    /// <summary>For other servers, when the settings switch federation on.</summary>
    public IPEndPoint Servers => _options.Servers[0];

    public IPEndPoint ServersTls => _options.ServersTls[0];

    /// <summary>For components, when the settings have any.</summary>
    public IPEndPoint Components => _options.Components[0];

    public Uri Web => new($"http://{_options.Http[0]}/");

    public Uri WebTls => new($"https://{_options.Https[0]}/");

    public Uri WebSocket => new($"ws://{_options.Http[0]}/xmpp-websocket");

    /// <summary>What the server logged so far, line by line.</summary>
    public IReadOnlyList<string> Logs => _logs.Lines;

    public IStore Store => Running.Store;

    RunningServer Running => _running ?? throw new InvalidOperationException("The server is stopped.");

    /// <summary>Starts a server.</summary>
    /// <param name="time">The clock, a FakeTimeProvider for tests that move it.</param>
    /// <param name="data">A data directory to use and to leave behind; a new temporary one otherwise.</param>
    /// <param name="settings">Configuration, such as "Limits:ResourcesPerAccount=2".</param>
    public static Task<TestServer> StartAsync(TimeProvider? time = null, string? data = null, params string[] settings) =>
        StartWithAsync(null, time, data, settings);

    /// <summary>Starts a server with features beside those of the catalog.</summary>
    public static async Task<TestServer> StartWithAsync(
        Func<NyalaServer, IEnumerable<IFeature>>? more, TimeProvider? time = null, string? data = null, params string[] settings)
    {
        var directory = data ?? Directory.CreateTempSubdirectory("nyala-test-").FullName;
        string[] defaults =
        [
            $"Data={directory}", .. ((string[])["Xmpp", "XmppTls", "Servers", "ServersTls", "Components", "Http", "Https"]).Select(name => $"Listen:{name}=127.0.0.1:{LoopbackPort.Find()}"),
            "Tls:Required=false", "Limits:RateLimits=off", "Passwords:Iterations=4096",
        ];
        var options = new ConfigurationReader(new Hashtable(), directory).Load(new(ConfigFile: null, [], [.. defaults, .. settings]));
        var server = new TestServer(options, time ?? TimeProvider.System, ownsData: data is null, more);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Starts after <see cref="StopAsync"/>, on the same ports and data.</summary>
    public async Task StartAgainAsync() => _running = await RunningServer.StartAsync(_options, _time, _loggers, _more);

    /// <summary>Stops in good order, as SIGTERM does.</summary>
    public async Task StopAsync()
    {
        if (_running is { } running)
        {
            _running = null;
            await running.DisposeAsync();
        }
    }

    /// <summary>Creates an account with <see cref="Password"/>; returns its address.</summary>
    public async Task<string> AddUserAsync(string username, bool admin = false) =>
        (await Running.Administration.AddUserAsync(new(username, Password, admin))).Address;

    /// <summary>Completes when an administrator has had the process end or start anew.</summary>
    public Task<string> Departing => Running.Departure.Wanted;

    public Task DisableUserAsync(string username, bool disabled = true) => Running.Administration.SetDisabledAsync(new(username, disabled));

    public Task RemoveUserAsync(string username) => Running.Administration.RemoveUserAsync(username);

    /// <summary>Sends a test notification to an account's devices; what each service answered.</summary>
    public async Task<IReadOnlyList<(string Device, string Service, string Result, string Answer)>> TestPushAsync(string username) =>
        [.. (await Running.Administration.TestPushAsync(username)).Select(view => (view.Device, view.Service, view.Result, view.Answer))];

    /// <summary>Creates an invite; returns its token.</summary>
    public async Task<string> InviteAsync(string? from = null, bool contactOnly = false, int uses = 1, bool admin = false) =>
        (await Running.Administration.CreateInviteAsync(new(from, admin, contactOnly, uses, Hours: 24))).Token;

    /// <summary>Opens a raw connection to the STARTTLS port.</summary>
    public Task<Wire> ConnectAsync() => Wire.ConnectAsync(Xmpp, Domain);

    /// <summary>A raw connection that is logged in, with a bound resource; no presence was sent.</summary>
    public async Task<Wire> LoginAsync(string username, string resource)
    {
        var wire = await ConnectAsync();
        await wire.LoginAsync(username, Password, resource);
        return wire;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _loggers.Dispose();
        _logs.Dispose();
        if (_ownsData)
        {
            Directory.Delete(_options.Data, recursive: true);
        }
    }
}
