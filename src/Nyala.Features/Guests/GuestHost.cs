using System.Collections.Concurrent;
using Nyala.Core;
using Nyala.Core.Connections;
using Nyala.Core.Routing;
using Nyala.Core.Sessions.Negotiation;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Guests;

/// <summary>
/// People without an account, on a domain of their own: each gets an address for the time of the connection. To the rest of the
/// server they are as strangers from elsewhere; nothing of them is ever stored. Safe from any thread.
/// </summary>
[Xep(175, "1.2", Note = "on a domain of its own, off by default; guests have no roster, no archive and no resumption")]
public sealed class GuestHost : IFeature, IStanzaHost, IGuestDoor
{
    readonly NyalaServer _server;
    readonly GuestOptions _options;
    readonly string _rooms;
    readonly ConcurrentDictionary<string, GuestSession> _guests = new(StringComparer.Ordinal);
    readonly Dictionary<UInt128, int> _perAddress = [];
    readonly Lock _gate = new();
    int _count;

    public GuestHost(NyalaServer server)
    {
        _server = server;
        _options = server.Options.Guests;
        _rooms = server.Options.Rooms.Host ?? "rooms." + server.Options.Domain;
    }

    public string Domain => _options.Domain;

    public void Register(FeatureBuilder on)
    {
        if (Domain.Length == 0)
        {
            return;
        }

        on.Guests(this);
        on.Host(Domain, this, "Guests");
        on.Stopping(() =>
        {
            foreach (var guest in _guests.Values)
            {
                guest.End(EndReason.Shutdown, StreamError.SystemShutdown);
            }

            return ValueTask.CompletedTask;
        });

        // What rooms had noted of guests when the process ended without a word. No guest comes before the listeners are open.
        _ = _server.Store.Rooms.ForgetDomainAsync(Domain).AsTask();
        _server.Metrics.Meter.CreateObservableGauge("nyala.guests", () => Volatile.Read(ref _count), "{guest}", "Guests that are connected.");
    }

    public IStreamHandler? Admit(Connection connection)
    {
        var address = connection.Remote?.Address is { } remote && _server.Options.Limits.RateLimits && !System.Net.IPAddress.IsLoopback(remote)
            ? AddressLimits.Key(remote)
            : (UInt128?)null;
        lock (_gate)
        {
            var others = address is { } known ? _perAddress.GetValueOrDefault(known) : 0;
            if (_count >= _options.Sessions || others >= _options.PerAddress)
            {
                return null;
            }

            _count++;
            if (address is { } key)
            {
                _perAddress[key] = others + 1;
            }
        }

        // §3: unique, and telling nothing.
        var guest = new GuestSession(_server, this, Jid.FromPrepared(Guid.NewGuid().ToString(), Domain), connection, address);
        _guests[guest.Jid.Local!] = guest;
        return guest;
    }

    /// <summary>A guest is gone, and its address with it.</summary>
    internal void Left(GuestSession guest, UInt128? address)
    {
        _guests.TryRemove(guest.Jid.Local!, out _);
        lock (_gate)
        {
            _count--;
            if (address is { } key && _perAddress.TryGetValue(key, out var count))
            {
                if (count > 1)
                {
                    _perAddress[key] = count - 1;
                }
                else
                {
                    _perAddress.Remove(key);
                }
            }
        }
    }

    /// <summary>Whether a guest may send a stanza there.</summary>
    internal bool MayReach(Stanza stanza, Jid to)
    {
        if (to.Domain == _rooms)
        {
            // A place in a room's lists would outlive the guest.
            return stanza.Kind != StanzaKind.Iq || stanza.Type != StanzaType.Set || !stanza.HasNamespace(Ns.Register);
        }

        if (to.Domain == _server.Options.Domain)
        {
            return to.Local is null ? stanza.Kind == StanzaKind.Iq : stanza.Kind == StanzaKind.Message && _options.Reach != GuestReach.Rooms;
        }

        if (to.Domain == Domain)
        {
            return to.Local is null ? stanza.Kind == StanzaKind.Iq : _options.Reach != GuestReach.Rooms && stanza.Kind == StanzaKind.Message;
        }

        return _options.Reach == GuestReach.All && !_server.Features.Hosts.ContainsKey(to.Domain)
            && (stanza.Kind != StanzaKind.Presence || stanza.Type is StanzaType.None or StanzaType.Unavailable);
    }

    public ValueTask<StanzaError?> CheckAsync(MessageEntry message)
    {
        if (MayBeReached(message.FromJid, message.Message) && Find(message.ToJid) is not null)
        {
            return new((StanzaError?)null);
        }

        message.IsDropped = message.Message.Type == StanzaType.Error;
        return new(message.IsDropped ? null : StanzaError.ServiceUnavailable);
    }

    public void Deliver(MessageEntry message) => Find(message.ToJid)?.Send(message.Message);

    public ValueTask<StanzaError?> PresenceAsync(Stanza presence)
    {
        if (presence.Type is StanzaType.Subscribe)
        {
            // §3: no relationships that would have to end with the guest.
            return new(StanzaError.NotAllowed);
        }

        if (MayBeReached(presence.From!, presence))
        {
            Find(presence.To!)?.Send(presence);
        }

        return new((StanzaError?)null);
    }

    public ValueTask<StanzaError?> IqAsync(Stanza iq)
    {
        var (from, to) = (iq.From!, iq.To!);
        if (iq.Type is StanzaType.Get or StanzaType.Set && !to.IsFull)
        {
            return new(Answer(iq, from, to));
        }

        if (MayBeReached(from, iq) && Find(to) is { } guest)
        {
            guest.Send(iq);
            return new((StanzaError?)null);
        }

        return new(iq.Type is StanzaType.Get or StanzaType.Set ? StanzaError.ServiceUnavailable : null);
    }

    /// <summary>What the domain answers, and what it answers for a guest.</summary>
    internal StanzaError? Answer(Stanza iq, Jid from, Jid to)
    {
        var guest = to.Local is null ? null : Find(to);
        if (iq.Type != StanzaType.Get || iq.ChildCount != 1 || (to.Local is not null && guest is null))
        {
            return StanzaError.ServiceUnavailable;
        }

        var payload = iq.Payload!;
        var answer = (payload.Namespace, payload.Name) switch
        {
            (Ns.DiscoInfo, "query") when payload["node"] is null => Describe(guest is not null).ToElement(),
            (Ns.DiscoItems, "query") when payload["node"] is null => new Element("query", Ns.DiscoItems),
            (Ns.Affiliation, "query") when guest is not null => AccountAffiliation.Guest(),
            (Ns.Ping, "ping") => null,
            _ => payload,
        };
        if (ReferenceEquals(answer, payload))
        {
            return StanzaError.ServiceUnavailable;
        }

        _server.Router.Send(Stanza.Of(new Element("iq", Ns.Client).Set("type", "result").Set("id", iq.Id).Add(answer)), to, from);
        return null;
    }

    /// <summary>§4: what a guest is.</summary>
    static DiscoInfo Describe(bool isGuest) => isGuest
        ? new([new DiscoIdentity("account", "anonymous")], [Ns.DiscoInfo, Ns.DiscoItems, Ns.Ping, Ns.Affiliation], [])
        : new([new DiscoIdentity("server", "im", "Guests")], [Ns.DiscoInfo, Ns.DiscoItems, Ns.Ping], []);

    /// <summary>Errors come back from anywhere; everything else only from where guests may go.</summary>
    bool MayBeReached(Jid from, Stanza stanza) =>
        stanza.Type is StanzaType.Error or StanzaType.Result || from.Domain == _rooms || (from.Domain == _server.Options.Domain && from.Local is null)
        || (_options.Reach != GuestReach.Rooms && (from.Domain == _server.Options.Domain || from.Domain == Domain))
        || (_options.Reach == GuestReach.All && !_server.Features.Hosts.ContainsKey(from.Domain));

    GuestSession? Find(Jid address) =>
        address.Local is { } name && _guests.TryGetValue(name, out var guest) && (address.Resource is null || address.Equals(guest.Full)) ? guest : null;
}
