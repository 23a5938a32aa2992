using System.Collections.Concurrent;
using Nyala.Core;
using Nyala.Core.Connections;
using Nyala.Core.Diagnostics;
using Nyala.Core.Routing;
using Nyala.Storage;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Features.Push;

/// <summary>
/// Wakes devices: which registrations there are, what concerns them, and how far each has come. What a device has, or was told of,
/// is a mark in the log (docs/decisions/017-push.md): after a start the rest is found there. Safe from any thread.
/// </summary>
sealed class PushEngine : ITimerTarget
{
    /// <summary>Notifications on their way at the same time; more wait.</summary>
    const int MostAtOnce = 64;

    const int PageAccounts = 100;
    const int PageRows = 50;

    /// <summary>Rows of one account that are looked at after a start.</summary>
    const int MostRows = 1_000;

    /// <summary>When it is looked for what an earlier process has not told; clients that come back have begun to by then.</summary>
    static readonly TimeSpan StartsAfter = TimeSpan.FromSeconds(2);

    /// <summary>How long a device that is connected has for a call before it is woken all the same.</summary>
    static readonly TimeSpan CallPatience = TimeSpan.FromSeconds(1);

    static readonly SlotKey<PushAccount> Slot = new("push");

    // An account that nobody needs in memory any more goes, and with it what is here, unless something waits.
    readonly ConcurrentDictionary<long, WeakReference<PushAccount>> _accounts = new();
    readonly SortedSet<long> _considering = [];
    readonly CancellationTokenSource _stopping = new();
    readonly IPushService _apps;
    readonly IPushService _browsers;
    readonly string _browsersJid;
    readonly long _start;
    volatile bool _any = true;
    int _pruneAt = 1_000;

    /// <param name="server">The server.</param>
    /// <param name="apps">Tells app servers (XEP-0357).</param>
    /// <param name="browsers">Tells browsers, at the address that follows.</param>
    public PushEngine(NyalaServer server, IPushService apps, IPushService browsers, string browsersJid)
    {
        Server = server;
        _apps = apps;
        _browsers = browsers;
        _browsersJid = browsersJid;
        _start = server.Time.GetTimestamp();
    }

    public NyalaServer Server { get; }

    public PushOptions Options => Server.Options.Push;

    public SemaphoreSlim Turns { get; } = new(MostAtOnce);

    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Time since the start.</summary>
    public TimeSpan Now => Server.Time.GetElapsedTime(_start);

    /// <summary>False: nobody here is to be woken.</summary>
    public bool HasAny => _any;

    /// <summary>Says of what was said in rooms what concerns an account's devices, after a start.</summary>
    public Func<LocalAccount, PushAccount, ValueTask> RoomsBehind { get; set; } = (_, _) => ValueTask.CompletedTask;

    /// <summary>No mark goes beyond: of what is newer somebody is still finding out whom it concerns.</summary>
    public long Considered
    {
        get
        {
            lock (_considering)
            {
                return _considering.Count == 0 ? long.MaxValue : _considering.Min - 1;
            }
        }
    }

    public void Begin() => Server.Timers.Schedule(StartsAfter, this);

    public void Stop() => _stopping.Cancel();

    public void Due(TimerHandle timer) => _ = CatchUpAsync();

    public IPushService ServiceOf(PushRegistration registration) => registration.Jid == _browsersJid ? _browsers : _apps;

    /// <summary>A service's name for the log: an app server's address, or where a browser's push service is.</summary>
    public string Describe(PushRegistration registration) =>
        registration.Jid == _browsersJid && WebPushSubscription.TryParse(registration.Form, out var subscription) ? subscription.Endpoint.Host : registration.Jid;

    /// <summary>What there is of an account that is in memory, or null.</summary>
    public static PushAccount? Of(LocalAccount account) => account.Get(Slot);

    /// <summary>Begins to find out whom a row concerns.</summary>
    public void Consider(long position)
    {
        lock (_considering)
        {
            _considering.Add(position);
        }
    }

    public void ConsideredIt(long position)
    {
        lock (_considering)
        {
            _considering.Remove(position);
        }
    }

    public async ValueTask LoadAsync(LocalAccount account)
    {
        if (_any && (await Server.Store.Push.LoadAsync(account.Id)).Count > 0)
        {
            await ChangeAsync(account, () => Server.Store.Push.LoadAsync(account.Id));
        }
    }

    /// <summary>Changes what is stored, and takes over what there is then.</summary>
    public async ValueTask ChangeAsync(LocalAccount account, Func<ValueTask<IReadOnlyList<PushRegistration>>> change)
    {
        var push = Obtain(account);
        await push.Changes.WaitAsync();
        try
        {
            await push.SetAsync(await change());
            _any |= push.Targets.Length > 0;
        }
        finally
        {
            push.Changes.Release();
        }

        account.Set(Slot, push);
        push.Watch(account);
    }

    /// <summary>A registration is of no use any more.</summary>
    public async Task EndAsync(PushAccount push, PushTarget target, string answer)
    {
        try
        {
            Server.Log.PushEnded(push.Jid.ToString(), target.Registration.Device, Describe(target.Registration), answer);
            await push.Changes.WaitAsync();
            try
            {
                await Server.Store.Push.RemoveAsync(target.Registration.Id);
                await push.SetAsync([.. push.Targets.Where(other => other != target).Select(other => other.Registration)]);
            }
            finally
            {
                push.Changes.Release();
            }
        }
        catch (StoreException e)
        {
            Server.Log.BackgroundFailed("push", e);
        }
    }

    /// <summary>The account is gone, and so is what is stored of it.</summary>
    public async ValueTask RemovedAsync(LocalAccount account)
    {
        if (Of(account) is { } push)
        {
            _accounts.TryRemove(account.Id, out _);
            await push.SetAsync([]);
        }
    }

    /// <summary>A message was stored for an account and handed to its sessions.</summary>
    public void Stored(MessageEntry entry)
    {
        if (entry.ToAccount is { } account && (entry.Flags & RowFlags.Deliver) != 0 && Of(account) is { } push)
        {
            // What one writes to oneself is no news.
            var kind = ReferenceEquals(entry.FromAccount, account) ? PushKind.None : entry.Policy.Push;
            push.Take(account, entry.Position, kind, entry.FromJid.Bare.ToString(), entry.FromJid.ToString(), Now + Options.GiveUpAfter);
        }
    }

    /// <summary>When a device is to be told: at once when it is not there, else when it has had time to acknowledge.</summary>
    public TimeSpan DueOf(LocalAccount account, string device, PushKind kind)
    {
        foreach (var session in account.Sessions)
        {
            if (session.Watcher is SessionWatcher watcher && watcher.Device == device && !(kind == PushKind.Call && !session.IsConnected))
            {
                return Now + (kind == PushKind.Call && CallPatience < Options.Delay ? CallPatience : Options.Delay);
            }
        }

        return Now;
    }

    /// <summary>When a message of that time is too old to wake anybody.</summary>
    public TimeSpan ExpiryOf(long at) => Now + Options.GiveUpAfter - (Server.Time.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(at));

    PushAccount Obtain(LocalAccount account)
    {
        while (true)
        {
            if (_accounts.TryGetValue(account.Id, out var known))
            {
                if (known.TryGetTarget(out var push))
                {
                    return push;
                }

                _accounts.TryRemove(new(account.Id, known));
            }

            var made = new PushAccount(this, account.Id, account.Jid);
            if (_accounts.TryAdd(account.Id, new(made)))
            {
                Prune();
                return made;
            }
        }
    }

    void Prune()
    {
        if (_accounts.Count < Volatile.Read(ref _pruneAt))
        {
            return;
        }

        foreach (var entry in _accounts)
        {
            if (!entry.Value.TryGetTarget(out _))
            {
                _accounts.TryRemove(entry);
            }
        }

        Volatile.Write(ref _pruneAt, 1_000 + (2 * _accounts.Count));
    }

    /// <summary>What an earlier process has stored and not told.</summary>
    async Task CatchUpAsync()
    {
        try
        {
            if (!await Server.Store.Push.AnyAsync())
            {
                // One may have been enabled meanwhile.
                _any = !_accounts.IsEmpty;
                return;
            }

            var since = Server.Time.GetUtcNow() - Options.GiveUpAfter;
            for (string? after = null; !_stopping.IsCancellationRequested;)
            {
                var page = await Server.Store.Push.FindBehindAsync(Server.Options.Domain, after, since, PageAccounts);
                foreach (var username in page)
                {
                    if (await Server.Accounts.LocateAsync(username) is { } account && Of(account) is { } push)
                    {
                        await CatchUpAsync(account, push);
                        await RoomsBehind(account, push);
                    }
                }

                if (page.Count < PageAccounts)
                {
                    return;
                }

                after = page[^1];
            }
        }
        catch (Exception e)
        {
            // One place catches: what is not found now is found after the next start.
            Server.Log.PushCatchUpFailed(e);
        }
    }

    async ValueTask CatchUpAsync(LocalAccount account, PushAccount push)
    {
        var cursor = push.Targets.Min(target => (long?)target.Mark) ?? long.MaxValue;
        var head = Server.Store.Log.Head;
        for (var seen = 0; seen < MostRows && cursor < head; seen += PageRows)
        {
            var rows = await Server.Store.Archive.ReadForDeliveryAsync(account.Id, cursor, head, sent: false, PageRows, CancellationToken.None);
            foreach (var row in rows)
            {
                var message = Stanza.Parse(row.Stanza);
                var from = message.From ?? account.Jid;
                var expires = ExpiryOf(row.At);
                var kind = from.Bare.Equals(account.Jid) || expires < Now ? PushKind.None : MessagePolicy.Of(message).Push;
                push.Take(account, row.Position, kind, from.Bare.ToString(), from.ToString(), expires);
                cursor = row.Position;
            }

            if (rows.Count < PageRows)
            {
                return;
            }
        }
    }
}
