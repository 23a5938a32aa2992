using System.Text.RegularExpressions;
using Nyala.Core;
using Nyala.Core.Diagnostics;
using Nyala.Core.Routing;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.AdHoc;

/// <summary>Ad-Hoc Commands: found by service discovery and executed in stages, at the domain and at the asker's own address.</summary>
[Xep(50, "1.3.0", Note = "forms and notes are in English; bad-locale is for what is no language")]
public sealed partial class Commands(NyalaServer server, CommandList commands) : IFeature
{
    const Entity Places = Entity.Domain | Entity.OwnAccount;

    static readonly SlotKey<CommandExecutions> Executions = new("commands");

    public void Register(FeatureBuilder on)
    {
        on.Advertise(Ns.Commands, Places);
        on.DiscoNode(Ns.DiscoItems, Ns.Commands, ListAsync, Places);
        on.DiscoNode(Ns.DiscoInfo, Ns.Commands, _ => (IqReply)new DiscoInfo(
            [new DiscoIdentity("automation", "command-list", "Commands")], [Ns.DiscoInfo, Ns.DiscoItems], []).ToElement(Ns.Commands), Places);
        foreach (var command in commands.All.Where(command => command.IsListed))
        {
            on.DiscoNode(Ns.DiscoInfo, command.Node, request => DescribeAsync(request, command), Places);
        }

        on.IqSet(Ns.Commands, "command", ExecuteAsync, Places);
    }

    /// <summary>§2.2: those the asker may use.</summary>
    async ValueTask<IqReply> ListAsync(IqRequest request)
    {
        var query = new Element("query", Ns.DiscoItems).Set("node", Ns.Commands);
        if (request.Session is not { } session)
        {
            return query;
        }

        var isAdministrator = await IsAdministratorAsync(session.Account);
        return query.Add(commands.All
            .Where(command => command.IsListed && (isAdministrator || command.Users == CommandUsers.Everybody))
            .Select(command => new Element("item", Ns.DiscoItems).Set("jid", request.To.ToString()).Set("node", command.Node).Set("name", command.Name)));
    }

    /// <summary>§2.3: to those who may not use it, it does not exist.</summary>
    async ValueTask<IqReply> DescribeAsync(IqRequest request, Command command) =>
        await MayUseAsync(request, command)
            ? new DiscoInfo([new DiscoIdentity("automation", "command-node", command.Name)], [Ns.Commands, Ns.DataForms], []).ToElement(command.Node)
            : StanzaError.ItemNotFound;

    async ValueTask<IqReply> ExecuteAsync(IqRequest request)
    {
        if (request.Session is not { } session)
        {
            // For people of this server only.
            return StanzaError.Forbidden;
        }

        var element = request.Payload;
        if (element["node"] is not { } node || commands.Find(node) is not { } command)
        {
            return StanzaError.ItemNotFound;
        }

        if (!await MayUseAsync(request, command))
        {
            return StanzaError.Forbidden;
        }

        var action = element["action"] ?? "execute";
        if (action is not ("execute" or "complete" or "next" or "prev" or "cancel"))
        {
            return CommandExecutions.Refused("malformed-action");
        }

        if ((element["xml:lang"] ?? request.Stanza.Attribute("xml:lang")) is { Length: > 0 } language && !Language().IsMatch(language))
        {
            return CommandExecutions.Refused("bad-locale");
        }

        if (session.Get(Executions) is not { } executions)
        {
            executions = new(server.Time);
            session.Set(Executions, executions);
        }

        if (element["sessionid"] is { } id)
        {
            return await executions.ContinueAsync(node, id, action, element.Child("x", Ns.DataForms));
        }

        if (action != "execute")
        {
            return CommandExecutions.Refused("bad-action");
        }

        if (command.Users == CommandUsers.Administrators)
        {
            server.Log.AdministratorCommand(session.Account.Jid.Local!, node);
        }

        return await executions.BeginAsync(node, () => command.Begin(new(session)));
    }

    /// <summary>Asked at each request, so that who is no administrator any more is none at once.</summary>
    async ValueTask<bool> MayUseAsync(IqRequest request, Command command) => request.Session is { } session
        && (command.Users == CommandUsers.Everybody || await IsAdministratorAsync(session.Account));

    async ValueTask<bool> IsAdministratorAsync(LocalAccount account) =>
        await server.Store.Accounts.FindAsync(account.Id) is { Role: AccountRole.Admin, IsDisabled: false };

    /// <summary>RFC 5646 §2.1, as far as it is needed to tell a language from anything else.</summary>
    [GeneratedRegex("^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,8}$")]
    private static partial Regex Language();
}
