using System.Xml.Linq;
using FsCheck;
using FsCheck.Fluent;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features.PubSub;

/// <summary>
/// Whatever an owner, a contact and a stranger do to a node in whatever order: each is answered what a small model of XEP-0060
/// says, the items are those of the model, and the contact hears exactly what it may.
/// </summary>
public sealed class RandomOperations(SharedServer shared) : PubSubScene(shared)
{
    const int Runs = 40;
    const int Steps = 30;
    const string Name = "random";

    static readonly Gen<Operation> Operations =
        from kind in Gen.Frequency(
            (8, Gen.Constant(Kind.Publish)), (3, Gen.Constant(Kind.Retract)), (3, Gen.Constant(Kind.Configure)), (3, Gen.Constant(Kind.Affiliate)),
            (3, Gen.Constant(Kind.Subscribe)), (2, Gen.Constant(Kind.Unsubscribe)), (1, Gen.Constant(Kind.Purge)), (1, Gen.Constant(Kind.Delete)), (3, Gen.Constant(Kind.Read)))
        from who in Gen.Elements(Actor.Owner, Actor.Contact, Actor.Stranger)
        from whom in Gen.Elements(Actor.Contact, Actor.Stranger)
        from id in Gen.Elements("a", "b", "c", "d")
        from access in Gen.Elements("open", "presence", "whitelist")
        from publish in Gen.Elements("publishers", "subscribers", "open")
        from max in Gen.Choose(1, 3)
        from affiliation in Gen.Elements("none", "member", "publisher", "publish-only", "outcast", "owner")
        select new Operation(kind, who, whom, id, access, publish, max, affiliation);

    [Fact]
    public async Task Nobody_can_do_or_see_more_or_less_than_the_model_says()
    {
        var wires = new Dictionary<Actor, Wire>
        {
            [Actor.Owner] = await ArriveAsync(Romeo),
            [Actor.Contact] = await InterestedAsync(Juliet, "balcony", Name),
            [Actor.Stranger] = await ArriveAsync(await Server.AddUserAsync($"stranger-to-{Juliet.Split('@')[0]}"), "street"),
        };
        await SubscribeAsync(wires[Actor.Contact], wires[Actor.Owner]);
        foreach (var operations in Operations.ArrayOf(Steps).Sample(Runs, Steps))
        {
            var model = new NodeModel();
            foreach (var (operation, step) in operations.Select((operation, step) => (operation, step)))
            {
                try
                {
                    await StepAsync(wires, model, operation);
                }
                catch (Exception e)
                {
                    throw new InvalidOperationException($"Step {step} of:\n{string.Join('\n', operations.Take(step + 1))}\n{model}", e);
                }
            }

            await SayAsync(wires[Actor.Owner], Actor.Owner, new Operation(Kind.Delete, Actor.Owner, default, "", "", "", 1, ""));
            await EventsAsync(wires[Actor.Contact]);
        }
    }

    async Task StepAsync(Dictionary<Actor, Wire> wires, NodeModel model, Operation operation)
    {
        var (condition, events) = model.Do(operation);
        var answer = await SayAsync(wires[operation.Who], operation.Who, operation);
        var error = answer.Element(XName.Get("error", "jabber:client"));
        Assert.Equal(condition, error?.Elements().First().Name.LocalName ?? "");
        if (operation.Kind == Kind.Read && condition.Length == 0)
        {
            Assert.Equal(model.Items.Select(item => item.Id), answer.Descendants(XName.Get("item", PubSub)).Select(item => item.Attribute("id")!.Value));
        }

        Assert.Equal(events, await EventsAsync(wires[Actor.Contact]));
    }

    async Task<XElement> SayAsync(Wire wire, Actor who, Operation operation)
    {
        var whom = operation.Whom == Actor.Contact ? Juliet : $"stranger-to-{Juliet.Split('@')[0]}@localhost";
        var (type, request) = operation.Kind switch
        {
            Kind.Publish => ("set", Publish(Name, operation.Id)),
            Kind.Retract => ("set", Asks($"<retract node='{Name}'><item id='{operation.Id}'/></retract>")),
            Kind.Configure => ("set", Configure(Name, ("access_model", operation.Access), ("publish_model", operation.Publish), ("max_items", $"{operation.Max}"))),
            Kind.Affiliate => ("set", Owns($"<affiliations node='{Name}'><affiliation jid='{whom}' affiliation='{operation.Affiliation}'/></affiliations>")),
            Kind.Subscribe => ("set", Asks($"<subscribe node='{Name}' jid='{Bare(wire)}'/>")),
            Kind.Unsubscribe => ("set", Asks($"<unsubscribe node='{Name}' jid='{Bare(wire)}'/>")),
            Kind.Purge => ("set", Owns($"<purge node='{Name}'/>")),
            Kind.Delete => ("set", Owns($"<delete node='{Name}'/>")),
            _ => ("get", Items(Name)),
        };
        var id = Guid.NewGuid().ToString("N");
        await wire.SendAsync($"<iq type='{type}' id='{id}'{(who == Actor.Owner ? "" : $" to='{Romeo}'")}>{request}</iq>");
        XElement element;
        do
        {
            element = await wire.ReceiveAsync();
            Heard(wire, element);
        }
        while (element.Attribute("id")?.Value != id);
        return element;
    }

    readonly List<string> _heard = [];

    /// <summary>Notes events of the node on the contact's wire; not the last items that subscribing brings, nor news of subscriptions.</summary>
    void Heard(Wire wire, XElement element)
    {
        if (!wire.Address.EndsWith("/balcony", StringComparison.Ordinal) || element.Element(XName.Get("delay", "urn:xmpp:delay")) is not null)
        {
            return;
        }

        foreach (var inner in element.Elements(XName.Get("event", Event)).Elements())
        {
            switch (inner.Name.LocalName)
            {
                case "items":
                    _heard.AddRange(inner.Elements().Select(item => $"{item.Name.LocalName} {item.Attribute("id")!.Value}"));
                    break;
                case "purge" or "delete":
                    _heard.Add(inner.Name.LocalName);
                    break;
            }
        }
    }

    /// <summary>What the contact has heard since it was last asked; those that made room in one go come in any order.</summary>
    async Task<List<string>> EventsAsync(Wire wire)
    {
        var id = "ping-" + Guid.NewGuid().ToString("N");
        await wire.SendAsync($"<iq type='set' id='{id}'><query xmlns='jabber:iq:private'><settle xmlns='urn:example:settle'/></query></iq>");
        XElement element;
        do
        {
            element = await wire.ReceiveAsync();
            Heard(wire, element);
        }
        while (element.Attribute("id")?.Value != id);
        var heard = _heard.Order(StringComparer.Ordinal).ToList();
        _heard.Clear();
        return heard;
    }
}

public enum Kind
{
    Publish,
    Retract,
    Configure,
    Affiliate,
    Subscribe,
    Unsubscribe,
    Purge,
    Delete,
    Read,
}

public enum Actor
{
    Owner,
    Contact,
    Stranger,
}

public sealed record Operation(Kind Kind, Actor Who, Actor Whom, string Id, string Access, string Publish, int Max, string Affiliation);

/// <summary>A node of an account as XEP-0060 has it, without server and storage.</summary>
sealed class NodeModel
{
    readonly Dictionary<Actor, string> _affiliations = [];
    readonly HashSet<Actor> _subscribers = [];
    bool _exists;
    string _access = "presence";
    string _publish = "publishers";
    int _max = 1;

    /// <summary>The newest first.</summary>
    public List<(string Id, Actor By)> Items { get; } = [];

    /// <summary>Does it; says the error's condition (empty: none) and what the contact hears.</summary>
    public (string Condition, List<string> Events) Do(Operation operation)
    {
        var events = new List<string>();
        var hears = _exists && ReadError(Actor.Contact).Length == 0;
        var condition = Perform(operation, events);
        if (operation.Kind == Kind.Publish && _exists)
        {
            hears = ReadError(Actor.Contact).Length == 0;
        }

        if (condition == "item-not-found" && operation.Who == Actor.Stranger)
        {
            condition = "service-unavailable";
        }

        events.Sort(StringComparer.Ordinal);
        return (condition, hears ? events : []);
    }

    public override string ToString() =>
        $"{_access} {_publish} {_max} [{string.Join(' ', Items)}] [{string.Join(' ', _affiliations)}] [{string.Join(' ', _subscribers)}]";

    string Perform(Operation operation, List<string> events)
    {
        var who = operation.Who;
        if (!_exists)
        {
            if (operation.Kind != Kind.Publish || who != Actor.Owner)
            {
                return "item-not-found";
            }

            (_exists, _access, _publish, _max) = (true, "presence", "publishers", 1);
        }

        return operation.Kind switch
        {
            Kind.Publish => Publish(who, operation.Id, events),
            Kind.Retract => Retract(who, operation.Id, events),
            Kind.Subscribe => ReadError(who) is { Length: > 0 } error ? error : Then(() => _subscribers.Add(who)),
            Kind.Unsubscribe => _subscribers.Remove(who) ? "" : "unexpected-request",
            Kind.Read => ReadError(who),
            _ when Affiliation(who) != "owner" => "forbidden",
            Kind.Configure => Then(() => Configure(operation)),
            Kind.Affiliate => Then(() => Affiliate(operation.Whom, operation.Affiliation)),
            Kind.Purge => Then(() =>
            {
                Items.Clear();
                events.Add("purge");
            }),
            _ => Then(() =>
            {
                Items.Clear();
                _affiliations.Clear();
                _subscribers.Clear();
                _exists = false;
                events.Add("delete");
            }),
        };
    }

    /// <summary>Whom a new access model shuts out is no subscriber any more.</summary>
    void Configure(Operation operation)
    {
        var isReviewed = _access != operation.Access;
        (_access, _publish, _max) = (operation.Access, operation.Publish, operation.Max);
        if (isReviewed)
        {
            _subscribers.RemoveWhere(who => ReadError(who).Length > 0);
        }
    }

    string Publish(Actor who, string id, List<string> events)
    {
        if (!MayPublish(who) || (!MayChangeOthers(who) && Items.Exists(item => item.Id == id && item.By != who)))
        {
            return "forbidden";
        }

        Items.RemoveAll(item => item.Id == id);
        Items.Insert(0, (id, who));
        while (Items.Count > _max)
        {
            if (_max > 1)
            {
                events.Add($"retract {Items[^1].Id}");
            }

            Items.RemoveAt(Items.Count - 1);
        }

        events.Add($"item {id}");
        return "";
    }

    string Retract(Actor who, string id, List<string> events)
    {
        if (!MayPublish(who) || (!MayChangeOthers(who) && Items.Exists(item => item.Id == id && item.By != who)))
        {
            return "forbidden";
        }

        if (Items.RemoveAll(item => item.Id == id) == 0)
        {
            return "item-not-found";
        }

        events.Add($"retract {id}");
        return "";
    }

    void Affiliate(Actor whom, string affiliation)
    {
        _affiliations[whom] = affiliation;
        if (affiliation == "outcast")
        {
            _subscribers.Remove(whom);
        }
    }

    string Affiliation(Actor who) => who == Actor.Owner ? "owner" : _affiliations.GetValueOrDefault(who, "none");

    bool MayChangeOthers(Actor who) => Affiliation(who) is "owner" or "publisher";

    bool MayPublish(Actor who) => Affiliation(who) switch
    {
        "owner" or "publisher" or "publish-only" => true,
        "outcast" => false,
        _ => _publish == "open" || (_publish == "subscribers" && _subscribers.Contains(who)),
    };

    string ReadError(Actor who) => Affiliation(who) switch
    {
        "owner" or "publisher" or "member" => "",
        "outcast" or "publish-only" => "forbidden",
        _ when _access == "whitelist" => "not-allowed",
        _ when _access == "presence" && who == Actor.Stranger => "not-authorized",
        _ => "",
    };

    static string Then(Action action)
    {
        action();
        return "";
    }
}
