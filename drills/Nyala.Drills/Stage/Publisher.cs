using System.Globalization;
using Nyala.Client;
using Nyala.Xmpp;
using Nyala.Xmpp.Xml;

namespace Nyala.Drills.Stage;

/// <summary>Publishes numbered items at a node of its account. What has its result must be at the node.</summary>
sealed class Publisher(Cast cast, Ledger ledger, string account, Manner manner) : Member(cast, ledger, account, "publisher", manner)
{
    public const string Node = "urn:example:drill";

    readonly Lock _gate = new();
    readonly HashSet<string> _safe = new(StringComparer.Ordinal);
    int _last;
    volatile bool _finishing;

    /// <summary>The ids of the items that must be there.</summary>
    public IReadOnlySet<string> Safe
    {
        get
        {
            lock (_gate)
            {
                return _safe.ToHashSet(StringComparer.Ordinal);
            }
        }
    }

    public void Finish() => _finishing = true;

    protected override async Task ActAsync(bool resumed, CancellationToken stop)
    {
        while (Client.IsConnected && !stop.IsCancellationRequested && !_finishing)
        {
            var id = (++_last).ToString(CultureInfo.InvariantCulture);
            await Client.IqAsync("set", new Element("pubsub", Ns.PubSub)
                .Add(new Element("publish", Ns.PubSub).Set("node", Node)
                    .Add(new Element("item", Ns.PubSub).Set("id", id).Add(new Element("number", Node).AddText(id)))), timeout: TimeSpan.FromSeconds(20), token: stop);
            lock (_gate)
            {
                _safe.Add(id);
            }

            Ledger.Acknowledge();
            await PauseAsync(20, 120, stop);
        }
    }

    /// <summary>What is wrong at the node now.</summary>
    public static async Task CheckAsync(XmppClient auditor, Publisher publisher, Ledger ledger)
    {
        HashSet<string> found = new(StringComparer.Ordinal);
        var set = new Element("set", Ns.Rsm).Add("max", "200");
        while (true)
        {
            var answer = await auditor.IqAsync("get", new Element("pubsub", Ns.PubSub).Add(new Element("items", Ns.PubSub).Set("node", Node)).Add(set));
            var ids = answer?.Child("items", Ns.PubSub)?.Children.Select(item => item["id"]!).ToList() ?? [];
            found.UnionWith(ids);
            if (ids.Count == 0 || answer?.Child("set", Ns.Rsm)?.Child("last")?.Text is not { } last)
            {
                break;
            }

            set = new Element("set", Ns.Rsm).Add("max", "200").Add("after", last);
        }

        foreach (var id in publisher.Safe.Except(found, StringComparer.Ordinal))
        {
            ledger.Fault($"Item {id} of {publisher.Account} was published, and is not at its node.");
        }
    }
}
