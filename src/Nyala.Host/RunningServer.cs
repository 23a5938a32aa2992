using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Nyala.Core;
using Nyala.Core.Connections;
using Nyala.Core.Routing;
using Nyala.Features.AdHoc;
using Nyala.Host.Administration;
using Nyala.Host.Administration.AdHoc;
using Nyala.Host.Certificates;
using Nyala.Host.Configuration;
using Nyala.Host.Http;
using Nyala.Host.Http.Files;
using Nyala.Host.Monitoring;
using Nyala.Host.Portability;
using Nyala.Storage;
using Nyala.Storage.Sqlite;

namespace Nyala.Host;

/// <summary>A server with everything it needs: store, certificates, XMPP, ports, administration. One per data directory.</summary>
sealed class RunningServer : IAsyncDisposable
{
    /// <summary>How long a drain may take before what is left is cut.</summary>
    static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(3);

    readonly ReservedPorts _ports;
    readonly ILogger _logger;
    readonly DateTimeOffset _since;
    readonly List<IAsyncDisposable> _owned = [];
    readonly List<SocketListener> _listeners = [];
    WebApplication? _web;
    XmppSide? _xmpp;
    volatile bool _stopping;
    bool _started;

    RunningServer(ReservedPorts ports, DateTimeOffset since, ILogger logger)
    {
        _ports = ports;
        _owned.Add(new Disposer(ports));
        _since = since;
        _logger = logger;
    }

    /// <summary>The configuration in force, with the ports that were really taken.</summary>
    public NyalaOptions Options => _ports.Options;

    public IStore Store { get; private set; } = null!;

    public AdministrationService Administration { get; private set; } = null!;

    /// <summary>An administrator's wish that the process end, or start anew.</summary>
    public Departure Departure { get; } = new();

    /// <exception cref="StartException">Something is in the way; the message says what and how to remove it.</exception>
    /// <exception cref="StoreException">The store cannot be opened.</exception>
    /// <exception cref="CertificateException">The certificate cannot be used.</exception>
    /// <param name="options">The configuration.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">Where it logs.</param>
    /// <param name="more">Features beside those of the catalog.</param>
    public static async Task<RunningServer> StartAsync(
        NyalaOptions options, TimeProvider time, ILoggerFactory loggers, Func<NyalaServer, IEnumerable<IFeature>>? more = null)
    {
        SelfTest.Run();
        var server = new RunningServer(ReservedPorts.Choose(options), time.GetUtcNow(), loggers.CreateLogger("Nyala.Host"));
        try
        {
            await server.StartPartsAsync(time, loggers, more ?? (_ => []));
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Lets everybody go in good order: ports closed at once, streams ended with system-shutdown, commits finished (R15).
    /// </summary>
    public async Task StopAsync()
    {
        if (_stopping)
        {
            return;
        }

        _stopping = true;
        _listeners.ForEach(listener => listener.Dispose());

        // Kestrel closes its ports first and then waits for the connections that the drain ends meanwhile.
        using var limit = new CancellationTokenSource(DrainLimit + TimeSpan.FromSeconds(1));
        var ports = _web?.StopAsync(limit.Token) ?? Task.CompletedTask;
        await (_xmpp?.StopAsync(DrainLimit) ?? Task.CompletedTask);
        await ports;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        for (var i = _owned.Count - 1; i >= 0; i--)
        {
            await _owned[i].DisposeAsync();
        }

        if (_started)
        {
            Log.Stopped(_logger);
        }
    }

    async Task StartPartsAsync(TimeProvider time, ILoggerFactory loggers, Func<NyalaServer, IEnumerable<IFeature>> more)
    {
        Store = Own(await SqliteStore.OpenAsync(
            Options.Data, time, loggers.CreateLogger("Nyala.Storage"), new() { FilesDirectory = Options.FilesDirectory }));
        var certificates = new CertificateStore(Options, time, _logger);
        _owned.Add(new Disposer(certificates));
        var exporter = new PrometheusExporter();
        _owned.Add(new Disposer(exporter));
        Administration = new(Store, Options.Server, time, _logger, by: "administration") { Status = Status };
        var commands = new CommandList();
        new AdministrationCommands(Administration, Options.Federation, Departure).AddTo(commands);
        var copies = new ExportLinks(Options, Store, time);
        copies.AddTo(commands);
        var passes = new MediaPasses(time);
        passes.AddTo(commands);
        _xmpp = Own(await XmppSide.StartAsync(Options.Server, Options.Federation, Options.Queues, Store, certificates, time, loggers, commands, more));
        Administration.Live = _xmpp;
        _web = Own(BuildWeb(certificates, exporter, copies, passes, time, loggers));
        await OpenPortsAsync(certificates, time);
        Own(await AdministrationSocket.StartAsync(Administration, Options.Data));
        Own(QuietHeap.Watch(time));
        _started = true;
        Log.Started(_logger, About.Version, Options.Server.Domain, Options.Data);
    }

    WebApplication BuildWeb(CertificateStore certificates, PrometheusExporter exporter, ExportLinks copies, MediaPasses passes, TimeProvider time, ILoggerFactory loggers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new() { ApplicationName = About.Name });
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();

        // The default lets a stranger have a megabyte buffered before anything reads it.
        builder.Services.Configure<SocketTransportOptions>(sockets =>
        {
            sockets.MaxReadBufferSize = 32 * 1_024;
            sockets.Backlog = Listeners.Backlog;
            sockets.CreateBoundListenSocket = _ports.Bind;

            // Whoever reads or writes goes on itself: each thread that is woken costs more than the work of a message.
            sockets.UnsafePreferInlineScheduling = true;
        });
        builder.WebHost.ConfigureKestrel(new Listeners(Options, _xmpp!.Connections, certificates).Configure);
        var app = builder.Build();
        WebSite.Map(app, Options, _xmpp!.Server, _xmpp.Registrar, _xmpp.Connections, exporter, Trouble, time, _logger);
        copies.Map(app);
        var foreign = new ForeignDownloads(Options, Store, passes);
        _owned.Add(new Disposer(foreign));
        foreign.Map(app);
        return app;
    }

    async Task OpenPortsAsync(CertificateStore certificates, TimeProvider time)
    {
        var listeners = new Listeners(Options, _xmpp!.Connections, certificates);
        try
        {
            listeners.OpenXmpp(_ports.Bind, _listeners.Add, time, _logger);
            if (_xmpp.Others is { } others)
            {
                listeners.OpenServers(others, _ports.Bind, _listeners.Add, time, _logger);
            }

            if (_xmpp.Components is { } components)
            {
                listeners.OpenComponents(components, _ports.Bind, _listeners.Add, time, _logger);
            }

            // Without an endpoint Kestrel would open one of its own choice.
            if (Options.HasPages)
            {
                await _web!.StartAsync();
            }
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            throw listeners.Explain(e);
        }
    }

    string? Trouble() => _stopping ? "The server is stopping." : Store.Trouble;

    ServerStatus Status() => new(Running: true, About.Version, Options.Server.Domain, _since, Store.Trouble, Listeners.Describe(Options));

    T Own<T>(T part)
        where T : IAsyncDisposable
    {
        _owned.Add(part);
        return part;
    }

    sealed class Disposer(IDisposable part) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            part.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
