using Nyala.Core.Diagnostics;
using Nyala.Core.Routing;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Rooms;

/// <summary>
/// Messages are taken back, by moderators (XEP-0425) or by who sent them (XEP-0424): everybody is told, and in the archive a
/// tombstone takes their place.
/// </summary>
sealed class RoomModeration(RoomOperations rooms)
{
    const int MaxReason = 1_024;

    IArchive Archive => rooms.Server.Store.Archive;

    /// <summary>XEP-0425 §4</summary>
    public async ValueTask<IqReply> ModerateAsync(IqRequest request, LiveRoom room)
    {
        if (request.Payload["id"] is not { } id || request.Payload.Child("retract", Ns.Retraction) is null)
        {
            return StanzaError.BadRequest;
        }

        var reason = request.Payload.Child("reason")?.Text;
        if (reason?.Length > MaxReason)
        {
            return StanzaError.PolicyViolation with { Text = "The reason is too long." };
        }

        var moderator = RoomOperations.Look(room, rules => rules.ActorOf(request.From));
        if (moderator.Role != RoomRole.Moderator)
        {
            return StanzaError.Forbidden with { Type = "modify", Text = "Only moderators take back what others said." };
        }

        if (await FindAsync(room, id) is not { } row)
        {
            return StanzaError.ItemNotFound;
        }

        var moderated = new Element("moderated", Ns.Moderation).Set("by", room.Rules.AddressOf(moderator.Nick!).ToString())
            .Add(new Element("occupant-id", Ns.OccupantId).Set("id", room.Rules.OccupantIdOf(request.From)));
        var retraction = new Element("message", Ns.Client).Set("type", "groupchat").Set("from", room.Rules.Address.ToString())
            .Set("id", Guid.NewGuid().ToString())
            .Add(new Element("retract", Ns.Retraction).Set("id", id).Add(moderated).Add(Reason(reason)));
        var announcement = new Announcement(this, room, Stanza.Of(retraction))
        {
            Kind = LogKind.Message,
            Recipient = room.Owner,
            From = request.From.ToString(),
            To = room.Rules.Address.ToString(),
            Flags = RowFlags.InRecipientArchive,
        };
        announcement.Stanza = announcement.Message.Bytes;

        // First what was said is gone, then everybody hears of it.
        await BuryAsync(room, row, Tombstone(retraction["id"], moderated, reason));
        rooms.Server.Store.Log.Append(announcement);
        return await announcement.Told ? IqReply.Done : StanzaError.InternalServerError;
    }

    /// <summary>XEP-0424 §5: what its own sender takes back.</summary>
    public void RetractSoon(LiveRoom room, string id, MessageEntry retraction) => _ = RetractAsync(room, id, retraction);

    async Task RetractAsync(LiveRoom room, string id, MessageEntry retraction)
    {
        try
        {
            if (await FindAsync(room, id) is { From: { } from } row && Jid.TryParse(from, out var sender) && sender.Bare.Equals(retraction.FromJid.Bare)
                && row.Position < retraction.Position)
            {
                await BuryAsync(room, row, Tombstone(retraction.Message.Id, null, null));
            }
        }
        catch (Exception e)
        {
            rooms.Server.Log.HandlerFailed("retraction", e);
        }
    }

    async ValueTask<ArchiveRow?> FindAsync(LiveRoom room, string id)
    {
        if (!Archive.Ids.TryDecode(room.Owner, id, out var position))
        {
            return null;
        }

        var page = await Archive.ReadAsync(new ArchiveQuery(room.Owner) { Only = [position], Max = 1 }, CancellationToken.None);
        return page.Rows.Count == 1 ? page.Rows[0] : null;
    }

    Element Tombstone(string? id, Element? moderated, string? reason) => new Element("retracted", Ns.Retraction)
        .Set("stamp", DateTimeProfile.Format(rooms.Server.Time.GetUtcNow())).Set("id", id).Add(moderated).Add(Reason(reason));

    static Element? Reason(string? reason) => string.IsNullOrEmpty(reason) ? null : new Element("reason", Ns.Retraction).AddText(reason);

    /// <summary>Of the message only who sent it remains.</summary>
    async ValueTask BuryAsync(LiveRoom room, ArchiveRow row, Element tombstone)
    {
        var message = Stanza.Parse(row.Stanza);
        if (message.Has("retracted", Ns.Retraction))
        {
            return;
        }

        var buried = message.Rewrite(message.From, null, (_, ns) => ns != Ns.OccupantId, tombstone.ToUtf8());
        await Archive.ReplaceAsync(room.Owner, row.Position, buried.Bytes);
        rooms.Do(room, _ => room.History.Replace(row.Position, room.WithId(buried, row.Position, Archive.Ids)));
    }

    /// <summary>A message of the room itself on its way through the log.</summary>
    sealed class Announcement(RoomModeration moderation, LiveRoom room, Stanza message) : LogEntry
    {
        readonly TaskCompletionSource<bool> _told = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Stanza Message => message;

        public Task<bool> Told => _told.Task;

        public override void Complete()
        {
            var stored = Outcome == LogOutcome.Committed;
            if (stored)
            {
                var complete = room.WithId(message, Position, moderation.Archive.Ids);
                moderation.Spread(room, message, complete, Position, At);
            }

            _told.TrySetResult(stored);
        }
    }

    void Spread(LiveRoom room, Stanza message, byte[] complete, long position, long at) => rooms.Do(room, notices =>
        RoomMessages.Spread(rooms, room, message, complete, position, at, notices));
}
