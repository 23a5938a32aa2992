using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Rooms;

/// <summary>Entering, leaving, and what occupants say of themselves (XEP-0045 §7.2, §7.6, §7.7, §7.14, §17.3).</summary>
sealed class RoomPresence(RoomOperations rooms)
{
    /// <summary>How often a room is looked for that comes and goes meanwhile.</summary>
    const int Attempts = 10;

    /// <summary>Errors that tell that somebody is not there any more (§18.2, ghost users).</summary>
    static readonly string[] Undeliverable =
        ["gone", "item-not-found", "recipient-unavailable", "redirect", "remote-server-not-found", "remote-server-timeout", "service-unavailable"];

    /// <summary>The rooms a session has tried to enter, and may still be in.</summary>
    static readonly SlotKey<HashSet<LiveRoom>> Entered = new("rooms");

    public async ValueTask<StanzaError?> TakeAsync(Stanza presence)
    {
        var (real, to) = (presence.From!, presence.To!);
        if (to.Local is not { } name)
        {
            return presence.Type == StanzaType.None ? StanzaError.ServiceUnavailable : null;
        }

        switch (presence.Type)
        {
            case StanzaType.None:
                return await ArriveAsync(presence, real, to, name);
            case StanzaType.Unavailable:
                // From somebody who is not there it means nothing (§17.3).
                Leave(name, real, presence, isFault: false);
                return null;
            case StanzaType.Error:
                Bounced(presence);
                return null;
            default:
                return null;
        }
    }

    /// <summary>A session ends: with it go its places (R11).</summary>
    public void Ending(Session session, bool isFault)
    {
        foreach (var room in EnteredBy(session))
        {
            Leave(room, session.Jid, null, isFault, null);
        }
    }

    /// <summary>Something a room sent could not be delivered: whoever it was for is a ghost, and is removed.</summary>
    public void Bounced(Stanza stanza)
    {
        var condition = stanza.Child("error", Ns.Client)?.Children.FirstOrDefault(child => child.Namespace == Ns.StanzaErrors)?.Name;
        if (stanza.To?.Local is { } name && Undeliverable.Contains(condition, StringComparer.Ordinal))
        {
            Leave(name, stanza.From!, null, isFault: true);
        }
    }

    void Leave(string name, Jid real, Stanza? words, bool isFault)
    {
        if (rooms.Directory.TryGet(name, out var room))
        {
            Leave(room, real, words, isFault, null);
        }
    }

    void Leave(LiveRoom room, Jid real, Stanza? words, bool isFault, string? reason)
    {
        if (RoomOperations.Look(room, rules => rules.SeatOf(real)) is not null)
        {
            rooms.Do(room, notices =>
            {
                if (room.Rules.SeatOf(real) is { } seat)
                {
                    room.Rules.Leave(seat, words, isFault, notices, reason);
                }
            });
        }
    }

    async ValueTask<StanzaError?> ArriveAsync(Stanza presence, Jid real, Jid to, string name)
    {
        var x = presence.Child("x", Ns.Muc);
        if (to.Resource is not { } nick)
        {
            return StanzaError.JidMalformed with { Text = "A nickname is needed to enter." };
        }

        if (presence.Bytes.Length > rooms.Server.Options.Limits.RoomPresenceBytes)
        {
            return StanzaError.PolicyViolation with { Text = "The presence is too large." };
        }

        RoomEntry? entry = null;
        if (real.IsBare || (x is not null && !RoomEntry.TryParse(x, out entry)))
        {
            return StanzaError.BadRequest;
        }

        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var room = await rooms.Directory.LocateAsync(name);
            var created = false;
            if (room is null && entry is not null)
            {
                if (await CheckCreationAsync(real) is { } refusal)
                {
                    return refusal;
                }

                room = await rooms.Directory.CreateAsync(name, real);
                created = room is not null;
            }
            else if (room is null)
            {
                Deny(real, to);
                return null;
            }

            if (room is not null && Take(room, presence, real, to, nick, entry, created) is (true, var error))
            {
                return error;
            }

            // It went, or came, at this very moment.
        }

        return StanzaError.ResourceConstraint with { Text = "The room cannot be entered now; try again." };
    }

    (bool Done, StanzaError? Error) Take(LiveRoom room, Stanza presence, Jid real, Jid to, string nick, RoomEntry? entry, bool created)
    {
        var session = SessionOf(real);
        if (session is null && real.Domain == rooms.Server.Options.Domain)
        {
            // It has ended meanwhile.
            return (true, null);
        }

        if (session is not null && entry is not null)
        {
            Remember(session, room);
        }

        var answer = rooms.Do<(bool, StanzaError?)>(room, notices =>
        {
            var rules = room.Rules;
            if (rules.IsDestroyed)
            {
                return (false, null);
            }

            if (entry is not null)
            {
                return (true, rules.Enter(real, session, nick, presence, entry, rooms.Server.Options.Limits.OccupantsPerRoom, created, notices));
            }

            if (rules.SeatOf(real) is { } seat)
            {
                return (true, rules.Update(seat, nick, presence, notices));
            }

            Deny(real, to);
            return (true, null);
        });
        if (session is { HasEnded: true })
        {
            // The news of its end may have come before its place.
            Leave(room, real, null, isFault: true, null);
        }

        return answer;
    }

    static void Remember(Session session, LiveRoom room)
    {
        lock (Entered)
        {
            var entered = session.Get(Entered);
            if (entered is null)
            {
                session.Set(Entered, entered = []);
            }

            entered.RemoveWhere(one => one.Rules.IsDestroyed);
            entered.Add(room);
        }
    }

    static LiveRoom[] EnteredBy(Session session)
    {
        lock (Entered)
        {
            return [.. session.Get(Entered) ?? []];
        }
    }

    Session? SessionOf(Jid real) =>
        real.Domain == rooms.Server.Options.Domain && real.Local is not null && rooms.Server.Accounts.TryGet(real.Local, out var account)
            ? account.Find(real.Resource!)
            : null;

    /// <summary>§10.1.1: whether somebody may make a room.</summary>
    async ValueTask<StanzaError?> CheckCreationAsync(Jid real)
    {
        var server = rooms.Server;
        if (real.Domain != server.Options.Domain || real.Local is null)
        {
            return StanzaError.NotAllowed with { Text = "Rooms are made by people of this server." };
        }

        if (server.Options.Rooms.Creation == RoomCreation.Admins
            && await server.Store.Accounts.FindAsync(real.Local) is not { Role: Storage.AccountRole.Admin })
        {
            return StanzaError.NotAllowed with { Text = "Only administrators make rooms here." };
        }

        return await server.Store.Rooms.CountOwnedAsync(real.Bare.ToString()) >= server.Options.Limits.RoomsPerAccount
            ? StanzaError.NotAllowed with { Text = "You own as many rooms as you may." }
            : null;
    }

    /// <summary>§7.2.17: presence of somebody who is not there, and does not say it enters.</summary>
    void Deny(Jid real, Jid to)
    {
        var x = new Element("x", Ns.MucUser).Add(new RoomItem { Affiliation = Affiliation.None, Role = RoomRole.None, Reason = "You are not in the room." }.ToElement(Ns.MucUser));
        foreach (var code in (ReadOnlySpan<string>)["110", "307", "333"])
        {
            x.Add(new Element("status", Ns.MucUser).Set("code", code));
        }

        rooms.Server.Router.Send(Stanza.Of(new Element("presence", Ns.Client).Set("type", "unavailable").Add(x)), to, real);
    }
}
