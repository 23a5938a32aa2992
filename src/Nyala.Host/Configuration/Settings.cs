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
    const string UrisAllowed = "addresses such as mailto:abuse@example.org or xmpp:admin@example.org separated by commas, or nothing";

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

    public static readonly Setting<IReadOnlyList<ListenAddress>> Servers = Listener(
        "Listen:Servers", "Other servers that start in clear and upgrade with STARTTLS; only while Federation:Enabled is on.", "5269", options => options.Servers);

    public static readonly Setting<IReadOnlyList<ListenAddress>> ServersTls = Listener(
        "Listen:ServersTls", "Other servers that start with TLS at once (XEP-0368); only while Federation:Enabled is on.", "5270", options => options.ServersTls);

    public static readonly Setting<IReadOnlyList<ListenAddress>> Components = new(
        "Listen:Components", ListenAddress.Allowed,
        "External components (XEP-0114), such as bridges to other networks, without TLS; only while there are any under Components. A port alone is on 127.0.0.1.",
        "5347", (string text, out IReadOnlyList<ListenAddress> value) => ListenAddress.TryParseList(text, out value!))
    { Effective = options => options.Components is { Count: > 0 } list ? string.Join(", ", list) : "off" };

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

    public static readonly Setting<string> RoomsHost = new(
        "Rooms:Host", "a domain name, auto or off",
        "The domain of groups; auto is rooms. and the server's domain. Other servers find it by DNS.", "auto", ParseHost)
    { Effective = options => options.Server.Rooms.Host is { Length: > 0 } host ? host : "off" };

    public static readonly Setting<RoomCreation> RoomsCreation = new(
        "Rooms:Creation", "accounts or admins", "Who may make groups: every account of this server, or administrators only.", "accounts",
        Values.OneOf(("accounts", RoomCreation.Accounts), ("admins", RoomCreation.Admins)));

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

    public static readonly Setting<string> OperatorName = new(
        "Operator:Name", "at most 60 characters, or nothing", "Who runs this server, as people know them; nothing: the domain is shown.", "", Short(60));

    public static readonly Setting<string> OperatorSentence = new(
        "Operator:Sentence", "at most 200 characters, or nothing", "One sentence about this server for those who come by without an account.", "", Short(200));

    public static readonly Setting<bool> WebAppOffline = new(
        "WebApp:Offline", Values.SwitchAllowed,
        "Browsers keep the web app, so that it starts without a connection. off takes it out of each browser again as soon as that asks, such as after a bad update.",
        "on", Values.Switch);

    public static readonly Setting<string> Federation = new(
        "Federation:Enabled", "auto, on or off",
        "Whether people here talk with people on other servers. auto is on for a public domain, off for names such as localhost.", "auto",
        Values.OneOf(("auto", "auto"), ("on", "on"), ("true", "on"), ("off", "off"), ("false", "off")))
    { Effective = options => options.Federation is null ? "off" : "on" };

    public static readonly Setting<bool> FederationCertificates = new(
        "Federation:RequireCertificates", Values.SwitchAllowed,
        "Other servers must show a valid certificate; off: who has none may prove its name by dialback over TLS.", "off", Values.Switch);

    public static readonly Setting<IReadOnlyList<string>> FederationAllow = new(
        "Federation:Allow", "domains separated by commas, or nothing for all", "The only domains to talk with, each with all below it.", "", Lists.Domains);

    public static readonly Setting<IReadOnlyList<string>> FederationDeny = new(
        "Federation:Deny", "domains separated by commas, or nothing", "Domains never to talk with, each with all below it.", "", Lists.Domains);

    public static readonly Setting<IReadOnlyDictionary<string, Nyala.Federation.Naming.Place>> FederationHosts = new(
        "Federation:Hosts", "domain=host:port separated by commas, with /tls behind a port that starts with TLS, or nothing",
        "Where some domains' servers are, without asking DNS.", "", Lists.Places);

    public static readonly Setting<string> FederationRoots = new(
        "Federation:Roots", "a PEM file, or nothing", "Certificates of authorities that are trusted for other servers beside those of the system.", "", Values.Text)
    { IsPath = true };

    public static readonly Setting<TimeSpan> FederationGiveUpAfter = new(
        "Federation:GiveUpAfter", Values.TimeAllowed, "How long a message waits for a server that cannot be reached, or a component that is away, before it goes back to its sender.", "1d", Values.Time);

    public static readonly Setting<int> FederationQueuedPerDomain = new(
        "Federation:QueuedPerDomain", "a number from 1 to 1000000", "Messages that may wait for one other server or component; more are refused.", "10000", Values.Between(1, 1_000_000));

    public static readonly Setting<int> FederationQueued = new(
        "Federation:Queued", "a number from 1 to 10000000", "Messages that may wait for all other servers together; more are refused.", "200000", Values.Between(1, 10_000_000));

    public static readonly Setting<int> FederationDomainPairs = new(
        "Federation:DomainPairs", "a number from 1 to 1000000",
        "Other servers that are talked with, or tried to reach, at a time; those at rest do not count.", "20000", Values.Between(1, 1_000_000));

    public static readonly Setting<int> FederationBytesPerSecond = new(
        "Federation:BytesPerSecond", "a number from 1024 to 1000000000",
        "Bytes per second another server may send on one connection on average; more slows the reading down.", "4194304", Values.Between(1_024, 1_000_000_000));

    public static readonly Setting<TimeSpan> PushDelay = new(
        "Push:Delay", Values.TimeAllowed, "How long a device has to acknowledge a message before it is woken.", "5s", Values.Time);

    public static readonly Setting<TimeSpan> PushSpacing = new(
        "Push:Spacing", Values.TimeAllowed, "The least time between two notifications of one chat to one device; calls do not wait.", "10s", Values.Time);

    public static readonly Setting<TimeSpan> PushGiveUpAfter = new(
        "Push:GiveUpAfter", Values.TimeAllowed, "A message older than this wakes nobody any more.", "1d", Values.Time);

    public static readonly Setting<bool> PushShowSender = new(
        "Push:ShowSender", Values.SwitchAllowed, "App servers are told who has written. What was written they are never told.", "off", Values.Switch);

    public static readonly Setting<string> PushText = new(
        "Push:Text", "a text, or nothing", "What app servers are given in place of what was written, because some show nothing without a text.", "New message", Values.Text);

    public static readonly Setting<int> PushWholeGroups = new(
        "Push:WholeGroups", "a number from 0 to 1000",
        "In a group for members only with no more members than this every message wakes those who are away; in others a mention of their name does.", "50", Values.Between(0, 1_000));

    public static readonly Setting<string> PushContact = new(
        "Push:Contact", "an address that begins with mailto: or https:, or auto",
        "Whom the push services of browsers may write to about this server; auto is WebAddress where that is https, else mailto:postmaster@ and the domain.", "auto",
        (string text, out string value) =>
        {
            value = text;
            return text == "auto" || (Uri.TryCreate(text, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeMailto || uri.Scheme == Uri.UriSchemeHttps));
        })
    { Effective = options => options.Server.Push.Contact };

    public static readonly Setting<bool> PushAllowPrivate = new(
        "Push:AllowPrivate", Values.SwitchAllowed,
        "Push services of browsers may be on private and loopback addresses: for a service of one's own, and a risk where users are not trusted.", "off", Values.Switch);

    public static readonly Setting<string> PushRoots = new(
        "Push:Roots", "a PEM file, or nothing", "Certificates of authorities that are trusted for push services of browsers beside those of the system.", "", Values.Text)
    { IsPath = true };

    public static readonly Setting<string> TurnHost = new(
        "Turn:Host", "a name or an address, or nothing", "The relay for calls (coturn) that clients are told of; 'nyala turn config' prints its configuration.", "", Values.Text);

    public static readonly Setting<int> TurnPort = new(
        "Turn:Port", "a port", "The relay's port for STUN and TURN, over UDP and TCP.", "3478", Values.Between(1, 65_535));

    public static readonly Setting<int> TurnTlsPort = new(
        "Turn:TlsPort", "a port, or 0 for none", "The relay's port for TURN over TLS.", "0", Values.Between(0, 65_535));

    public static readonly Setting<string> TurnSecret = new(
        "Turn:Secret", "a secret of at least 16 characters, or nothing",
        "What is shared with the relay; without one the server makes one and keeps it.", "",
        (string text, out string value) => Values.Text(text, out value) && value.Length is 0 or >= 16)
    { IsSecret = true };

    public static readonly Setting<TimeSpan> TurnLifetime = new(
        "Turn:Lifetime", Values.TimeAllowed, "How long a client can use the credentials it gets for the relay; a call may last as long.", "12h", Values.Time);

    public static readonly Setting<string> GuestsDomain = new(
        "Guests:Domain", "a domain name, auto or off",
        "The domain where people come in without an account (XEP-0175); auto is guests. and the server's domain. The certificate must hold for it too.", "off", ParseHost)
    { Effective = options => options.Server.Guests.Domain is { Length: > 0 } domain ? domain : "off" };

    public static readonly Setting<GuestReach> GuestsReach = new(
        "Guests:Reach", "rooms, server or all",
        "Whom guests may talk with: who is in the groups of this server, also its accounts, or other servers too.", "rooms",
        Values.OneOf(("rooms", GuestReach.Rooms), ("server", GuestReach.Server), ("all", GuestReach.All)));

    public static readonly Setting<int> GuestsSessions = new(
        "Guests:Sessions", "a number from 1 to 100000", "Guests at a time.", "500", Values.Between(1, 100_000));

    public static readonly Setting<int> GuestsPerAddress = new(
        "Guests:PerAddress", "a number from 1 to 10000", "Guests of one network address at a time.", "20", Values.Between(1, 10_000));

    public static readonly Setting<string> SearchHost = new(
        "Search:Host", "a domain name, auto or off",
        "The domain of the directory of people who want to be found (XEP-0055); auto is users. and the server's domain.", "auto", ParseHost)
    { Effective = options => options.Server.SearchHost is { Length: > 0 } host ? host : "off" };

    /// <summary>Contact addresses by the field that tells them (XEP-0157).</summary>
    public static readonly IReadOnlyList<(string Field, Setting<IReadOnlyList<string>> Setting)> Contacts =
    [
        Contact("Abuse", "reports of abuse"), Contact("Admin", "the administrators"), Contact("Feedback", "feedback"), Contact("Sales", "sales"),
        Contact("Security", "reports of security problems"), Contact("Status", "news of the state of the service"), Contact("Support", "help"),
    ];

    public static readonly Setting<IReadOnlyList<string>> OutageAddresses = new(
        "Outage:Addresses", UrisAllowed,
        "Where clients read what is the matter while the server cannot be reached (XEP-0455): JSON files on other machines than this.", "", Lists.Uris);

    public static readonly Setting<IReadOnlyList<string>> PolicyTerms = new(
        "DataPolicy:Terms", "an address such as https://example.org/terms, or nothing", "The terms of service (XEP-0504).", "",
        (string text, out IReadOnlyList<string> value) => Lists.Uris(text, out value) && value.Count <= 1);

    public static readonly Setting<IReadOnlyList<string>> PolicyAccess = new(
        "DataPolicy:Access", "admins, moderators, organization_member, government, advertisers or partners separated by commas, none alone, or nothing to say nothing",
        "Who may see people's data (XEP-0504).", "",
        (string text, out IReadOnlyList<string> value) =>
            Lists.SomeOf("admins", "moderators", "organization_member", "government", "advertisers", "partners", "none")(text, out value)
            && (value.Count <= 1 || !value.Contains("none")));

    public static readonly Setting<string> PolicyRetention = new(
        "DataPolicy:Retention", "a number of hours, infinite or unknown", "How long people's data is kept (XEP-0504).", "infinite", ParseHours);

    public static readonly Setting<bool> PolicyEncrypted = new(
        "DataPolicy:EncryptedAtRest", Values.SwitchAllowed, "The disk of the server is encrypted (XEP-0504).", "off", Values.Switch);

    public static readonly Setting<string> PolicyBackupFrequency = new(
        "DataPolicy:BackupFrequency", "a number of hours, 0 for none, or nothing to say nothing", "Hours between backups at most (XEP-0504).", "",
        (string text, out string value) => Values.Text(text, out value) && (text.Length == 0 || Values.Between(0, 1_000_000)(text, out _)));

    public static readonly Setting<string> PolicyBackupRetention = new(
        "DataPolicy:BackupRetention", "a number of hours, infinite, unknown, or nothing to say nothing", "How long backups are kept (XEP-0504).", "",
        (string text, out string value) => Values.Text(text, out value) && (text.Length == 0 || ParseHours(text, out _)));

    public static readonly Setting<string> PolicyRemarks = new(
        "DataPolicy:Remarks", "a text, or nothing", "What else people should know of what becomes of their data (XEP-0504).", "", Values.Text);

    /// <summary>The settings that are properties of <see cref="Core.Limits"/>, by property.</summary>
    public static readonly IReadOnlyList<(PropertyInfo Property, Setting Setting)> Limits = [.. ReadLimits()];

    public static readonly IReadOnlyList<Setting> All =
    [
        Domain, Data, Xmpp, XmppTls, Servers, ServersTls, Components, Http, Https, WebAddress, Registration, RoomsHost, RoomsCreation, .. FileSettings.All, Storage, Certificate, CertificateKey, TlsRequired,
        ScramIterations, LogLevel, LogFormat, MetricsToken, OperatorName, OperatorSentence, WebAppOffline,
        Federation, FederationCertificates, FederationAllow, FederationDeny, FederationHosts, FederationRoots, FederationGiveUpAfter,
        FederationQueuedPerDomain, FederationQueued, FederationDomainPairs, FederationBytesPerSecond,
        PushDelay, PushSpacing, PushGiveUpAfter, PushShowSender, PushText, PushWholeGroups, PushContact, PushAllowPrivate, PushRoots,
        TurnHost, TurnPort, TurnTlsPort, TurnSecret, TurnLifetime,
        GuestsDomain, GuestsReach, GuestsSessions, GuestsPerAddress, SearchHost, .. Contacts.Select(contact => contact.Setting), OutageAddresses,
        PolicyTerms, PolicyAccess, PolicyRetention, PolicyEncrypted, PolicyBackupFrequency, PolicyBackupRetention, PolicyRemarks, .. ComponentSettings.Templates, .. Limits.Select(limit => limit.Setting),
    ];

    static readonly FrozenDictionary<string, Setting> ByKey =
        All.ToFrozenDictionary(setting => setting.Key, StringComparer.OrdinalIgnoreCase);

    public static Setting? Find(string key) => ByKey.GetValueOrDefault(key) ?? ComponentSettings.Find(key);

    static (string Field, Setting<IReadOnlyList<string>> Setting) Contact(string name, string meaning) => (
        $"{name.ToLowerInvariant()}-addresses",
        new("Contact:" + name, UrisAllowed, $"Addresses for {meaning}, told in service discovery (XEP-0157).", "", Lists.Uris));

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

    static TryParse<string> Short(int most) => (string text, out string value) =>
    {
        value = text.Trim();
        return value.Length <= most && !value.Any(char.IsControl);
    };

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

    static bool ParseHours(string text, out string value)
    {
        value = text;
        return text is "infinite" or "unknown" || Values.Between(0, 1_000_000)(text, out _);
    }

    internal static bool ParseHost(string text, out string value)
    {
        value = text;
        return text is "auto" or "off" || ParseDomain(text, out value);
    }

    internal static bool ParseWebAddress(string text, out string value)
    {
        value = text.TrimEnd('/');
        return text == "auto"
            || (Uri.TryCreate(text, UriKind.Absolute, out var uri)
                && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
                && uri is { PathAndQuery: "/", Fragment: "", UserInfo: "" });
    }
}
