using Nyala.Client;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Xml;

namespace Nyala.Drills.Stage;

/// <summary>
/// Who takes part: senders and recipients of every kind there is. All of them live until the end of the drill and come
/// back by themselves whenever their connection is gone.
/// </summary>
sealed class Cast : IAsyncDisposable
{
    public const string Domain = "localhost";

    /// <summary>Where the talkers talk.</summary>
    public const string Room = "verona@rooms.localhost";

    readonly ServerProcess _server;
    readonly CancellationTokenSource _stop = new();
    readonly List<Task> _running = [];
    readonly Random _random;

    public Cast(ServerProcess server, Ledger ledger, int seed, int size)
    {
        _server = server;
        _random = new Random(seed);
        Recipients = ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7"];
        var modern = new Manner();
        var old = new Manner { Sasl2 = false, Archive = false, Carbons = false };
        Devices =
        [
            new Device(this, ledger, "r0", "phone", modern with { Fast = true }),
            new Device(this, ledger, "r1", "phone", modern with { Priority = 5 }),
            new Device(this, ledger, "r1", "laptop", modern with { Transport = ClientTransport.WebSocket }),
            new Device(this, ledger, "r2", "phone", modern with { Managed = false }),
            new Device(this, ledger, "r3", "pager", old),
            new Device(this, ledger, "r4", "pager", old with { Managed = false }),
            new Device(this, ledger, "r7", "phone", modern with { Priority = 5, Transport = ClientTransport.StartTls }),
            new Device(this, ledger, "r7", "web", modern with { Managed = false, Transport = ClientTransport.WebSocket }),
            new Device(this, ledger, "r7", "logger", modern with { Priority = -1 }),
            new Device(this, ledger, "s0", "other", modern with { Watches = true }),
        ];
        Absent =
        [
            new Device(this, ledger, "r5", "pager", old),
            new Device(this, ledger, "r6", "phone", modern),
        ];
        Senders =
        [
            new Sender(this, ledger, "s0", modern, size),
            new Sender(this, ledger, "s1", modern with { Transport = ClientTransport.StartTls }, size),
            new Sender(this, ledger, "s2", modern with { Managed = false }, size),
            new Sender(this, ledger, "s3", old, size),
            new Sender(this, ledger, "s4", modern with { Transport = ClientTransport.WebSocket }, size),
            new Sender(this, ledger, "s5", old with { Managed = false, Transport = ClientTransport.DirectTls }, size),
        ];
        Talkers = [new Talker(this, ledger, "t0", modern), new Talker(this, ledger, "t1", modern with { Managed = false })];
        Publisher = new Publisher(this, ledger, "p0", modern);
        Uploader = new Uploader(this, ledger, "u0");
    }

    public IReadOnlyList<string> Recipients { get; }

    public IReadOnlyList<Sender> Senders { get; }

    /// <summary>Talk in the room.</summary>
    public IReadOnlyList<Talker> Talkers { get; }

    public Publisher Publisher { get; }

    /// <summary>Online whenever they can be.</summary>
    public IReadOnlyList<Device> Devices { get; }

    /// <summary>Offline until the end.</summary>
    public IReadOnlyList<Device> Absent { get; }

    /// <summary>Uploads files all the time.</summary>
    public Uploader Uploader { get; }

    /// <summary>A seed for somebody's own randomness.</summary>
    public int NextSeed()
    {
        lock (_random)
        {
            return _random.Next();
        }
    }

    /// <summary>Where and how a member connects.</summary>
    public ClientOptions Options(string account, string resource, Manner manner) => new()
    {
        Account = Jid.Parse($"{account}@{Domain}/{resource}"),
        Password = "drill-secret",
        Transport = manner.Transport,
        Port = manner.Transport == ClientTransport.DirectTls ? _server.TlsPort : _server.Port,
        WebSocket = new Uri($"ws://127.0.0.1:{_server.HttpPort}/xmpp-websocket"),
#pragma warning disable CA5359 // The server made its own certificate a moment ago; who it is does not matter here.
        Certificate = (_, _, _, _) => true,
#pragma warning restore CA5359
        Sasl2 = manner.Sasl2,
        Fast = manner.Fast,
        StreamManagement = manner.Managed,
        Carbons = manner.Carbons,
        KeepReceived = false,
    };

    /// <summary>Makes the accounts, the room and the node.</summary>
    /// <exception cref="DrillException">The server does not let them; with the end of its log.</exception>
    public async Task RegisterAsync()
    {
        try
        {
            await PrepareAsync();
        }
        catch (Exception e) when (e is XmppException or IOException)
        {
            throw new DrillException($"Not everybody could be registered: {e.Message}\n{_server.Tail()}");
        }
    }

    async Task PrepareAsync()
    {
        foreach (var account in Recipients.Concat(Senders.Concat<Member>(Talkers).Append(Publisher).Select(member => member.Account)).Append(Uploader.Account))
        {
            await Registration.RegisterAsync(Options(account, "register", new Manner()));
        }

        await using var talker = new XmppClient(Options(Talkers[0].Account, "maker", new Manner { Managed = false }));
        await talker.ConnectAsync();
        await talker.SendAsync(new Element("presence", Ns.Client).Set("to", Room + "/maker").Add(new Element("x", Ns.Muc)));
        await talker.IqAsync("set", new Element("query", Ns.MucOwner).Add(new DataForm("submit", Ns.MucConfig)
            .Add(new DataFormField("muc#roomconfig_membersonly", null, ["0"]))
            .Add(new DataFormField("muc#roomconfig_persistentroom", null, ["1"])).ToElement()), Jid.Parse(Room));
        await talker.DisconnectAsync();
        await using var publisher = new XmppClient(Options(Publisher.Account, "maker", new Manner { Managed = false }));
        await publisher.ConnectAsync();
        await publisher.IqAsync("set", new Element("pubsub", Ns.PubSub).Add(new Element("create", Ns.PubSub).Set("node", Publisher.Node))
            .Add(new Element("configure", Ns.PubSub).Add(new DataForm("submit", Ns.PubSubNodeConfig)
                .Add(new DataFormField("pubsub#max_items", null, ["max"])).ToElement())));
        await publisher.DisconnectAsync();
    }

    /// <summary>Everybody who is to be online comes online; senders begin to write.</summary>
    public void Begin()
    {
        foreach (var device in Devices)
        {
            _running.Add(device.RunAsync(_stop.Token));
        }

        foreach (var sender in Senders)
        {
            _running.Add(sender.RunAsync(_stop.Token));
        }

        _running.AddRange(Talkers.Select(talker => talker.RunAsync(_stop.Token)));
        _running.Add(Publisher.RunAsync(_stop.Token));
        _running.Add(Uploader.RunAsync(_stop.Token));
    }

    /// <summary>Cuts somebody's connection, as a tunnel does.</summary>
    public void CutSomebody(Random random)
    {
        var index = random.Next(Devices.Count + Senders.Count + Talkers.Count);
        if (index < Devices.Count)
        {
            Devices[index].Cut();
        }
        else if (index < Devices.Count + Senders.Count)
        {
            Senders[index - Devices.Count].Cut();
        }
        else
        {
            Talkers[index - Devices.Count - Senders.Count].Cut();
        }
    }

    /// <summary>Senders stop writing new messages and get everything acknowledged; the absent come online.</summary>
    /// <param name="ledger">Where it is noted what does not end well.</param>
    /// <param name="patience">Seconds to wait for the last acknowledgement, and as long again for the last message.</param>
    public async Task FinishAsync(Ledger ledger, double patience = 40)
    {
        foreach (var sender in Senders)
        {
            sender.Finish();
        }

        foreach (var talker in Talkers)
        {
            talker.Finish();
        }

        Publisher.Finish();
        Uploader.Finish();

        if (!await UntilAsync(() => Senders.All(sender => sender.IsSettled), patience))
        {
            foreach (var sender in Senders.Where(sender => !sender.IsSettled))
            {
                ledger.Fault($"{sender.Account} waits for acknowledgements that do not come ({sender.State}).");
            }
        }

        if (!await UntilAsync(() => Uploader.IsSettled, patience))
        {
            ledger.Fault($"The upload of {Uploader.Account} does not end ({Uploader.State}).");
        }

        _running.AddRange(Absent.Select(device => device.RunAsync(_stop.Token)));
        var everybody = Devices.Concat(Absent).ToArray();
        await UntilAsync(() => everybody.All(device => device.View.Count >= ledger.Expected(device.Account, device.Watches)), patience);
    }

    /// <summary>Waits until a condition holds.</summary>
    public static async Task<bool> UntilAsync(Func<bool> condition, double seconds)
    {
        for (var waited = 0.0; waited < seconds; waited += 0.05)
        {
            if (condition())
            {
                return true;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }

        return condition();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running);
        Uploader.Dispose();
        _stop.Dispose();
    }
}

/// <summary>How a client behaves.</summary>
sealed record Manner
{
    public ClientTransport Transport { get; init; } = ClientTransport.Plain;

    /// <summary>Stream management.</summary>
    public bool Managed { get; init; } = true;

    /// <summary>SASL2 and Bind 2, where the server has them.</summary>
    public bool Sasl2 { get; init; } = true;

    /// <summary>Logs in with tokens.</summary>
    public bool Fast { get; init; }

    /// <summary>Catches up from the archive before becoming available.</summary>
    public bool Archive { get; init; } = true;

    public bool Carbons { get; init; } = true;

    public int Priority { get; init; }

    /// <summary>Watches what its own account sends, not what it gets.</summary>
    public bool Watches { get; init; }
}
