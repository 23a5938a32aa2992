using System.Text.Json;
using Xunit;

namespace Nyala.Interop.Tests.Stage;

/// <summary>A client program that can log in, send and receive: a script in clients/ that speaks lines of JSON with us.</summary>
/// <param name="Name">As the tests call it.</param>
/// <param name="Script">The file in clients/.</param>
/// <param name="Needs">What must be installed, as <see cref="Tool.Need"/> knows it.</param>
public sealed record ClientKind(string Name, string Script, params string[] Needs)
{
    public static ClientKind Slixmpp { get; } = new("slixmpp", "slixmpp_chat.py", "slixmpp");

    public static ClientKind Profanity { get; } = new("Profanity", "profanity_chat.py", "profanity", "tmux");

    public static ClientKind Converse { get; } = new("Converse in Chromium", "converse_chat.mjs", "npm packages", "chromium");

    public static ClientKind Dino { get; } = new("Dino", "dino_chat.py", "dino-im", "xdotool", "a desktop");

    public static ClientKind Gajim { get; } = new("Gajim", "gajim_chat.py", "gajim", "gajim-omemo", "a desktop");

    /// <summary>Every client we have an adapter for.</summary>
    public static IReadOnlyList<ClientKind> All { get; } =
    [
        Slixmpp,
        new("nbxmpp (Gajim)", "nbxmpp_chat.py", "nbxmpp"),
        new("mcabber", "mcabber_chat.py", "mcabber", "tmux"),
        Profanity,
        new("go-sendxmpp", "go_sendxmpp_chat.py", "go-sendxmpp"),
        new("xmpp.js", "xmppjs.mjs", "npm packages"),
        new("strophe.js", "strophe.mjs", "npm packages"),
        new("strophe.js in Chromium", "strophe_chromium.mjs", "npm packages", "chromium"),
        Converse,
    ];
}

/// <summary>What a client says it has received.</summary>
/// <param name="From">The bare address it came from; in a group, its address with the nickname.</param>
/// <param name="Body">The text, in clear; of a file its name.</param>
/// <param name="IsEncrypted">It came encrypted from end to end.</param>
/// <param name="Digest">SHA-256 of a file as the client has fetched it, in lower-case hexadecimal digits; null for a message.</param>
public sealed record Received(string From, string Body, bool IsEncrypted, string? Digest = null);

/// <summary>One running client, logged in as one person. Safe from any thread.</summary>
public sealed class ChatClient : IAsyncDisposable
{
    static readonly TimeSpan LoginLimit = TimeSpan.FromSeconds(60);
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    readonly ChildProcess _process;
    readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly List<Received> _received = [];
    readonly HashSet<string> _groups = new(StringComparer.Ordinal);
    TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    ChatClient(Server server, ClientKind kind, Person person, bool encrypts)
    {
        (Kind, Person) = (kind, person);
        var script = Path.Combine(Folders.Project, "clients", kind.Script);
        var environment = new Dictionary<string, string>(server.Addresses, StringComparer.Ordinal)
        {
            ["NYALA_SCREENSHOT"] = Path.Combine(Folders.Output, Path.ChangeExtension(kind.Script, encrypts ? ".omemo.png" : ".png")),
        };
        if (encrypts)
        {
            environment["NYALA_OMEMO"] = "1";
        }
        _process = ScriptProcess.Start(script, [person.Jid, person.Password], environment, Read);
    }

    public ClientKind Kind { get; }

    public Person Person { get; }

    public static async Task<ChatClient> LoginAsync(Server server, ClientKind kind, Person person, bool encrypts = false)
    {
        var client = new ChatClient(server, kind, person, encrypts);
        try
        {
            await client._ready.Task.WaitAsync(LoginLimit, TimeProvider.System);
        }
        catch (TimeoutException late)
        {
            var said = client._process.Output;
            await client.DisposeAsync();
            throw new InvalidOperationException($"{kind.Name} did not log in:\n{said}\n\nThe server's log ends:\n{server.Log}", late);
        }
        return client;
    }

    public Task SendAsync(Person to, string body) => SendAsync(to.Jid, body);

    /// <summary>To somebody, or to a group that it has entered.</summary>
    public Task SendAsync(string to, string body) => RequestAsync(new { to, body });

    /// <summary>Sends a file to somebody or to a group. Only of clients whose adapter can.</summary>
    public Task SendFileAsync(string to, string path) => RequestAsync(new { @do = "send", to, file = path });

    /// <summary>Makes a private group, and waits until it and those who are let in are known to the server.</summary>
    public Task MakeGroupAsync(string room, IEnumerable<Person> members) =>
        EnterAsync(room, new { @do = "make", room, members = members.Select(member => member.Jid) });

    /// <summary>Enters a group that it has been let in.</summary>
    public Task JoinAsync(string room) => EnterAsync(room, new { @do = "join", room });

    /// <summary>Waits for this message, and makes sure that it came once.</summary>
    /// <returns>How it came.</returns>
    public Task<Received> ExpectAsync(ChatClient from, string body) => ExpectAsync(from, from.Person.Jid, body);

    /// <summary>The same of a message in a group.</summary>
    public Task<Received> ExpectInGroupAsync(ChatClient from, string room, string body) => ExpectAsync(from, from.AddressIn(room), body);

    /// <summary>Its address in a group: every adapter enters under the name of its account.</summary>
    public string AddressIn(string room) => $"{room}/{Person.Jid.Split('@')[0]}";

    /// <summary>Waits until a file has come from an address, and was fetched; it must have come once.</summary>
    public Task<Received> ExpectFileAsync(ChatClient from, string address, string digest) =>
        ExpectAsync(from, $"the file {digest}", message => message.From == address && message.Digest == digest, message => message.Digest == digest);

    Task<Received> ExpectAsync(ChatClient from, string address, string body) =>
        ExpectAsync(from, $"'{body}'", message => message.From == address && message.Body == body, message => message.Body == body);

    async Task<Received> ExpectAsync(ChatClient from, string what, Predicate<Received> isIt, Predicate<Received> isLikeIt)
    {
        await UntilAsync(
            () => _received.Exists(isIt),
            () => $"{Kind.Name} did not receive {what} from {from.Kind.Name} but {string.Join(", ", _received)}. "
                + $"It said:\n{_process.Output}\n\nAnd {from.Kind.Name} said:\n{from._process.Output}");
        lock (_received)
        {
            return Assert.Single(_received, isLikeIt);
        }
    }

    async Task EnterAsync(string room, object request)
    {
        await RequestAsync(request);
        await UntilAsync(() => _groups.Contains(room), () => $"{Kind.Name} did not enter {room}. It said:\n{_process.Output}");
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            _process.Input.Close(); // The clients' sign to log out.
            await _process.EndAsync(Patience);
        }
        catch (Exception gone) when (gone is IOException or TimeoutException)
        {
            // It is gone already, or was ended just now.
        }
        await _process.DisposeAsync();
    }

    async Task RequestAsync(object request)
    {
        await _process.Input.WriteLineAsync(JsonSerializer.Serialize(request));
        await _process.Input.FlushAsync();
    }

    /// <summary>Waits until something holds of what was received; both questions are asked under its lock.</summary>
    async Task UntilAsync(Func<bool> holds, Func<string> problem)
    {
        using var clock = new CancellationTokenSource(Patience, TimeProvider.System);
        while (true)
        {
            var more = Volatile.Read(ref _more).Task;
            lock (_received)
            {
                if (holds())
                {
                    return;
                }
            }
            try
            {
                await more.WaitAsync(clock.Token);
            }
            catch (OperationCanceledException)
            {
                lock (_received)
                {
                    Assert.Fail(problem());
                }
            }
        }
    }

    void Read(string line)
    {
        if (!line.StartsWith('{'))
        {
            return;
        }
        using var json = JsonDocument.Parse(line);
        var said = json.RootElement;
        if (said.TryGetProperty("ready", out _))
        {
            _ready.TrySetResult();
            return;
        }
        lock (_received)
        {
            if (said.TryGetProperty("joined", out var room))
            {
                _groups.Add(room.GetString()!);
            }
            else
            {
                _received.Add(Parse(said));
            }
        }
        Interlocked.Exchange(ref _more, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    static Received Parse(JsonElement said)
    {
        var from = said.GetProperty("from").GetString()!;
        var nick = said.TryGetProperty("nick", out var name) ? name.GetString() : null;
        var digest = said.TryGetProperty("sha256", out var sum) ? sum.GetString() : null;
        var isEncrypted = said.TryGetProperty("encrypted", out var encrypted) && encrypted.GetBoolean();
        return new(nick is null ? from : $"{from}/{nick}", said.GetProperty(digest is null ? "body" : "file").GetString()!, isEncrypted, digest);
    }
}
