using Nyala.Core;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Features.PubSub;

/// <summary>How nodes come to be, by request or by publishing (XEP-0060 §8.1, §7.1.4).</summary>
public sealed class NodeCreation(NyalaServer server, NodeDirectory nodes)
{
    const int LongestName = 500;

    /// <summary>What nobody else may see, whoever forgets to say so (XEP-0223; XEP-0490 §4.2).</summary>
    public static NodeConfiguration Private { get; } = new()
    {
        Access = AccessModel.Whitelist,
        MaxItems = NodeConfiguration.Unlimited,
        SendLast = LastItem.Never,
    };

    /// <summary>What everybody may see (XEP-0222).</summary>
    internal static NodeConfiguration Public { get; } = new() { Access = AccessModel.Open };

    static NodeConfiguration OfService { get; } = new() { Access = AccessModel.Open, MaxItems = 100, SendLast = LastItem.OnSubscription };

    /// <summary>The configuration of a node of that name (null: of any) where nothing else is asked for.</summary>
    internal NodeConfiguration Defaults(PubSubHost host, string? name) => host.Account is null ? OfService : name switch
    {
        Ns.Bookmarks or Ns.Displayed or "urn:xmpp:contacts" => Private,
        Ns.LegacyBookmarks => Private with { MaxItems = 1, SendLast = LastItem.OnSubscriptionAndPresence },
        _ => new(),
    };

    /// <summary>A number that no item will ever reach says no more than max.</summary>
    internal NodeConfiguration Normal(NodeConfiguration configuration) => configuration with
    {
        MaxItems = configuration.MaxItems >= server.Options.Limits.PubSubItems ? NodeConfiguration.Unlimited : configuration.MaxItems,
        MaxPayload = configuration.MaxPayload >= server.Options.Limits.PubSubItemBytes ? NodeConfiguration.Unlimited : configuration.MaxPayload,
    };

    /// <summary>Creates a node; <see cref="StanzaError.Conflict"/>: there is one of that name.</summary>
    internal async ValueTask<StanzaError?> CreateAsync(PubSubHost host, Jid from, string name, NodeConfiguration configuration)
    {
        if (host.Account is { } account ? !from.Bare.Equals(account.Jid) : from.Domain != server.Options.Domain || from.Local is null)
        {
            // Only who belongs here makes nodes. Of an account, others learn no more than that there is none (§7.1.3.3).
            return host.Account is null ? StanzaError.Forbidden : StanzaError.ItemNotFound;
        }

        if (name.Length > LongestName)
        {
            return StanzaError.NotAcceptable with { Text = "The node's name is too long." };
        }

        return await nodes.InTurnAsync<StanzaError?>(host, name, async all =>
        {
            if (all.Find(name) is not null)
            {
                return StanzaError.Conflict;
            }

            var limit = server.Options.Limits.PubSubNodes;
            if (host.Account is null ? all.All.Count(node => NodeAccess.IsOwner(host, node, from)) >= limit : all.Count >= limit)
            {
                return PubSubErrors.TooManyNodes;
            }

            var normal = Normal(configuration);
            var stored = await nodes.Store.CreateAsync(
                host.Account?.Id, name, NodeDirectory.Write(normal), host.Account is null ? from.Bare.ToString() : null, server.Time.GetUtcNow());
            if (stored is null)
            {
                return StanzaError.Conflict;
            }

            all.Put(NodeDirectory.Read(stored) with { Configuration = normal });
            return null;
        });
    }
}
