using System.Collections;
using System.Net;
using System.Text.Json;
using Nyala.Core;

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
    readonly Dictionary<string, SetValue> _values = Settings.All.ToDictionary(
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
        var limits = ReadLimits();
        CheckCollisions((Settings.Xmpp, xmpp), (Settings.XmppTls, xmppTls), (Settings.Http, http), (Settings.Https, https));
        CheckLoopbackOnly([.. xmpp, .. xmppTls, .. http, .. https], limits);
        var (certificate, key) = (Get(Settings.Certificate), Get(Settings.CertificateKey));
        if (certificate.Length > 0 != key.Length > 0)
        {
            throw new ConfigurationException("Tls:Certificate and Tls:Key must be set together: set both, or neither for a self-signed certificate.");
        }

        return new NyalaOptions
        {
            Server = new ServerOptions
            {
                Domain = domain,
                Registration = Get(Settings.Registration),
                TlsRequired = Get(Settings.TlsRequired),
                ScramIterations = Get(Settings.ScramIterations),
                WebAddress = Domains.WebAddress(Get(Settings.WebAddress), domain, isPublic, http, https),
                Limits = limits,
            },
            Data = FullPath(_values[Settings.Data.Key].Text, currentDirectory),
            Xmpp = xmpp,
            XmppTls = xmppTls,
            Http = http,
            Https = https,
            CertificateFile = certificate.Length > 0 ? FullPath(certificate, currentDirectory) : null,
            KeyFile = key.Length > 0 ? FullPath(key, currentDirectory) : null,
            LogLevel = Get(Settings.LogLevel),
            LogFormat = Get(Settings.LogFormat),
            MetricsToken = Get(Settings.MetricsToken) is { Length: > 0 } token ? token : null,
            IsPublic = isPublic,
            File = _file,
            Sources = _values,
        };
    }

    Limits ReadLimits()
    {
        var limits = new Limits();
        foreach (var (property, setting) in Settings.Limits)
        {
            property.SetValue(limits, setting.Parse(_values[setting.Key].Text));
        }

        return limits;
    }

    static void CheckCollisions(params (Setting Setting, IReadOnlyList<IPEndPoint> Endpoints)[] listeners)
    {
        if (listeners.All(listener => listener.Endpoints.Count == 0))
        {
            throw new ConfigurationException($"{string.Join(", ", listeners.Select(listener => listener.Setting.Key))} cannot all be off: give at least one of them a port.");
        }

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
