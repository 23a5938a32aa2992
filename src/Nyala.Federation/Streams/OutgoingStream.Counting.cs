using System.Globalization;
using Nyala.Core.Connections;
using Nyala.Core.Diagnostics;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Federation.Streams;

// What comes once this server has proven who it is: counts (XEP-0198), and what the peer sends the same way (XEP-0288).
sealed partial class OutgoingStream
{
    const int MostOfAnId = 4_000;

    StanzaOutlet? _outlet;
    StanzaIntake? _intake;
    LostStream? _resuming;
    string? _resumption;
    uint? _handled;

    /// <summary>The peer counts (XEP-0198): what it has not acknowledged is not safe.</summary>
    public bool Counts => _outlet is { Counts: true };

    public uint Acknowledged => _outlet?.Acknowledged ?? 0;

    public LostStream? Resumption => _resumption is null ? null : new(_resumption, IsOurs: true, _intake?.Counter);

    public bool TryRest() => _intake?.TryRest() ?? true;

    public void Send(Stanza stanza) => _outlet!.Send(stanza);

    public void Flush() => _outlet!.Flush();

    /// <summary>A stanza of the peer: only for the pair of domains of this stream, the other way round.</summary>
    ValueTask StanzaAsync(Connection connection, Stanza stanza)
    {
        if (!_ready || stanza.From is not { } sender || stanza.To is not { } recipient)
        {
            return FailAsync(connection, "it sent what has no place on this stream", StreamError.ImproperAddressing);
        }

        return sender.Domain == to && recipient.Domain == from
            ? _intake!.TakeAsync(stanza, sender, recipient)
            : FailAsync(connection, "it spoke for a domain that it has not proven to be", StreamError.InvalidFrom);
    }

    async ValueTask CountAsync(Connection connection)
    {
        connection.Authenticated();
        if (!_offersCounting)
        {
            await ReadyAsync(connection, counts: false);
            return;
        }

        // What came on the lost stream is told; where nothing more can come, it must not go on either.
        _resuming = owner?.Resumes;
        var received = _resuming?.Received is null ? 0
            : _intake is null ? null : await _resuming.Received.MoveAsync(connection, StanzaCounter.Settling, services.Server.Time);
        if (_resuming is null || received is null)
        {
            _resuming = null;
            await EnableAsync(connection);
            return;
        }

        await WriteAsync(connection, new Element("resume", Ns.StreamManagement)
            .Set("previd", _resuming.Id).Set("h", received.Value.ToString(CultureInfo.InvariantCulture)));
    }

    static ValueTask EnableAsync(Connection connection) => WriteAsync(connection, new Element("enable", Ns.StreamManagement).Set("resume", "true"));

    ValueTask EnabledAsync(Connection connection, Stanza enabled)
    {
        _resumption = enabled.Attribute("resume") is "true" or "1" && enabled.Attribute("id") is { Length: > 0 and <= MostOfAnId } id ? id : null;
        _intake?.Counter.Start();
        return ReadyAsync(connection, counts: true);
    }

    ValueTask ResumedAsync(Connection connection, Stanza resumed)
    {
        if (_resuming is null || StanzaOutlet.CountOf(resumed) is not { } handled)
        {
            return FailAsync(connection, "it resumed what was not asked for", StreamError.PolicyViolation);
        }

        if (_resuming.Received is { } counter)
        {
            _intake!.Counter = counter;
        }
        else
        {
            _intake?.Counter.Start();
        }

        (_resumption, _handled) = (_resuming.Id, handled);
        return ReadyAsync(connection, counts: true);
    }

    /// <summary>What could not be resumed begins anew; what cannot be counted is not.</summary>
    ValueTask FailedAsync(Connection connection, Stanza failed)
    {
        if (_resuming is null || _ready)
        {
            return ReadyAsync(connection, counts: false);
        }

        _handled = StanzaOutlet.CountOf(failed);
        _resuming = null;
        return EnableAsync(connection);
    }

    ValueTask ReadyAsync(Connection connection, bool counts)
    {
        if (!_authenticated || _ready)
        {
            return FailAsync(connection, "it sent what has no place on this stream", StreamError.PolicyViolation);
        }

        _outlet = new(services, connection) { Counts = counts, Acknowledged = _resuming is null ? 0 : _handled!.Value };
        _ready = true;
        services.Metrics.FederationStreams.Add(1, new KeyValuePair<string, object?>("direction", "out"));
        services.Log.FederationReady(from, to, _proof, connection.Id);
        owner?.Ready(this, _handled);
        return default;
    }

    ValueTask AskedAsync(Connection connection)
    {
        if (_intake is not null && Counts)
        {
            _intake.Counter.Asked();
            return default;
        }

        return WriteAsync(connection, new Element("a", Ns.StreamManagement).Set("h", "0"));
    }

    ValueTask AnsweredAsync(Connection connection, Stanza answer)
    {
        if (_outlet?.Take(answer) is not { } more)
        {
            return FailAsync(connection, "it sent a count that is none", StreamError.BadFormat);
        }

        if (more > 0)
        {
            owner?.Acknowledged(this, more);
        }

        return default;
    }
}
