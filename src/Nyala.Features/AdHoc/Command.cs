using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.AdHoc;

/// <summary>Who sees a command and may execute it.</summary>
public enum CommandUsers
{
    /// <summary>Everybody with an account here.</summary>
    Everybody,

    /// <summary>Administrators; for others it does not exist.</summary>
    Administrators,
}

/// <summary>Who executes a command.</summary>
public sealed record CommandAsker(Session Session)
{
    public LocalAccount Account => Session.Account;
}

/// <summary>One command. It is offered at the domain and at the asker's own address.</summary>
/// <param name="Node">Its name for programs.</param>
/// <param name="Name">Its name for people.</param>
/// <param name="Users">Who may use it.</param>
/// <param name="Begin">Its first step.</param>
public sealed record Command(string Node, string Name, CommandUsers Users, Func<CommandAsker, ValueTask<CommandStep>> Begin)
{
    /// <summary>False: it only answers those who know its name, such as one that is not offered any more.</summary>
    public bool IsListed { get; init; } = true;
}

/// <summary>What an execution comes to next.</summary>
public abstract record CommandStep
{
    /// <summary>The error that ends a command that has not begun, or leaves the form to be filled in again.</summary>
    public static implicit operator CommandStep(StanzaError error) => new CommandRefusal(error);
}

/// <summary>A form is to be filled in.</summary>
/// <param name="Submit">Takes the form once it answers what was asked (see <see cref="CommandForms"/>).</param>
public sealed record CommandForm(DataForm Form, Func<DataForm, ValueTask<CommandStep>> Submit) : CommandStep
{
    /// <summary>Another form follows: the action is next, not complete.</summary>
    public bool HasMore { get; init; }
}

/// <summary>The command is done.</summary>
/// <param name="Payload">What it is answered with.</param>
public sealed record CommandResult(params IReadOnlyList<Element> Payload) : CommandStep
{
    public static CommandResult Of(DataForm form) => new(form.ToElement());

    /// <summary>Done, in a sentence for people.</summary>
    /// <param name="type">info, warn or error (§4.3); a command that ends without success says error.</param>
    public static CommandResult Note(string text, string type = "info") => new(new Element("note", Ns.Commands).Set("type", type).AddText(text));
}

/// <summary>It cannot be done.</summary>
public sealed record CommandRefusal(StanzaError Error) : CommandStep;

/// <summary>The commands there are. Filled at start.</summary>
public sealed class CommandList
{
    readonly Dictionary<string, Command> _byNode = new(StringComparer.Ordinal);
    readonly List<Command> _all = [];

    /// <summary>In the order they were added.</summary>
    public IReadOnlyList<Command> All => _all;

    public void Add(Command command)
    {
        _byNode.Add(command.Node, command);
        _all.Add(command);
    }

    public Command? Find(string node) => _byNode.GetValueOrDefault(node);
}
