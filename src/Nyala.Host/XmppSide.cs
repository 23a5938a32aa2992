using Nyala.Core;
using Nyala.Core.Connections;
using Nyala.Core.Diagnostics;
using Nyala.Core.Sessions.Negotiation;
using Nyala.Features;
using Nyala.Features.Registration;
using Nyala.Storage;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Host;

/// <summary>The XMPP server with what connects it to sockets, and its way to end.</summary>
sealed class XmppSide : IAsyncDisposable
{
    readonly Metrics _metrics;

    XmppSide(NyalaServer server, ConnectionServices connections, Metrics metrics, Registrar registrar)
    {
        Server = server;
        Connections = connections;
        _metrics = metrics;
        Registrar = registrar;
    }

    public NyalaServer Server { get; }

    public ConnectionServices Connections { get; }

    /// <summary>Makes accounts for people who hold an invite.</summary>
    public Registrar Registrar { get; }

    public static async Task<XmppSide> StartAsync(
        ServerOptions options, IStore store, ICertificates certificates, TimeProvider time, ILoggerFactory loggers)
    {
        var metrics = new Metrics();
        Registrar? registrar = null;
        var server = await NyalaServer.CreateAsync(
            options, store, time, loggers.CreateLogger("Nyala.Server"), metrics, made => FeatureCatalog.Create(made, out registrar));
        NegotiationServices? negotiations = null;
        var connections = new ConnectionServices(options, time, certificates, metrics, loggers.CreateLogger("Nyala.Connections"), server.Timers)
        {
            // No listener is open before this method returns.
            NewHandler = () => negotiations!.NewHandler(),
        };
        negotiations = await NegotiationServices.CreateAsync(server, connections.Admission);
        return new(server, connections, metrics, registrar!);
    }

    /// <summary>Ends sessions in good order first, then what never became one.</summary>
    public async Task StopAsync(TimeSpan limit)
    {
        await Server.StopAsync();
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

    /// <summary>Ends the sessions that logged in with an old password.</summary>
    public async Task PasswordChangedAsync(string username)
    {
        if (Server.Accounts.TryGet(username, out var account))
        {
            await Server.Sessions.EndAllAsync(account, EndReason.LoggedOut, StreamError.NotAuthorized with { Text = "The password was changed." });
        }
    }

    public async ValueTask DisposeAsync()
    {
        Connections.Dispose();
        await Server.DisposeAsync();
        _metrics.Dispose();
    }
}
