using Nyala.Testing;

namespace Nyala.Interop.Tests.Stage;

/// <summary>Loopback ports for one server.</summary>
sealed record Ports(int Xmpp, int XmppTls, int Http, int Https)
{
    public static Ports Find() => new(LoopbackPort.Find(), LoopbackPort.Find(), LoopbackPort.Find(), LoopbackPort.Find());
}

/// <summary>How a certain server is started, filled with users, and asked whether it is ready.</summary>
abstract class ServerProgram(string data, Ports ports)
{
    protected static readonly TimeSpan CommandLimit = TimeSpan.FromSeconds(20);

    /// <summary>Answers with success once the server serves.</summary>
    public abstract Uri Ready { get; }

    protected string Data { get; } = data;

    protected Ports Ports { get; } = ports;

    public abstract Task<ChildProcess> StartAsync();

    public abstract Task AddUserAsync(string name, string password);

    protected static async Task CommandAsync(ChildProcess command, string? input = null)
    {
        await using (command)
        {
            await command.Input.WriteAsync(input);
            command.Input.Close();
            if (await command.EndAsync(CommandLimit) != 0)
            {
                throw new InvalidOperationException($"A command of the server failed:\n{command.Output}");
            }
        }
    }
}

/// <summary>Nyala as its users run it: the built binary (or the one that NYALA_BIN names).</summary>
sealed class NyalaProgram(string data, Ports ports) : ServerProgram(data, ports)
{
    static readonly string Binary = Environment.GetEnvironmentVariable("NYALA_BIN") ?? Path.GetFullPath(
        Path.Combine(AppContext.BaseDirectory, "..", "..", "Nyala.Host", new DirectoryInfo(AppContext.BaseDirectory).Name, "nyala"));

    public override Uri Ready => new($"http://127.0.0.1:{Ports.Http}/readyz");

    public override Task<ChildProcess> StartAsync() => Task.FromResult(ChildProcess.Start(Binary, [
        "run", "--data", Data, "--domain", "localhost", "--quiet",
        "--set", $"Listen:Xmpp=127.0.0.1:{Ports.Xmpp}",
        "--set", $"Listen:XmppTls=127.0.0.1:{Ports.XmppTls}",
        "--set", $"Listen:Http=127.0.0.1:{Ports.Http}",
        "--set", $"Listen:Https=127.0.0.1:{Ports.Https}",
        "--set", "Registration=open",
    ]));

    public override Task AddUserAsync(string name, string password) => CommandAsync(
        ChildProcess.Start(Binary, ["user", "add", "--data", Data, $"{name}@localhost", "--password-stdin"]), $"{password}\n");
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
