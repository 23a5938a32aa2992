using Nyala.Core.Routing;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Rooms;

/// <summary>Hats are made, given and taken by commands of the room (XEP-0317 §3, XEP-0050): each is one form.</summary>
sealed class RoomHatCommands(RoomOperations rooms)
{
    const int MaxText = 256;

    static readonly (string Name, string Title)[] Commands =
    [
        ("create", "Make a hat"), ("destroy", "Remove a hat"), ("list", "List the hats"),
        ("assign", "Give a hat"), ("unassign", "Take a hat"), ("list-assigned", "List who wears hats"),
    ];

    public static Element List(Jid room) => new Element("query", Ns.DiscoItems).Set("node", Ns.Commands).Add(Commands.Select(command =>
        new Element("item", Ns.DiscoItems).Set("jid", room.ToString()).Set("node", $"{Ns.HatCommands}:{command.Name}").Set("name", command.Title)));

    public async ValueTask<IqReply> ExecuteAsync(IqRequest request, LiveRoom room)
    {
        var command = request.Payload;
        var node = command["node"] ?? "";
        var name = node.StartsWith(Ns.HatCommands + ":", StringComparison.Ordinal) ? node[(Ns.HatCommands.Length + 1)..] : "";
        if (!Commands.Any(one => one.Name == name))
        {
            return StanzaError.ItemNotFound;
        }

        if (!RoomOperations.Look(room, rules => name is "list" or "list-assigned" ? rules.MayRead(rules.ActorOf(request.From)) : rules.ActorOf(request.From).IsAdmin))
        {
            return StanzaError.Forbidden;
        }

        if (command["action"] == "cancel")
        {
            return Answer(node, command, "canceled");
        }

        if (name is "list" or "list-assigned")
        {
            return Answer(node, command, "completed").Add(RoomOperations.Look(room, rules => Table(room, rules, rules.ActorOf(request.From), name == "list").ToElement()));
        }

        if (command.Child("x", Ns.DataForms) is not { } x)
        {
            return Answer(node, command, "executing")
                .Add(new Element("actions", Ns.Commands).Set("execute", "complete").Add(new Element("complete", Ns.Commands)))
                .Add(Offer(room, name).ToElement());
        }

        if (!DataForm.TryParse(x, out var form) || form.Type != "submit")
        {
            return StanzaError.BadRequest with { Application = new Element("bad-payload", Ns.Commands) };
        }

        return await RunAsync(room, request.From, name, form) is { } error ? error : Answer(node, command, "completed");
    }

    async ValueTask<StanzaError?> RunAsync(LiveRoom room, Jid real, string name, DataForm form)
    {
        RoomHats? hats = null;
        HashSet<Jid> wearers = [];
        return await rooms.StoreAsync(
            room,
            rules =>
            {
                if (!rules.ActorOf(real).IsAdmin)
                {
                    return StanzaError.Forbidden;
                }

                (hats, var error) = Change(room.Hats, name, form);
                if (hats is not null)
                {
                    wearers = [.. room.Hats.Worn.Concat(hats.Worn).Where(one => one.Uri == form["hats#uri"]!.Value).Select(one => one.Wearer)];
                }

                return error;
            },
            () => rooms.Server.Store.Rooms.SetHatsAsync(room.Rules.Id, hats!.Store()),
            notices =>
            {
                room.Hats = hats!;
                foreach (var occupant in room.Rules.Occupants.Where(one => wearers.Contains(one.Account)))
                {
                    occupant.Changed();
                    notices.Add(new Seen(occupant));
                }
            });
    }

    static (RoomHats? Hats, StanzaError? Error) Change(RoomHats hats, string name, DataForm form)
    {
        if (form["hats#uri"]?.Value is not { Length: > 0 and <= MaxText } uri)
        {
            return (null, StanzaError.BadRequest);
        }

        if (name == "create")
        {
            var hue = form["hats#hue"]?.Value is { Length: > 0 } given ? given : null;
            return form["hats#title"]?.Value is { Length: > 0 and <= MaxText } title && (hue is null || RoomHats.IsHue(hue))
                ? Bounded(hats.With(new Hat(uri, title, hue)))
                : (null, StanzaError.BadRequest);
        }

        if (hats.Find(uri) is null)
        {
            return (null, StanzaError.ItemNotFound);
        }

        if (name == "destroy")
        {
            return (hats.Without(uri), null);
        }

        return !Jid.TryParse(form["hats#jid"]?.Value, out var jid)
            ? (null, StanzaError.JidMalformed)
            : name == "assign" ? Bounded(hats.Given(jid.Bare, uri)) : (hats.Taken(jid.Bare, uri), null);
    }

    static (RoomHats?, StanzaError?) Bounded(RoomHats? hats) =>
        (hats, hats is null ? StanzaError.ResourceConstraint with { Text = "There are too many hats." } : null);

    static DataForm Offer(LiveRoom room, string name)
    {
        var form = new DataForm("form", Ns.HatCommands) { Title = Commands.First(command => command.Name == name).Title };
        if (name is "assign" or "unassign")
        {
            form.Add(new DataFormField("hats#jid", "jid-single", []) { Label = "Address", Required = true });
        }

        if (name == "create")
        {
            return form.Add(new DataFormField("hats#title", "text-single", []) { Label = "Title", Required = true })
                .Add(new DataFormField("hats#uri", "text-single", []) { Label = "URI", Required = true })
                .Add(new DataFormField("hats#hue", "text-single", []) { Label = "Hue" });
        }

        return form.Add(new DataFormField("hats#uri", "list-single", [])
        {
            Label = "Hat",
            Required = true,
            Options = [.. room.Hats.All.Select(hat => ((string?)hat.Title, hat.Uri))],
        });
    }

    static DataForm Table(LiveRoom room, Room rules, Actor asker, bool all)
    {
        var form = new DataForm("result", Ns.HatCommands);
        var showsAddresses = rules.Config.ShowsAddresses || asker.IsAdmin;
        foreach (var column in (string[])["hats#jid", "hats#uri", "hats#title", "hats#hue"])
        {
            if (!all || column != "hats#jid")
            {
                form.Report(new DataFormField(column, null, []));
            }
        }

        if (all)
        {
            foreach (var hat in room.Hats.All)
            {
                form.AddItem(new("hats#uri", null, [hat.Uri]), new("hats#title", null, [hat.Title]), new("hats#hue", null, [hat.Hue ?? ""]));
            }

            return form;
        }

        foreach (var (wearer, uri) in showsAddresses ? room.Hats.Worn : [])
        {
            var hat = room.Hats.Find(uri)!;
            form.AddItem(
                new("hats#jid", null, [wearer.ToString()]), new("hats#uri", null, [uri]), new("hats#title", null, [hat.Title]), new("hats#hue", null, [hat.Hue ?? ""]));
        }

        return form;
    }

    static Element Answer(string node, Element command, string status) => new Element("command", Ns.Commands)
        .Set("node", node).Set("sessionid", command["sessionid"] ?? Guid.NewGuid().ToString("N")).Set("status", status);
}
