using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Core.Routing;

/// <summary>What a message is worth (R7): which archives, offline delivery, copies, and whether an inactive client must see it at once.</summary>
/// <param name="Flags">Where a row is kept; none: the message is transient.</param>
/// <param name="Copy">Other devices get a carbon (XEP-0280 §6.1).</param>
/// <param name="Urgent">Client state indication does not hold it (R12).</param>
public readonly record struct MessagePolicy(RowFlags Flags, bool Copy, bool Urgent)
{
    const RowFlags BothArchives = RowFlags.InSenderArchive | RowFlags.InRecipientArchive;

    /// <summary>What in a message makes it worth keeping: content, encryption, and what changes or answers kept messages.</summary>
    static readonly (string Name, string Ns)[] Kept =
    [
        ("body", Ns.Client),
        ("encrypted", Ns.Omemo),
        ("encrypted", Ns.Omemo2),
        ("openpgp", Ns.OpenPgp),
        ("x", Ns.LegacyPgp),
        ("encryption", Ns.Encryption),
        ("received", Ns.Receipts),
        ("received", Ns.ChatMarkers),
        ("displayed", Ns.ChatMarkers),
        ("acknowledged", Ns.ChatMarkers),
        ("reactions", Ns.Reactions),
        ("retract", Ns.Retraction),
        ("replace", Ns.Correction),
        ("x", Ns.DirectInvite),
        ("store", Ns.Hints),
    ];

    /// <summary>The one table. Classifies by what the stanza is; who may see it is decided elsewhere.</summary>
    public static MessagePolicy Of(Stanza message)
    {
        if (message.Type is StanzaType.Headline or StanzaType.Groupchat)
        {
            return new(RowFlags.None, Copy: false, Urgent: message.Type == StanzaType.Groupchat);
        }

        var (kept, transient, hints) = Scan(message);
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
        return new(archive | RowFlags.Deliver, copy, Urgent: true);
    }

    /// <summary>XEP-0280 §6.1: whatever the type, what clients say to each other about a conversation belongs to it.</summary>
    static bool IsConversation(Stanza message) =>
        message.HasNamespace(Ns.ChatStates) || message.HasNamespace(Ns.Receipts) || message.HasNamespace(Ns.ChatMarkers);

    static (bool Kept, bool Transient, Hint Hints) Scan(Stanza message)
    {
        var kept = false;
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
            kept |= IsKept(message, i, name, ns);
        }

        // An empty message is as transient as one of chat states only.
        return (kept, transient, hints);
    }

    static bool IsKept(Stanza message, int index, string name, string ns)
    {
        if (ns == Ns.JingleMessages)
        {
            return true;
        }

        if (ns == Ns.MucUser)
        {
            // An invitation is history, other room notices are not (XEP-0045 §7.8.2).
            return message.ChildBytes(index).Span.IndexOf("<invite"u8) >= 0;
        }

        foreach (var entry in Kept)
        {
            if (entry.Name == name && entry.Ns == ns)
            {
                return true;
            }
        }

        return false;
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
