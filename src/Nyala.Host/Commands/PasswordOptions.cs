using System.CommandLine;
using Nyala.Host.Administration;
using Nyala.Host.Output;

namespace Nyala.Host.Commands;

/// <summary>The ways a command gets a password: given, from standard input, asked for on a terminal, or made up.</summary>
sealed class PasswordOptions(Terminal terminal)
{
    readonly Option<string?> _given = new("--password") { Description = "The password; other users of this machine may see it in the process list", HelpName = "P" };
    readonly Option<bool> _stdin = new("--password-stdin") { Description = "Reads the password from the first line of standard input" };

    public void AddTo(Command command)
    {
        command.Options.Add(_given);
        command.Options.Add(_stdin);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_given) is not null && result.GetValue(_stdin))
            {
                result.AddError("--password and --password-stdin cannot be used together.");
            }
        });
    }

    /// <summary>The password, and whether it was made up and so must be shown.</summary>
    /// <exception cref="AdministrationException">None was given.</exception>
    public (string Password, bool Generated) Read(ParseResult arguments)
    {
        if (arguments.GetValue(_given) is { } given)
        {
            return (given, false);
        }

        if (arguments.GetValue(_stdin))
        {
            return (Console.In.ReadLine() ?? throw new AdministrationException("Standard input is empty: the password must be its first line."), false);
        }

        if (Console.IsInputRedirected || !terminal.IsForPeople)
        {
            return (Passwords.Generate(), true);
        }

        var typed = terminal.AskTwice("Password (empty makes one up)") ?? throw new AdministrationException("The two passwords are not the same.");
        return typed.Length > 0 ? (typed, false) : (Passwords.Generate(), true);
    }
}
