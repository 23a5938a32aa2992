using System.Globalization;
using Nyala.Features;
using Nyala.Features.AdHoc;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Host.Administration.AdHoc;

/// <summary>XEP-0133 §4.23–4.28: what people are told in the server's name.</summary>
sealed class NoticeCommands(AdministrationService service)
{
    /// <summary>Characters of one text.</summary>
    const int Longest = 10_000;

    ServerNotices Notices => service.Live!.Notices;

    public void AddTo(AdministrationCommands commands)
    {
        Text(commands, "announce", "Send an announcement to online users", "announcement", "Everybody who is online now gets it.", none: null,
            text => Task.FromResult($"{Notices.Announce(text).ToString(CultureInfo.InvariantCulture)} sessions were told."));
        Text(commands, "set-motd", "Set the message of the day", "motd", "Everybody gets it once: who is online at once, others when they come.", none: null, async text =>
        {
            await Notices.SetMotdAsync(text, later: false);
            return "The message of the day is set.";
        });
        Text(commands, "edit-motd", "Edit the message of the day", "motd", "Everybody gets the new text once, at the next login.", () => Notices.FindMotdAsync(), async text =>
        {
            await Notices.SetMotdAsync(text, later: true);
            return "The message of the day was changed.";
        });
        Remove(commands, "delete-motd", "Delete the message of the day", () => Notices.RemoveMotdAsync());
        Text(commands, "set-welcome", "Set the welcome message", "welcome", "Whoever makes an account gets it first of all.", () => Notices.FindWelcomeAsync(), async text =>
        {
            await Notices.SetWelcomeAsync(text);
            return "The welcome message is set.";
        });
        Remove(commands, "delete-welcome", "Delete the welcome message", () => Notices.RemoveWelcomeAsync());
    }

    static void Text(
        AdministrationCommands commands, string node, string title, string field, string instructions, Func<ValueTask<string?>>? none, Func<string, Task<string>> act) =>
        commands.Add(
            node, title,
            async () =>
            {
                var present = none is null ? null : await none();
                return AdministrationCommands.Form(title, instructions)
                    .Add(new DataFormField(field, "text-multi", present?.Split('\n') ?? []) { Label = "Text", Required = true });
            },
            async (_, form) =>
            {
                var text = string.Join('\n', form[field]!.Values);
                return text.Length > Longest
                    ? StanzaError.NotAcceptable with { Text = $"A text has at most {Longest} characters." }
                    : CommandResult.Note(await act(text));
            });

    static void Remove(AdministrationCommands commands, string node, string title, Func<Task<bool>> remove) =>
        commands.Add(node, title, async _ => await remove() ? CommandResult.Note("It is gone.") : CommandResult.Note("There was none.", "warn"));
}
