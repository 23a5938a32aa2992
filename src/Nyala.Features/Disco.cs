using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Features.PubSub;
using Nyala.Features.Sharing;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features;

/// <summary>Service Discovery of the server and of accounts; an account shows itself only to those who see its presence (§8).</summary>
[Xep(30, "2.5.0")]
public sealed class Disco(NyalaServer server, PresenceAccess access, NodeDisco nodes) : IFeature
{
    public void Register(FeatureBuilder on)
    {
        on.Advertise(Ns.DiscoInfo, Entity.Domain | Entity.OwnAccount);
        on.Advertise(Ns.DiscoItems, Entity.Domain | Entity.OwnAccount);
        on.IqGet(Ns.DiscoInfo, "query", InfoAsync, Entity.Domain | Entity.OwnAccount | Entity.OtherAccount);
        on.IqGet(Ns.DiscoItems, "query", ItemsAsync, Entity.Domain | Entity.OwnAccount | Entity.OtherAccount);
        on.IqGet(Ns.DiscoItems, "query", request => (IqReply)NoItems(request), Entity.NoAccount);
    }

    /// <summary>What the server says of itself; complete once all features are registered.</summary>
    internal static DiscoInfo OfServer(FeatureTable features) =>
        features.Shown(
            new([new DiscoIdentity("server", "im", "Nyala"), .. features.IdentitiesOf(Entity.Domain)], features.FeaturesOf(Entity.Domain), [.. features.FormsOf(Entity.Domain)]),
            Entity.Domain);

    async ValueTask<IqReply> InfoAsync(IqRequest request)
    {
        var node = request.Payload["node"];
        if (request.Entity == Entity.Domain)
        {
            if (node is not null && server.Features.DiscoNode(Entity.Domain, Ns.DiscoInfo, node) is { } handler)
            {
                return await handler(request);
            }

            return node is null || EntityCaps.IsNode(server, node)
                ? OfServer(server.Features).ToElement(node)
                : StanzaError.ItemNotFound;
        }

        if (node is not null && server.Features.DiscoNode(request.Entity, Ns.DiscoInfo, node) is { } answer)
        {
            return await answer(request);
        }

        if (node is not null)
        {
            return await OfNodeAsync(request, await nodes.InfoAsync(PubSubHost.Of(request.Account!), request.From, node), StanzaError.ServiceUnavailable);
        }

        return await access.MaySeeAsync(request.Account!, request.From)
            ? server.Features.Shown(
                new([new DiscoIdentity("account", "registered"), .. server.Features.IdentitiesOf(Entity.OwnAccount)], server.Features.FeaturesOf(Entity.OwnAccount), []),
                Entity.OwnAccount).ToElement()
            : StanzaError.ServiceUnavailable;
    }

    /// <summary>A stranger does not learn from the absence of a node that there is an account.</summary>
    async ValueTask<IqReply> OfNodeAsync(IqRequest request, (Element? Answer, StanzaError? Error) result, IqReply toStrangers) =>
        result.Answer is { } answer ? answer
        : await access.MaySeeAsync(request.Account!, request.From) ? result.Error!
        : toStrangers;

    /// <summary>§8: an account that is not there has no items, and one that one may not see has none either.</summary>
    static Element NoItems(IqRequest request) => new Element("query", Ns.DiscoItems).Set("node", request.Payload["node"]);

    async ValueTask<IqReply> ItemsAsync(IqRequest request)
    {
        if (request.Account is not { } account)
        {
            var node = request.Payload["node"];
            if (node is not null && server.Features.DiscoNode(Entity.Domain, Ns.DiscoItems, node) is { } handler)
            {
                return await handler(request);
            }

            return node is null
                ? new Element("query", Ns.DiscoItems).Add(server.Features.Hosts.Where(host => server.Features.IsThere(host.Key)).Select(host =>
                    new Element("item", Ns.DiscoItems).Set("jid", host.Key).Set("name", host.Value)))
                : StanzaError.ItemNotFound;
        }

        if (request.Payload["node"] is { } name)
        {
            if (server.Features.DiscoNode(request.Entity, Ns.DiscoItems, name) is { } answer)
            {
                return await answer(request);
            }

            return await OfNodeAsync(request, await nodes.ItemsAsync(PubSubHost.Of(account), request.From, name), NoItems(request));
        }

        if (!await access.MaySeeAsync(account, request.From))
        {
            return NoItems(request);
        }

        // §8: the items of an account are its available resources; and its nodes (XEP-0163 §6.2).
        var query = new Element("query", Ns.DiscoItems);
        foreach (var session in account.SessionList)
        {
            if (session.IsAvailable)
            {
                query.Add(new Element("item", Ns.DiscoItems).Set("jid", session.Jid.ToString()));
            }
        }

        return query.Add(await nodes.NodesAsync(PubSubHost.Of(account), request.From, server.Options.Limits.PubSubNodes));
    }
}
