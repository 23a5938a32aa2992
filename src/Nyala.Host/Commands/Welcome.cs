using System.Globalization;
using System.Net;
using Nyala.Core;
using Nyala.Host.Administration;
using Nyala.Host.Http;
using Nyala.Host.Output;

namespace Nyala.Host.Commands;

/// <summary>What a person who starts the server sees: what listens where, and the way in for the first account.</summary>
sealed class Welcome(Terminal terminal, RunningServer server)
{
    /// <summary>Where the one who starts the server goes; on this machine the other name of <see cref="ServerOptions.WebAddress"/>, which is left for a second person.</summary>
    string Here(string address) => WebAddresses.IsReachable(address) ? address : WebAddresses.OtherName(address);

    public async Task PrintAsync()
    {
        var options = server.Options;
        var invite = await server.Administration.FirstInviteAsync();
        terminal.Line();
        terminal.Heading($"Nyala {About.Version} runs for {options.Server.Domain}");
        terminal.Line();
        terminal.Pairs(
        [
            .. options.HasPages ? [("Web page", Here(options.Server.WebAddress))] : Array.Empty<(string, string)>(),
            .. Listeners.All(options).Where(kind => kind.Endpoints.Count > 0).Select(kind => (kind.What, string.Join(", ", kind.Endpoints.Select(Show)))),
            ("Data", options.Data),
        ]);
        terminal.Line();
        if (invite is not null)
        {
            PrintInvite(invite);
        }
        else if (await server.Store.Accounts.CountAsync() == 0)
        {
            terminal.Line("There is no account yet: 'nyala user add NAME --admin' makes the first.");
            terminal.Line();
        }

        if (options.HasPages && !WebApp.IsBeside)
        {
            terminal.Line("The web app is not in this build: it needs Node.js 20.19 or newer and its packages (docs/web.md). People come in with other apps.");
            terminal.Line();
        }

        terminal.Line("Ctrl+C stops the server.");
        terminal.Line();
    }

    void PrintInvite(InviteView invite)
    {
        terminal.Heading("Create the first account, which is the administrator's, with this invite:");
        terminal.Line();
        terminal.Line("  " + (server.Options.HasPages ? Here(invite.Page) : invite.Link));
        terminal.Line();
        if (!server.Options.HasPages)
        {
            return;
        }

        if (WebAddresses.IsReachable(invite.Page))
        {
            terminal.Line($"or in an app: {invite.Link}");
            terminal.Line();
            terminal.Qr(invite.Page);
            terminal.Line();
            return;
        }

        terminal.Line($"To try it as a second person, invite somebody in the app and open that link in the same browser: it leads to {server.Options.Server.WebAddress}, which the browser keeps apart.");
        terminal.Line("Phones cannot reach this machine by these names; they need a domain (--domain).");
        terminal.Line();
    }

    static string Show(IPEndPoint endpoint) =>
        endpoint.Address.Equals(IPAddress.IPv6Any) || endpoint.Address.Equals(IPAddress.Any)
            ? string.Create(CultureInfo.InvariantCulture, $"port {endpoint.Port} on all addresses")
            : endpoint.ToString();
}
