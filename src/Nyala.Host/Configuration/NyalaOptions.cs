using System.Net;
using Nyala.Core;
using Nyala.Federation;

namespace Nyala.Host.Configuration;

/// <summary>Everything the process needs to know, validated.</summary>
sealed record NyalaOptions
{
    public required ServerOptions Server { get; init; }

    /// <summary>The data directory as a full path.</summary>
    public required string Data { get; init; }

    public required IReadOnlyList<IPEndPoint> Xmpp { get; init; }

    public required IReadOnlyList<IPEndPoint> XmppTls { get; init; }

    /// <summary>Other servers; empty where this one talks with none.</summary>
    public required IReadOnlyList<IPEndPoint> Servers { get; init; }

    public required IReadOnlyList<IPEndPoint> ServersTls { get; init; }

    /// <summary>How it talks with other servers; null: with none.</summary>
    public required FederationOptions? Federation { get; init; }

    /// <summary>External components; empty where there are none.</summary>
    public required IReadOnlyList<IPEndPoint> Components { get; init; }

    /// <summary>Limits of queues to other servers and components, whether or not there are other servers.</summary>
    public required FederationOptions Queues { get; init; }

    public required IReadOnlyList<IPEndPoint> Http { get; init; }

    public required IReadOnlyList<IPEndPoint> Https { get; init; }

    /// <summary>Whether web pages are served at all.</summary>
    public bool HasPages => Http.Count > 0 || Https.Count > 0;

    /// <summary>PEM files, or null both for a self-signed certificate.</summary>
    public required string? CertificateFile { get; init; }

    public required string? KeyFile { get; init; }

    /// <summary>Where uploaded files are kept, as a full path; null: in the data directory.</summary>
    public required string? FilesDirectory { get; init; }

    public required LogLevel LogLevel { get; init; }

    public required LogFormat LogFormat { get; init; }

    /// <summary>What opens /metrics to other machines, or null.</summary>
    public required string? MetricsToken { get; init; }

    /// <summary>Who runs the server, as people know them; null: the domain says it.</summary>
    public required string? OperatorName { get; init; }

    /// <summary>One sentence about the server for those who come by; null: the app says what Nyala is.</summary>
    public required string? OperatorSentence { get; init; }

    /// <summary>Browsers may keep the web app, to start it without a connection.</summary>
    public required bool WebAppStaysInBrowsers { get; init; }

    /// <summary>The origin of the one page that may frame the web app and sign its people in; null: none. No setting: only the demo has one.</summary>
    public string? FramedBy { get; init; }

    /// <summary>Phones and other machines can be expected to reach the domain.</summary>
    public required bool IsPublic { get; init; }

    /// <summary>The file that was read, or null.</summary>
    public required string? File { get; init; }

    /// <summary>Each setting with the text that was set and where that came from.</summary>
    public required IReadOnlyDictionary<string, SetValue> Sources { get; init; }

    /// <summary>What <c>nyala config</c> shows: key, effective value (secrets masked), source.</summary>
    public IEnumerable<(Setting Setting, string Value, string Source)> Describe()
    {
        var components = Sources.Keys.Select(Settings.Find).OfType<Setting>().Where(ComponentSettings.IsOfComponent);
        foreach (var setting in Settings.All.Except(ComponentSettings.Templates).Concat(components))
        {
            var set = Sources[setting.Key];
            var value = setting.Effective?.Invoke(this) ?? set.Text;
            yield return (setting, setting.IsSecret && value.Length > 0 ? "••••••••" : value, set.Source);
        }
    }
}

/// <summary>A text and where it came from.</summary>
sealed record SetValue(string Text, string Source);

/// <summary>The configuration cannot be used; the message is one sentence for the operator.</summary>
sealed class ConfigurationException(string message) : Exception(message);
