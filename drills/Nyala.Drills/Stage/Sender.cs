using Nyala.Client;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Drills.Stage;

/// <summary>
/// Writes numbered messages to everybody and keeps each until it is acknowledged: by stream management, or, without it, by
/// the answer to a ping sent after it. What was not acknowledged is sent again with the same id.
/// </summary>
sealed class Sender : Member
{
    const int MaxUnderWay = 40;

    readonly Cast _cast;
    readonly int _size;
    readonly Queue<Stanza> _unconfirmed = new();
    readonly Dictionary<string, Numbered> _ids = new(StringComparer.Ordinal);
    volatile bool _finishing;

    public Sender(Cast cast, Ledger ledger, string account, Manner manner, int size)
        : base(cast, ledger, account, "sender", manner)
    {
        _cast = cast;
        _size = size;
        Client.StanzaAcknowledged += stanza => Acknowledged(stanza);
        Client.StanzaReceived += NoteRefusal;
    }

    /// <summary>Milliseconds between messages, at most.</summary>
    public int Pace { get; set; } = 25;

    /// <summary>Everything that was written is acknowledged.</summary>
    public bool IsSettled => _finishing && Client.Unacknowledged == 0 && _unconfirmed.Count == 0;

    public void Finish() => _finishing = true;

    protected override async Task ActAsync(bool resumed, CancellationToken stop)
    {
        if (!resumed)
        {
            await Client.SendPresenceAsync(token: stop);
        }

        if (!Manner.Managed && _unconfirmed.Count > 0)
        {
            foreach (var stanza in _unconfirmed.Where(stanza => !IsRefused(stanza)))
            {
                await Client.SendAsync(stanza, stop);
            }

            await ConfirmAsync(stop);
        }

        while (Client.IsConnected && !stop.IsCancellationRequested)
        {
            if (_finishing)
            {
                await ConfirmAsync(stop);
                break;
            }

            if (Client.Unacknowledged < MaxUnderWay)
            {
                await WriteAsync(stop);
            }

            if (_unconfirmed.Count >= 10)
            {
                await ConfirmAsync(stop);
            }

            await PauseAsync(1, Pace, stop);
        }
    }

    async Task WriteAsync(CancellationToken stop)
    {
        var message = Ledger.Next(Account, _cast.Recipients[Random.Next(_cast.Recipients.Count)]);
        var id = Client.NewId();
        lock (_ids)
        {
            _ids[id] = message;
        }

        var stanza = Stanza.Of(new Element("message", Ns.Client).Set("type", "chat").Set("id", id)
            .Set("to", $"{message.To}@{Cast.Domain}").Add("body", message.Body(_size)));
        if (!Manner.Managed)
        {
            _unconfirmed.Enqueue(stanza);
        }

        await Client.SendAsync(stanza, stop);
    }

    /// <summary>Whatever was sent before a ping is safe when the ping is answered: nothing overtakes a commit (R4).</summary>
    async Task ConfirmAsync(CancellationToken stop)
    {
        if (Manner.Managed)
        {
            await Client.AcknowledgedAsync(token: stop);
            return;
        }

        var count = _unconfirmed.Count;
        await Client.PingAsync(token: stop);
        for (; count > 0; count--)
        {
            Acknowledged(_unconfirmed.Dequeue());
        }
    }

    void Acknowledged(Stanza stanza)
    {
        if (stanza.Kind == StanzaKind.Message)
        {
            Ledger.Acknowledge();
        }
    }

    /// <summary>An answer came for it, only not that of the ping: it is not sent again.</summary>
    bool IsRefused(Stanza stanza)
    {
        lock (_ids)
        {
            return Ledger.IsRefused(_ids[stanza.Id!]);
        }
    }

    void NoteRefusal(Stanza stanza)
    {
        if (stanza.Kind != StanzaKind.Message || stanza.Type != StanzaType.Error || stanza.Id is not { } id)
        {
            return;
        }

        lock (_ids)
        {
            if (_ids.TryGetValue(id, out var message))
            {
                Ledger.Refuse(message);
            }
        }
    }
}
