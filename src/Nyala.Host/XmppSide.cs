using Nyala.Core;
using Nyala.Core.Connections;
using Nyala.Core.Diagnostics;
using Nyala.Core.Routing;
using Nyala.Core.Sessions.Negotiation;
using Nyala.Federation;
using Nyala.Federation.Components;
using Nyala.Features;
using Nyala.Features.AdHoc;
using Nyala.Features.Push;
using Nyala.Features.Registration;
using Nyala.Host.Administration;
using Nyala.Storage;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Host;

/// <summary>The XMPP server with what connects it to sockets, and its way to end.</summary>
sealed class XmppSide : IAsyncDisposable
{
    readonly Metrics _metrics;

    readonly PushNotifications _push;

    XmppSide(
        NyalaServer server, ConnectionServices connections, Metrics metrics, Registrar registrar, ServerNotices notices, OtherServers? others,
        ExternalComponents? components, PushNotifications push)
    {
        _push = push;
        Notices = notices;
        Others = others;
        Components = components;
        Server = server;
        Connections = connections;
        _metrics = metrics;
        Registrar = registrar;
    }

    public NyalaServer Server { get; }

    public ConnectionServices Connections { get; }

    /// <summary>What reaches other servers; null: nothing does.</summary>
    public OtherServers? Others { get; }

    /// <summary>What lets components in; null: none is configured.</summary>
    public ExternalComponents? Components { get; }

    /// <summary>Makes accounts for people who hold an invite.</summary>
    public Registrar Registrar { get; }

    /// <summary>Tells people what administrators have to say.</summary>
    public ServerNotices Notices { get; }

    /// <param name="commands">Commands beside those of the features.</param>
    public static async Task<XmppSide> StartAsync(
        ServerOptions options, FederationOptions? federation, FederationOptions queues, IStore store, ICertificates certificates, TimeProvider time,
        ILoggerFactory loggers, CommandList commands, Func<NyalaServer, IEnumerable<IFeature>> more)
    {
        var metrics = new Metrics();
        Registrar? registrar = null;
        OtherServers? others = null;
        ExternalComponents? components = null;
        PushNotifications? push = null;
        ServerNotices? notices = null;
        var server = await NyalaServer.CreateAsync(
            options, store, time, loggers.CreateLogger("Nyala.Server"), metrics,
            made =>
            {
                IFeature[] own = [.. FeatureCatalog.Create(made, out registrar, commands, notices = new(made))];
                push = own.OfType<PushNotifications>().Single();
                return
                [
                    .. own,
                    .. federation is null ? [] : (IFeature[])[others = new(made, federation)],
                    .. options.Components.Count == 0 ? [] : (IFeature[])[components = new(made, queues)],
                    .. more(made),
                ];
            });
        NegotiationServices? negotiations = null;
        var connections = new ConnectionServices(options, time, certificates, metrics, loggers.CreateLogger("Nyala.Connections"), server.Timers)
        {
            // No listener is open before this method returns.
            NewHandler = () => negotiations!.NewHandler(),
        };
        negotiations = await NegotiationServices.CreateAsync(server, connections.Admission);
        await (others?.StartAsync(connections) ?? Task.CompletedTask);
        await (components?.StartAsync(connections) ?? Task.CompletedTask);
        return new(server, connections, metrics, registrar!, notices!, others, components, push!);
    }

    /// <summary>Ends sessions in good order first, then what never became one.</summary>
    public async Task StopAsync(TimeSpan limit)
    {
        await Server.StopAsync();
        await (Others?.StopAsync(limit) ?? Task.CompletedTask);
        await (Components?.StopAsync(limit) ?? Task.CompletedTask);
        await Connections.Registry.DrainAsync(limit);
    }

    /// <summary>Removes an account while it is loaded, so that its sessions end and its contacts learn of it.</summary>
    public async Task RemoveAccountAsync(string username, Func<Task> remove)
    {
        var account = await Server.Accounts.LocateAsync(username);
        if (account is not null)
        {
            await Server.AccountRemovingAsync(account);
        }

        await remove();
        if (account is not null)
        {
            await Server.AccountRemovedAsync(account);
        }
    }

    /// <summary>Ends the sessions of an account that was disabled, or lets its owner bind again.</summary>
    public async Task DisabledAsync(string username, bool disabled)
    {
        if (await Server.Accounts.LocateAsync(username) is { } account)
        {
            await Server.AccountDisabledAsync(account, disabled);
        }
    }

    /// <summary>Ends the sessions that logged in with an old password.</summary>
    public async Task PasswordChangedAsync(string username)
    {
        if (Server.Accounts.TryGet(username, out var account))
        {
            await Server.Sessions.EndAllAsync(account, EndReason.LoggedOut, StreamError.NotAuthorized with { Text = "The password was changed." });
        }
    }

    /// <summary>Tells the devices of an account that this is a test.</summary>
    public async Task<IReadOnlyList<PushTestView>> TestPushAsync(string username) =>
        [.. (await _push.TestAsync(username) ?? []).Select(test => new PushTestView(
            test.Device, test.Service, test.Outcome.Result.ToString().ToLowerInvariant(), test.Outcome.Answer))];

    public async ValueTask DisposeAsync()
    {
        await (Others?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (Components?.DisposeAsync() ?? ValueTask.CompletedTask);
        Connections.Dispose();
        await Server.DisposeAsync();
        _metrics.Dispose();
    }
}
