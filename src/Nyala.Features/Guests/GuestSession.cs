using System.Security.Cryptography;
using Nyala.Core;
using Nyala.Core.Connections;
using Nyala.Core.Diagnostics;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Guests;

/// <summary>
/// One guest, from its login to the end of its connection, with which everything of it ends. What it sends is read by one task at
/// a time; <see cref="Send(Stanza)"/> and <see cref="End"/> come from any thread.
/// </summary>
sealed class GuestSession : IStreamHandler, ITimerTarget
{
    const string PingId = "nyala-guest-ping";

    /// <summary>Stanzas a second on average, and at once.</summary>
    const int Rate = 5;
    const int Burst = 40;

    /// <summary>Rooms at a time.</summary>
    const int MostPlaces = 20;

    readonly NyalaServer _server;
    readonly GuestHost _host;
    readonly Connection _connection;
    readonly UInt128? _address;
    readonly TokenBucket _bucket;
    readonly HashSet<Jid> _places = [];
    readonly TimerHandle _timer;
    long _heardAt;
    int _left;
    bool _isOpen;

    public GuestSession(NyalaServer server, GuestHost host, Jid jid, Connection connection, UInt128? address)
    {
        _server = server;
        _host = host;
        Jid = jid;
        _connection = connection;
        _address = address;
        _bucket = new(server.Time, Rate, Burst);
        _heardAt = server.Time.GetTimestamp();
        _timer = server.Timers.Schedule(server.Options.Limits.TimeBeforeAuthentication, this);
    }

    /// <summary>Its bare address.</summary>
    public Jid Jid { get; }

    /// <summary>Its full address, once it is bound.</summary>
    public Jid? Full { get; private set; }

    public void Send(Stanza stanza)
    {
        lock (_connection.Gate)
        {
            _connection.Write(stanza);
            _connection.Flush();
        }

        if (_connection.Pending > _server.Options.Limits.OutboundBytes)
        {
            // R10: nothing is kept for who does not read.
            _server.Metrics.SlowReaders.Add(1);
            End(EndReason.DoesNotRead, StreamError.ResourceConstraint);
        }
    }

    public void End(EndReason reason, StreamError? error = null) => _connection.End(reason, error);

    public ValueTask OpenedAsync(Connection connection, StreamHeader header)
    {
        if (_isOpen)
        {
            End(EndReason.ProtocolError, StreamError.BadFormat with { Text = "The stream is open already." });
            return default;
        }

        _isOpen = true;
        var isOurs = Jid.TryParse(header.To, out var to) && to.Equals(Jid.FromPrepared(null, _host.Domain));
        lock (connection.Gate)
        {
            connection.WriteHeader(_host.Domain, null, Guid.NewGuid().ToString("N"), header);
            if (isOurs)
            {
                connection.Write(new Element("features", Ns.Streams)
                    .Add(new Element("bind", Ns.Bind))
                    .Add(new Element("session", Ns.Session).Add(new Element("optional", Ns.Session))));
            }
        }

        if (!isOurs)
        {
            End(EndReason.ProtocolError, StreamError.HostUnknown);
        }

        return default;
    }

    public ValueTask ReceivedAsync(Connection connection, Stanza stanza)
    {
        Volatile.Write(ref _heardAt, _server.Time.GetTimestamp());
        if (stanza.Kind == StanzaKind.Nonza)
        {
            End(EndReason.ProtocolError, StreamError.UnsupportedStanzaType);
            return default;
        }

        if (Full is null)
        {
            Bind(stanza);
            return default;
        }

        if (stanza.From is { } from ? !from.Equals(Full) && !from.Equals(Jid) : stanza.MalformedAddress && stanza.Attribute("from") is not null)
        {
            End(EndReason.ProtocolError, StreamError.InvalidFrom);
            return default;
        }

        _server.Metrics.StanzasReceived.Add(1);
        return stanza is { Kind: StanzaKind.Iq, Id: PingId } ? default : TakeAsync(stanza, Full);
    }

    public void ReadCompleted(Connection connection)
    {
        lock (connection.Gate)
        {
            connection.Flush();
        }
    }

    public void Closed(Connection connection) => connection.End(EndReason.ClosedByPeer);

    public void Ended(Connection connection, EndReason reason)
    {
        if (Interlocked.Exchange(ref _left, 1) == 0)
        {
            _timer.Cancel();
            _host.Left(this, _address);
            _ = LeaveAsync();
        }
    }

    /// <summary>On the timer's thread: not bound in time, or silent for long.</summary>
    public void Due(TimerHandle timer)
    {
        var limits = _server.Options.Limits;
        var silent = _server.Time.GetElapsedTime(Volatile.Read(ref _heardAt));
        if (Full is null || silent >= limits.ProbeAfter + limits.ProbeAnswer)
        {
            End(Full is null ? EndReason.NotAuthenticatedInTime : EndReason.Unresponsive, StreamError.ConnectionTimeout);
        }
        else if (silent >= limits.ProbeAfter)
        {
            Send(Stanza.Of(new Element("iq", Ns.Client).Set("type", "get").Set("id", PingId).Set("from", _host.Domain).Set("to", Full.ToString()).Add(new Element("ping", Ns.Ping))));
            timer.Schedule(limits.ProbeAnswer);
        }
        else
        {
            timer.Schedule(limits.ProbeAfter - silent);
        }
    }

    /// <summary>RFC 6120 §7; the resource is the server's choice (XEP-0175 §3).</summary>
    void Bind(Stanza iq)
    {
        if (iq.Kind != StanzaKind.Iq || iq.Type != StanzaType.Set || iq.Id is null || iq.ChildCount != 1 || iq.ChildName(0) is not ("bind", Ns.Bind))
        {
            End(EndReason.ProtocolError, StreamError.NotAuthorized);
            return;
        }

        Full = Jid.FromPrepared(Jid.Local, Jid.Domain, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)));
        _timer.Schedule(_server.Options.Limits.ProbeAfter);
        Send(Stanza.Of(new Element("iq", Ns.Client).Set("type", "result").Set("id", iq.Id).Add(new Element("bind", Ns.Bind).Add("jid", Full.ToString()))));
    }

    ValueTask TakeAsync(Stanza stanza, Jid full)
    {
        if (stanza.MalformedAddress)
        {
            Refuse(stanza, StanzaError.JidMalformed);
        }
        else if (!_bucket.TryTake())
        {
            Refuse(stanza, StanzaError.ResourceConstraint with { Text = "Guests may not send so much." });
        }
        else if (stanza.Kind == StanzaKind.Iq && (stanza.To ?? Jid) is var asked && (asked.Equals(Jid) || asked.Equals(full)))
        {
            Own(stanza, full);
        }
        else if (stanza.Kind == StanzaKind.Presence)
        {
            return PresenceAsync(stanza, full);
        }
        else if (stanza.To is not { } to || !_host.MayReach(stanza, to))
        {
            Refuse(stanza, StanzaError.NotAllowed with { Type = "auth", Text = "Guests cannot talk there." });
        }
        else
        {
            var routing = _server.Router.RouteAsync(stanza, full, to);

            // What is asked takes its time; everything else keeps its order.
            return stanza.Kind == StanzaKind.Iq ? FreeAsync(routing) : routing;
        }

        return default;
    }

    static ValueTask FreeAsync(ValueTask routing)
    {
        if (!routing.IsCompletedSuccessfully)
        {
            _ = routing.AsTask();
        }

        return default;
    }

    /// <summary>What a client asks of its own account. There is no roster, which is not the same as an error to clients.</summary>
    void Own(Stanza iq, Jid full)
    {
        var (name, ns) = iq.ChildCount == 1 ? iq.ChildName(0) : default;
        if (iq is { Type: StanzaType.Set } && (name, ns) == ("session", Ns.Session))
        {
            Reply(iq, null);
        }
        else if (iq is { Type: StanzaType.Get } && (name, ns) == ("query", Ns.Roster))
        {
            Reply(iq, new Element("query", Ns.Roster));
        }
        else if (_host.Answer(iq, full, Jid) is { } error)
        {
            Refuse(iq, error);
        }
    }

    async ValueTask PresenceAsync(Stanza presence, Jid full)
    {
        if (presence.To is not { } to)
        {
            if (presence.Type == StanzaType.Unavailable)
            {
                await LeavePlacesAsync();
            }

            return;
        }

        if (presence.Type is not (StanzaType.None or StanzaType.Unavailable) || !_host.MayReach(presence, to))
        {
            Refuse(presence, StanzaError.NotAllowed with { Type = "auth", Text = "Guests cannot do that." });
            return;
        }

        lock (_places)
        {
            if (presence.Type == StanzaType.Unavailable)
            {
                _places.Remove(to);
            }
            else if (_places.Count >= MostPlaces && !_places.Contains(to))
            {
                Refuse(presence, StanzaError.ResourceConstraint with { Text = "You are in too many rooms." });
                return;
            }
            else
            {
                _places.Add(to);
            }
        }

        await _server.Router.RouteAsync(presence, full, to);
    }

    async Task LeaveAsync()
    {
        try
        {
            await LeavePlacesAsync();
            await _server.AddressGoneAsync(Jid);
        }
        catch (Exception e)
        {
            _server.Log.BackgroundFailed("guest", e);
        }
    }

    /// <summary>RFC 6121 §4.6: where its presence went, there it goes now.</summary>
    async ValueTask LeavePlacesAsync()
    {
        Jid[] places;
        lock (_places)
        {
            places = [.. _places];
            _places.Clear();
        }

        foreach (var place in places)
        {
            await _server.Router.RouteAsync(Stanza.Of(new Element("presence", Ns.Client).Set("type", "unavailable")), Full!, place);
        }
    }

    void Reply(Stanza iq, Element? payload) => Send(Stanza.Of(new Element("iq", Ns.Client)
        .Set("type", "result").Set("id", iq.Id).Set("from", iq.To?.ToString()).Set("to", Full!.ToString()).Add(payload)));

    void Refuse(Stanza stanza, StanzaError error)
    {
        if (stanza.Type is StanzaType.Error or StanzaType.Result)
        {
            return;
        }

        var answer = new Element(stanza.Name, Ns.Client)
            .Set("type", "error").Set("id", stanza.Id).Set("from", (stanza.To ?? Jid).ToString()).Set("to", Full!.ToString());
        Send(Stanza.Of(answer.Add(stanza.Kind == StanzaKind.Iq ? stanza.Payload : null).Add(error.ToElement())));
    }
}

/// <summary>So many a second on average, more at once. Touched by one task at a time.</summary>
sealed class TokenBucket(TimeProvider time, int perSecond, int burst)
{
    double _tokens = burst;
    long _at = time.GetTimestamp();

    public bool TryTake()
    {
        var now = time.GetTimestamp();
        _tokens = Math.Min(burst, _tokens + (time.GetElapsedTime(_at, now).TotalSeconds * perSecond));
        _at = now;
        if (_tokens < 1)
        {
            return false;
        }

        _tokens--;
        return true;
    }
}
