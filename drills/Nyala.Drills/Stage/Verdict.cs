using Nyala.Client;
using Nyala.Xmpp;

namespace Nyala.Drills.Stage;

/// <summary>What a drill found.</summary>
/// <param name="Drill">Its name.</param>
/// <param name="Started">When it began.</param>
/// <param name="Seed">Repeats what was random.</param>
/// <param name="Facts">Counts worth knowing, in order.</param>
/// <param name="Faults">What must not have happened; empty: passed.</param>
/// <param name="Skipped">Why the drill was not held, or null.</param>
sealed record Verdict(string Drill, DateTimeOffset Started, int Seed, IReadOnlyList<KeyValuePair<string, string>> Facts, IReadOnlyCollection<string> Faults, string? Skipped = null)
{
    public bool Passed => Faults.Count == 0;

    /// <summary>Looks everywhere: at every device, and in the archives of both sides.</summary>
    public static async Task CheckAsync(Cast cast, Ledger ledger)
    {
        foreach (var device in cast.Devices.Concat(cast.Absent))
        {
            ledger.Check(device.View, device.Account, device.Watches);
        }

        try
        {
            await CheckRoomAndNodeAsync(cast, ledger);
        }
        catch (Exception e) when (e is IOException or TimeoutException or XmppException or System.Net.Sockets.SocketException)
        {
            ledger.Fault($"The room or the node cannot be read: {e.Message}");
        }

        await cast.Uploader.CheckAsync();
        foreach (var (account, sent) in cast.Recipients.Select(account => (account, false)).Concat(cast.Senders.Select(sender => (sender.Account, true))))
        {
            try
            {
                await CheckArchiveAsync(cast, ledger, account, sent);
            }
            catch (Exception e) when (e is IOException or TimeoutException or XmppException or System.Net.Sockets.SocketException)
            {
                ledger.Fault($"The archive of {account} cannot be read: {e.Message}");
            }
        }
    }

    /// <summary>What was safe of what was said in the room and published at the node.</summary>
    static async Task CheckRoomAndNodeAsync(Cast cast, Ledger ledger)
    {
        var view = new View("the room's archive", ledger);
        await using var client = new XmppClient(cast.Options(cast.Talkers[0].Account, "auditor", new Manner { Managed = false, Carbons = false }));
        await client.ConnectAsync();
        await foreach (var archived in client.ReadArchiveAsync(new ArchiveQuery { Of = Jid.Parse(Cast.Room), PageSize = 200 }))
        {
            if (Numbered.Read(archived.Message) is { } message)
            {
                view.Add(message, archived.Id);
            }
        }

        foreach (var talker in cast.Talkers)
        {
            foreach (var number in talker.Safe.Except(view.Numbers(talker.Account, "room")))
            {
                ledger.Fault($"The room's archive lacks message {number} of {talker.Account}.");
            }
        }

        await client.DisconnectAsync();
        await using var publisher = new XmppClient(cast.Options(cast.Publisher.Account, "auditor", new Manner { Managed = false, Carbons = false }));
        await publisher.ConnectAsync();
        await Publisher.CheckAsync(publisher, cast.Publisher, ledger);
        await publisher.DisconnectAsync();
    }

    static async Task CheckArchiveAsync(Cast cast, Ledger ledger, string account, bool sent)
    {
        var view = new View($"the archive of {account}", ledger);
        await using var client = new XmppClient(cast.Options(account, "auditor", new Manner { Managed = false, Carbons = false }));
        await client.ConnectAsync();
        await foreach (var archived in client.ReadArchiveAsync(new ArchiveQuery { PageSize = 200 }))
        {
            if (Numbered.Read(archived.Message) is { } message && (sent ? message.From : message.To) == account)
            {
                view.Add(message, archived.Id);
            }
        }

        if (view.Duplicates > 0)
        {
            ledger.Fault($"{view.Name} repeats {view.Duplicates} ids.");
        }

        ledger.Check(view, account, sent);
        await client.DisconnectAsync();
    }
}

/// <summary>One drill: the stage it stands on and what it counts.</summary>
sealed class Run(string name, DrillOptions options) : IDisposable
{
    readonly List<KeyValuePair<string, string>> _facts = [];
    readonly DateTimeOffset _started = TimeProvider.System.GetUtcNow();

    public DrillOptions Options => options;

    public Random Random { get; } = new(options.Seed);

    public Ledger Ledger { get; } = new();

    /// <summary>A directory of its own, removed afterwards when all went well.</summary>
    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("nyala-drill-").FullName;

    public void Fact(string what, object value) => _facts.Add(new(what, FormattableString.Invariant($"{value}")));

    /// <summary>Adds what every drill counts and looks at everything.</summary>
    public async Task<Verdict> JudgeAsync(Cast cast)
    {
        await CheckAsync(cast);
        return End();
    }

    /// <summary>The same without an end, for drills that go on.</summary>
    public async Task CheckAsync(Cast cast)
    {
        await Verdict.CheckAsync(cast, Ledger);
        var everybody = cast.Devices.Concat<Member>(cast.Senders).ToArray();
        Fact("messages acknowledged", Ledger.Acknowledged);
        Fact("messages refused with an error", Ledger.Refused);
        Fact("safe in the room", cast.Talkers.Sum(talker => talker.Safe.Count));
        Fact("items published", cast.Publisher.Safe.Count);
        Fact("streams resumed", everybody.Sum(member => member.Resumptions));
        Fact("files stored", cast.Uploader.Stored);
        Fact("uploads broken off", cast.Uploader.Broken);
        Fact("copies dropped by their archive id", cast.Devices.Concat(cast.Absent).Sum(device => device.View.Duplicates));
        Fact("lost, doubled or out of order", Ledger.FaultCount);
    }

    public Verdict End(string? skipped = null)
    {
        if (Ledger.FaultCount > 0)
        {
            Ledger.Fault($"Logs and data are kept in {Directory}.");
        }

        return new Verdict(name, _started, options.Seed, _facts, Ledger.Faults, skipped);
    }

    public void Dispose()
    {
        if (Ledger.FaultCount == 0)
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }
    }
}
