using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Nyala.Storage;
using Nyala.Xmpp;

namespace Nyala.Core.Routing;

/// <summary>The accounts of this server that are in memory, loaded when first asked for. Safe from any thread.</summary>
public sealed class AccountDirectory
{
    /// <summary>Accounts without sessions are forgotten beyond this many.</summary>
    const int Kept = 20_000;

    /// <summary>An account used within this time is never forgotten: entries on their way through the log hold on to it.</summary>
    static readonly TimeSpan Settled = TimeSpan.FromSeconds(60);

    readonly ConcurrentDictionary<string, LocalAccount> _accounts = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, Lazy<Task<LocalAccount?>>> _loading = new(StringComparer.Ordinal);
    readonly IStore _store;
    readonly FeatureTable _features;
    readonly TimeProvider _time;
    readonly string _domain;
    int _evicting;

    internal AccountDirectory(IStore store, FeatureTable features, TimeProvider time, string domain)
    {
        _store = store;
        _features = features;
        _time = time;
        _domain = domain;
    }

    /// <summary>All accounts in memory.</summary>
    public IEnumerable<LocalAccount> Loaded => _accounts.Values;

    /// <summary>The account if it is in memory.</summary>
    public bool TryGet(string username, [NotNullWhen(true)] out LocalAccount? account)
    {
        if (!_accounts.TryGetValue(username, out account))
        {
            return false;
        }

        account.LastUsed = _time.GetTimestamp();
        return true;
    }

    /// <summary>The account, or null when there is none of that (prepared) name.</summary>
    public ValueTask<LocalAccount?> LocateAsync(string username)
    {
        if (TryGet(username, out var account))
        {
            return new(account);
        }

        // One load per account, however many ask: two objects for one account would part its sessions.
        var loading = _loading.GetOrAdd(username, name => new Lazy<Task<LocalAccount?>>(() => LoadAsync(name)));
        return new(loading.Value);
    }

    /// <summary>Forgets a removed account; whoever still holds it sees <see cref="LocalAccount.IsRemoved"/>.</summary>
    internal void Forget(LocalAccount account)
    {
        account.IsRemoved = true;
        _accounts.TryRemove(new(account.Jid.Local!, account));
    }

    async Task<LocalAccount?> LoadAsync(string username)
    {
        try
        {
            if (_accounts.TryGetValue(username, out var present))
            {
                return present;
            }

            if (await _store.ReadTogetherAsync(() => ReadAsync(username)) is not { } account)
            {
                return null;
            }

            _accounts[username] = account;
            Evict();
            return account;
        }
        finally
        {
            _loading.TryRemove(username, out _);
        }
    }

    async ValueTask<LocalAccount?> ReadAsync(string username)
    {
        if (await _store.Accounts.FindAsync(username) is not { } stored)
        {
            return null;
        }

        var mark = await _store.Mailboxes.LoadMarkAsync(stored.Id);
        var account = new LocalAccount(stored.Id, Jid.FromPrepared(username, _domain), mark, _store.Log.Head)
        {
            LastUsed = _time.GetTimestamp(),
            IsDisabled = stored.IsDisabled,
            CreatedAt = stored.CreatedAt,
            Origin = stored.Origin,
        };
        foreach (var load in _features.AccountLoading)
        {
            await load(account);
        }

        return account;
    }

    void Evict()
    {
        if (_accounts.Count <= Kept || Interlocked.Exchange(ref _evicting, 1) == 1)
        {
            return;
        }

        var unused = _accounts.Values
            .Where(account => account.Sessions.IsEmpty && _time.GetElapsedTime(account.LastUsed) > Settled)
            .OrderBy(account => account.LastUsed)
            .Take(Kept / 10)
            .ToList();
        foreach (var account in unused)
        {
            lock (account.Gate)
            {
                if (account.Sessions.IsEmpty && _time.GetElapsedTime(account.LastUsed) > Settled)
                {
                    _accounts.TryRemove(new(account.Jid.Local!, account));
                }
            }
        }

        Volatile.Write(ref _evicting, 0);
    }
}
