using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Drills.Stage;

/// <summary>
/// Says numbered things in a room. Safe is what it has seen reflected, and what <c>h</c> counted of what it said first in that
/// very session without being refused: all of it must be in the room's archive. What a client sends again by itself before it
/// is back in the room may be refused, and proves nothing.
/// </summary>
sealed class Talker : Member
{
    const int MaxUnderWay = 20;

    readonly Lock _gate = new();
    readonly Dictionary<string, (int Number, int Session)> _said = new(StringComparer.Ordinal);
    readonly HashSet<int> _safe = [];
    readonly HashSet<string> _refused = new(StringComparer.Ordinal);
    TaskCompletionSource _inside = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int _last;
    int _session;
    volatile bool _finishing;

    public Talker(Cast cast, Ledger ledger, string account, Manner manner)
        : base(cast, ledger, account, "talker", manner)
    {
        Client.StanzaAcknowledged += Acknowledged;
        Client.StanzaReceived += Received;
    }

    /// <summary>The numbers that must be in the room's archive.</summary>
    public IReadOnlySet<int> Safe
    {
        get
        {
            lock (_gate)
            {
                return _safe.ToHashSet();
            }
        }
    }

    /// <summary>It says nothing new, and nothing it said is under way.</summary>
    public bool IsSettled => _finishing && (Client.Unacknowledged == 0 || !Manner.Managed);

    public void Finish() => _finishing = true;

    protected override void Connecting() => _inside = new(TaskCreationOptions.RunContinuationsAsynchronously);

    protected override async Task ActAsync(bool resumed, CancellationToken stop)
    {
        if (!resumed)
        {
            lock (_gate)
            {
                _session++;
            }

            await Client.SendAsync(new Element("presence", Ns.Client).Set("to", $"{Cast.Room}/{Account}").Add(
                new Element("x", Ns.Muc).Add(new Element("history", Ns.Muc).Set("maxstanzas", "0"))), stop);
            await _inside.Task.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, stop);
        }

        while (Client.IsConnected && !stop.IsCancellationRequested && !_finishing)
        {
            if (Client.Unacknowledged < MaxUnderWay)
            {
                await SayAsync(stop);
            }

            await PauseAsync(5, 40, stop);
        }

        if (_finishing && Manner.Managed)
        {
            await Client.AcknowledgedAsync(token: stop);
        }
    }

    async Task SayAsync(CancellationToken stop)
    {
        var id = Client.NewId();
        int number;
        lock (_gate)
        {
            number = ++_last;
            _said[id] = (number, _session);
        }

        await Client.SendAsync(
            new Element("message", Ns.Client).Set("type", "groupchat").Set("id", id).Set("to", Cast.Room).Add("body", new Numbered(Account, "room", number).Body(40)), stop);
    }

    void Acknowledged(Stanza stanza)
    {
        lock (_gate)
        {
            if (stanza.Id is { } id && _said.TryGetValue(id, out var said) && said.Session == _session && !_refused.Contains(id) && _safe.Add(said.Number))
            {
                Ledger.Acknowledge();
            }
        }
    }

    void Received(Stanza stanza)
    {
        if (stanza.Kind == StanzaKind.Presence && stanza.Type == StanzaType.None && stanza.From?.ToString() == $"{Cast.Room}/{Account}"
            && (stanza.Child("x", Ns.MucUser)?.Children.Any(child => child.Name == "status" && child["code"] == "110") ?? false))
        {
            _inside.TrySetResult();
        }
        else if (stanza.Kind == StanzaKind.Message && stanza.Id is { } id)
        {
            Note(stanza, id);
        }
    }

    void Note(Stanza stanza, string id)
    {
        lock (_gate)
        {
            if (!_said.TryGetValue(id, out var said))
            {
                return;
            }

            if (stanza.Type == StanzaType.Error)
            {
                _refused.Add(id);
            }
            else if (stanza.Type == StanzaType.Groupchat && stanza.From?.ToString() == $"{Cast.Room}/{Account}" && _safe.Add(said.Number))
            {
                Ledger.Acknowledge();
            }
        }
    }
}
