using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Features.Rosters;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Features.PubSub;

/// <summary>Who may do what at a node: affiliations first, then the node's models (XEP-0060 §4.1, §4.5).</summary>
public sealed class NodeAccess(NyalaServer server, RosterCache rosters)
{
    /// <summary>Why an entity may not read a node's items or receive its events; null: it may.</summary>
    internal ValueTask<StanzaError?> ReadErrorAsync(PubSubHost host, Node node, Jid who) => node.AffiliationOf(host, who) switch
    {
        PubSubAffiliation.Owner or PubSubAffiliation.Publisher or PubSubAffiliation.Member => new((StanzaError?)null),
        PubSubAffiliation.Outcast or PubSubAffiliation.PublishOnly => new(StanzaError.Forbidden),
        _ => node.Configuration.Access switch
        {
            AccessModel.Open => new((StanzaError?)null),
            AccessModel.Whitelist => new(PubSubErrors.ClosedNode),
            AccessModel.Authorize => new(node.IsSubscribed(who) ? null : PubSubErrors.NotSubscribed),
            var access => RosterErrorAsync(host, node, who, access),
        },
    };

    /// <summary>Why an entity may not subscribe; null: it may, although where the model is authorize an owner has to approve it.</summary>
    internal async ValueTask<StanzaError?> SubscribeErrorAsync(PubSubHost host, Node node, Jid who)
    {
        var error = await ReadErrorAsync(host, node, who);
        return error == PubSubErrors.NotSubscribed ? null : error;
    }

    /// <summary>Whether an entity may publish (<c>publish_model</c>).</summary>
    internal static bool MayPublish(PubSubHost host, Node node, Jid who) => node.AffiliationOf(host, who) switch
    {
        PubSubAffiliation.Owner or PubSubAffiliation.Publisher or PubSubAffiliation.PublishOnly => true,
        PubSubAffiliation.Outcast => false,
        _ => node.Configuration.Publish == PublishModel.Open || (node.Configuration.Publish == PublishModel.Subscribers && node.IsSubscribed(who)),
    };

    /// <summary>Whether an entity may replace and take back what others published (§4.1: not who may only publish).</summary>
    internal static bool MayChangeOthers(PubSubHost host, Node node, Jid who) =>
        node.AffiliationOf(host, who) is PubSubAffiliation.Owner or PubSubAffiliation.Publisher;

    internal static bool IsOwner(PubSubHost host, Node node, Jid who) => node.AffiliationOf(host, who) == PubSubAffiliation.Owner;

    /// <summary>The groups of the owners' rosters, for the form.</summary>
    internal async ValueTask<IEnumerable<string>> GroupsAsync(PubSubHost host, Jid who)
    {
        var account = host.Account ?? await LocateAsync(who.Bare);
        return account is null
            ? []
            : (await rosters.GetAsync(account.Id)).Listed.SelectMany(item => item.Groups).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
    }

    async ValueTask<StanzaError?> RosterErrorAsync(PubSubHost host, Node node, Jid who, AccessModel access)
    {
        StanzaError error = PubSubErrors.PresenceRequired;
        foreach (var owner in node.Owners(host))
        {
            if ((host.Account ?? await LocateAsync(owner)) is not { } account)
            {
                continue;
            }

            var roster = await rosters.GetAsync(account.Id);
            if (roster.IsSubscriber(who.Bare))
            {
                if (access == AccessModel.Presence || roster.Find(who.Bare)!.Groups.Intersect(node.Configuration.RosterGroups, StringComparer.Ordinal).Any())
                {
                    return null;
                }

                error = PubSubErrors.NotInRosterGroup;
            }
        }

        return error;
    }

    async ValueTask<LocalAccount?> LocateAsync(Jid bare) =>
        bare.Local is not null && bare.Domain == server.Options.Domain ? await server.Accounts.LocateAsync(bare.Local) : null;
}
