using System.Text;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Features.Rooms;

/// <summary>
/// Somebody in a room under one nickname, with one or more clients (XEP-0045 §7.2.8: multi-session nicks). Touched only under
/// the room's gate.
/// </summary>
sealed class Occupant(Jid account, string nick, string id)
{
    /// <summary>The real bare address.</summary>
    public Jid Account => account;

    public string Nick { get; private set; } = nick;

    /// <summary>What compares with other nicknames, see <see cref="Nicknames"/>.</summary>
    public string Key { get; private set; } = Nicknames.KeyOf(nick);

    /// <summary>The occupant id (XEP-0421).</summary>
    public string Id => id;

    public RoomRole Role { get; private set; }

    public Affiliation Affiliation { get; private set; }

    /// <summary>Its clients, the one whose presence is shown first; empty once it has left.</summary>
    public List<Seat> Seats { get; } = [];

    /// <summary>The client whose presence and address the others see: the one that spoke of itself last.</summary>
    public Seat Shown => Seats[0];

    /// <summary>Its presence as others see it, ready to be sent, without and with the real address; null: to be made.</summary>
    public byte[]? Veiled { get; set; }

    public byte[]? Revealed { get; set; }

    public void Become(Affiliation affiliation, RoomRole role)
    {
        (Affiliation, Role) = (affiliation, role);
        Changed();
    }

    public void Rename(string nick)
    {
        (Nick, Key) = (nick, Nicknames.KeyOf(nick));
        Changed();
    }

    /// <summary>That client's presence is shown from here on.</summary>
    public void Show(Seat seat, Stanza presence)
    {
        seat.Presence = presence;
        Seats.Remove(seat);
        Seats.Insert(0, seat);
        Changed();
    }

    /// <summary>What others see is made anew.</summary>
    public void Changed() => (Veiled, Revealed) = (null, null);
}

/// <summary>One client in a room.</summary>
/// <param name="real">Its full address.</param>
/// <param name="session">Its session when it is here.</param>
/// <param name="number">Unlike that of any other in this room.</param>
sealed class Seat(Jid real, Session? session, int number)
{
    OrderedSender? _sender;

    public Jid Real => real;

    public Session? Session => session;

    public int Number => number;

    public Occupant Occupant { get; set; } = null!;

    /// <summary>Something is on its way to it that nothing may overtake.</summary>
    public bool IsBusy => _sender is { IsBusy: true };

    /// <summary>The way of what does not go straight to a session. Under the room's gate.</summary>
    public OrderedSender Sender(Router router) => _sender ??= new(router);

    /// <summary>The last presence it sent to the room.</summary>
    public Stanza Presence { get; set; } = null!;
}

/// <summary>When two nicknames are one to people (XEP-0045 §7.2.8, RFC 8266): spaces, width and case make no difference.</summary>
static class Nicknames
{
    /// <summary>UTF-8 bytes of a nickname at most.</summary>
    public const int MaxBytes = 255;

    public static bool IsGood(string nick) => Encoding.UTF8.GetByteCount(nick) <= MaxBytes && KeyOf(nick).Length > 0;

    public static string KeyOf(string nick)
    {
        var key = new StringBuilder(nick.Length);
        foreach (var c in nick.Normalize(NormalizationForm.FormKC).ToLowerInvariant())
        {
            if (!char.IsWhiteSpace(c))
            {
                key.Append(c);
            }
            else if (key.Length > 0 && key[^1] != ' ')
            {
                key.Append(' ');
            }
        }

        return key.ToString().TrimEnd();
    }
}
