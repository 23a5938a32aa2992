using System.Security.Cryptography;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features;

/// <summary>Ad-Hoc Commands of the server: found by service discovery, carried out in one step or after one form.</summary>
[Xep(50, "1.3.0", Note = "commands with no more than one form")]
public sealed class Commands(CommandList commands) : IFeature
{
    /// <summary>The command a session has a form of, and the id of its execution: one at a time, the newest.</summary>
    static readonly SlotKey<Execution> Current = new("command");

    public void Register(FeatureBuilder on)
    {
        on.Advertise(Ns.Commands);
        on.DiscoNode(Ns.DiscoItems, Ns.Commands, ListAsync);
        on.DiscoNode(Ns.DiscoInfo, Ns.Commands, _ => (IqReply)new DiscoInfo([new DiscoIdentity("automation", "command-list", "Commands")], [], []).ToElement(Ns.Commands));
        foreach (var command in commands.All)
        {
            on.DiscoNode(Ns.DiscoInfo, command.Node, _ => (IqReply)new DiscoInfo(
                [new DiscoIdentity("automation", "command-node", command.Name)], [Ns.Commands, Ns.DataForms], []).ToElement(command.Node));
        }

        on.IqSet(Ns.Commands, "command", ExecuteAsync, Entity.Domain);
    }

    /// <summary>§2.3: those the asker may use.</summary>
    async ValueTask<IqReply> ListAsync(IqRequest request)
    {
        var query = new Element("query", Ns.DiscoItems).Set("node", Ns.Commands);
        foreach (var command in commands.All)
        {
            if (await command.MayUse(request.Session!.Account))
            {
                query.Add(new Element("item", Ns.DiscoItems).Set("jid", request.To.ToString()).Set("node", command.Node).Set("name", command.Name));
            }
        }

        return query;
    }

    async ValueTask<IqReply> ExecuteAsync(IqRequest request)
    {
        var session = request.Session!;
        var element = request.Payload;
        if (element["node"] is not { } node || commands.Find(node) is not { } command)
        {
            return StanzaError.ItemNotFound;
        }

        if (!await command.MayUse(session.Account))
        {
            return StanzaError.Forbidden;
        }

        var action = element["action"] ?? "execute";
        if (action is not ("execute" or "complete" or "next" or "prev" or "cancel"))
        {
            return Refused("malformed-action");
        }

        var id = element["sessionid"];
        var execution = session.Get(Current);
        if (id is not null && (execution is null || execution.Id != id || execution.Node != node))
        {
            return Refused("bad-sessionid");
        }

        return action switch
        {
            "cancel" when id is not null => Cancel(session, node, id),
            "execute" or "complete" or "next" when id is not null => await SubmitAsync(session, command, id, element.Child("x", Ns.DataForms)),
            "execute" when id is null => await BeginAsync(session, command),
            _ => Refused("bad-action"),
        };
    }

    static async ValueTask<IqReply> BeginAsync(Session session, Command command)
    {
        if (command.Form is null)
        {
            return await RunAsync(session, command, NewId(), new DataForm("submit"));
        }

        var id = NewId();
        session.Set(Current, new(command.Node, id));
        return Answer(command.Node, id, "executing")
            .Add(new Element("actions", Ns.Commands).Set("execute", "complete").Add(new Element("complete", Ns.Commands)))
            .Add(command.Form().ToElement());
    }

    static async ValueTask<IqReply> SubmitAsync(Session session, Command command, string id, Element? x) =>
        x is not null && DataForm.TryParse(x, out var form) && form.Type == "submit"
            ? await RunAsync(session, command, id, form)
            : Refused("bad-payload");

    static async ValueTask<IqReply> RunAsync(Session session, Command command, string id, DataForm form)
    {
        var (result, error) = await command.Run(session.Account, form);
        if (result is null)
        {
            // The form may be filled in again.
            return error!;
        }

        session.Set(Current, null);
        return Answer(command.Node, id, "completed").Add(result.ToElement());
    }

    static Element Cancel(Session session, string node, string id)
    {
        session.Set(Current, null);
        return Answer(node, id, "canceled");
    }

    static Element Answer(string node, string id, string status) =>
        new Element("command", Ns.Commands).Set("node", node).Set("sessionid", id).Set("status", status);

    /// <summary>§4.4</summary>
    static StanzaError Refused(string condition) => StanzaError.BadRequest with { Application = new Element(condition, Ns.Commands) };

    static string NewId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    sealed record Execution(string Node, string Id);
}

/// <summary>The commands that features offer.</summary>
public sealed class CommandList
{
    readonly List<Command> _all = [];

    public IReadOnlyList<Command> All => _all;

    public void Add(Command command) => _all.Add(command);

    public Command? Find(string node) => _all.Find(command => command.Node == node);
}

/// <summary>One command.</summary>
/// <param name="Node">Its name for programs.</param>
/// <param name="Name">Its name for people.</param>
/// <param name="MayUse">Who sees it and may execute it.</param>
/// <param name="Form">What is to be filled in first, or null.</param>
/// <param name="Run">Carries it out with the submitted form (an empty one without a form); a result or an error.</param>
public sealed record Command(
    string Node, string Name, Func<LocalAccount, ValueTask<bool>> MayUse, Func<DataForm>? Form,
    Func<LocalAccount, DataForm, ValueTask<(DataForm? Result, StanzaError? Error)>> Run);
