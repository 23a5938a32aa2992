using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Nyala.Core;
using Nyala.Core.Connections;
using Nyala.Core.Diagnostics;
using Nyala.Core.Routing;
using Nyala.Federation.Streams;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Federation;

/// <summary>All other servers, as the router sees them: takes what is for any domain that is not ours. Safe from any thread.</summary>
[Rfc(6120, Note = "streams between servers")]
[Rfc(7590)]
[Xep(178, "1.2")]
[Xep(185, "1.0")]
[Xep(198, "1.6.1", Note = "between servers too, with resumption")]
[Xep(288, "1.0.1", Note = "for the pair of domains a stream was opened for")]
[Xep(220, "1.1.1", Note = "over TLS only; one pair of domains for each stream that this server opens")]
public sealed class OtherServers(NyalaServer server, FederationOptions options) : IFeature, IStanzaHost, IAsyncDisposable
{
    /// <summary>Numbers of queues as owners of rows lie below; those of other owners above.</summary>
    const long FirstOwner = -(1L << 60);

    /// <summary>All queues are looked through for those at rest at most this often.</summary>
    static readonly TimeSpan Sweeping = TimeSpan.FromSeconds(1);

    readonly ConcurrentDictionary<(string From, string To), Task<RemoteQueue>> _queues = new();
    readonly FederationLoad _load = new();
    long _sweptAt;
    FederationServices? _services;
    ConnectionServices? _connections;

    FederationServices Services => _services ?? throw new InvalidOperationException("Not started.");

    public void Register(FeatureBuilder on) => on.OtherServers(this);

    /// <summary>Begins, with what an earlier process has left to send.</summary>
    /// <param name="clients">The connections of clients, whose line for handshakes these stand in too.</param>
    public async Task StartAsync(ConnectionServices clients)
    {
        var limits = server.Options.Limits;
        var own = server.Options with
        {
            TlsRequired = true,
            Limits = limits with { BytesPerSecond = options.BytesPerSecond, BytesBurst = Math.Max(limits.BytesBurst, options.BytesPerSecond) },
        };
        _connections = new(own, server.Time, clients.Certificates, server.Metrics, server.Log, server.Timers, clients.Admission)
        {
            NewHandler = () => throw new InvalidOperationException("Each connection has a role."),
        };
        _services = new(server, options, await server.Store.Secrets.GetOrCreateAsync("dialback", 32), _connections)
        {
            Answered = (ours, theirs, id) => Find(ours, theirs)?.Answered(id),
            Offer = async (ours, theirs) => Refusal(ours, theirs) is null ? await QueueAsync(ours, theirs) : null,
        };
        foreach (var (from, to) in await server.Store.Mailboxes.FindPendingAsync(FirstOwner))
        {
            if (Services.IsOurs(Jid.Parse(to).Domain))
            {
                // For a component.
                continue;
            }

            (await QueueAsync(Jid.Parse(from).Domain, Jid.Parse(to).Domain)).Begin();
        }
    }

    /// <summary>Serves a connection that another server has opened.</summary>
    public Task ServeAsync(ConnectionContext accepted, bool directTls) =>
        ServerConnections.ServeAsync(Services.Connections, accepted, directTls, role => new IncomingStream(Services, role));

    /// <summary>Ends all streams in good order.</summary>
    public async Task StopAsync(TimeSpan limit)
    {
        foreach (var queue in _queues.Values)
        {
            if (queue.IsCompletedSuccessfully)
            {
                (await queue).Stop();
            }
        }

        await (_connections?.Registry.DrainAsync(limit) ?? Task.CompletedTask);
    }

    public ValueTask<StanzaError?> CheckAsync(MessageEntry message)
    {
        var (from, to) = (message.FromJid.Domain, message.ToJid.Domain);
        if (Refusal(from, message.ToJid) is { } error)
        {
            return new(error);
        }

        var finding = QueueAsync(from, to);
        return finding.IsCompletedSuccessfully ? new(Checked(message, finding.GetAwaiter().GetResult())) : CheckLaterAsync(message, finding);
    }

    public void Deliver(MessageEntry message)
    {
        if (Find(message.FromJid.Domain, message.ToJid.Domain)?.Add(message.Message, message.Position, message.At) == true)
        {
            return;
        }

        if (message.Position > 0 && (message.Flags & RowFlags.Deliver) != 0)
        {
            // The queue was at rest and is gone: a new one finds the row in the log.
            _ = BeginAgainAsync(message.FromJid.Domain, message.ToJid.Domain);
            return;
        }

        server.Router.Answer(message.Message, StanzaError.RemoteServerTimeout);
    }

    public ValueTask<StanzaError?> PresenceAsync(Stanza presence) => SendAsync(presence);

    public ValueTask<StanzaError?> IqAsync(Stanza iq) => SendAsync(iq);

    public ValueTask DisposeAsync()
    {
        _connections?.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Whether a queue takes a message; if it is to be kept, its row belongs to the queue.</summary>
    internal static StanzaError? Checked(MessageEntry message, RemoteQueue queue)
    {
        if ((message.Policy.Flags & RowFlags.Deliver) == 0)
        {
            return null;
        }

        if (!queue.HasRoom)
        {
            return StanzaError.ResourceConstraint with { Text = "Too many messages wait for that server." };
        }

        message.Recipient = queue.Owner;
        message.Flags |= RowFlags.Deliver;
        return null;
    }

    static async ValueTask<StanzaError?> CheckLaterAsync(MessageEntry message, Task<RemoteQueue> finding) => Checked(message, await finding);

    async ValueTask<StanzaError?> SendAsync(Stanza stanza)
    {
        if (Refusal(stanza.From!.Domain, stanza.To!) is { } error)
        {
            return error;
        }

        var queue = await QueueAsync(stanza.From.Domain, stanza.To!.Domain);
        return queue.Add(stanza, 0, 0) ? null : StanzaError.RemoteServerTimeout;
    }

    async Task BeginAgainAsync(string from, string to)
    {
        try
        {
            (await QueueAsync(from, to)).Begin();
        }
        catch (Exception e)
        {
            // The row stays in the log: what is sent there next, or a start, takes it along.
            server.Log.FederationQueueFailed(to, e);
        }
    }

    StanzaError? Refusal(string from, Jid to) => !server.Peers.Allows(to) ? StanzaError.NotAllowed with { Text = "This server does not talk with that address." } : Refusal(from, to.Domain);

    StanzaError? Refusal(string from, string to) =>
        !options.Allows(to) ? StanzaError.NotAllowed with { Text = "This server does not talk with that one." }
        : _queues.Count < options.DomainPairs || _queues.ContainsKey((from, to)) || HasMadeRoom() ? null
        : StanzaError.ResourceConstraint with { Text = "This server talks with too many others at the moment." };

    /// <summary>Forgets the queues at rest.</summary>
    bool HasMadeRoom()
    {
        var last = Volatile.Read(ref _sweptAt);
        if ((last == 0 || server.Time.GetElapsedTime(last) >= Sweeping) && Interlocked.CompareExchange(ref _sweptAt, server.Time.GetTimestamp(), last) == last)
        {
            foreach (var (pair, finding) in _queues)
            {
                if (finding.IsFaulted || (finding.IsCompletedSuccessfully && finding.GetAwaiter().GetResult().TryRetire()))
                {
                    _queues.TryRemove(new(pair, finding));
                }
            }
        }

        return _queues.Count < options.DomainPairs;
    }

    RemoteQueue? Find(string from, string to) =>
        _queues.TryGetValue((from, to), out var queue) && queue.IsCompletedSuccessfully ? queue.GetAwaiter().GetResult() : null;

    Task<RemoteQueue> QueueAsync(string from, string to) =>
        _queues.TryGetValue((from, to), out var queue) && !queue.IsFaulted ? queue : LoadAsync((from, to));

    /// <summary>One load per queue, however many ask: two objects for one queue would send everything twice.</summary>
    Task<RemoteQueue> LoadAsync((string From, string To) pair)
    {
        // Whoever waits goes on one after the other, in the order in which they came: what they send must not change places.
        var made = new TaskCompletionSource<RemoteQueue>();
        while (true)
        {
            var present = _queues.GetOrAdd(pair, made.Task);
            if (present == made.Task)
            {
                _ = FillAsync(pair, made);
                return made.Task;
            }

            if (!present.IsFaulted)
            {
                return present;
            }

            _queues.TryRemove(new(pair, present));
        }
    }

    async Task FillAsync((string From, string To) pair, TaskCompletionSource<RemoteQueue> made)
    {
        try
        {
            var owner = Owner(pair);
            var mark = await server.Store.Mailboxes.LoadMarkAsync(owner);

            // Rows may be durable and not yet handed to anybody: each is counted here or when it comes, by its position.
            var head = server.Store.Log.Head;
            var stored = await server.Store.Mailboxes.CountPendingAsync(owner, options.QueuedPerDomain, head);
            made.SetResult(new(Services, _load, pair, owner, mark, stored, head));
        }
        catch (Exception e)
        {
            made.SetException(e);
        }
    }

    /// <summary>The same number for a pair at all times, and no two pairs with one: so nothing need be written down about them.</summary>
    static long Owner((string From, string To) pair)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{pair.From} {pair.To}"));
        return FirstOwner - 1 - (long)(BinaryPrimitives.ReadUInt64BigEndian(hash) >> 4);
    }
}
