using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Features.PubSub;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features;

/// <summary>
/// vcard-temp: an account's card, written by itself, readable by everybody who has its address. Its photo is the avatar of
/// <see cref="Avatars"/>, and all else is the same card as the account's vCard4 where that is for everybody.
/// </summary>
[Xep(54, "1.3.0")]
[Xep(292, "0.12.0", Note = "by PEP, and converted to and from vcard-temp")]
public sealed class VCardTemp(NyalaServer server, Avatars avatars, NodeDirectory nodes, ItemPublishing publishing) : IFeature
{
    const string Kind = "vcard";

    public void Register(FeatureBuilder on)
    {
        on.Advertise(Ns.VCard, Entity.Domain | Entity.OwnAccount);
        on.Advertise(Ns.VCard4, Entity.OwnAccount);
        on.IqGet(Ns.VCard, "vCard", GetAsync, Entity.OwnAccount | Entity.OtherAccount);
        on.IqSet(Ns.VCard, "vCard", SetAsync);

        // §3.2: of another account, not-allowed would tell that it exists.
        on.IqSet(Ns.VCard, "vCard", _ => (IqReply)StanzaError.Forbidden, Entity.OtherAccount | Entity.NoAccount);
        publishing.Changed.Add(PublishedAsync);
    }

    async ValueTask<IqReply> GetAsync(IqRequest request)
    {
        var stored = await StoredAsync(request.Account!);
        var photo = stored?.Child("PHOTO") is null ? await avatars.PhotoAsync(request.Account!, request.From) : null;
        if (stored is not null || photo is not null)
        {
            return (stored ?? new Element("vCard", Ns.VCard)).Add(photo);
        }

        // §3.1: an empty card for the owner; others see no difference to an account that does not exist.
        return request.Entity == Entity.OwnAccount ? new Element("vCard", Ns.VCard) : StanzaError.ServiceUnavailable;
    }

    async ValueTask<IqReply> SetAsync(IqRequest request)
    {
        var account = request.Account!;
        var card = request.Payload;
        if (card.ToUtf8().Length > server.Options.Limits.DocumentBytes + server.Options.Limits.PubSubItemBytes)
        {
            return StanzaError.ResourceConstraint with { Text = "The card is too large." };
        }

        // A photo that is elsewhere, or cannot be read, stays in the card as it is.
        var hasAvatar = Avatar.TryReadPhoto(card, out var avatar);
        var bare = hasAvatar || card.Child("PHOTO") is { } photo && photo.Child("EXTVAL") is null && string.IsNullOrWhiteSpace(photo.Child("BINVAL")?.Text)
            ? WithoutPhoto(card)
            : card;
        var document = bare.ToUtf8();
        if (document.Length > server.Options.Limits.DocumentBytes)
        {
            return StanzaError.ResourceConstraint with { Text = "The card is too large." };
        }

        if (bare.Child("PHOTO") is null && await avatars.PhotoSetAsync(account, avatar) is { } error)
        {
            return error;
        }

        await server.Store.Documents.SetAsync(account.Id, Kind, "", document);
        return await PublishAsync(account, bare) is { } refused ? refused : IqReply.Done;
    }

    /// <summary>XEP-0292 §9: the same as a vCard4, where that is anything.</summary>
    async ValueTask<StanzaError?> PublishAsync(LocalAccount account, Element card)
    {
        var host = PubSubHost.Of(account);
        var node = await nodes.FindAsync(host, Ns.VCard4Node);
        var old = node is null ? null : (await nodes.Store.NewestAsync([node.Id])).GetValueOrDefault(node.Id);
        var stored = old is { Payload.Length: > 0 } ? Stanza.Parse(old.Payload).ToElement() : null;
        var modern = VCards.ToModern(card, stored);
        return !modern.Children.Any() && old is null
            ? null
            : await publishing.PublishOwnAsync(host, Ns.VCard4Node, "current", modern, NodeCreation.Public);
    }

    /// <summary>A client has published a vCard4: who reads only vcard-temp sees it too, where everybody may.</summary>
    async ValueTask PublishedAsync(PubSubHost host, string node, PubSubItem? item)
    {
        if (node != Ns.VCard4Node || item is not { Payload.Length: > 0 } || item.Publisher == host.Jid.ToString()
            || await nodes.FindAsync(host, node) is not { Configuration.Access: AccessModel.Open })
        {
            return;
        }

        var modern = Stanza.Parse(item.Payload).ToElement();
        if (modern.Is("vcard", Ns.VCard4))
        {
            var document = VCards.ToTemp(modern, await StoredAsync(host.Account!)).ToUtf8();
            if (document.Length <= server.Options.Limits.DocumentBytes)
            {
                await server.Store.Documents.SetAsync(host.Account!.Id, Kind, "", document);
            }
        }
    }

    async ValueTask<Element?> StoredAsync(LocalAccount account) =>
        await server.Store.Documents.GetAsync(account.Id, Kind, "") is { } stored ? Stanza.Parse(stored).ToElement() : null;

    static Element WithoutPhoto(Element card) => new Element("vCard", Ns.VCard).Add(card.Children.Where(child => !child.Is("PHOTO", Ns.VCard)));
}
