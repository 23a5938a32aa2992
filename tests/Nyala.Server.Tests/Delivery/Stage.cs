using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using Nyala.Core;
using Nyala.Core.Diagnostics;
using Nyala.Core.Routing;
using Nyala.Features;
using Nyala.Storage;
using Nyala.Storage.Sqlite;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Delivery;

/// <summary>
/// The server without sockets: all features, a real store whose log can be steered, a clock that the test moves. Domain
/// <c>capulet.example</c>.
/// </summary>
sealed class Stage : IAsyncDisposable
{
    public const string Domain = "capulet.example";

    readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("nyala-stage-");
    readonly Metrics _metrics = new();
    readonly CollectedLogs _logs = new();
    SteeredStore _store = null!;

    Stage(ServerOptions options, IFeature[] more)
    {
        Options = options;
        More = more;
    }

    /// <summary>What holds unless a test says otherwise.</summary>
    public static ServerOptions Usual { get; } = new() { Domain = Domain, WebAddress = "https://capulet.example", ScramIterations = 4_096 };

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    public ServerOptions Options { get; }

    public NyalaServer Server { get; private set; } = null!;

    public SteeredLog Log => _store.Steered;

    public SteeredArchive Archive => _store.SteeredArchive;

    public IReadOnlyList<string> Logs => _logs.Lines;

    public SeenRosters Rosters => _store.SeenRosters;

    /// <summary>Bodies of messages that the log was told to refuse, in all lives of the process.</summary>
    public ConcurrentBag<string> Refused { get; } = [];

    IFeature[] More { get; }

    public static Task<Stage> OpenAsync(Limits? limits = null, params IFeature[] more) => OpenAsync(Usual with { Limits = limits ?? new() }, more);

    public static async Task<Stage> OpenAsync(ServerOptions options, params IFeature[] more)
    {
        var stage = new Stage(options, more);
        await stage.StartAsync();
        return stage;
    }

    /// <summary>A client of an account (made when it is not there yet) with a session that has a connection.</summary>
    public async Task<Player> EnterAsync(string username, string resource, bool counting = true, int? priority = 0)
    {
        var account = await AccountAsync(username);
        var (session, _) = await Server.Sessions.BindAsync(account, resource, null);
        var client = new Player(this, session!);
        client.Connect();
        if (counting)
        {
            await client.EnableAsync();
        }

        if (priority is not null)
        {
            await client.SendAsync($"<presence><priority>{priority}</priority></presence>");
            await client.SettleAsync();
        }

        return client;
    }

    /// <summary>Waits until the server has logged something.</summary>
    public async Task LoggedAsync(string part)
    {
        var waiting = Stopwatch.StartNew();
        while (!Logs.Any(line => line.Contains(part, StringComparison.Ordinal)))
        {
            Assert.True(waiting.Elapsed < Wire.Patience, $"Not logged: {part}");
            await Task.Yield();
        }
    }

    public async Task<LocalAccount> AccountAsync(string username)
    {
        if (await Server.Accounts.LocateAsync(username) is { } account)
        {
            return account;
        }

        await Server.Store.Accounts.CreateAsync(username, [], AccountRole.User, null, Time.GetUtcNow());
        return (await Server.Accounts.LocateAsync(username))!;
    }

    /// <summary>The process ends in good order, or without a word, and another starts on its data.</summary>
    public async Task RestartAsync(bool orderly)
    {
        if (orderly)
        {
            await Server.StopAsync();
        }

        await Server.DisposeAsync();
        await _store.DisposeAsync();
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Log.Release();
        await Server.DisposeAsync();
        await _store.DisposeAsync();
        _metrics.Dispose();
        _data.Delete(recursive: true);
    }

    async Task StartAsync()
    {
        var log = _logs.CreateLogger("stage");
        _store = new(await SqliteStore.OpenAsync(_data.FullName, Time, log), Refused);
        Server = await NyalaServer.CreateAsync(Options, _store, Time, log, _metrics, server => [.. FeatureCatalog.Create(server, out _), .. More]);
    }
}
