using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Nyala.Testing;

namespace Nyala.Interop.Tests.Stage;

/// <summary>One of two servers that talk with each other: ours for montague.test, somebody else's for capulet.test.</summary>
abstract class DomainServer(string domain, string data) : IAsyncDisposable
{
    public const string Password = "correct horse battery";

    static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    ChildProcess? _process;

    public string Domain => domain;

    /// <summary>For clients, in clear.</summary>
    public IPEndPoint Clients { get; } = new(IPAddress.Loopback, LoopbackPort.Find());

    /// <summary>For other servers.</summary>
    public IPEndPoint Servers { get; } = new(IPAddress.Loopback, LoopbackPort.Find());

    /// <summary>Where others are told that it is: itself, or a network in between that can be made bad.</summary>
    public IPEndPoint Reached { get => field ?? Servers; set; }

    public string Log => _process?.Output ?? "";

    protected string Data => data;

    /// <summary>Starts it, and waits until it takes clients.</summary>
    public async Task StartAsync()
    {
        _process = Launch();
        using var clock = new CancellationTokenSource(StartLimit, TimeProvider.System);
        while (true)
        {
            try
            {
                using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(Clients, clock.Token);
                return;
            }
            catch (SocketException) when (!_process.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, clock.Token);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                throw new InvalidOperationException($"{domain} did not start:\n{Log}", e);
            }
        }
    }

    /// <summary>Waits until it answers somebody elsewhere, and so has read all that they sent before.</summary>
    public async Task ReachedByAsync(Wire somebody)
    {
        for (var attempt = 0; ; attempt++)
        {
            await somebody.SendAsync($"<iq type='get' to='{domain}' id='reached{attempt}'><ping xmlns='urn:xmpp:ping'/></iq>");
            if ((await somebody.AwaitAsync($"<iq id='reached{attempt}'/>")).Attribute("type")?.Value == "result")
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }
    }

    /// <summary>Ends it at once, as a power cut does.</summary>
    public async Task KillAsync()
    {
        if (_process is not null)
        {
            await _process.KillAsync();
            await _process.DisposeAsync();
            _process = null;
        }
    }

    /// <summary>Ends it in good order, so that it has written what it was given.</summary>
    public async Task StopAsync()
    {
        await (_process?.StopAsync() ?? Task.FromResult<int?>(null));
        await KillAsync();
    }

    public abstract Task AddUserAsync(string name);

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await File.WriteAllTextAsync(Path.Combine(Folders.Output, domain + ".log"), Log);
        }

        await KillAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract ChildProcess Launch();

    protected static Task CommandAsync(ChildProcess command, string? input = null) => ChildProcess.CommandAsync(command, StartLimit, input);
}

/// <summary>Nyala as its users run it.</summary>
sealed class NyalaDomain(string data, string domain = "montague.test") : DomainServer(domain, data)
{
    /// <summary>Who answers its questions about names; null: whom the machine asks.</summary>
    public IPAddress? NameServer { get; init; }

    /// <summary>More settings, such as <c>Federation:Hosts=…</c>.</summary>
    public IReadOnlyList<string> Settings { get; set; } = [];

    /// <summary>Before it is started: it takes clients before it takes commands.</summary>
    public override Task AddUserAsync(string name) => CommandAsync(
        ChildProcess.Start(NyalaProgram.Binary, ["user", "add", "--data", Folder, "--set", $"Domain={Domain}", $"{name}@{Domain}", "--password-stdin"]), Password + "\n");

    protected override ChildProcess Launch()
    {
        if (NameServer is null)
        {
            return ChildProcess.Start(NyalaProgram.Binary, Arguments);
        }

        // In a mount namespace of its own, whose resolv.conf is ours to write.
        Directory.CreateDirectory(Folder);
        var settings = Path.Combine(Data, "resolv.conf");
        File.WriteAllText(settings, $"nameserver {NameServer}\noptions timeout:2 attempts:1\n");
        return ChildProcess.Start("unshare", ["-m", "sh", "-c", "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"", settings, NyalaProgram.Binary, .. Arguments]);
    }

    string[] Arguments => [
        "run", "--data", Folder, "--domain", Domain,
        .. ((string[])[
            $"Listen:Xmpp={Clients}", $"Listen:Servers={Servers}", "Listen:XmppTls=off", "Listen:ServersTls=off", "Listen:Http=off", "Listen:Https=off",
            "Tls:Required=off", "Federation:Enabled=on", "Log:Level=debug", .. Settings,
        ]).SelectMany(setting => new[] { "--set", setting }),
    ];

    string Folder => Path.Combine(Data, "nyala-" + Domain);
}

/// <summary>Debian's Prosody; see peers/prosody-peer.cfg.lua.</summary>
sealed class ProsodyDomain(string data, DomainServer ours) : DomainServer("capulet.test", data)
{
    static readonly string Settings = Path.Combine(Folders.Project, "peers", "prosody-peer.cfg.lua");

    /// <summary>Takes valid certificates only.</summary>
    public bool IsSecure { get; init; }

    Dictionary<string, string> Environment => new(StringComparer.Ordinal)
    {
        ["PEER_DATA"] = Data,
        ["PEER_CLIENTS"] = Clients.Port.ToString(CultureInfo.InvariantCulture),
        ["PEER_SERVERS"] = Servers.Port.ToString(CultureInfo.InvariantCulture),
        ["PEER_SECURE"] = IsSecure ? "true" : "false",
        ["PEER_PLUGINS"] = Path.Combine(Folders.Project, "peers", "prosody"),
        ["KNOWN_HOSTS"] = $"{ours.Domain}={ours.Reached} rooms.{ours.Domain}={ours.Reached}",
    };

    public override Task AddUserAsync(string name) =>
        CommandAsync(ChildProcess.Start("prosodyctl", ["--config", Settings, "register", name, Domain, Password], Environment));

    protected override ChildProcess Launch() => ChildProcess.Start("prosody", ["--config", Settings, "-F"], Environment);
}

/// <summary>Debian's ejabberd; see peers/ejabberd-peer.yml. It does not count what it is sent (XEP-0198).</summary>
sealed class EjabberdDomain(string data, DomainServer ours) : DomainServer("capulet.test", data)
{
    /// <summary>Takes valid certificates only.</summary>
    public bool IsSecure { get; init; }

    /// <summary>Whether it can be started here.</summary>
    public static bool IsPossible => Tool.Has("ejabberdctl") && System.Environment.IsPrivilegedProcess;

    /// <summary>In-band: its command line would need a node that is reachable by others.</summary>
    public override async Task AddUserAsync(string name)
    {
        await using var wire = await Wire.ConnectAsync(Clients, Domain);
        await wire.OpenAsync();
        await wire.SendAsync($"<iq type='set' id='r'><query xmlns='jabber:iq:register'><username>{name}</username><password>{Password}</password></query></iq>");
        await wire.ExpectAsync("<iq xmlns='jabber:client' type='result' id='r'/>");
    }

    protected override ChildProcess Launch()
    {
        var peers = Path.Combine(Folders.Project, "peers");
        File.WriteAllText(
            Path.Combine(Data, "capulet.test.pem"),
            File.ReadAllText(Path.Combine(Data, "capulet.test.crt")) + "\n" + File.ReadAllText(Path.Combine(Data, "capulet.test.key")));
        var settings = Path.Combine(Data, "ejabberd.yml");
        File.WriteAllText(settings, File.ReadAllText(Path.Combine(peers, "ejabberd-peer.yml"))
            .Replace("@DATA@", Data, StringComparison.Ordinal)
            .Replace("@TLS@", IsSecure ? "required" : "optional", StringComparison.Ordinal)
            .Replace("@THEIRS@", ours.Reached.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("@CLIENTS@", Clients.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("@SERVERS@", Servers.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));

        // It asks the C library for addresses, which asks /etc/hosts: in a mount namespace of its own that is ours to write.
        var hosts = Path.Combine(Data, "hosts");
        File.WriteAllText(hosts, $"127.0.0.1 localhost {ours.Domain} rooms.{ours.Domain}\n");

        // The virtual machine as ejabberdctl starts it, without distribution: one node needs none.
        return ChildProcess.Start(
            "unshare", ["-m", "sh", "-c", "mount --bind \"$0\" /etc/hosts && exec erl \"$@\"", hosts, "-mnesia", "dir", $"\"{Path.Combine(Data, "mnesia")}\"", "-s", "ejabberd", "-noinput"],
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["ERL_LIBS"] = Directory.GetDirectories("/usr/lib", "*-linux-gnu").Single(folder => Directory.GetDirectories(folder, "ejabberd-*").Length > 0),
                ["ERL_INETRC"] = Path.Combine(peers, "ejabberd.inetrc"),
                ["ERL_CRASH_DUMP_BYTES"] = "0",
                ["EJABBERD_CONFIG_PATH"] = settings,
                ["EJABBERD_LOG_PATH"] = Path.Combine(Data, "ejabberd.log"),
                ["HOME"] = Data,
            });
    }
}
