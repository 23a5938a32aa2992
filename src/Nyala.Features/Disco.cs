using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Features.Sharing;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features;

/// <summary>Service Discovery of the server and of accounts; an account shows itself only to those who see its presence (§8).</summary>
[Xep(30, "2.5.0")]
public sealed class Disco(NyalaServer server, PresenceAccess access) : IFeature
{
    public void Register(FeatureBuilder on)
    {
        on.Advertise(Ns.DiscoInfo, Entity.Domain | Entity.OwnAccount);
        on.Advertise(Ns.DiscoItems, Entity.Domain | Entity.OwnAccount);
        on.IqGet(Ns.DiscoInfo, "query", InfoAsync, Entity.Domain | Entity.OwnAccount | Entity.OtherAccount);
        on.IqGet(Ns.DiscoItems, "query", ItemsAsync, Entity.Domain | Entity.OwnAccount | Entity.OtherAccount);
    }

    /// <summary>What the server says of itself; complete once all features are registered.</summary>
    internal static DiscoInfo OfServer(FeatureTable features) =>
        new([new DiscoIdentity("server", "im", "Nyala")], features.FeaturesOf(Entity.Domain), []);

    async ValueTask<IqReply> InfoAsync(IqRequest request)
    {
        var node = request.Payload["node"];
        if (request.Entity == Entity.Domain)
        {
            if (node is not null && server.Features.DiscoNodes.TryGetValue((Ns.DiscoInfo, node), out var handler))
            {
                return await handler(request);
            }

            return node is null || EntityCaps.IsNode(server, node)
                ? OfServer(server.Features).ToElement(node)
                : StanzaError.ItemNotFound;
        }

        if (!await access.MaySeeAsync(request.Account!, request.From))
        {
            return StanzaError.ServiceUnavailable;
        }

        return node is null
            ? new DiscoInfo([new DiscoIdentity("account", "registered")], server.Features.FeaturesOf(Entity.OwnAccount), []).ToElement()
            : StanzaError.ItemNotFound;
    }

    async ValueTask<IqReply> ItemsAsync(IqRequest request)
    {
        if (request.Account is not { } account)
        {
            var node = request.Payload["node"];
            if (node is not null && server.Features.DiscoNodes.TryGetValue((Ns.DiscoItems, node), out var handler))
            {
                return await handler(request);
            }

            return node is null ? new Element("query", Ns.DiscoItems) : StanzaError.ItemNotFound;
        }

        if (!await access.MaySeeAsync(account, request.From))
        {
            return StanzaError.ServiceUnavailable;
        }

        if (request.Payload["node"] is not null)
        {
            return StanzaError.ItemNotFound;
        }

        // §8: the items of an account are its available resources.
        var query = new Element("query", Ns.DiscoItems);
        foreach (var session in account.SessionList)
        {
            if (session.IsAvailable)
            {
                query.Add(new Element("item", Ns.DiscoItems).Set("jid", session.Jid.ToString()));
            }
        }

        return query;
    }
}
