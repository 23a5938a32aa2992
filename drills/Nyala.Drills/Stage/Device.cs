using Nyala.Client;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Drills.Stage;

/// <summary>Receives: live, as carbon copy, late, and from the archive; drops what it has seen, by archive id.</summary>
sealed class Device : Member
{
    readonly Lock _gate = new();
    List<Stanza>? _waiting;

    public Device(Cast cast, Ledger ledger, string account, string resource, Manner manner)
        : base(cast, ledger, account, resource, manner)
    {
        View = new View($"{account}/{resource}", ledger);
        Client.StanzaReceived += Receive;
    }

    /// <summary>What it has seen.</summary>
    public View View { get; }

    /// <summary>It looks at what its account sends.</summary>
    public bool Watches => Manner.Watches;

    protected override async Task ActAsync(bool resumed, CancellationToken stop)
    {
        if (resumed)
        {
            return;
        }

        if (Manner.Archive)
        {
            await CatchUpAsync(stop);
        }

        await Client.SendPresenceAsync(Manner.Priority, token: stop);
    }

    /// <summary>The archive first; carbons that arrive meanwhile wait, as in every client that sorts by archive.</summary>
    async Task CatchUpAsync(CancellationToken stop)
    {
        lock (_gate)
        {
            _waiting ??= [];
        }

        if (Manner.Carbons)
        {
            await Client.EnableCarbonsAsync(stop);
        }

        await foreach (var archived in Client.ReadArchiveAsync(new ArchiveQuery { After = View.LastId, PageSize = 50 }, stop))
        {
            Note(archived.Message, archived.Id);
        }

        lock (_gate)
        {
            var waiting = _waiting ?? [];
            _waiting = null;
            waiting.ForEach(Take);
        }
    }

    void Receive(Stanza stanza)
    {
        lock (_gate)
        {
            if (_waiting is not null)
            {
                _waiting.Add(stanza);
            }
            else
            {
                Take(stanza);
            }
        }
    }

    void Take(Stanza stanza)
    {
        var message = Client.Unwrap(stanza);
        Note(message, message.StanzaId(Jid.FromPrepared(Account, Cast.Domain)));
    }

    void Note(Stanza stanza, string? id)
    {
        if (Numbered.Read(stanza) is { } message && (Watches ? message.From : message.To) == Account)
        {
            View.Add(message, id);
        }
    }
}
