using Nyala.Core.Routing;
using Nyala.Features.AdHoc;
using Nyala.Federation;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Host.Administration.AdHoc;

/// <summary>
/// Service Administration from a client: each command is a form around what <see cref="AdministrationService"/> does for the command
/// line too.
/// </summary>
[Xep(133, "1.3.1", Note = "no password is ever told, because none is kept; last login is when an account was last connected; statistics without rates")]
sealed class AdministrationCommands(AdministrationService service, FederationOptions? federation, Departure departure)
{
    CommandList _list = null!;

    public void AddTo(CommandList list)
    {
        _list = list;
        new AccountCommands(service).AddTo(this);
        new CountCommands(service).AddTo(this);
        new NoticeCommands(service).AddTo(this);
        new ServiceCommands(service, federation, departure).AddTo(this);
        list.Add(new(Ns.OwnCommands + "#reports", "Reports of abuse", CommandUsers.Administrators, new ReportCommands(service).BeginAsync));
    }

    /// <summary>An empty form of a command.</summary>
    public static DataForm Form(string title, string instructions) => new DataForm("form", Ns.Admin) { Title = title }.Instruct(instructions);

    /// <summary>What a command answers.</summary>
    public static DataForm Result() => new("result", Ns.Admin);

    /// <summary>Adds a command with one form.</summary>
    /// <param name="node">Behind the # of its node.</param>
    public void Add(string node, string name, Func<ValueTask<DataForm>> form, Func<CommandAsker, DataForm, Task<CommandStep>> run) =>
        Add(node, name, async asker => new CommandForm(await form(), submitted => GuardAsync(() => run(asker, submitted))));

    /// <summary>Adds a command with one form that is always the same.</summary>
    public void Add(string node, string name, Func<DataForm> form, Func<CommandAsker, DataForm, Task<CommandStep>> run) =>
        Add(node, name, () => new ValueTask<DataForm>(form()), run);

    /// <summary>Adds a command that needs no form.</summary>
    public void Add(string node, string name, Func<CommandAsker, Task<CommandStep>> begin) =>
        _list.Add(new($"{Ns.Admin}#{node}", name, CommandUsers.Administrators, asker => GuardAsync(() => begin(asker))));

    /// <summary>Adds what is answered to those who ask for a command that is not offered.</summary>
    public void Refuse(string node, string name, StanzaError error) =>
        _list.Add(new($"{Ns.Admin}#{node}", name, CommandUsers.Administrators, _ => new((CommandStep)error)) { IsListed = false });

    /// <summary>§5: what cannot be done, as a condition.</summary>
    public static async ValueTask<CommandStep> GuardAsync(Func<Task<CommandStep>> work)
    {
        try
        {
            return await work();
        }
        catch (AdministrationException e)
        {
            var error = e.Problem switch
            {
                AdministrationProblem.NotFound => StanzaError.ItemNotFound,
                AdministrationProblem.Conflict => StanzaError.Conflict,
                AdministrationProblem.BadValue => StanzaError.NotAcceptable,
                _ => StanzaError.NotAllowed,
            };
            return error with { Text = e.Message };
        }
    }
}
