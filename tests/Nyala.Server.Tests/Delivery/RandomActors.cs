using System.Globalization;
using Nyala.Testing;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Xunit;

namespace Nyala.Server.Tests.Delivery;

/// <summary>Somebody whose client comes back, resuming if it can.</summary>
abstract class Actor(Stage stage)
{
    protected Stage Stage => stage;

    protected Player Player { get; set; } = null!;

    public bool IsConnected => Player.Session.IsConnected && !Player.Connection.Ended.IsCompleted;

    /// <summary>Makes a new session.</summary>
    public abstract Task EnterAsync();

    /// <summary>Takes what has come.</summary>
    public abstract void Read();

    /// <summary>Resumes, or makes a new session.</summary>
    public abstract Task ReturnAsync();

    public async Task CutAsync()
    {
        await Player.CutAsync();
        Read();
    }

    public async Task EnsureAsync()
    {
        if (!IsConnected)
        {
            await ReturnAsync();
        }
    }
}

/// <summary>Keeps what was not acknowledged, and sends it again where it cannot resume.</summary>
sealed class Sender(Stage stage) : Actor(stage)
{
    const string Transient = "behind ";

    readonly Queue<string> _unacked = new();
    uint _acked;
    int _next;

    /// <summary>What the server has said it handled.</summary>
    public List<int> Counted { get; } = [];

    public static string Body(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The number of the last message before a transient one; null for a message that is stored.</summary>
    public static int? Behind(string body) =>
        body.StartsWith(Transient, StringComparison.Ordinal) ? int.Parse(body[Transient.Length..], CultureInfo.InvariantCulture) : null;

    public override async Task EnterAsync() => Player = await Stage.EnterAsync("romeo", "garden", priority: null);

    public Task SendAsync() => SendAsync(Body(_next), ++_next);

    /// <summary>Nothing that is not stored may overtake what was sent before it (R4).</summary>
    public Task SendTransientAsync() => SendAsync(Transient + Body(_next - 1), _next);

    public async Task AskAsync()
    {
        if (IsConnected)
        {
            await Player.SendAsync("<r xmlns='urn:xmpp:sm:3'/>");
        }
    }

    public override void Read()
    {
        while (Player.Connection.Sent.TryRead(out var element))
        {
            if (element.Kind == StanzaKind.Nonza && element.Name == "a")
            {
                Handled(uint.Parse(element.Attribute("h")!, CultureInfo.InvariantCulture));
            }
            else if (element.Kind != StanzaKind.Nonza)
            {
                Player.Handled++;
            }
        }
    }

    public override async Task ReturnAsync()
    {
        Read();
        if (await Player.ResumeAsync() is { } resumed)
        {
            Handled(resumed);
        }
        else
        {
            if (Player.HandledWhenFailed is { } failed)
            {
                Handled(failed);
            }

            await EnterAsync();
            _acked = 0;
        }

        foreach (var body in _unacked)
        {
            await WriteAsync(body);
        }
    }

    public async Task SettleAsync()
    {
        while (_unacked.Count > 0)
        {
            await AskAsync();
            await Player.AckAsync();
            Handled(Player.Told!.Value);
        }
    }

    async Task SendAsync(string body, int next)
    {
        if (IsConnected && _unacked.Count < 40)
        {
            _next = next;
            _unacked.Enqueue(body);
            await WriteAsync(body);
        }
    }

    void Handled(uint handled)
    {
        Assert.True(handled >= _acked, $"h went down from {_acked} to {handled}");
        for (; _acked < handled; _acked++)
        {
            var body = _unacked.Dequeue();
            if (Behind(body) is null)
            {
                Counted.Add(int.Parse(body, CultureInfo.InvariantCulture));
            }
        }
    }

    Task WriteAsync(string body) => Behind(body) is null
        ? Player.MessageAsync("juliet@capulet.example", body, $"an-id-of-its-own-{body}")
        : Player.SendAsync($"<message to='juliet@capulet.example' type='chat'><body>{body}</body><no-store xmlns='urn:xmpp:hints'/></message>");
}

/// <summary>Drops what it has seen by the archive's id.</summary>
abstract class Receiver(Stage stage, string resource) : Actor(stage)
{
    readonly HashSet<string> _ids = [];
    int _behind = -1;

    public string Resource => resource;

    public List<int> Seen { get; } = [];

    /// <summary>What came after something transient that was sent after it.</summary>
    public List<int> Overtaken { get; } = [];

    public async Task AcknowledgeAsync()
    {
        if (IsConnected)
        {
            Read();
            await Player.AcknowledgeAsync();
        }
    }

    /// <summary>Goes away, or comes back, without leaving its connection.</summary>
    public abstract Task ChangePresenceAsync();

    public override void Read()
    {
        while (Player.Connection.Sent.TryRead(out var element))
        {
            Take(element);
        }
    }

    public async Task ReadNextAsync(string problem)
    {
        try
        {
            Take(await NextAsync());
        }
        catch (TimeoutException e)
        {
            throw new InvalidOperationException($"{problem}; {Player.State}", e);
        }
    }

    public override async Task ReturnAsync()
    {
        Read();
        if (await Player.ResumeAsync() is null)
        {
            await EnterAsync();
        }
    }

    protected Task<Stanza> NextAsync() =>
        Player.Connection.Sent.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Wire.Patience, TimeProvider.System);

    /// <summary>Counts an element; what is not a message is over with that.</summary>
    protected bool IsMessage(Stanza element)
    {
        Player.Handled += element.Kind == StanzaKind.Nonza ? 0u : 1u;
        return element.Kind == StanzaKind.Message;
    }

    /// <summary>A message, or a copy of one.</summary>
    /// <param name="message">The stanza as it came.</param>
    /// <param name="id">Its archive id, if it has one.</param>
    protected void See(Stanza message, string? id)
    {
        var body = Player.BodyOf(message);
        if (Sender.Behind(body) is { } behind)
        {
            _behind = Math.Max(_behind, behind);
        }
        else if (_ids.Add(id!))
        {
            var number = int.Parse(body, CultureInfo.InvariantCulture);
            Seen.Add(number);
            if (number <= _behind)
            {
                Overtaken.Add(number);
            }
        }
    }

    protected virtual void Take(Stanza element)
    {
        if (IsMessage(element))
        {
            See(element, IdOf(element));
        }
    }

    protected static string? IdOf(Stanza message)
    {
        var parts = message.ToString().Split("<stanza-id xmlns='urn:xmpp:sid:0' by='juliet@capulet.example' id='");
        return parts.Length == 1 ? null : parts[1].Split('\'')[0];
    }
}

/// <summary>A client without archive and copies, always available.</summary>
sealed class Pager(Stage stage, string resource) : Receiver(stage, resource)
{
    public override async Task EnterAsync()
    {
        Player = await Stage.EnterAsync("juliet", Resource, priority: null);
        await Player.SendAsync("<presence/>");
    }

    public override Task ChangePresenceAsync() => Task.CompletedTask;
}

/// <summary>A client with copies that reads the archive from where it knows it before it becomes available.</summary>
sealed class Device(Stage stage, string resource) : Receiver(stage, resource)
{
    const int PageRows = 20;

    string? _lastId;
    bool _available;

    public override async Task EnterAsync()
    {
        Player = await Stage.EnterAsync("juliet", Resource, priority: null);
        await Player.SendAsync("<iq type='set' id='carbons'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
        await CatchUpAsync();
        await Player.SendAsync("<presence/>");
        _available = true;
    }

    public override async Task ChangePresenceAsync()
    {
        if (IsConnected)
        {
            _available = !_available;
            await Player.SendAsync(_available ? "<presence/>" : "<presence type='unavailable'/>");
        }
    }

    /// <summary>What comes live meanwhile is looked at afterwards.</summary>
    async Task CatchUpAsync()
    {
        var live = new List<Stanza>();
        for (var isComplete = false; !isComplete;)
        {
            var after = _lastId is null ? "" : $"<after>{_lastId}</after>";
            await Player.SendAsync(
                $"<iq type='set' id='page'><query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><max>{PageRows}</max>{after}</set></query></iq>");
            Stanza element;
            while ((element = await NextAsync()).Id != "page")
            {
                if (!IsMessage(element))
                {
                    continue;
                }

                if (element.Child("result", Ns.Mam) is { } result)
                {
                    Note(element, result["id"]);
                }
                else
                {
                    live.Add(element);
                }
            }

            Assert.Equal(StanzaType.Result, element.Type);
            Player.Handled++;
            isComplete = element.ToString().Contains("complete='true'", StringComparison.Ordinal);
            await Player.AcknowledgeAsync();
        }

        foreach (var message in live)
        {
            Note(message, IdOf(message));
        }
    }

    protected override void Take(Stanza element)
    {
        if (IsMessage(element))
        {
            Note(element, IdOf(element));
        }
    }

    void Note(Stanza message, string? id)
    {
        See(message, id);
        _lastId = id ?? _lastId;
    }
}
