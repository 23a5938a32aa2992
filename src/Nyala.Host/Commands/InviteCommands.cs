using System.CommandLine;
using System.Globalization;
using Nyala.Host.Administration;
using Nyala.Host.Configuration;
using Nyala.Host.Http;
using Nyala.Host.Output;

namespace Nyala.Host.Commands;

/// <summary><c>nyala invite …</c>: links that let people in.</summary>
static class InviteCommands
{
    public static Command Create(Terminal terminal) => new("invite", "Manages invites") { CreateInvite(terminal) };

    static Command CreateInvite(Terminal terminal)
    {
        var from = new Option<string?>("--from") { Description = "Who invites: the new account gets this contact", HelpName = "JID-or-name" };
        var contact = new Option<bool>("--contact") { Description = "Only makes a contact of --from, no account" };
        var admin = new Option<bool>("--admin") { Description = "The account becomes an administrator" };
        var uses = new Option<int>("--uses") { Description = "How many accounts it may create", HelpName = "N", DefaultValueFactory = _ => 1 };
        var expires = new Option<string>("--expires") { Description = "How long it can be used, such as 12h or 7d", HelpName = "TIME", DefaultValueFactory = _ => "7d" };
        var json = new Option<bool>("--json") { Description = "JSON for scripts" };
        uses.Validators.Add(result => Require(
            result, result.Tokens is not [var text] || Values.Between(1, 10_000)(text.Value, out _), "--uses cannot be that: allowed is a number from 1 to 10000."));
        expires.Validators.Add(result => Require(
            result, Values.Time(result.GetValueOrDefault<string>(), out var time) && time >= TimeSpan.FromHours(1), $"--expires cannot be that: allowed is {Values.TimeAllowed}, at least 1h."));
        var command = new Command("create", "Creates an invite and prints its links") { from, contact, admin, uses, expires, json };
        command.SetAction(async (arguments, _) =>
        {
            var options = GlobalOptions.ReadConfiguration(arguments);
            await using var access = await AdministrationAccess.OpenAsync(options);
            Values.Time(arguments.GetValue(expires)!, out var time);
            var invite = await access.Administration.CreateInviteAsync(new(
                arguments.GetValue(from), arguments.GetValue(admin), arguments.GetValue(contact), arguments.GetValue(uses), (int)time.TotalHours));
            if (arguments.GetValue(json))
            {
                terminal.AsJson(invite);
                return;
            }

            Show(terminal, invite, options);
        });
        return command;
    }

    static void Show(Terminal terminal, InviteView invite, NyalaOptions options)
    {
        terminal.Pairs(
        [
            .. options.HasPages ? [("Page", invite.Page)] : Array.Empty<(string, string)>(),
            ("Link for apps", invite.Link),
            ("Uses", invite.Uses.ToString(CultureInfo.InvariantCulture)),
            ("Until", invite.ExpiresAt.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)),
        ]);
        if (options.HasPages && WebAddresses.IsReachable(invite.Page))
        {
            terminal.Line();
            terminal.Qr(invite.Page);
        }
    }

    static void Require(System.CommandLine.Parsing.OptionResult result, bool holds, string otherwise)
    {
        if (!holds)
        {
            result.AddError(otherwise);
        }
    }
}
