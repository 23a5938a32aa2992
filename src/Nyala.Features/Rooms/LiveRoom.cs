using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Nyala.Core.Routing;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Rooms;

/// <summary>A room in memory: its rules and what belongs to it beside them. All but what is named under the room's gate.</summary>
sealed class LiveRoom
{
    const int MostSpeakers = 1_000;

    readonly Dictionary<Jid, Saying> _lastSaid = [];
    readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LiveRoom(StoredRoom stored, Jid address, bool isLocked)
    {
        Rules = new Room(stored.Id, address, RoomForm.Load(stored.Settings.Config), stored.Secret, stored.Members, isLocked);
        Subject = stored.Subject;
        SubjectAt = stored.SubjectAt;
        Hats = RoomHats.Load(stored.Hats);
        SetCard(stored.Card);
    }

    public Room Rules { get; }

    public RoomHistory History { get; } = new();

    /// <summary>The last change of subject as it was sent to all, or null.</summary>
    public byte[]? Subject { get; private set; }

    /// <summary>Its time in milliseconds since 1970.</summary>
    public long SubjectAt { get; private set; }

    /// <summary>The room's vCard, or null.</summary>
    public byte[]? Card { get; private set; }

    /// <summary>SHA-1 of each of its pictures, in hexadecimal (XEP-0486 §3.2).</summary>
    public IReadOnlyList<string> Avatars { get; private set; } = [];

    public RoomHats Hats { get; set; }

    /// <summary>One change at a time that is stored before it is told. Not under the gate.</summary>
    public SemaphoreSlim Changes { get; } = new(1);

    /// <summary>When it was last asked for, in the directory's ticks. Any thread.</summary>
    public long LastUsed;

    /// <summary>Completes when a destroyed room is gone from the store, too. Any thread.</summary>
    public Task Gone => _gone.Task;

    public void IsGone() => _gone.TrySetResult();

    public long Owner => -Rules.Id;

    public void SetSubject(byte[] message, long at) => (Subject, SubjectAt) = (message, at);

    public void SetCard(byte[]? card)
    {
        Card = card;
        Avatars = card is null ? [] : [.. Stanza.Parse(card).ToElement().Children
            .Where(child => child.Is("PHOTO", Ns.VCard)).Select(Hash).OfType<string>()];
    }

    /// <summary>The text of the subject, or nothing.</summary>
    public string SubjectText => Subject is null ? "" : Stanza.Parse(Subject).Child("subject", Ns.Client)?.Text ?? "";

    /// <summary>
    /// XEP-0500 §5: how long somebody has still to wait, in seconds; 0: it may speak, and waits from now on. What has been taken and
    /// comes again on another stream (R5) is no second message: the log knows it.
    /// </summary>
    public int MustWait(MessageEntry entry, Affiliation affiliation, bool isKept, long now)
    {
        var pause = Rules.Config.SlowMode * 1_000L;
        if (pause == 0 || affiliation >= Affiliation.Admin)
        {
            return 0;
        }

        var likeness = isKept && entry.CameOn != 0 ? entry.Likeness : default;
        var account = entry.FromJid.Bare;
        if (_lastSaid.TryGetValue(account, out var last) && now - last.At < pause)
        {
            return likeness != default && likeness == last.Likeness && entry.CameOn != last.Stream ? 0 : (int)((pause - (now - last.At) + 999) / 1_000);
        }

        if (_lastSaid.Count >= MostSpeakers)
        {
            foreach (var (speaker, said) in _lastSaid.ToList())
            {
                if (now - said.At >= pause)
                {
                    _lastSaid.Remove(speaker);
                }
            }
        }

        _lastSaid[account] = new(now, likeness, entry.CameOn);
        return 0;
    }

    /// <summary>A message as everybody gets it: with its id in the room's archive (XEP-0359 §3) if it has one.</summary>
    public byte[] WithId(Stanza message, long position, ArchiveIds ids)
    {
        if (position == 0)
        {
            return message.Bytes.ToArray();
        }

        var id = new Element("stanza-id", Ns.StanzaIds).Set("by", Rules.Address.ToString()).Set("id", ids.Encode(Owner, position)).ToUtf8();
        var output = new ArrayBufferWriter<byte>(message.Bytes.Length + id.Length + 16);
        message.WriteTo(output, Framing.Stream, id);
        return output.WrittenSpan.ToArray();
    }

    [SuppressMessage("Security", "CA5350", Justification = "XEP-0153 §4.2 names SHA-1.")]
    static string? Hash(Element photo)
    {
        try
        {
            return photo.Child("BINVAL") is { } data ? Convert.ToHexStringLower(SHA1.HashData(Convert.FromBase64String(data.Text))) : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>The last message of somebody.</summary>
    readonly record struct Saying(long At, UInt128 Likeness, long Stream);
}
