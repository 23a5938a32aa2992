using System.Collections.Concurrent;
using System.Collections.Immutable;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Features.PubSub;

/// <summary>
/// The nodes that were needed lately, bounded; all changes of nodes go through here, and those of one node follow one
/// another, so that its events are sent in the order of its changes. Safe from any thread.
/// </summary>
/// <param name="store">Where nodes are kept.</param>
/// <param name="time">The clock that eviction goes by.</param>
/// <param name="capacity">How many nodes (each account counts as one more) are kept in memory.</param>
public sealed class NodeDirectory(IPubSub store, TimeProvider time, int capacity = 100_000)
{
    const int Locks = 256;

    /// <summary>What was used within this time is never forgotten: a change may hold on to it.</summary>
    static readonly TimeSpan Settled = TimeSpan.FromSeconds(60);

    readonly SemaphoreSlim[] _locks = [.. Enumerable.Range(0, Locks).Select(_ => new SemaphoreSlim(1))];
    readonly ConcurrentDictionary<long, Lazy<Task<HostNodes>>> _hosts = new();
    int _weight;
    int _evicting;

    internal IPubSub Store => store;

    /// <summary>The nodes of a host.</summary>
    /// <exception cref="StoreException">They cannot be read.</exception>
    internal async ValueTask<HostNodes> GetAsync(PubSubHost host)
    {
        var id = host.Account?.Id ?? 0;
        var loading = _hosts.GetOrAdd(id, _ => new(() => LoadAsync(host)));
        try
        {
            var nodes = await loading.Value;
            nodes.LastUsed = time.GetTimestamp();
            return nodes;
        }
        catch
        {
            _hosts.TryRemove(new(id, loading));
            throw;
        }
    }

    internal async ValueTask<Node?> FindAsync(PubSubHost host, string name) => (await GetAsync(host)).Find(name);

    /// <summary>Runs something while nothing else changes that node or sends its events. It must not change another node.</summary>
    internal async Task<T> InTurnAsync<T>(PubSubHost host, string name, Func<HostNodes, ValueTask<T>> work)
    {
        var turn = _locks[(uint)HashCode.Combine(host.Account?.Id, name) % Locks];
        await turn.WaitAsync();
        try
        {
            return await work(await GetAsync(host));
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>The account is gone, or what is stored of its nodes was changed elsewhere.</summary>
    internal void Forget(long? account) => _hosts.TryRemove(account ?? 0, out _);

    /// <summary>Takes a removed entity off every list, and the service's nodes that only it owned away.</summary>
    internal async ValueTask LeaveAsync(Jid bare)
    {
        await store.ForgetAsync(bare.ToString());
        foreach (var (id, host) in _hosts)
        {
            // Read again when next needed: cheaper than looking through all lists, and removals are rare.
            if (host is { IsValueCreated: true, Value.IsCompletedSuccessfully: true }
                && host.Value.GetAwaiter().GetResult().All.Any(node => node.Affiliations.ContainsKey(bare) || node.Subscriptions.Keys.Any(jid => jid.Bare.Equals(bare))))
            {
                _hosts.TryRemove(new(id, host));
            }
        }
    }

    internal static Node Read(PubSubNode stored) => new(
        stored.Id, stored.Name, ReadConfiguration(stored.Configuration), stored.CreatedAt, stored.Items, stored.Bytes,
        stored.Affiliations.ToImmutableDictionary(entry => Jid.Parse(entry.Key), entry => entry.Value),
        stored.Subscriptions.ToImmutableDictionary(subscription => Jid.Parse(subscription.Jid), subscription => subscription.Pending))
    {
        Muted = [.. stored.Subscriptions.Where(subscription => subscription.Muted).Select(subscription => Jid.Parse(subscription.Jid))],
    };

    public static NodeConfiguration ReadConfiguration(byte[] stored) =>
        DataForm.TryParse(Stanza.Parse(stored).ToElement(), out var form) && new NodeConfiguration().With(form) is { } configuration
            ? configuration
            : new NodeConfiguration { Access = AccessModel.Whitelist };

    public static byte[] Write(NodeConfiguration configuration) => configuration.ToForm("submit", Ns.PubSubNodeConfig).ToElement().ToUtf8();

    async Task<HostNodes> LoadAsync(PubSubHost host)
    {
        var nodes = new HostNodes((await store.LoadAsync(host.Account?.Id)).Select(Read));
        if (Interlocked.Add(ref _weight, 1 + nodes.Count) > capacity)
        {
            Evict();
        }

        return nodes;
    }

    /// <summary>The service's own nodes always stay.</summary>
    void Evict()
    {
        if (Interlocked.Exchange(ref _evicting, 1) == 1)
        {
            return;
        }

        var loaded = _hosts.Where(entry => entry.Value is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            .Select(entry => (Entry: entry, Nodes: entry.Value.Value.GetAwaiter().GetResult()))
            .OrderBy(one => one.Nodes.LastUsed)
            .ToList();
        var weight = loaded.Sum(one => 1 + one.Nodes.Count);
        foreach (var (entry, nodes) in loaded)
        {
            if (weight <= capacity * 9L / 10 || time.GetElapsedTime(nodes.LastUsed) <= Settled)
            {
                break;
            }

            if (entry.Key != 0 && _hosts.TryRemove(entry))
            {
                weight -= 1 + nodes.Count;
            }
        }

        Volatile.Write(ref _weight, weight);
        Volatile.Write(ref _evicting, 0);
    }
}
