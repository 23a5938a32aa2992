using Nyala.Core.Connections;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Federation.Streams;

/// <summary>The inbound side of a stream with another server: what it says is counted, and goes its way in order. Touched by the connection's reading task.</summary>
sealed class StanzaIntake(FederationServices services, Connection connection)
{
    long _number;
    volatile bool _moved;

    /// <summary>Replaced when a lost stream goes on here.</summary>
    public StanzaCounter Counter { get; set; } = new(connection);

    /// <summary>Whether nothing has come since this was last asked. From any thread.</summary>
    public bool TryRest()
    {
        var moved = _moved;
        _moved = false;
        return !moved;
    }

    /// <summary>Takes a stanza whose addresses are proven.</summary>
    public async ValueTask TakeAsync(Stanza stanza, Jid from, Jid to)
    {
        _moved = true;
        if (!services.Peers.Allows(from))
        {
            // Who is blocked hears nothing, as with XEP-0191; it counts all the same.
            Counter.Receive(connection)?.Invoke();
            return;
        }

        if (stanza is { Kind: StanzaKind.Iq, Type: StanzaType.Result or StanzaType.Error, Id: { } id } && to.Local is null
            && id.StartsWith(QueueServices.QuestionId, StringComparison.Ordinal))
        {
            Counter.Receive(connection)?.Invoke();
            services.Answered(to.Domain, from.Domain, id);
            return;
        }

        services.Metrics.FederationStanzas.Add(1, new KeyValuePair<string, object?>("direction", "in"));
        await Counter.RoomAsync();
        if (stanza.Kind != StanzaKind.Message)
        {
            await Counter.CalmAsync();
        }

        if (Counter.Receive(connection, stanza.Kind == StanzaKind.Message) is not { } handled)
        {
            return;
        }

        _number = _number == 0 ? services.Server.Store.Log.NextStream() : _number;
        var routing = services.Router.RouteAsync(stanza, from, to, handled, _number);

        // What is asked may take its time, and nobody waits for the answer but who asked.
        if (stanza.Kind != StanzaKind.Iq)
        {
            await routing;
        }
        else if (!routing.IsCompletedSuccessfully)
        {
            _ = routing.AsTask();
        }
    }
}
