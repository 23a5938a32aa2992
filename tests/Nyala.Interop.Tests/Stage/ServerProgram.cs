using System.Security.Cryptography;
using Nyala.Testing;

namespace Nyala.Interop.Tests.Stage;

/// <summary>A loopback address and ports for one server.</summary>
sealed record Ports(string Host, int Xmpp, int XmppTls, int Http, int Https, int Turn, int Components)
{
    public static Ports Find() => At("127.0.0.1", LoopbackPort.Find(), LoopbackPort.Find());

    /// <summary>An address that nobody else has, with the ports that clients try when DNS tells them nothing.</summary>
    public static Ports WellKnown() => At(
        $"127.{RandomNumberGenerator.GetInt32(1, 255)}.{RandomNumberGenerator.GetInt32(255)}.{RandomNumberGenerator.GetInt32(1, 255)}", 5222, 5223);

    static Ports At(string host, int xmpp, int xmppTls) =>
        new(host, xmpp, xmppTls, LoopbackPort.Find(), LoopbackPort.Find(), LoopbackPort.Find(), LoopbackPort.Find());
}

/// <summary>How a certain server is started, filled with users, and asked whether it is ready.</summary>
abstract class ServerProgram(string data, Ports ports)
{
    static readonly TimeSpan CommandLimit = TimeSpan.FromSeconds(60);

    /// <summary>Answers with success once the server serves.</summary>
    public abstract Uri Ready { get; }

    protected string Data { get; } = data;

    public Ports Ports { get; } = ports;

    public abstract Task<ChildProcess> StartAsync();

    public abstract Task AddUserAsync(string name, string password);

    protected static Task CommandAsync(ChildProcess command, string? input = null) => ChildProcess.CommandAsync(command, CommandLimit, input);
}

/// <summary>Nyala as its users run it: the built binary (or the one that NYALA_BIN names).</summary>
sealed class NyalaProgram(string data, Ports ports, string domain, params string[] settings) : ServerProgram(data, ports)
{
    public static readonly string Binary = Environment.GetEnvironmentVariable("NYALA_BIN") ?? Path.GetFullPath(
        Path.Combine(AppContext.BaseDirectory, "..", "..", "Nyala.Host", new DirectoryInfo(AppContext.BaseDirectory).Name, "nyala"));

    public override Uri Ready => new($"http://{Ports.Host}:{Ports.Http}/readyz");

    public override Task<ChildProcess> StartAsync() => Task.FromResult(ChildProcess.Start(Binary, [
        "run", "--data", Data, "--domain", domain, "--quiet",
        .. ((string[])[
            $"Listen:Xmpp={Ports.Host}:{Ports.Xmpp}", $"Listen:XmppTls={Ports.Host}:{Ports.XmppTls}",
            $"Listen:Http={Ports.Host}:{Ports.Http}", $"Listen:Https={Ports.Host}:{Ports.Https}",
            $"Turn:Host={Ports.Host}", $"Turn:Port={Ports.Turn}",
            $"Listen:Components={Ports.Host}:{Ports.Components}",
            $"Components:irc.{domain}:Secret={Server.ComponentSecret}", $"Components:bridge.{domain}:Secret={Server.ComponentSecret}",
            $"Components:bridge.{domain}:Roster=both", $"Components:bridge.{domain}:Messages=outgoing", $"Components:bridge.{domain}:Presence=managed_entity",
            "Registration=open", "Guests:Domain=auto", .. settings,
        ]).SelectMany(setting => new[] { "--set", setting }),
    ]));

    public override Task AddUserAsync(string name, string password) => CommandAsync(
        ChildProcess.Start(
            Binary,
            ["user", "add", "--data", Data, "--set", $"Domain={domain}", $"{name}@{domain}", "--password-stdin", .. IsAdmin(name) ? ["--admin"] : Array.Empty<string>()]),
        $"{password}\n");

    /// <summary>Princes rule.</summary>
    static bool IsAdmin(string name) => name.StartsWith("prince", StringComparison.Ordinal);
}

/// <summary>Debian's Prosody, set up like Nyala as far as it can be; see peers/prosody.cfg.lua.</summary>
sealed class ProsodyProgram(string data, Ports ports) : ServerProgram(data, ports)
{
    static readonly string Settings = Path.Combine(Folders.Project, "peers", "prosody.cfg.lua");

    public override Uri Ready => new($"http://127.0.0.1:{Ports.Http}/xmpp-websocket");

    public override async Task<ChildProcess> StartAsync()
    {
        await CommandAsync(ChildProcess.Start("openssl", [
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost",
            "-keyout", Path.Combine(Data, "localhost.key"), "-out", Path.Combine(Data, "localhost.crt"),
        ]));
        return Start("prosody", "--config", Settings, "-F");
    }

    public override Task AddUserAsync(string name, string password) =>
        CommandAsync(Start("prosodyctl", "--config", Settings, "register", name, "localhost", password));

    ChildProcess Start(string file, params string[] arguments) => ChildProcess.Start(
        file, arguments, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PROSODY_DATA"] = Data,
            ["PROSODY_XMPP"] = $"{Ports.Xmpp}",
            ["PROSODY_XMPPTLS"] = $"{Ports.XmppTls}",
            ["PROSODY_HTTP"] = $"{Ports.Http}",
            ["PROSODY_HTTPS"] = $"{Ports.Https}",
        });
}
