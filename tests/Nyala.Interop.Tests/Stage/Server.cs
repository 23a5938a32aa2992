using Nyala.Interop.Tests.Stage;
using Xunit;

[assembly: AssemblyFixture(typeof(Server))]

namespace Nyala.Interop.Tests.Stage;

/// <summary>Somebody with an account: a bare JID and the password.</summary>
public sealed record Person(string Jid, string Password);

/// <summary>
/// The server that all scenes play on: one process for the whole run, on free loopback ports, with data of its own. It is
/// Nyala, unless NYALA_INTEROP_SERVER=prosody asks for Debian's Prosody, to see which of server and client is wrong.
/// </summary>
public class Server : IAsyncLifetime
{
    /// <summary>Of the components irc.localhost and bridge.localhost.</summary>
    public const string ComponentSecret = "whisper into the dark";

    static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    readonly string _data;
    readonly string _domain;
    readonly ServerProgram _program;
    ChildProcess? _process;
    int _people;

    public Server()
        : this(Directory.CreateTempSubdirectory("nyala-interop-").FullName, Ports.Find(), "localhost")
    {
        IsNyala = Environment.GetEnvironmentVariable("NYALA_INTEROP_SERVER") != "prosody";
        _program = IsNyala ? _program : new ProsodyProgram(_data, _program.Ports);
    }

    private protected Server(string data, Ports ports, string domain, params string[] settings)
    {
        (_data, _domain) = (data, domain);
        _program = new NyalaProgram(data, ports, domain, settings);
        Addresses = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["NYALA_BIN"] = NyalaProgram.Binary,
            ["NYALA_DATA"] = data,
            ["NYALA_TURN"] = $"{ports.Host}:{ports.Turn}",
            ["NYALA_XMPP"] = $"{ports.Host}:{ports.Xmpp}",
            ["NYALA_XMPPTLS"] = $"{ports.Host}:{ports.XmppTls}",
            ["NYALA_WS"] = $"ws://{ports.Host}:{ports.Http}/xmpp-websocket",
            ["NYALA_WSS"] = $"wss://{ports.Host}:{ports.Https}/xmpp-websocket",
            ["NYALA_BOSH"] = $"https://{ports.Host}:{ports.Https}/http-bind",
            ["NYALA_COMPONENTS"] = $"{ports.Host}:{ports.Components}",
            ["NYALA_COMPONENT_SECRET"] = ComponentSecret,
            ["NYALA_DOMAIN"] = domain,
            ["NYALA_HOST"] = ports.Host,
            ["NYALA_ROOTS"] = Path.Combine(data, "roots.crt"),
        };
    }

    /// <summary>False when the scenes are played on a server of somebody else, for comparison.</summary>
    public bool IsNyala { get; } = true;

    /// <summary>Where it listens, by the environment variable that tells clients and scenes.</summary>
    public IReadOnlyDictionary<string, string> Addresses { get; }

    /// <summary>The last lines of its log.</summary>
    public string Log => _process?.Output ?? "";

    public virtual async ValueTask InitializeAsync()
    {
        _process = await _program.StartAsync();
        using var http = new HttpClient();
        using var clock = new CancellationTokenSource(StartLimit, TimeProvider.System);
        while (!await IsReadyAsync(http))
        {
            if (_process.HasExited || clock.IsCancellationRequested)
            {
                throw new InvalidOperationException($"The server did not start:\n{Log}");
            }
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
        }
    }

    /// <summary>Makes an account that nobody else uses; the name begins with the part this person plays.</summary>
    public async Task<Person> AddAsync(string part)
    {
        var person = Invent(part);
        await _program.AddUserAsync(person.Jid.Split('@')[0], person.Password);
        return person;
    }

    /// <summary>A name that nobody has yet, without an account.</summary>
    public Person Invent(string part)
    {
        var number = Interlocked.Increment(ref _people);
        return new Person($"{part}{number}@{_domain}", $"a plague o' both {number}");
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_process is null)
        {
            return;
        }
        var code = await _process.StopAsync();
        await File.WriteAllTextAsync(Path.Combine(Folders.Output, _domain == "localhost" ? "server.log" : $"{_domain}.log"), Log);
        await _process.DisposeAsync();
        Directory.Delete(_data, recursive: true);
        if (code != 0)
        {
            throw new InvalidOperationException($"After SIGTERM the server ended with {code?.ToString() ?? "SIGKILL"}:\n{Log}");
        }
    }

    async Task<bool> IsReadyAsync(HttpClient http)
    {
        try
        {
            using var answer = await http.GetAsync(_program.Ready);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
