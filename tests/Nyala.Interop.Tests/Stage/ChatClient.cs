using System.Text.Json;
using Xunit;

namespace Nyala.Interop.Tests.Stage;

/// <summary>A client program that can log in, send and receive: a script in clients/ that speaks lines of JSON with us.</summary>
/// <param name="Name">As the tests call it.</param>
/// <param name="Script">The file in clients/.</param>
/// <param name="Needs">What must be installed, as <see cref="Tool.Need"/> knows it.</param>
public sealed record ClientKind(string Name, string Script, params string[] Needs)
{
    /// <summary>Every client we have an adapter for.</summary>
    public static IReadOnlyList<ClientKind> All { get; } =
    [
        new("slixmpp", "slixmpp_chat.py", "slixmpp"),
        new("nbxmpp (Gajim)", "nbxmpp_chat.py", "nbxmpp"),
        new("mcabber", "mcabber_chat.py", "mcabber", "tmux"),
        new("Profanity", "profanity_chat.py", "profanity", "tmux"),
        new("go-sendxmpp", "go_sendxmpp_chat.py", "go-sendxmpp"),
        new("xmpp.js", "xmppjs.mjs", "npm packages"),
        new("strophe.js", "strophe.mjs", "npm packages"),
        new("strophe.js in Chromium", "strophe_chromium.mjs", "npm packages", "chromium"),
        new("Converse in Chromium", "converse_chat.mjs", "npm packages", "chromium"),
    ];
}

/// <summary>One running client, logged in as one person. Safe from any thread.</summary>
public sealed class ChatClient : IAsyncDisposable
{
    static readonly TimeSpan LoginLimit = TimeSpan.FromSeconds(60);
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    readonly ChildProcess _process;
    readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly List<(string From, string Body)> _received = [];
    TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    ChatClient(Server server, ClientKind kind, Person person)
    {
        (Kind, Person) = (kind, person);
        var script = Path.Combine(Folders.Project, "clients", kind.Script);
        _process = ScriptProcess.Start(script, [person.Jid, person.Password], server.Addresses, Read);
    }

    public ClientKind Kind { get; }

    public Person Person { get; }

    public static async Task<ChatClient> LoginAsync(Server server, ClientKind kind, Person person)
    {
        var client = new ChatClient(server, kind, person);
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

    public async Task SendAsync(Person to, string body)
    {
        await _process.Input.WriteLineAsync(JsonSerializer.Serialize(new { to = to.Jid, body }));
        await _process.Input.FlushAsync();
    }

    /// <summary>Waits for this message, and makes sure that it came once.</summary>
    public async Task ExpectAsync(ChatClient from, string body)
    {
        using var clock = new CancellationTokenSource(Patience, TimeProvider.System);
        while (true)
        {
            var more = _more.Task;
            List<(string, string Body)> received;
            lock (_received)
            {
                received = [.. _received];
            }
            if (received.Contains((from.Person.Jid, body)))
            {
                Assert.Single(received, message => message.Body == body);
                return;
            }
            try
            {
                await more.WaitAsync(clock.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"{Kind.Name} did not receive '{body}' from {from.Person.Jid} but {string.Join(", ", received)}. "
                    + $"It said:\n{_process.Output}\n\nAnd {from.Kind.Name} said:\n{from._process.Output}");
            }
        }
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

    void Read(string line)
    {
        if (!line.StartsWith('{'))
        {
            return;
        }
        using var json = JsonDocument.Parse(line);
        if (json.RootElement.TryGetProperty("ready", out _))
        {
            _ready.TrySetResult();
            return;
        }
        lock (_received)
        {
            _received.Add((json.RootElement.GetProperty("from").GetString()!, json.RootElement.GetProperty("body").GetString()!));
        }
        Interlocked.Exchange(ref _more, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }
}
