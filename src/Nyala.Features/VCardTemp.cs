using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features;

/// <summary>vcard-temp: an account's card, written by itself, readable by everybody who has its address.</summary>
[Xep(54, "1.2")]
[Xep(153, "1.1.1", Note = "the avatar hash in presence passes untouched")]
public sealed class VCardTemp(NyalaServer server) : IFeature
{
    const string Kind = "vcard";

    public void Register(FeatureBuilder on)
    {
        on.Advertise(Ns.VCard, Entity.Domain | Entity.OwnAccount);
        on.IqGet(Ns.VCard, "vCard", GetAsync, Entity.OwnAccount | Entity.OtherAccount);
        on.IqSet(Ns.VCard, "vCard", SetAsync);

        // §3.2: of another account, not-allowed would tell that it exists.
        on.IqSet(Ns.VCard, "vCard", _ => (IqReply)StanzaError.ServiceUnavailable, Entity.OtherAccount);
    }

    async ValueTask<IqReply> GetAsync(IqRequest request)
    {
        var stored = await server.Store.Documents.GetAsync(request.Account!.Id, Kind, "");
        if (stored is not null)
        {
            return Stanza.Parse(stored).ToElement();
        }

        // §3.1: an empty card for the owner; others see no difference to an account that does not exist.
        return request.Entity == Entity.OwnAccount ? new Element("vCard", Ns.VCard) : StanzaError.ServiceUnavailable;
    }

    async ValueTask<IqReply> SetAsync(IqRequest request)
    {
        var card = request.Payload.ToUtf8();
        if (card.Length > server.Options.Limits.DocumentBytes)
        {
            return StanzaError.ResourceConstraint with { Text = "The card is too large." };
        }

        await server.Store.Documents.SetAsync(request.Account!.Id, Kind, "", card);
        return IqReply.Done;
    }
}
