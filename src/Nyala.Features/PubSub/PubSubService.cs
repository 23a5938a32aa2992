using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Features.PubSub;

/// <summary>A PubSub service of its own beside the domain, where the users of this server may create nodes for anybody.</summary>
public sealed class PubSubService : IFeature, IStanzaHost
{
    /// <summary>Nodes one answer lists at most.</summary>
    const int MostListed = 1_000;

    readonly NyalaServer _server;
    readonly PubSubEngine _engine;
    readonly NodeDisco _disco;
    readonly PubSubHost _host;

    public PubSubService(NyalaServer server, PubSubEngine engine, NodeDisco disco)
    {
        _server = server;
        _engine = engine;
        _disco = disco;
        _host = new(Jid.FromPrepared(null, "pubsub." + server.Options.Domain), null);
    }

    public void Register(FeatureBuilder on)
    {
        on.Host(_host.Jid.Domain, this, "Publish-Subscribe");
        on.Identify(new DiscoIdentity("pubsub", "service", "Publish-Subscribe"), Entity.PubSub);
        foreach (var feature in (string[])[Ns.DiscoInfo, Ns.DiscoItems, Ns.Ping, Ns.PubSub])
        {
            on.Advertise(feature, Entity.PubSub);
        }

        foreach (var ability in PubSubEngine.Abilities)
        {
            on.Advertise($"{Ns.PubSub}#{ability}", Entity.PubSub);
        }

        on.IqGet(Ns.Ping, "ping", _ => IqReply.Done, Entity.PubSub);
        on.IqGet(Ns.DiscoInfo, "query", InfoAsync, Entity.PubSub);
        on.IqGet(Ns.DiscoItems, "query", ItemsAsync, Entity.PubSub);
        on.Advertise(Ns.Commands, Entity.PubSub);
        on.Advertise($"{Ns.PubSub}#get-pending", Entity.PubSub);
        on.IqSet(Ns.Commands, "command", async request => await _engine.Pending.ExecuteAsync(_host, request), Entity.PubSub);
        on.IqGet(Ns.PubSub, "pubsub", HandleAsync, Entity.PubSub);
        on.IqSet(Ns.PubSub, "pubsub", HandleAsync, Entity.PubSub);
        on.IqGet(Ns.PubSubOwner, "pubsub", HandleOwnerAsync, Entity.PubSub);
        on.IqSet(Ns.PubSubOwner, "pubsub", HandleOwnerAsync, Entity.PubSub);
    }

    public Entity? EntityOf(Jid address) => address.Equals(_host.Jid) ? Entity.PubSub : null;

    /// <summary>Only answers to requests for approval, and what came back of events, are taken.</summary>
    public async ValueTask<StanzaError?> CheckAsync(MessageEntry message)
    {
        message.IsDropped = true;
        if (!message.ToJid.Equals(_host.Jid))
        {
            return StanzaError.ServiceUnavailable;
        }

        if (message.Message.Type == StanzaType.Error)
        {
            // XEP-0060 §12.4: who is not there is not told any more.
            if (message.Message.Child("error", Ns.Client)?["type"] == "cancel")
            {
                await _engine.Subscribing.BouncedAsync(_host, message.FromJid);
            }

            return null;
        }

        return _engine.Subscribing.TryAnswer(_host, message.FromJid, message.Message) ? null : StanzaError.ServiceUnavailable;
    }

    public void Deliver(MessageEntry message)
    {
    }

    /// <summary>The service neither has nor wants presence.</summary>
    public ValueTask<StanzaError?> PresenceAsync(Stanza presence) => new((StanzaError?)null);

    public ValueTask<StanzaError?> IqAsync(Stanza iq) => new(iq.Type is StanzaType.Get or StanzaType.Set ? StanzaError.ServiceUnavailable : null);

    async ValueTask<IqReply> InfoAsync(IqRequest request)
    {
        if (request.Payload["node"] is { } node)
        {
            return PersonalEventing.Reply(await _disco.InfoAsync(_host, request.From, node));
        }

        return new DiscoInfo([.. _server.Features.IdentitiesOf(Entity.PubSub)], _server.Features.FeaturesOf(Entity.PubSub), []).ToElement();
    }

    async ValueTask<IqReply> ItemsAsync(IqRequest request) => request.Payload["node"] is { } node
        ? PersonalEventing.Reply(await _disco.ItemsAsync(_host, request.From, node))
        : new Xmpp.Xml.Element("query", Ns.DiscoItems).Add(await _disco.NodesAsync(_host, request.From, MostListed));

    async ValueTask<IqReply> HandleAsync(IqRequest request) =>
        PersonalEventing.Reply(await _engine.HandleAsync(_host, request.From, request.IsSet, request.Payload));

    async ValueTask<IqReply> HandleOwnerAsync(IqRequest request) =>
        PersonalEventing.Reply(await _engine.HandleOwnerAsync(_host, request.From, request.IsSet, request.Payload));
}
