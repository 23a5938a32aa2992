using Nyala.Client;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Drills.Stage;

/// <summary>Receives: live, as carbon copy, late, and from the archive; drops what it has seen, by archive id.</summary>
sealed class Device : Member
{
    readonly Lock _gate = new();
    List<Stanza>? _waiting;
    bool _isSettled;

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

    /// <summary>Carbons may come as soon as the session is bound, before there is time to look at the archive: they wait.</summary>
    protected override void Connecting()
    {
        lock (_gate)
        {
            _waiting ??= [];
        }
    }

    protected override async Task ActAsync(bool resumed, CancellationToken stop)
    {
        // A stream may be cut and resumed while the archive is being read: that is not settled yet.
        _isSettled &= resumed;
        if (!_isSettled && Manner.Archive)
        {
            await CatchUpAsync(stop);
        }

        lock (_gate)
        {
            var waiting = _waiting ?? [];
            _waiting = null;
            waiting.ForEach(Take);
        }

        if (!_isSettled)
        {
            await Client.SendPresenceAsync(Manner.Priority, token: stop);
            _isSettled = true;
        }
    }

    /// <summary>The archive from where this device knows it.</summary>
    async Task CatchUpAsync(CancellationToken stop)
    {
        if (Manner.Carbons)
        {
            await Client.EnableCarbonsAsync(stop);
        }

        await foreach (var archived in Client.ReadArchiveAsync(new ArchiveQuery { After = View.LastId, PageSize = 50 }, stop))
        {
            Note(archived.Message, archived.Id);
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
