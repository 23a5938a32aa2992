using System.Collections.Frozen;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Nyala.Core.Components;
using Nyala.Core.Connections;
using Nyala.Core.Diagnostics;
using Nyala.Federation.Streams;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Federation.Components;

/// <summary>
/// The stream of a component (XEP-0114 §3): it names its domain, proves that it knows the secret, and may then speak for everybody
/// there. Read by its connection's reading task; sending is safe from any thread.
/// </summary>
sealed class ComponentStream(ComponentServices services, FrozenDictionary<string, ComponentOptions> components)
    : IStreamHandler, IStanzaStream, IComponentLink, ITimerTarget
{
    /// <summary>The socket gets no more of what features send while this much waits in it.</summary>
    const int MostPending = 262_144;

    readonly Lock _gate = new();
    ComponentOptions? _component;
    StanzaCounter? _counter;
    TimerHandle? _timer;
    TaskCompletionSource? _room;
    string _id = "";
    long _heardAt;
    bool _asked;
    bool _answers;
    bool _isDisputed;
    volatile bool _ready;
    volatile bool _gone;

    public Jid Jid => field ??= Jid.FromPrepared(null, _component!.Domain);

    // What it has not answered for by a ping is not known to have arrived.
    public bool Counts => false;

    public uint Acknowledged => 0;

    public LostStream? Resumption => null;

    // The component decides how long it stays.
    public bool TryRest() => false;

    public Connection? Connection { get; private set; }

    public void Send(Stanza stanza)
    {
        var connection = Connection!;
        lock (connection.Gate)
        {
            connection.Write(stanza);
        }
    }

    public void Flush() => Flush(Connection!);

    public void Close(EndReason reason, StreamError? error = null) => Connection?.End(reason, error);

    public bool TrySend(Stanza stanza)
    {
        if (_gone || Connection!.Pending > MostPending)
        {
            return false;
        }

        Send(stanza);
        Flush();
        return true;
    }

    public async ValueTask<bool> SendAsync(Stanza stanza)
    {
        while (!TrySend(stanza))
        {
            TaskCompletionSource room;
            lock (_gate)
            {
                if (_gone)
                {
                    return false;
                }

                room = _room ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            if (Connection!.Pending <= MostPending)
            {
                continue;
            }

            await room.Task;
        }

        return true;
    }

    public ValueTask OpenedAsync(Connection connection, StreamHeader header)
    {
        Connection = connection;
        _counter ??= new(connection);
        _id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var domain = Jid.TryParse(header.To, out var to) && to is { Local: null, Resource: null } ? to.Domain : null;
        var component = domain is null ? null : components.GetValueOrDefault(domain);
        lock (connection.Gate)
        {
            connection.WriteHeader(component?.Domain ?? services.Server.Options.Domain, null, _id, header);
        }

        var error = header.DefaultNamespace != Ns.Component ? StreamError.InvalidNamespace
            : header.To is null ? StreamError.ImproperAddressing with { Text = "A stream header needs a 'to'." }
            : component is null ? StreamError.HostUnknown
            : null;
        _component = component;
        return error is null ? default : RefuseAsync(connection, header.To, error);
    }

    public ValueTask ReceivedAsync(Connection connection, Stanza stanza)
    {
        Volatile.Write(ref _heardAt, services.Server.Time.GetTimestamp());
        var element = AsClient(stanza);
        return _ready
            ? element.Kind == StanzaKind.Nonza ? RefuseAsync(connection, _component!.Domain, StreamError.UnsupportedStanzaType) : StanzaAsync(connection, element)
            : element is { Name: "handshake", Namespace: Ns.Client } ? HandshakeAsync(connection, element)
            : RefuseAsync(connection, _component?.Domain, StreamError.NotAuthorized);
    }

    public void ReadCompleted(Connection connection) => Flush(connection);

    public void Drained(Connection connection)
    {
        lock (_gate)
        {
            _room?.TrySetResult();
            _room = null;
        }

        if (_ready)
        {
            services.Queue(_component!.Domain).Drained(this);
        }
    }

    public void Closed(Connection connection) => connection.End(EndReason.ClosedByPeer);

    public void Ended(Connection connection, EndReason reason)
    {
        lock (_gate)
        {
            _gone = true;
            _room?.TrySetResult();
            _timer?.Cancel();
        }

        if (_ready && services.Server.Components.Remove(this))
        {
            services.Metrics.Components.Add(-1);
            services.Log.ComponentGone(_component!.Domain, connection.Id, reason);
            services.Queue(_component.Domain).Ended(this, $"the component left ({reason})", isFinal: false);
        }
    }

    /// <summary>
    /// A component that says nothing is asked whether it is there, and one that has answered before must (R10): a dead one would
    /// keep its successor out.
    /// </summary>
    public void Due(TimerHandle timer)
    {
        var limits = services.Server.Options.Limits;
        var silent = services.Server.Time.GetElapsedTime(Volatile.Read(ref _heardAt));
        if (silent < limits.ProbeAfter && !_isDisputed)
        {
            _asked = false;
            timer.Schedule(limits.ProbeAfter - silent);
        }
        else if (!_asked)
        {
            Ask(timer);
        }
        else if (silent >= limits.ProbeAnswer && (_answers || _isDisputed))
        {
            Connection!.Abort(EndReason.Unresponsive);
        }
        else
        {
            (_asked, _isDisputed) = (false, false);
            timer.Schedule(limits.ProbeAfter);
        }
    }

    /// <summary>Another one wants its place: it has to show that it is alive.</summary>
    void Dispute()
    {
        lock (_gate)
        {
            if (!_gone && !_isDisputed)
            {
                (_isDisputed, _asked) = (true, false);
                _timer?.Schedule(TimeSpan.Zero);
            }
        }
    }

    void Ask(TimerHandle timer)
    {
        _asked = true;
        Send(Stanza.Of(new Element("iq", Ns.Client).Set("from", services.Server.Options.Domain).Set("to", _component!.Domain).Set("type", "get")
            .Set("id", ProbeId).Add(new Element("ping", Ns.Ping))));
        Flush();
        timer.Schedule(services.Server.Options.Limits.ProbeAnswer);
    }

    string ProbeId => "nyala-alive-" + Connection!.Id.ToString(CultureInfo.InvariantCulture);

    /// <summary>
    /// A stanza as it is inside this server. The reader has taken the stream's own namespace for that of clients; what declares it
    /// itself is written anew.
    /// </summary>
    static Stanza AsClient(Stanza stanza) =>
        // COMPAT(slixmpp 1.8): it declares it in stanzas inside others too, where that of clients is meant.
        stanza.Bytes.Span.IndexOf("jabber:component:accept"u8) < 0 ? stanza : Stanza.Of(stanza.ToElement().InNamespace(Ns.Component, Ns.Client));

    ValueTask HandshakeAsync(Connection connection, Stanza handshake)
    {
        if (_component is not { } component)
        {
            return RefuseAsync(connection, null, StreamError.NotAuthorized);
        }

#pragma warning disable CA5350 // XEP-0114 §3 knows nothing but SHA-1; the id that is hashed along is used once.
        var expected = Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(_id + component.Secret)));
#pragma warning restore CA5350
        var shown = Encoding.UTF8.GetBytes(handshake.ToElement().Text.Trim());
        if (!CryptographicOperations.FixedTimeEquals(shown, Encoding.UTF8.GetBytes(expected)))
        {
            return RefuseAsync(connection, component.Domain, StreamError.NotAuthorized);
        }

        lock (connection.Gate)
        {
            if (!services.Server.Components.TryAdd(this))
            {
                (services.Server.Components.Find(component.Domain) as ComponentStream)?.Dispute();
                return RefuseAsync(connection, component.Domain, StreamError.Conflict with { Text = "This component is connected already." });
            }

            // Before anything that others send it from here on.
            connection.Write(new Element("handshake", Ns.Client));
            connection.Flush();
            _ready = true;
        }

        connection.Authenticated();
        lock (_gate)
        {
            // Another one may have asked for its place already.
            _timer = services.Server.Timers.Schedule(_isDisputed ? TimeSpan.Zero : services.Server.Options.Limits.ProbeAfter, this);
        }

        services.Metrics.Components.Add(1);
        services.Log.ComponentReady(component.Domain, connection.Id, connection.Remote);
        services.Greet(this);
        services.Queue(component.Domain).Arrived();
        return default;
    }

    async ValueTask StanzaAsync(Connection connection, Stanza stanza)
    {
        var domain = _component!.Domain;
        if (stanza.From is not { } from || stanza.To is not { } to)
        {
            // §3: both, as between servers (RFC 6120 §8.1.1.2, §8.1.2.2).
            await RefuseAsync(connection, domain, stanza.Attribute("from") is not null && stanza.From is null ? StreamError.InvalidFrom : StreamError.ImproperAddressing);
        }
        else if (from.Domain != domain)
        {
            await RefuseAsync(connection, domain, StreamError.InvalidFrom);
        }
        else if (IsOwnAnswer(stanza, to))
        {
            _answers = true;
            services.Queue(domain).Answered(stanza.Id!);
        }
        else
        {
            await _counter!.RoomAsync();
            var routing = services.Router.RouteAsync(stanza, from, to, _counter.Receive(connection));

            // What is asked may take its time, and nobody waits for the answer but who asked.
            if (stanza.Kind != StanzaKind.Iq)
            {
                await routing;
            }
            else if (!routing.IsCompletedSuccessfully)
            {
                _ = routing.AsTask();
            }
        }
    }

    /// <summary>Whether it answers what this server has asked for itself.</summary>
    bool IsOwnAnswer(Stanza stanza, Jid to) =>
        stanza is { Kind: StanzaKind.Iq, Type: StanzaType.Result or StanzaType.Error, Id: { } id } && to.Local is null
        && (id.StartsWith(QueueServices.QuestionId, StringComparison.Ordinal) || id == ProbeId);

    ValueTask RefuseAsync(Connection connection, string? domain, StreamError error)
    {
        services.Log.ComponentRefused(domain, connection.Id, connection.Remote, error.Text ?? error.Condition);
        connection.End(EndReason.ProtocolError, error);
        return default;
    }

    static void Flush(Connection connection)
    {
        lock (connection.Gate)
        {
            connection.Flush();
        }
    }
}
