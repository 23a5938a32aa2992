using System.Collections;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Nyala.Core;
using Nyala.Core.Components;
using Nyala.Federation;

namespace Nyala.Host.Configuration;

/// <summary>What the command line says about configuration.</summary>
/// <param name="ConfigFile">--config, or null to look in the data directory and then in the current one.</param>
/// <param name="Options">Keys that have an option of their own: (key, text, name of the option).</param>
/// <param name="Sets">--set arguments as they came: key=value.</param>
sealed record CommandLineSettings(string? ConfigFile, IReadOnlyList<(Setting Setting, string Text, string Option)> Options, IReadOnlyList<string> Sets);

/// <summary>
/// Gathers settings (defaults, then the file, then the environment, then the command line: later ones win) and makes
/// <see cref="NyalaOptions"/> of them. Everything wrong ends in a <see cref="ConfigurationException"/>.
/// </summary>
sealed class ConfigurationReader(IDictionary environment, string currentDirectory)
{
    readonly Dictionary<string, SetValue> _values = Settings.All.Except(ComponentSettings.Templates).ToDictionary(
        setting => setting.Key, setting => new SetValue(setting.Default, "default"), StringComparer.OrdinalIgnoreCase);

    string? _file;

    public static NyalaOptions Read(CommandLineSettings commandLine) =>
        new ConfigurationReader(Environment.GetEnvironmentVariables(), Environment.CurrentDirectory).Load(commandLine);

    public NyalaOptions Load(CommandLineSettings commandLine)
    {
        // The file may lie in the data directory, so where that is must be known first from the others.
        ApplyEnvironment();
        ApplyCommandLine(commandLine);
        var data = FullPath(_values[Settings.Data.Key].Text, currentDirectory);
        _file = FindFile(commandLine.ConfigFile, data);
        if (_file is not null)
        {
            ApplyFile(_file, inData: commandLine.ConfigFile is null && Path.GetDirectoryName(_file) == data);
            ApplyEnvironment();
            ApplyCommandLine(commandLine);
        }

        return Build();
    }

    string? FindFile(string? given, string data)
    {
        if (given is not null)
        {
            var file = FullPath(given, currentDirectory);
            return File.Exists(file) ? file : throw new ConfigurationException($"--config cannot be {file}: there is no such file.");
        }

        string[] places = [Path.Combine(data, "nyala.json"), Path.Combine(currentDirectory, "nyala.json")];
        return Array.Find(places, File.Exists);
    }

    void ApplyEnvironment()
    {
        foreach (DictionaryEntry entry in environment)
        {
            var name = (string)entry.Key;
            if (name.StartsWith("NYALA__", StringComparison.OrdinalIgnoreCase))
            {
                Set(name["NYALA__".Length..].Replace("__", ":", StringComparison.Ordinal), (string?)entry.Value ?? "", "environment " + name);
            }
        }
    }

    void ApplyCommandLine(CommandLineSettings commandLine)
    {
        foreach (var set in commandLine.Sets)
        {
            var equals = set.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new ConfigurationException($"--set {set} is not possible: allowed is Key:Sub=value, such as --set Listen:Xmpp=5222.");
            }

            Set(set[..equals].Trim(), set[(equals + 1)..], "--set");
        }

        foreach (var (setting, text, option) in commandLine.Options)
        {
            Set(setting.Key, text, option);
        }
    }

    void ApplyFile(string file, bool inData)
    {
        try
        {
            using var document = JsonDocument.Parse(
                File.ReadAllBytes(file), new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new ConfigurationException($"The file {file} is not usable: it must be one JSON object such as {{ \"Domain\": \"chat.example.org\" }}.");
            }

            ApplyObject(document.RootElement, "", file, inData);
        }
        catch (JsonException e)
        {
            throw new ConfigurationException($"The file {file} is not JSON: see line {e.LineNumber + 1}, character {e.BytePositionInLine + 1}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"The file {file} cannot be read: {e.Message}");
        }
    }

    void ApplyObject(JsonElement parent, string prefix, string file, bool inData)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var property in parent.EnumerateObject())
        {
            var key = prefix + property.Name;
            if (!seen.Add(key))
            {
                throw new ConfigurationException($"The key {key} is in {file} twice: keep one.");
            }

            if (property.Value.ValueKind == JsonValueKind.Object)
            {
                ApplyObject(property.Value, key + ":", file, inData);
                continue;
            }

            var text = Text(property.Value) ?? throw new ConfigurationException(
                $"The value of {key} in {file} is not possible: allowed is a text, a number, true, false, or a list of these.");
            if (inData && key.Equals(Settings.Data.Key, StringComparison.OrdinalIgnoreCase))
            {
                throw new ConfigurationException($"The key Data cannot be set in {file}, which was found in the data directory: use --data or NYALA__Data.");
            }

            if (Settings.Find(key) is { IsPath: true } && text.Length > 0)
            {
                text = FullPath(text, Path.GetDirectoryName(file)!);
            }

            Set(key, text, file);
        }
    }

    static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind is JsonValueKind.String or JsonValueKind.Number) =>
            string.Join(",", value.EnumerateArray().Select(item => item.ToString())),
        _ => null,
    };

    void Set(string key, string text, string source)
    {
        var setting = Settings.Find(key) ?? throw new ConfigurationException(Unknown(key, source));
        if (setting.Parse(text) is null)
        {
            throw Impossible(setting, text, source);
        }

        _values[setting.Key] = new(text, source);
    }

    static string Unknown(string key, string source) =>
        Suggestion.For(key, Settings.All.Select(setting => setting.Key)) is { } near
            ? $"There is no key {key} (from {source}): did you mean {near}?"
            : $"There is no key {key} (from {source}): allowed are those that 'nyala config' lists.";

    static ConfigurationException Impossible(Setting setting, string text, string source)
    {
        var shown = setting.IsSecret ? "" : $"'{text}' ";
        return new($"{setting.Key} cannot be {shown}(from {source}): allowed is {setting.Allowed}.");
    }

    T Get<T>(Setting<T> setting) => (T)setting.Parse(_values[setting.Key].Text)!;

    ConfigurationException Impossible(Setting setting) => Impossible(setting, _values[setting.Key].Text, _values[setting.Key].Source);

    NyalaOptions Build()
    {
        var domain = Get(Settings.Domain);
        var isPublic = Domains.IsPublic(domain);
        IReadOnlyList<IPEndPoint> Endpoints(Setting<IReadOnlyList<ListenAddress>> setting) =>
            [.. Get(setting).Select(address => address.Resolve(isPublic))];

        IReadOnlyList<IPEndPoint> xmpp = Endpoints(Settings.Xmpp), xmppTls = Endpoints(Settings.XmppTls);
        IReadOnlyList<IPEndPoint> http = Endpoints(Settings.Http), https = Endpoints(Settings.Https);
        var federation = ReadFederation(isPublic);
        IReadOnlyList<IPEndPoint> servers = federation is null ? [] : Endpoints(Settings.Servers);
        IReadOnlyList<IPEndPoint> serversTls = federation is null ? [] : Endpoints(Settings.ServersTls);
        var limits = ReadLimits();
        var components = ComponentSettings.Read(_values, Taken(domain));
        IReadOnlyList<IPEndPoint> componentListeners = components.Count == 0 ? [] : [.. Get(Settings.Components).Select(address => address.Resolve(publicDomain: false))];
        (Setting, IReadOnlyList<IPEndPoint>)[] people = [(Settings.Xmpp, xmpp), (Settings.XmppTls, xmppTls), (Settings.Http, http), (Settings.Https, https)];
        CheckSomebodyListens(people);
        CheckCollisions([.. people, (Settings.Servers, servers), (Settings.ServersTls, serversTls), (Settings.Components, componentListeners)]);
        CheckLoopbackOnly([.. xmpp, .. xmppTls, .. http, .. https], limits);
        var (certificate, key) = (Get(Settings.Certificate), Get(Settings.CertificateKey));
        if (certificate.Length > 0 != key.Length > 0)
        {
            throw new ConfigurationException("Tls:Certificate and Tls:Key must be set together: set both, or neither for a self-signed certificate.");
        }

        var hasPages = http.Count + https.Count > 0;
        var server = ReadServer(Domains.WebAddress(Get(Settings.WebAddress), domain, isPublic, http, https), hasPages, components, limits);
        CheckFiles(server, isPublic, hasPages);
        return new NyalaOptions
        {
            Server = server,
            Data = FullPath(_values[Settings.Data.Key].Text, currentDirectory),
            Xmpp = xmpp,
            XmppTls = xmppTls,
            Servers = servers,
            ServersTls = serversTls,
            Federation = federation,
            Components = componentListeners,
            Queues = federation ?? ReadQueues(),
            Http = http,
            Https = https,
            CertificateFile = certificate.Length > 0 ? FullPath(certificate, currentDirectory) : null,
            KeyFile = key.Length > 0 ? FullPath(key, currentDirectory) : null,
            FilesDirectory = Get(FileSettings.Directory) is { Length: > 0 } files ? FullPath(files, currentDirectory) : null,
            LogLevel = Get(Settings.LogLevel),
            LogFormat = Get(Settings.LogFormat),
            MetricsToken = Get(Settings.MetricsToken) is { Length: > 0 } token ? token : null,
            OperatorName = Get(Settings.OperatorName) is { Length: > 0 } name ? name : null,
            OperatorSentence = Get(Settings.OperatorSentence) is { Length: > 0 } sentence ? sentence : null,
            WebAppStaysInBrowsers = Get(Settings.WebAppOffline),
            IsPublic = isPublic,
            File = _file,
            Sources = _values,
        };
    }

    ServerOptions ReadServer(string web, bool hasPages, IReadOnlyList<ComponentOptions> components, Limits limits)
    {
        var domain = Get(Settings.Domain);
        return new ServerOptions
        {
            Domain = domain,
            Registration = Get(Settings.Registration),
            TlsRequired = Get(Settings.TlsRequired),
            ScramIterations = Get(Settings.ScramIterations),
            WebAddress = web,
            Rooms = new() { Host = HostOf(Settings.RoomsHost, "rooms", domain), Creation = Get(Settings.RoomsCreation) },
            Uploads = ReadUploads(hasPages),
            Push = ReadPush(domain, web),
            Turn = new()
            {
                Host = Get(Settings.TurnHost), Port = Get(Settings.TurnPort), TlsPort = Get(Settings.TurnTlsPort),
                Secret = Get(Settings.TurnSecret), Lifetime = Get(Settings.TurnLifetime),
            },
            Guests = new()
            {
                Domain = HostOf(Settings.GuestsDomain, "guests", domain), Reach = Get(Settings.GuestsReach),
                Sessions = Get(Settings.GuestsSessions), PerAddress = Get(Settings.GuestsPerAddress),
            },
            SearchHost = HostOf(Settings.SearchHost, "users", domain),
            Information = ReadInformation(),
            Components = components,
            Limits = limits,
        };
    }

    FederationOptions? ReadFederation(bool isPublic)
    {
        if (Get(Settings.Federation) is var enabled && (enabled == "off" || (enabled == "auto" && !isPublic)))
        {
            return null;
        }

        return ReadQueues() with
        {
            RequireCertificates = Get(Settings.FederationCertificates),
            Allowed = Get(Settings.FederationAllow),
            Denied = Get(Settings.FederationDeny),
            Hosts = Get(Settings.FederationHosts),
        };
    }

    /// <summary>What components, and whoever fetches files, share with other servers.</summary>
    FederationOptions ReadQueues() => new()
    {
        Roots = ReadRoots(Settings.FederationRoots),
        GiveUpAfter = Get(Settings.FederationGiveUpAfter),
        QueuedPerDomain = Get(Settings.FederationQueuedPerDomain),
        Queued = Get(Settings.FederationQueued),
        DomainPairs = Get(Settings.FederationDomainPairs),
        BytesPerSecond = Get(Settings.FederationBytesPerSecond),
    };

    /// <summary>Domains that this server answers for itself, with what they are.</summary>
    Dictionary<string, string> Taken(string domain)
    {
        var taken = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [domain] = "the server's own domain",
            ["pubsub." + domain] = "the PubSub service",
            ["push." + domain] = "the service that wakes browsers",
        };
        Take(HostOf(Settings.RoomsHost, "rooms", domain), "the domain of groups (Rooms:Host)");
        Take(HostOf(Settings.GuestsDomain, "guests", domain), "the domain of guests (Guests:Domain)");
        Take(HostOf(Settings.SearchHost, "users", domain), "the directory of people (Search:Host)");
        Take(HostOf(FileSettings.Host, "upload", domain), "the service for files (Files:Host)");
        return taken;

        void Take(string host, string what)
        {
            if (host.Length > 0)
            {
                taken.TryAdd(host, what);
            }
        }
    }

    static void CheckFiles(ServerOptions server, bool isPublic, bool hasPages)
    {
        if (FileSettings.Conflict(server, isPublic, hasPages) is { } conflict)
        {
            throw new ConfigurationException(conflict);
        }
    }

    /// <summary>Where nothing is served on the web, there are no files by default.</summary>
    UploadOptions ReadUploads(bool hasPages) => new()
    {
        Host = Get(FileSettings.Host) switch { "auto" => hasPages ? null : "", "off" => "", var host => host },
        Address = Get(FileSettings.Address) is var address && address == "auto" ? null : address,
        MaxBytes = Get(FileSettings.MaxBytes),
        Quota = Get(FileSettings.Quota),
        ProfileQuota = Get(FileSettings.ProfileQuota),
        Expiry = Get(FileSettings.Expiry) is var expiry && expiry > TimeSpan.Zero ? expiry : null,
        SlotTime = Get(FileSettings.SlotTime),
        KeepFree = Get(FileSettings.KeepFree),
        Foreign = Get(FileSettings.Foreign),
    };

    X509Certificate2Collection ReadRoots(Setting<string> setting)
    {
        var roots = new X509Certificate2Collection();
        if (Get(setting) is { Length: > 0 } file)
        {
            try
            {
                roots.ImportFromPemFile(FullPath(file, currentDirectory));
            }
            catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
            {
                throw new ConfigurationException($"{setting.Key} cannot be read from {file}: {e.Message}");
            }
        }

        return roots;
    }

    PushOptions ReadPush(string domain, string web) => new()
    {
        Delay = Get(Settings.PushDelay),
        Spacing = Get(Settings.PushSpacing),
        GiveUpAfter = Get(Settings.PushGiveUpAfter),
        ShowSender = Get(Settings.PushShowSender),
        Text = Get(Settings.PushText),
        WholeGroups = Get(Settings.PushWholeGroups),
        Contact = Get(Settings.PushContact) is not "auto" and var contact ? contact
            : web.StartsWith("https:", StringComparison.Ordinal) ? web : "mailto:postmaster@" + domain,
        AllowPrivate = Get(Settings.PushAllowPrivate),
        Roots = ReadRoots(Settings.PushRoots),
    };

    PublicInformation ReadInformation() => new()
    {
        Contacts = Settings.Contacts.Select(contact => (contact.Field, Addresses: Get(contact.Setting))).Where(contact => contact.Addresses.Count > 0)
            .ToDictionary(contact => contact.Field, contact => contact.Addresses, StringComparer.Ordinal),
        OutageAddresses = Get(Settings.OutageAddresses),
        Terms = Get(Settings.PolicyTerms) is [var terms] ? terms : null,
        Access = Get(Settings.PolicyAccess),
        Retention = Get(Settings.PolicyRetention),
        IsEncryptedAtRest = Get(Settings.PolicyEncrypted),
        BackupFrequency = TextOf(Settings.PolicyBackupFrequency),
        BackupRetention = TextOf(Settings.PolicyBackupRetention),
        Remarks = TextOf(Settings.PolicyRemarks),
    };

    string? TextOf(Setting<string> setting) => Get(setting) is { Length: > 0 } text ? text : null;

    string HostOf(Setting<string> setting, string standard, string domain) => Get(setting) switch
    {
        "auto" => $"{standard}.{domain}",
        "off" => "",
        var configured when configured == domain => throw new ConfigurationException($"{setting.Key} must not be the server's own domain {domain}: take another name or auto."),
        var configured => configured,
    };

    Limits ReadLimits()
    {
        var limits = new Limits();
        foreach (var (property, setting) in Settings.Limits)
        {
            property.SetValue(limits, setting.Parse(_values[setting.Key].Text));
        }

        return limits;
    }

    static void CheckSomebodyListens((Setting Setting, IReadOnlyList<IPEndPoint> Endpoints)[] listeners)
    {
        if (listeners.All(listener => listener.Endpoints.Count == 0))
        {
            throw new ConfigurationException($"{string.Join(", ", listeners.Select(listener => listener.Setting.Key))} cannot all be off: give at least one of them a port.");
        }
    }

    static void CheckCollisions((Setting Setting, IReadOnlyList<IPEndPoint> Endpoints)[] listeners)
    {
        var owners = new Dictionary<IPEndPoint, Setting>();
        foreach (var (setting, endpoints) in listeners)
        {
            foreach (var endpoint in endpoints.Where(endpoint => endpoint.Port != 0))
            {
                if (!owners.TryAdd(endpoint, setting))
                {
                    throw new ConfigurationException($"{setting.Key} and {owners[endpoint].Key} cannot both be {endpoint}: give one of them another port, or off.");
                }
            }
        }
    }

    /// <summary>Protections are switched off only where nobody else comes. Web listeners count: they carry logins too, over WebSocket and in forms.</summary>
    void CheckLoopbackOnly(IReadOnlyList<IPEndPoint> listeners, Limits limits)
    {
        if (listeners.All(endpoint => IPAddress.IsLoopback(endpoint.Address)))
        {
            return;
        }

        if (!Get(Settings.TlsRequired))
        {
            throw Impossible(Settings.TlsRequired);
        }

        if (!limits.RateLimits)
        {
            throw Impossible(Settings.Find("Limits:" + nameof(Limits.RateLimits))!);
        }
    }

    static string FullPath(string path, string directory) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path, directory));
}
