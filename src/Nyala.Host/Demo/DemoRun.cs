using System.Net;
using System.Runtime.InteropServices;
using Nyala.Host.Commands;
using Nyala.Host.Configuration;
using Nyala.Host.Output;

namespace Nyala.Host.Demo;

/// <summary><c>nyala run --demo</c>: two people side by side in one page, until a signal; then nothing of it is left.</summary>
static class DemoRun
{
    /// <exception cref="StartException">Something is in the way; the message says what and how to remove it.</exception>
    public static async Task<int> RunAsync(NyalaOptions options, Terminal terminal)
    {
        if (options.Http is not [var endpoint, ..] || !IPAddress.IsLoopback(endpoint.Address))
        {
            var asked = options.Http is [var first, ..] ? first.ToString() : "off";
            throw new StartException(
                $"The demo is for this machine only, and Listen:Http is {asked}: add --set Listen:Http=127.0.0.1:5280, and leave --domain out.");
        }

        var files = Path.Combine(AppContext.BaseDirectory, "demo");
        if (!File.Exists(Path.Combine(files, "index.html")))
        {
            throw new StartException(
                "The demo shows the web app, and this nyala was built without it: Node.js was missing or its packages could not be fetched. "
                + "Install Node.js 20.19 or newer and build again.");
        }

        // A terminal that is closed, too, leaves nothing behind.
        using var signals = new StopSignals(PosixSignal.SIGHUP);
        await using var site = await DemoSite.StartAsync(endpoint, files);
        terminal.Line();
        terminal.Line("Filling the demo with chats…");
        await using var stage = await DemoStage.SetAsync(site.Origin, files, Language(), TimeProvider.System);
        site.Show(stage);
        terminal.Line();
        terminal.Heading($"Nyala {About.Version} shows itself on this machine");
        terminal.Line();
        terminal.Line($"  {site.Origin}/demo/");
        terminal.Line();
        terminal.Line("Ayu and Budi chat there side by side: cut their network, kill their server, and see that nothing is lost.");
        terminal.Line("All of it is thrown away at the end. Ctrl+C stops the demo.");
        terminal.Line();
        return await Task.WhenAny(signals.Received, stage.Failed) == stage.Failed ? throw await stage.Failed : CommandLine.Success;
    }

    /// <summary>That of the terminal, as far as there is a story in it.</summary>
    static string Language()
    {
        var set = ((string[])["LC_ALL", "LC_MESSAGES", "LANG"]).Select(Environment.GetEnvironmentVariable).FirstOrDefault(value => !string.IsNullOrEmpty(value));
        return set?.StartsWith("id", StringComparison.Ordinal) == true ? "id" : "en";
    }
}
