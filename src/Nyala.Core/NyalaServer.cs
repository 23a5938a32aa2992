using Microsoft.Extensions.Logging;
using Nyala.Core.Components;
using Nyala.Core.Connections;
using Nyala.Core.Diagnostics;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Storage;

namespace Nyala.Core;

/// <summary>
/// The XMPP server of one domain, without listeners: whoever has a socket gives it to <see cref="Connections"/>.
/// Made by <see cref="CreateAsync"/>; safe from any thread.
/// </summary>
public sealed class NyalaServer : IAsyncDisposable
{
    NyalaServer(ServerOptions options, IStore store, TimeProvider time, ILogger log, TimerWheel timers, Metrics metrics, byte[] streamKey, PeerPolicy peers)
    {
        Peers = peers;
        Options = options;
        Store = store;
        Time = time;
        Log = log;
        Timers = timers;
        Metrics = metrics;
        StreamIds = new(streamKey);
        Features = new();
        Accounts = new(store, Features, time, options.Domain);
        Sessions = new(this);
        Nonzas = new(this);
        Router = new(this);
        metrics.Observe(Sessions);
        metrics.Observe(store);
    }

    public ServerOptions Options { get; }

    public IStore Store { get; }

    public TimeProvider Time { get; }

    public ILogger Log { get; }

    public TimerWheel Timers { get; }

    public Metrics Metrics { get; }

    /// <summary>What the features registered.</summary>
    public FeatureTable Features { get; }

    public AccountDirectory Accounts { get; }

    public SessionRegistry Sessions { get; }

    /// <summary>External components that are connected.</summary>
    public ComponentLinks Components { get; } = new();

    public Router Router { get; }

    /// <summary>Whom everybody here talks with.</summary>
    public PeerPolicy Peers { get; }

    internal StreamIds StreamIds { get; }

    internal Nonzas Nonzas { get; }

    /// <summary>Builds the server and lets every feature register itself, in the order of the list.</summary>
    /// <param name="features">Makes the features; they get what they need of the server through their constructors.</param>
    public static async Task<NyalaServer> CreateAsync(
        ServerOptions options, IStore store, TimeProvider time, ILogger log, Metrics metrics, Func<NyalaServer, IEnumerable<IFeature>> features)
    {
        var streamKey = await store.Secrets.GetOrCreateAsync("stream-ids", 16);
        var server = new NyalaServer(options, store, time, log, new TimerWheel(time, log), metrics, streamKey, await PeerPolicy.LoadAsync(store.PeerRules));
        foreach (var feature in features(server))
        {
            feature.Register(new FeatureBuilder(server.Features) { Server = server });
        }

        return server;
    }

    /// <summary>
    /// Ends every session (R15): what was read is committed, the final count is told, then system-shutdown. The listeners are
    /// closed already. Bounded in time by the sessions' own limits.
    /// </summary>
    public async Task StopAsync()
    {
        foreach (var handler in Features.Stopping)
        {
            await handler();
        }

        await Sessions.ShutDownAsync();
        await Store.Log.FlushAsync();
    }

    /// <summary>The account will be removed from the store next: features take their leave of others for it.</summary>
    public async Task AccountRemovingAsync(LocalAccount account)
    {
        foreach (var handler in Features.AccountRemoving)
        {
            await handler(account);
        }
    }

    /// <summary>The account is gone from the store: ends its sessions and tells the features.</summary>
    public async Task AccountRemovedAsync(LocalAccount account)
    {
        Accounts.Forget(account);
        await Sessions.EndAllAsync(account, EndReason.AccountRemoved, Xmpp.Stanzas.StreamError.NotAuthorized with { Text = "The account was removed." });
        foreach (var handler in Features.AccountRemoved)
        {
            await handler(account);
        }
    }

    /// <summary>An account was disabled in the store, or enabled: its sessions end, or it may bind again.</summary>
    public async Task AccountDisabledAsync(LocalAccount account, bool disabled)
    {
        lock (account.Gate)
        {
            // Nobody binds past it.
            account.IsDisabled = disabled;
        }

        if (disabled)
        {
            await Sessions.EndAllAsync(account, EndReason.LoggedOut, Xmpp.Stanzas.StreamError.NotAuthorized with { Text = "The account was disabled." });
        }
    }

    /// <summary>An address of a guest will never be anybody's again: what others have noted of it goes.</summary>
    public async Task AddressGoneAsync(Xmpp.Jid address)
    {
        foreach (var handler in Features.AddressGone)
        {
            await handler(address);
        }
    }

    public ValueTask DisposeAsync()
    {
        Timers.Dispose();
        StreamIds.Dispose();
        return ValueTask.CompletedTask;
    }
}
