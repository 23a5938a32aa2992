using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Core.Routing;

/// <summary>What a device that sleeps is woken for (R13); the greater one wins.</summary>
public enum PushKind
{
    /// <summary>Nothing to show.</summary>
    None,

    /// <summary>Something to read.</summary>
    Message,

    /// <summary>Somebody calls (XEP-0353): at once.</summary>
    Call,
}

/// <summary>What a message is worth (R7): which archives, offline delivery, copies, and whether an inactive client must see it at once.</summary>
/// <param name="Flags">Where a row is kept; none: the message is transient.</param>
/// <param name="Copy">Other devices get a carbon (XEP-0280 §6.1).</param>
/// <param name="Urgent">Client state indication does not hold it (R12).</param>
/// <param name="Push">What a device that sleeps is told (R13).</param>
public readonly record struct MessagePolicy(RowFlags Flags, bool Copy, bool Urgent, PushKind Push = PushKind.None)
{
    const RowFlags BothArchives = RowFlags.InSenderArchive | RowFlags.InRecipientArchive;

    /// <summary>What in a message makes it worth keeping: content, encryption, and what changes or answers kept messages.</summary>
    static readonly (string Name, string Ns, PushKind Push)[] Kept =
    [
        ("body", Ns.Client, PushKind.Message),
        ("encrypted", Ns.Omemo, PushKind.Message),
        ("encrypted", Ns.Omemo2, PushKind.Message),
        ("openpgp", Ns.OpenPgp, PushKind.Message),
        ("x", Ns.LegacyPgp, PushKind.Message),
        ("encryption", Ns.Encryption, PushKind.None),
        ("received", Ns.Receipts, PushKind.None),
        ("received", Ns.ChatMarkers, PushKind.None),
        ("displayed", Ns.ChatMarkers, PushKind.None),
        ("acknowledged", Ns.ChatMarkers, PushKind.None),
        ("reactions", Ns.Reactions, PushKind.Message),
        ("retract", Ns.Retraction, PushKind.None),
        ("replace", Ns.Correction, PushKind.None),
        ("x", Ns.DirectInvite, PushKind.Message),
        ("store", Ns.Hints, PushKind.None),
    ];

    /// <summary>The one table. Classifies by what the stanza is; who may see it is decided elsewhere.</summary>
    public static MessagePolicy Of(Stanza message)
    {
        if (message.Type is StanzaType.Headline or StanzaType.Groupchat)
        {
            return new(RowFlags.None, Copy: false, Urgent: message.Type == StanzaType.Groupchat);
        }

        var (kept, transient, hints, push) = Scan(message);
        var noCopy = hints.HasFlag(Hint.NoCopy);
        var copy = !noCopy && (message.Type == StanzaType.Chat || kept || IsConversation(message));
        if (message.Type == StanzaType.Error)
        {
            // A bounce belongs to the history of who sent the original; it is never kept for delivery (RFC 6121 §8.5.2.2.1).
            var bounce = message.Id is null || hints.HasFlag(Hint.NoStore) ? RowFlags.None : RowFlags.InRecipientArchive;
            return new(bounce, Copy: !noCopy, Urgent: true);
        }

        if (hints.HasFlag(Hint.NoStore) || (transient && !kept))
        {
            // XEP-0334 §4.3, and R7: chat states alone. Jingle messages are urgent whatever the hints say (R12).
            return new(RowFlags.None, copy, Urgent: kept);
        }

        // XEP-0160 §3: other normal and chat messages wait for an absent recipient, but are not history.
        var archive = kept && !hints.HasFlag(Hint.NoPermanentStore) ? BothArchives : RowFlags.None;
        return new(archive | RowFlags.Deliver, copy, Urgent: true, archive == RowFlags.None ? PushKind.None : push);
    }

    /// <summary>What a message to everybody in a room is to those it concerns while they sleep.</summary>
    public static PushKind PushOfRoom(Stanza message)
    {
        var (_, _, hints, push) = Scan(message);
        return (hints & (Hint.NoStore | Hint.NoPermanentStore)) == Hint.None ? push : PushKind.None;
    }

    /// <summary>Whether a message to everybody in a room belongs to the room's history (R7, XEP-0313 §5.1.2): content, and changes of the subject.</summary>
    public static bool IsRoomHistory(Stanza message)
    {
        var (kept, _, hints, _) = Scan(message);
        return (kept || message.Has("subject", Ns.Client)) && (hints & (Hint.NoStore | Hint.NoPermanentStore)) == Hint.None;
    }

    /// <summary>
    /// XEP-0280 §6.1: what an occupant of a room says in private goes to all clients that are in the room already, so the others
    /// get no copy of it. Invitations are no such thing.
    /// </summary>
    public static bool IsFromOccupant(Stanza message, Jid from)
    {
        if (from.IsBare || message.Type == StanzaType.Groupchat)
        {
            return false;
        }

        for (var i = 0; i < message.ChildCount; i++)
        {
            var (name, ns) = message.ChildName(i);
            if (ns == Ns.MucUser && name == "x")
            {
                return WorthOf(message, i, name, ns) is null;
            }
        }

        return false;
    }

    /// <summary>XEP-0280 §6.1: whatever the type, what clients say to each other about a conversation belongs to it.</summary>
    static bool IsConversation(Stanza message) =>
        message.HasNamespace(Ns.ChatStates) || message.HasNamespace(Ns.Receipts) || message.HasNamespace(Ns.ChatMarkers);

    static (bool Kept, bool Transient, Hint Hints, PushKind Push) Scan(Stanza message)
    {
        var kept = false;
        var push = PushKind.None;
        var transient = true;
        var hints = Hint.None;
        for (var i = 0; i < message.ChildCount; i++)
        {
            var (name, ns) = message.ChildName(i);
            if (ns == Ns.Hints)
            {
                hints |= HintOf(name);
                kept |= name == "store";
                continue;
            }

            if (ns == Ns.Carbons && name == "private")
            {
                // XEP-0280 §6.1, §9: this message alone is not copied, whatever its type.
                hints |= Hint.NoCopy;
                continue;
            }

            if (ns == Ns.ChatStates || (ns == Ns.Client && name == "thread"))
            {
                continue;
            }

            if (ns == Ns.StanzaIds)
            {
                continue;
            }

            transient = false;
            if (WorthOf(message, i, name, ns) is { } worth)
            {
                kept = true;
                push = worth > push ? worth : push;
            }
        }

        // An empty message is as transient as one of chat states only.
        return (kept, transient, hints, push);
    }

    /// <summary>Null: a child that is not worth keeping the message for; else what it is to a device that sleeps.</summary>
    static PushKind? WorthOf(Stanza message, int index, string name, string ns)
    {
        if (ns == Ns.JingleMessages)
        {
            // XEP-0353 §3.1: a phone must ring; what follows goes to devices that are awake.
            return name == "propose" ? PushKind.Call : PushKind.None;
        }

        if (ns == Ns.MucUser)
        {
            // An invitation is history, other room notices are not (XEP-0045 §7.8.2).
            return message.ChildBytes(index).Span.IndexOf("<invite"u8) >= 0 ? PushKind.Message : null;
        }

        foreach (var entry in Kept)
        {
            if (entry.Name == name && entry.Ns == ns)
            {
                // XEP-0384: without a payload only keys are exchanged, and people see nothing.
                return ns is Ns.Omemo or Ns.Omemo2 && message.ChildBytes(index).Span.IndexOf("<payload"u8) < 0 ? PushKind.None : entry.Push;
            }
        }

        return null;
    }

    static Hint HintOf(string name) => name switch
    {
        "no-store" or "no-storage" => Hint.NoStore,
        "no-permanent-store" or "no-permanent-storage" => Hint.NoPermanentStore,
        "no-copy" => Hint.NoCopy,
        _ => Hint.None,
    };

    [Flags]
    enum Hint
    {
        None = 0,
        NoStore = 1,
        NoPermanentStore = 2,
        NoCopy = 4,
    }
}
