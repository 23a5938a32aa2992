using System.Collections.Frozen;
using System.Globalization;
using System.Reflection;
using Nyala.Core;
using Nyala.Xmpp;

namespace Nyala.Host.Configuration;

enum LogFormat
{
    Text,
    Json,
}

/// <summary>The table of everything that can be set.</summary>
static class Settings
{
    public static readonly Setting<string> Domain = new(
        "Domain", "a domain name such as chat.example.org, or localhost",
        "The XMPP domain: the part of every address behind the @.", "localhost", ParseDomain)
    { Effective = options => options.Server.Domain };

    public static readonly Setting<string> Data = new(
        "Data", "a directory", "Where everything is kept; made with mode 0700 when it does not exist.", "./data", NotEmpty)
    { IsPath = true, Effective = options => options.Data };

    public static readonly Setting<IReadOnlyList<ListenAddress>> Xmpp = Listener(
        "Listen:Xmpp", "Clients that start in clear and upgrade with STARTTLS.", "5222", options => options.Xmpp);

    public static readonly Setting<IReadOnlyList<ListenAddress>> XmppTls = Listener(
        "Listen:XmppTls", "Clients that start with TLS at once (XEP-0368).", "5223", options => options.XmppTls);

    public static readonly Setting<IReadOnlyList<ListenAddress>> Http = Listener(
        "Listen:Http", "Web pages and WebSocket without TLS: for this machine and for a proxy on it.", "5280", options => options.Http);

    public static readonly Setting<IReadOnlyList<ListenAddress>> Https = Listener(
        "Listen:Https", "Web pages and WebSocket with the server's certificate.", "5281", options => options.Https);

    public static readonly Setting<string> WebAddress = new(
        "WebAddress", "an address such as https://chat.example.org, without a path, or auto",
        "What people type to reach the web pages; set it when a proxy stands before them. auto is the HTTPS (for a domain) or HTTP (for localhost) listener.",
        "auto", ParseWebAddress)
    { Effective = options => options.Server.WebAddress };

    public static readonly Setting<RegistrationMode> Registration = new(
        "Registration", "invite, open or closed",
        "Who may create an account: who has an invite, anybody, or only the administrator on the command line.", "invite",
        Values.OneOf(("invite", RegistrationMode.Invite), ("open", RegistrationMode.Open), ("closed", RegistrationMode.Closed)));

    public static readonly Setting<string> Storage = new(
        "Storage", "sqlite (PostgreSQL comes in a later version)", "The storage engine.", "sqlite", Values.OneOf(("sqlite", "sqlite")));

    public static readonly Setting<string> Certificate = new(
        "Tls:Certificate", "a PEM file with the certificate and its chain, together with Tls:Key",
        "The certificate; read again when it changes. Without one the server makes a self-signed one.", "", Values.Text)
    { IsPath = true };

    public static readonly Setting<string> CertificateKey = new(
        "Tls:Key", "a PEM file with the private key, together with Tls:Certificate",
        "The certificate's private key; read again when it changes.", "", Values.Text)
    { IsPath = true };

    public static readonly Setting<bool> TlsRequired = new(
        "Tls:Required", Values.SwitchAllowed + "; false only while all listeners are on loopback",
        "Clients must encrypt before they log in.", "true", Values.Switch);

    public static readonly Setting<int> ScramIterations = new(
        "Passwords:Iterations", "a number from 4096 to 1000000",
        "PBKDF2 rounds for new passwords (RFC 7677 asks for at least 4096).", "10000", Values.Between(4_096, 1_000_000));

    public static readonly Setting<LogLevel> LogLevel = new(
        "Log:Level", "debug, information, warning or error", "The least important kind of event that is logged.", "information",
        Values.OneOf(
            ("debug", Microsoft.Extensions.Logging.LogLevel.Debug),
            ("information", Microsoft.Extensions.Logging.LogLevel.Information),
            ("warning", Microsoft.Extensions.Logging.LogLevel.Warning),
            ("error", Microsoft.Extensions.Logging.LogLevel.Error)));

    public static readonly Setting<LogFormat> LogFormat = new(
        "Log:Format", "text or json", "One line of text or one JSON object per event.", "text",
        Values.OneOf(("text", Configuration.LogFormat.Text), ("json", Configuration.LogFormat.Json)));

    public static readonly Setting<string> MetricsToken = new(
        "Metrics:Token", "a secret of at least 16 characters, or nothing",
        "Who sends it as a bearer token may read /metrics from anywhere; without it only this machine may.", "",
        (string text, out string value) => Values.Text(text, out value) && value.Length is 0 or >= 16)
    { IsSecret = true };

    /// <summary>The settings that are properties of <see cref="Core.Limits"/>, by property.</summary>
    public static readonly IReadOnlyList<(PropertyInfo Property, Setting Setting)> Limits = [.. ReadLimits()];

    public static readonly IReadOnlyList<Setting> All =
    [
        Domain, Data, Xmpp, XmppTls, Http, Https, WebAddress, Registration, Storage, Certificate, CertificateKey, TlsRequired,
        ScramIterations, LogLevel, LogFormat, MetricsToken, .. Limits.Select(limit => limit.Setting),
    ];

    static readonly FrozenDictionary<string, Setting> ByKey =
        All.ToFrozenDictionary(setting => setting.Key, StringComparer.OrdinalIgnoreCase);

    public static Setting? Find(string key) => ByKey.GetValueOrDefault(key);

    static Setting<IReadOnlyList<ListenAddress>> Listener(
        string key, string meaning, string port, Func<NyalaOptions, IReadOnlyList<System.Net.IPEndPoint>> effective) =>
        new(key, ListenAddress.Allowed, meaning + " A port alone is on 127.0.0.1 for localhost, on all addresses for a public domain.", port,
            (string text, out IReadOnlyList<ListenAddress> value) => ListenAddress.TryParseList(text, out value!))
        {
            Effective = options => effective(options) is { Count: > 0 } list ? string.Join(", ", list) : "off",
        };

    static IEnumerable<(PropertyInfo, Setting)> ReadLimits()
    {
        var defaults = new Limits();
        var meanings = Documentation.Summaries(typeof(Limits));
        foreach (var property in typeof(Limits).GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        {
            var key = "Limits:" + property.Name;
            var meaning = meanings.GetValueOrDefault(property.Name, "");
            Setting? setting = property.GetValue(defaults) switch
            {
                bool on => new Setting<bool>(
                    key, Values.SwitchAllowed + "; off only while all listeners are on loopback", meaning, on ? "on" : "off", Values.Switch),
                TimeSpan time => new Setting<TimeSpan>(key, Values.TimeAllowed, meaning, Values.Show(time), Values.Time),
                int number => Number(key, meaning, number),
                _ => null,
            };
            if (setting is not null)
            {
                yield return (property, setting);
            }
        }
    }

    static Setting<int> Number(string key, string meaning, int standard)
    {
        // XEP-0478 and R14: clients rely on 256 KiB; the others only must not be nothing.
        var least = key == "Limits:" + nameof(Core.Limits.StanzaBytes) ? 262_144 : 1;
        var most = key.Contains("Bytes", StringComparison.Ordinal) ? 16_777_216 : 1_000_000;
        return new(key, string.Create(CultureInfo.InvariantCulture, $"a number from {least} to {most}"), meaning,
            standard.ToString(CultureInfo.InvariantCulture), Values.Between(least, most))
        {
            DefaultInWords = key is "Limits:" + nameof(Core.Limits.ConcurrentHandshakes) or "Limits:" + nameof(Core.Limits.ConcurrentLogins)
                ? "grows with the number of processors"
                : null,
        };
    }

    static bool NotEmpty(string text, out string value)
    {
        value = text;
        return text.Length > 0;
    }

    static bool ParseDomain(string text, out string value)
    {
        var good = Jid.TryParse(text, out var jid) && jid is { Local: null, Resource: null };
        value = good ? jid!.Domain : "";
        return good;
    }

    static bool ParseWebAddress(string text, out string value)
    {
        value = text.TrimEnd('/');
        return text == "auto"
            || (Uri.TryCreate(text, UriKind.Absolute, out var uri)
                && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
                && uri is { PathAndQuery: "/", Fragment: "", UserInfo: "" });
    }
}
