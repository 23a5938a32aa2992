using System.Globalization;
using Nyala.Features.AdHoc;
using Nyala.Storage;
using Nyala.Xmpp.Payloads;

namespace Nyala.Host.Administration.AdHoc;

/// <summary>
/// XEP-0133 §4.13–4.22: how many there are, and who they are. Idle is who is online with all clients away or, as far as they say so,
/// out of sight (XEP-0352); active is who is online and not idle.
/// </summary>
sealed class CountCommands(AdministrationService service)
{
    /// <summary>Addresses in one list, also where none is the limit.</summary>
    const int Most = 1_000;

    static readonly string[] Sizes = ["25", "50", "75", "100", "150", "200"];

    public void AddTo(AdministrationCommands commands)
    {
        Count(commands, "get-registered-users-num", "registeredusersnum", "registered users", () => service.CountUsersAsync(AccountFilter.All));
        Count(commands, "get-disabled-users-num", "disabledusersnum", "disabled users", () => service.CountUsersAsync(AccountFilter.Disabled));
        Count(commands, "get-online-users-num", "onlineusersnum", "online users", () => OnlineAsync(Activity.Online));
        Count(commands, "get-active-users-num", "activeusersnum", "active users", () => OnlineAsync(Activity.Active));
        Count(commands, "get-idle-users-num", "idleusersnum", "idle users", () => OnlineAsync(Activity.Idle));
        List(commands, "get-registered-users-list", "registereduserjids", "registered users", max => StoredAsync(AccountFilter.All, max));
        List(commands, "get-disabled-users-list", "disableduserjids", "disabled users", max => StoredAsync(AccountFilter.Disabled, max));
        List(commands, "get-online-users-list", "onlineuserjids", "online users", max => PresentAsync(Activity.Online, max));
        List(commands, "get-active-users", "activeuserjids", "active users", max => PresentAsync(Activity.Active, max));

        // §4.22: the field's name is the same.
        List(commands, "get-idle-users", "activeuserjids", "idle users", max => PresentAsync(Activity.Idle, max));
    }

    static void Count(AdministrationCommands commands, string node, string field, string whom, Func<Task<long>> count) =>
        commands.Add(node, $"Get the number of {whom}", async _ => CommandResult.Of(AdministrationCommands.Result().Add(
            new DataFormField(field, "text-single", [(await count()).ToString(CultureInfo.InvariantCulture)]) { Label = $"The number of {whom}" })));

    static void List(AdministrationCommands commands, string node, string field, string whom, Func<int, Task<IReadOnlyList<string>>> list) =>
        commands.Add(
            node, $"Get the list of {whom}",
            () => AdministrationCommands.Form($"Get the list of {whom}", "In the order of their names, so many at most.")
                .Add(new DataFormField("max_items", "list-single", ["100"])
                {
                    Label = "Maximum number of items to show", Options = [.. Sizes.Select(size => ((string?)size, size)), ("None", "none")],
                }),
            async (_, form) => CommandResult.Of(AdministrationCommands.Result().Add(new DataFormField(
                field, "jid-multi", await list(int.TryParse(form["max_items"]?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var max) ? max : Most))
            {
                Label = $"The list of {whom}",
            })));

    Task<long> OnlineAsync(Activity activity) => Task.FromResult((long)service.Present(activity).Count());

    async Task<IReadOnlyList<string>> StoredAsync(AccountFilter filter, int max) =>
        [.. (await service.ListUsersAsync(filter, max)).Select(account => account.Address)];

    Task<IReadOnlyList<string>> PresentAsync(Activity activity, int max) =>
        Task.FromResult<IReadOnlyList<string>>([.. service.Present(activity).Order(StringComparer.Ordinal).Take(max)]);
}
