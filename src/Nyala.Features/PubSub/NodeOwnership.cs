using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.PubSub;

/// <summary>What owners do with whole nodes: create, configure, purge, delete (XEP-0060 §8.1 to §8.5).</summary>
public sealed class NodeOwnership(NodeDirectory nodes, NodeCreation creation, NodeAccess access, NodeEvents events, AccessReview review)
{
    const int LongestAddress = 2_000;

    /// <summary>Told after an account's node was configured, purged or deleted, outside the node's turn.</summary>
    internal List<Func<PubSubHost, string, ValueTask>> Changed { get; } = [];

    /// <summary>§8.1.</summary>
    internal async ValueTask<(Element? Answer, StanzaError? Error)> CreateAsync(PubSubHost host, Jid from, Element pubsub)
    {
        var name = pubsub.Child("create")!["node"] is { Length: > 0 } own ? own : Guid.NewGuid().ToString("N");
        var configuration = creation.Defaults(host, name);
        if (pubsub.Child("configure") is { } configure)
        {
            if (configure["node"] is not null)
            {
                return (null, StanzaError.BadRequest);
            }

            if (configure.Child("x", Ns.DataForms) is { } x)
            {
                if (!DataForm.TryParse(x, out var form) || form.Type != "submit" || (form.FormType ?? Ns.PubSubNodeConfig) != Ns.PubSubNodeConfig)
                {
                    return (null, StanzaError.BadRequest);
                }

                if (Collects(form) || configuration.With(form) is not { } wanted)
                {
                    return (null, PubSubErrors.Impossible(form));
                }

                configuration = wanted;
            }
        }

        if (await creation.CreateAsync(host, from, name, configuration) is { } error)
        {
            return (null, error == StanzaError.ItemNotFound ? StanzaError.Forbidden : error);
        }

        return (new Element("pubsub", Ns.PubSub).Add(new Element("create", Ns.PubSub).Set("node", name)), null);
    }

    /// <summary>§8.3.</summary>
    internal Element Default(PubSubHost host) => new Element("pubsub", Ns.PubSubOwner).Add(
        new Element("default", Ns.PubSubOwner).Add(creation.Defaults(host, null).ToForm("form", Ns.PubSubNodeConfig).ToElement()));

    /// <summary>§8.2.1.</summary>
    internal async ValueTask<(Element? Answer, StanzaError? Error)> FormAsync(PubSubHost host, Jid from, Element configure)
    {
        var (node, error) = Owned(host, from, await nodes.GetAsync(host), configure);
        return node is null ? (null, error) : (new Element("pubsub", Ns.PubSubOwner).Add(new Element("configure", Ns.PubSubOwner).Set("node", node.Name)
            .Add(node.Configuration.ToForm("form", Ns.PubSubNodeConfig, await access.GroupsAsync(host, from)).ToElement())), null);
    }

    /// <summary>§8.2.4.</summary>
    internal async ValueTask<StanzaError?> ConfigureAsync(PubSubHost host, Jid from, Element configure)
    {
        if (configure.Child("x", Ns.DataForms) is not { } x || !DataForm.TryParse(x, out var form) || form.Type is not ("submit" or "cancel")
            || (form.Type == "submit" && (form.FormType ?? Ns.PubSubNodeConfig) != Ns.PubSubNodeConfig))
        {
            return StanzaError.BadRequest;
        }

        var error = await ChangeAsync(host, from, configure, async (all, node) =>
        {
            if (form.Type == "cancel")
            {
                return null;
            }

            if (Collects(form) || node.Configuration.With(form) is not { } wanted)
            {
                return PubSubErrors.Impossible(form);
            }

            var configuration = creation.Normal(wanted);
            await nodes.Store.ConfigureAsync(node.Id, NodeDirectory.Write(configuration));
            if (!configuration.Persist && node.Items > 0)
            {
                await nodes.Store.PurgeAsync(node.Id);
                node = node with { Items = 0, Bytes = 0 };
            }

            var before = node;
            node = node with { Configuration = configuration };
            all.Put(node);
            if (configuration.NotifyConfiguration)
            {
                await events.ConfiguredAsync(host, node);
            }

            await review.ConfiguredAsync(host, all, before, node);

            return null;
        });
        return error ?? await ChangedAsync(host, configure["node"]!);
    }

    /// <summary>§8.5.</summary>
    internal async ValueTask<StanzaError?> PurgeAsync(PubSubHost host, Jid from, Element purge)
    {
        var error = await ChangeAsync(host, from, purge, async (all, node) =>
        {
            if (!node.Configuration.Persist)
            {
                return PubSubErrors.Unsupported("persistent-items");
            }

            await nodes.Store.PurgeAsync(node.Id);
            node = node with { Items = 0, Bytes = 0 };
            all.Put(node);
            if (node.Configuration.NotifyRetraction)
            {
                await events.PurgedAsync(host, node);
            }

            return null;
        });
        return error ?? await ChangedAsync(host, purge["node"]!);
    }

    /// <summary>§8.4.</summary>
    internal async ValueTask<StanzaError?> DeleteAsync(PubSubHost host, Jid from, Element delete)
    {
        var redirect = delete.Child("redirect")?["uri"];
        if (redirect is { Length: 0 or > LongestAddress })
        {
            return StanzaError.BadRequest;
        }

        var error = await ChangeAsync(host, from, delete, async (all, node) =>
        {
            await nodes.Store.DeleteAsync(node.Id);
            all.Remove(node.Name);
            if (node.Configuration.NotifyDeletion)
            {
                await events.DeletedAsync(host, node, redirect);
            }

            return null;
        });
        return error ?? await ChangedAsync(host, delete["node"]!);
    }

    /// <summary>The node an owner names, or why not (§8.2.3).</summary>
    internal static (Node? Node, StanzaError? Error) Owned(PubSubHost host, Jid from, HostNodes all, Element request) =>
        request["node"] is not { Length: > 0 } name ? (null, PubSubErrors.NodeRequired)
        : all.Find(name) is not { } node ? (null, StanzaError.ItemNotFound)
        : NodeAccess.IsOwner(host, node, from) ? (node, null)
        : (null, StanzaError.Forbidden);

    /// <summary>It wants a node in a collection (XEP-0248), of which there are none.</summary>
    static bool Collects(DataForm form) => form["pubsub#collection"] is { Value.Length: > 0 };

    async ValueTask<StanzaError?> ChangedAsync(PubSubHost host, string name)
    {
        if (host.Account is not null)
        {
            foreach (var changed in Changed)
            {
                await changed(host, name);
            }
        }

        return null;
    }

    async ValueTask<StanzaError?> ChangeAsync(PubSubHost host, Jid from, Element request, Func<HostNodes, Node, ValueTask<StanzaError?>> change) =>
        await nodes.InTurnAsync<StanzaError?>(host, request["node"] ?? "", async all =>
        {
            var (node, error) = Owned(host, from, all, request);
            return node is null ? error : await change(all, node);
        });
}
