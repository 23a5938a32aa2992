using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.PubSub;

/// <summary>
/// One avatar for clients of both kinds: it is kept in the account's nodes; the vCard shows it, and a picture set in the vCard
/// becomes it. Presence carries its hash, so that no client has to work it out.
/// </summary>
[Xep(398, "1.0.0")]
[Xep(153, "1.1.1", Note = "the server puts the hash into presence, and tells presence again when the picture changes")]
public sealed class Avatars(NyalaServer server, NodeDirectory nodes, NodeAccess access, ItemPublishing publishing, NodeOwnership ownership) : IFeature
{
    /// <summary>What presence carries once there is no picture any more.</summary>
    static readonly byte[] NoPicture = new Element("x", Ns.VCardUpdate).Add("photo", "").ToUtf8();

    /// <summary>What an account's metadata node says; null: it shows no picture.</summary>
    static readonly SlotKey<Shown> Current = new("avatar");

    public void Register(FeatureBuilder on)
    {
        on.Advertise(Ns.AvatarConversion, Entity.OwnAccount);
        on.AccountLoading(LoadAsync);
        on.PresenceStamp(Stamp);
        publishing.Changed.Add((host, node, _) => ChangedAsync(host, node));
        ownership.Changed.Add(ChangedAsync);
    }

    /// <summary>The photo for the account's vCard, if who asks may see the avatar (§6 of XEP-0398).</summary>
    internal async ValueTask<Element?> PhotoAsync(LocalAccount account, Jid who)
    {
        if (account.Get(Current) is not { } shown)
        {
            return null;
        }

        var host = PubSubHost.Of(account);
        if (await nodes.FindAsync(host, Ns.AvatarMetadata) is not { } metadata || await access.ReadErrorAsync(host, metadata, who) is not null)
        {
            return null;
        }

        return (await DataAsync(host, shown, who))?.ToPhoto();
    }

    /// <summary>A vCard with this photo (null: with none) was set; only what is new is published.</summary>
    internal async ValueTask<StanzaError?> PhotoSetAsync(LocalAccount account, Avatar? avatar)
    {
        var host = PubSubHost.Of(account);
        if (avatar?.Hash == account.Get(Current)?.Hash)
        {
            return null;
        }

        if (avatar is null)
        {
            // XEP-0084 §3.6
            return await publishing.PublishOwnAsync(host, Ns.AvatarMetadata, "none", new Element("metadata", Ns.AvatarMetadata), NodeCreation.Public);
        }

        return await publishing.PublishOwnAsync(host, Ns.AvatarData, avatar.Hash, avatar.ToData(), NodeCreation.Public)
            ?? await publishing.PublishOwnAsync(host, Ns.AvatarMetadata, avatar.Hash, avatar.ToMetadata(), NodeCreation.Public);
    }

    /// <summary>§4 of XEP-0398.</summary>
    Stanza Stamp(Session session, Stanza presence)
    {
        if (presence.Type != StanzaType.None || session.Account.Get(Current) is not { } shown
            || !(shown.Access == AccessModel.Open || (shown.Access == AccessModel.Presence && presence.To is null)))
        {
            return presence;
        }

        var photo = presence.Child("x", Ns.VCardUpdate)?.Child("photo");
        return photo is not null && (photo.Text.Length == 0 || photo.Text == shown.Hash)
            ? presence
            : presence.Rewrite(presence.From, presence.To, (name, ns) => name == "x" && ns == Ns.VCardUpdate, shown.Update);
    }

    async ValueTask LoadAsync(LocalAccount account)
    {
        if (await server.Store.PubSub.NewestAsync(account.Id, Ns.AvatarMetadata) is var (configuration, item) && item.Payload.Length > 0
            && Avatar.ReadMetadata(Stanza.Parse(item.Payload).ToElement()) is var (hash, type))
        {
            account.Set(Current, new Shown(hash, type, NodeDirectory.ReadConfiguration(configuration).Access));
        }
    }

    async ValueTask ChangedAsync(PubSubHost host, string node)
    {
        if (node is not (Ns.AvatarMetadata or Ns.AvatarData))
        {
            return;
        }

        var account = host.Account!;
        var before = account.Get(Current)?.Public;
        account.Set<Shown>(Current, null);
        await LoadAsync(account);
        if (account.Get(Current) is { } shown && await DataAsync(host, shown, account.Jid) is null)
        {
            // A picture that is not there, or is another, is none.
            account.Set<Shown>(Current, null);
        }

        if (account.Get(Current) is var now && now?.Public != before)
        {
            // XEP-0398 §4, XEP-0153 §3.1: contacts hear of it although no client says anything.
            var update = now?.Public is null ? NoPicture : now.Update;
            foreach (var session in account.Sessions)
            {
                server.Router.RepeatPresence(session, presence =>
                    presence.Rewrite(null, null, (name, ns) => name == "x" && ns == Ns.VCardUpdate, update));
            }
        }
    }

    async ValueTask<Avatar?> DataAsync(PubSubHost host, Shown shown, Jid who) =>
        await nodes.FindAsync(host, Ns.AvatarData) is { } data && await access.ReadErrorAsync(host, data, who) is null
            && await nodes.Store.ReadAsync(data.Id, new PubSubQuery(1, [shown.Hash])) is { Items: [{ Payload.Length: > 0 } item] }
            && Avatar.TryReadData(Stanza.Parse(item.Payload).ToElement(), shown.Hash, shown.Type, out var avatar)
                ? avatar
                : null;

    sealed record Shown(string Hash, string Type, AccessModel Access)
    {
        /// <summary>The hash, if contacts may see the picture.</summary>
        public string? Public => Access is AccessModel.Open or AccessModel.Presence ? Hash : null;

        /// <summary>What presence carries.</summary>
        public byte[] Update { get; } = new Element("x", Ns.VCardUpdate).Add("photo", Hash).ToUtf8();
    }
}
