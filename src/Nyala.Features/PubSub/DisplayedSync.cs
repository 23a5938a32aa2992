using Nyala.Core.Routing;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.PubSub;

/// <summary>
/// Message Displayed Synchronization: what one device has shown, all know. A client may say so in the very message that tells
/// the other side; that part is taken out before anybody sees it (§5.1).
/// </summary>
[Xep(490, "1.0.1", Note = "with server-assist")]
public sealed class DisplayedSync(ItemPublishing publishing) : IFeature
{
    public void Register(FeatureBuilder on)
    {
        on.Advertise(Ns.DisplayedAssist, Entity.OwnAccount);
        on.Message(MessageStage.OutgoingStamp, Take);
    }

    StanzaError? Take(MessageEntry message)
    {
        if (message.FromAccount is not { } account || message.Message.Child("displayed", Ns.Displayed) is not { } displayed)
        {
            return null;
        }

        message.Replace(message.Message.Rewrite(message.FromJid, message.ToJid, (name, ns) => name == "displayed" && ns == Ns.Displayed));
        if (displayed.Children.ToList() is [var id] && id.Is("stanza-id", Ns.StanzaIds))
        {
            message.Preparation = MarkAsync(PubSubHost.Of(account), message.ToJid.ToString(), id);
        }

        return null;
    }

    /// <summary>R2: on disk before the message counts. A mark for which there is no room keeps no message back.</summary>
    async Task MarkAsync(PubSubHost host, string chat, Element id)
    {
        await Task.Yield();
        await publishing.PublishOwnAsync(host, Ns.Displayed, chat, new Element("displayed", Ns.Displayed).Add(id), NodeCreation.Private);
    }
}
