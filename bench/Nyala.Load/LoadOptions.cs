using System.Globalization;

namespace Nyala.Load;

/// <summary>How a connection gets its TLS.</summary>
enum TlsMode
{
    None,
    StartTls,
    Direct,
}

/// <summary>A mistake on the command line, or a server that does not do what a scenario needs; told in one sentence.</summary>
sealed class LoadException(string message) : Exception(message);

/// <summary>What the command line asks for.</summary>
sealed record LoadOptions
{
    /// <summary>The command line's help.</summary>
    public const string Help = """
        Nyala.Load SCENARIO --server HOST:PORT --domain DOMAIN [options]
        Drives any XMPP server and says what a message, a login and a connection cost it.

        Scenarios
          accounts         registers the users u0 … uN-1; others need them
          idle             N logged-in connections with presence: bytes (PSS) per connection
          chat             pairs that chat, archived: messages/s, latency, server CPU per message
          login-storm      N logins at once: logins/s, latency, server CPU per login
          reconnect-storm  N sockets cut at once: time until all talk again, latency of untouched sessions
          sign-up          new accounts for --seconds while others chat: accounts/s, latency of the chat
          offline          messages for absent users, then fetched: completeness, order, server CPU
          room             one who talks to N-1 others in a room, and one who comes and goes: server CPU per delivery and entry
          memory           everything mixed, people coming and going: memory over time
          archive          no scenario: copies the messages in Nyala's --database until there are --rows (needs no server)
          relay            no scenario but a server: moves bytes between pairs and parses nothing (chat --bare on);
                           with --journal FILE it writes and syncs them first and acknowledges them; with
                           --certificate FILE.pem it only shakes hands (login-storm --bare on)
          report           writes docs/benchmarks.md and its plots from --results DIR (needs no server)

        Options
          --server HOST:PORT   where it listens            (127.0.0.1:5222)
          --http ADDRESS       accounts, sign-up: through Nyala's HTTP endpoint here, with keys the client derived, not in-band
          --tls MODE           none, starttls or direct    (starttls)
          --login MODE         scram or fast: SASL2, Bind 2 and a token (scram)
          --domain NAME        the XMPP domain             (localhost)
          --rooms NAME         room: what stands before the domain in the address of rooms (rooms)
          --users N            accounts, connections       (100; chat: two per pair)
          --bystanders N       chat: more users who are online and silent (0)
          --password TEXT      of every account            (load-secret)
          --offset N           number of the first account (0)
          --parallel N         logins under way at a time while preparing (16)
          --seconds N          how long to measure         (20)
          --warmup N           seconds before measuring    (3)
          --interval N         memory: seconds between two readings (10)
          --rate N             messages/s over all pairs, or accounts/s; 0: as fast as it goes (0)
          --window N           closed loop: messages under way per pair (1)
          --size N             bytes of text per message   (120)
          --messages N         offline: messages per absent user (50)
          --senders N          offline: who writes them    (50)
          --untouched N        reconnect-storm, sign-up: pairs that chat all the while (10)
          --sm on|off          stream management, acknowledgement asked for after each message (on)
          --carbons on|off     carbons enabled             (on)
          --roster on|off      the roster asked for        (on)
          --bare on|off        chat, login-storm: through the relay, without logging in (off)
          --control HOST:PORT  reconnect-storm: a relay where pairs talk meanwhile as well, to tell how busy the machine is
          --pid PID            the server's process; its children count too
          --name TEXT          what the run is called in results (the scenario)
          --label TEXT         what the server is called in results
          --version TEXT       which version of it
          --json FILE          where to write the result
          --database FILE      archive: Nyala's database; --rows N: messages in it afterwards
          --results DIR        report: where the results are (bench/results)
          --output FILE        report: what to write       (docs/benchmarks.md)
        """;

    public string Scenario { get; private init; } = "";
    public string Host { get; private set; } = "127.0.0.1";
    public int Port { get; private set; } = 5222;
    public TlsMode Tls { get; private set; } = TlsMode.StartTls;
    public string Domain { get; private set; } = "localhost";
    public string Rooms { get; private set; } = "rooms";
    public int Users { get; private set; } = 100;
    public string Password { get; private set; } = "load-secret";
    public int Offset { get; private set; }
    public int Parallel { get; private set; } = 16;
    public int Seconds { get; private set; } = 20;
    public int Warmup { get; private set; } = 3;
    public int Rate { get; private set; }
    public int Window { get; private set; } = 1;
    public int Size { get; private set; } = 120;
    public int Messages { get; private set; } = 50;
    public int Senders { get; private set; } = 50;
    public int Untouched { get; private set; } = 10;
    public int Bystanders { get; private set; }
    public int Interval { get; private set; } = 10;
    public bool Fast { get; private set; }
    public bool Bare { get; private set; }
    public string? Control { get; private set; }
    public string? Journal { get; private set; }
    public string? Certificate { get; private set; }
    public Uri? Http { get; private set; }
    public string Database { get; private set; } = "";
    public int Rows { get; private set; } = 1_000_000;
    public bool StreamManagement { get; private set; } = true;
    public bool Carbons { get; private set; } = true;
    public bool Roster { get; private set; } = true;
    public int? Pid { get; private set; }
    public string Label { get; private set; } = "server";
    public string Version { get; private set; } = "";
    public string? Json { get; private set; }
    public string Results { get; private set; } = "bench/results";
    public string Output { get; private set; } = "docs/benchmarks.md";

    /// <summary>What the run is called.</summary>
    public string Name
    {
        get => field.Length > 0 ? field : Scenario;
        private set;
    } = "";

    /// <summary>The account's name.</summary>
    public string User(int number) => "u" + (Offset + number).ToString(CultureInfo.InvariantCulture);

    /// <summary>The number in an account's name; 0 in another name.</summary>
    public static int NumberOf(string user) => int.TryParse(user.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <exception cref="LoadException">An option is unknown or its value impossible.</exception>
    public static LoadOptions Parse(string[] args)
    {
        if (args.Length == 0 || args[0].StartsWith('-'))
        {
            throw new LoadException(Help);
        }

        var options = new LoadOptions { Scenario = args[0] };
        for (var i = 1; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length)
            {
                throw new LoadException($"{args[i]} needs a value.");
            }

            options.Set(args[i], args[i + 1]);
        }

        return options;
    }

    void Set(string name, string value)
    {
        switch (name)
        {
            case "--server":
                var colon = value.LastIndexOf(':');
                Host = colon < 0 ? value : value[..colon];
                Port = colon < 0 ? 5222 : Number(name, value[(colon + 1)..], 1);
                break;
            case "--tls":
                Tls = value switch
                {
                    "none" => TlsMode.None,
                    "starttls" => TlsMode.StartTls,
                    "direct" => TlsMode.Direct,
                    _ => throw new LoadException("--tls is none, starttls or direct."),
                };
                break;
            case "--login":
                Fast = value switch
                {
                    "scram" => false,
                    "fast" => true,
                    _ => throw new LoadException("--login is scram or fast."),
                };
                break;
            case "--http":
                Http = Uri.TryCreate(value, UriKind.Absolute, out var address) ? address : throw new LoadException("--http is an address such as http://127.0.0.1:5280.");
                break;
            case "--domain": Domain = value; break;
            case "--rooms": Rooms = value; break;
            case "--password": Password = value; break;
            case "--sm": StreamManagement = Switch(name, value); break;
            case "--carbons": Carbons = Switch(name, value); break;
            case "--roster": Roster = Switch(name, value); break;
            case "--bare": Bare = Switch(name, value); break;
            case "--control": Control = value; break;
            case "--journal": Journal = value; break;
            case "--certificate": Certificate = value; break;
            case "--name": Name = value; break;
            case "--label": Label = value; break;
            case "--version": Version = value; break;
            case "--database": Database = value; break;
            case "--json": Json = value; break;
            case "--results": Results = value; break;
            case "--output": Output = value; break;
            default: SetNumber(name, value); break;
        }
    }

    void SetNumber(string name, string value)
    {
        switch (name)
        {
            case "--users": Users = Number(name, value, 1); break;
            case "--bystanders": Bystanders = Number(name, value, 0); break;
            case "--offset": Offset = Number(name, value, 0); break;
            case "--parallel": Parallel = Number(name, value, 1); break;
            case "--seconds" or "--duration": Seconds = Number(name, value, 1); break;
            case "--warmup": Warmup = Number(name, value, 0); break;
            case "--interval": Interval = Number(name, value, 1); break;
            case "--rate": Rate = Number(name, value, 0); break;
            case "--window": Window = Number(name, value, 1); break;
            case "--size": Size = Number(name, value, 0); break;
            case "--messages": Messages = Number(name, value, 1); break;
            case "--senders": Senders = Number(name, value, 1); break;
            case "--rows": Rows = Number(name, value, 1); break;
            case "--untouched": Untouched = Number(name, value, 1); break;
            case "--pid": Pid = Number(name, value, 1); break;
            default: throw new LoadException($"{name} is not an option; run without arguments for help.");
        }
    }

    static int Number(string name, string value, int least) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least
            ? number
            : throw new LoadException($"{name} is a whole number of at least {least}.");

    static bool Switch(string name, string value) => value switch
    {
        "on" => true,
        "off" => false,
        _ => throw new LoadException($"{name} is on or off."),
    };
}
