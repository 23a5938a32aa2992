using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Nyala.Core;
using Nyala.Core.Components;
using Nyala.Core.Connections;
using Nyala.Core.Routing;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Federation.Components;

/// <summary>
/// Components that are programs of their own: they connect here and answer for their domains. Stored messages to one that is away
/// wait in a queue as those to other servers do (R1). Safe from any thread.
/// </summary>
[Xep(114, "1.6", Note = "components connect here; the server connects to none")]
public sealed class ExternalComponents : IFeature, IStanzaHost, IAsyncDisposable
{
    /// <summary>Numbers of queues as owners of rows lie below; those of other servers above.</summary>
    const long FirstOwner = -(1L << 61);

    readonly NyalaServer _server;
    readonly FrozenDictionary<string, ComponentOptions> _components;
    readonly ComponentServices _services;
    readonly FederationLoad _load = new();
    FrozenDictionary<string, RemoteQueue> _queues = FrozenDictionary<string, RemoteQueue>.Empty;
    ConnectionServices? _connections;

    /// <param name="server">The server they belong to; its options say which may come.</param>
    /// <param name="options">The limits of queues and of reading are those for other servers.</param>
    public ExternalComponents(NyalaServer server, FederationOptions options)
    {
        _server = server;
        _components = server.Options.Components.ToFrozenDictionary(component => component.Domain);
        _services = new(server, options) { Queue = domain => _queues[domain] };
    }

    public void Register(FeatureBuilder on)
    {
        foreach (var component in _components.Values)
        {
            on.Host(component.Domain, this, component.Name);
        }
    }

    public bool IsThere(string domain) => _server.Components.Find(domain) is not null;

    /// <summary>Begins, with what an earlier process has left to send.</summary>
    /// <param name="clients">The connections of clients, whose line for logins these stand in too.</param>
    public async Task StartAsync(ConnectionServices clients)
    {
        var limits = _server.Options.Limits;
        var perSecond = _services.Options.BytesPerSecond;
        var own = _server.Options with { Limits = limits with { BytesPerSecond = perSecond, BytesBurst = Math.Max(limits.BytesBurst, perSecond) } };
        _connections = new(own, _server.Time, clients.Certificates, _server.Metrics, _server.Log, _server.Timers, clients.Admission)
        {
            NewHandler = () => throw new InvalidOperationException("Each connection has a role."),
        };
        var queues = new Dictionary<string, RemoteQueue>(StringComparer.Ordinal);
        foreach (var domain in _components.Keys)
        {
            queues[domain] = await LoadAsync(domain);
        }

        foreach (var (_, to) in await _server.Store.Mailboxes.FindPendingAsync(FirstOwner))
        {
            var domain = Jid.Parse(to).Domain;
            if (queues.TryGetValue(domain, out var queue))
            {
                queue.Begin();
            }
            else
            {
                // It is not configured any more: what waits for it goes back.
                (await LoadAsync(domain)).Begin();
            }
        }

        _queues = queues.ToFrozenDictionary();
    }

    /// <summary>Serves a connection of a component until its end.</summary>
    public Task ServeAsync(ConnectionContext accepted) => ServerConnections.ServeAsync(
        _connections ?? throw new InvalidOperationException("Not started."), accepted, directTls: false, _ => new ComponentStream(_services, _components), Ns.Component);

    /// <summary>Ends all streams in good order.</summary>
    public async Task StopAsync(TimeSpan limit)
    {
        foreach (var queue in _queues.Values)
        {
            queue.Stop();
        }

        await (_connections?.Registry.DrainAsync(limit) ?? Task.CompletedTask);
    }

    public ValueTask<StanzaError?> CheckAsync(MessageEntry message) => new(OtherServers.Checked(message, _queues[message.ToJid.Domain]));

    public void Deliver(MessageEntry message)
    {
        if (!_queues[message.ToJid.Domain].Add(message.Message, message.Position, message.At) && message.Position == 0)
        {
            _server.Router.Answer(message.Message, StanzaError.RemoteServerTimeout);
        }
    }

    public ValueTask<StanzaError?> PresenceAsync(Stanza presence) => new(Send(presence));

    public ValueTask<StanzaError?> IqAsync(Stanza iq) => new(Send(iq));

    public ValueTask DisposeAsync()
    {
        _connections?.Dispose();
        return ValueTask.CompletedTask;
    }

    StanzaError? Send(Stanza stanza) => _queues[stanza.To!.Domain].Add(stanza, 0, 0) ? null : StanzaError.RemoteServerTimeout;

    async Task<RemoteQueue> LoadAsync(string domain)
    {
        var owner = Owner(domain);
        var mark = await _server.Store.Mailboxes.LoadMarkAsync(owner);
        var head = _server.Store.Log.Head;
        var stored = await _server.Store.Mailboxes.CountPendingAsync(owner, _services.Options.QueuedPerDomain, head);
        return new(_services, _load, (_server.Options.Domain, domain), owner, mark, stored, head);
    }

    /// <summary>The same number for a domain at all times, and no two domains with one.</summary>
    static long Owner(string domain)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(domain));
        return FirstOwner - 1 - (long)(BinaryPrimitives.ReadUInt64BigEndian(hash) >> 4);
    }
}
