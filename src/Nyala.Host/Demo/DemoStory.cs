using System.Collections;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using Nyala.Host.Administration;
using Nyala.Host.Configuration;

namespace Nyala.Host.Demo;

/// <summary>
/// Makes the demo's data: a real server whose clock is set back lets everybody in and takes what they did, so that what is
/// shown came the way that everything comes.
/// </summary>
static partial class DemoStory
{
    public const string Domain = "localhost";

    /// <summary>How long before the first thing that happened the accounts were made.</summary>
    static readonly TimeSpan Before = TimeSpan.FromHours(1);

    /// <summary>Fills an empty data directory.</summary>
    /// <param name="data">The directory.</param>
    /// <param name="address">Where browsers will reach the server, without a slash at the end.</param>
    /// <param name="files">Where the build has left the demo's files.</param>
    /// <param name="script">What happened.</param>
    /// <returns>The passwords, by localpart.</returns>
    /// <exception cref="StartException">It could not be told.</exception>
    public static async Task<IReadOnlyDictionary<string, string>> TellAsync(string data, string address, string files, DemoScript script)
    {
        await WriteConfigurationAsync(data, address);
        var read = new ConfigurationReader(new Hashtable(), data).Load(new(null, [(Settings.Data, data, "--data")], ["Listen:Http=127.0.0.1:0"]));
        var server = read.Server;
        var options = read with { Server = server with { Limits = server.Limits with { RateLimits = false } } };
        var clock = new DemoClock { Ago = TimeSpan.FromMilliseconds(script.Steps.Max(step => step.Ago)) + Before };
        await using var running = await RunningServer.StartAsync(options, clock, NullLoggerFactory.Instance);
        var passwords = script.Accounts.ToDictionary(name => name, _ => Passwords.Generate(), StringComparer.Ordinal);
        var actors = new Dictionary<string, DemoActor>(StringComparer.Ordinal);
        var archiveIds = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            foreach (var (name, password) in passwords)
            {
                await running.Administration.AddUserAsync(new(name, password, Admin: false));
                actors[name] = await DemoActor.EnterAsync(running.Options.Http[0].Port, Domain, name, password, archiveIds);
            }

            foreach (var step in script.Steps)
            {
                clock.Ago = TimeSpan.FromMilliseconds(step.Ago);
                var file = step.File is { } name ? await actors[step.As].UploadAsync(Path.Combine(files, name)) : "";
                await actors[step.As].DoAsync(
                    Reference().Replace(step.Xml, found => archiveIds[found.Groups[1].Value]).Replace("{file}", file, StringComparison.Ordinal));
            }
        }
        finally
        {
            foreach (var actor in actors.Values)
            {
                actor.Dispose();
            }
        }

        return passwords;
    }

    /// <summary>Stands for what the group calls a message.</summary>
    [GeneratedRegex(@"\{archive-id:([^}]+)\}")]
    private static partial Regex Reference();

    /// <summary>Nothing but a page for this machine; nobody else can be talked with or come in.</summary>
    static Task WriteConfigurationAsync(string data, string address)
    {
        var off = new[] { Settings.Xmpp, Settings.XmppTls, Settings.Https, Settings.Servers, Settings.ServersTls, Settings.Components }
            .ToDictionary(setting => setting.Key, _ => "off", StringComparer.Ordinal);
        var configuration = new Dictionary<string, string>(off, StringComparer.Ordinal)
        {
            [Settings.Domain.Key] = Domain,
            [Settings.WebAddress.Key] = address,
            [Settings.Federation.Key] = "off",
            [Settings.WebAppOffline.Key] = "off",
        };
        return File.WriteAllTextAsync(Path.Combine(data, "nyala.json"), JsonSerializer.Serialize(configuration));
    }
}
