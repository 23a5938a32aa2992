using Nyala.Core.Connections;
using Nyala.Core.Diagnostics;
using Nyala.Xmpp;
using Nyala.Xmpp.Sasl;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Sessions.Negotiation;

// Those who have no account and want none (XEP-0175, RFC 4505).
sealed partial class Negotiation
{
    /// <summary>RFC 4505 §2: at most 255 characters.</summary>
    const int LongestTrace = 255 * 4;

    /// <summary>The door that the header names; null where it names the server itself.</summary>
    IGuestDoor? _door;

    string Domain => _door?.Domain ?? _server.Options.Domain;

    IGuestDoor? DoorOf(StreamHeader header) =>
        _server.Features.GuestDoor is { } door && Jid.TryParse(header.To, out var to) && to is { Local: null, Resource: null } && to.Domain == door.Domain ? door : null;

    ValueTask GuestAsync(Connection connection, IGuestDoor door, Stanza auth)
    {
        _request = null;
        _exchange = null;
        if (auth.Attribute("mechanism") != Mechanisms.Anonymous)
        {
            return FailAsync(connection, SaslFailure.InvalidMechanism, Ns.Sasl);
        }

        // What a guest tells of itself is for tracing at most (XEP-0175 §3), and nothing here traces.
        if (!auth.Content.IsEmpty && !(SaslData.TryDecode(auth.ToElement().Text, out var trace) && trace.Length <= LongestTrace))
        {
            return FailAsync(connection, SaslFailure.IncorrectEncoding, Ns.Sasl);
        }

        if (door.Admit(connection) is not { } guest)
        {
            return FailAsync(connection, SaslFailure.TemporaryAuthFailure, Ns.Sasl);
        }

        _server.Metrics.Logins.Add(1, new("mechanism", Mechanisms.Anonymous), new("result", "success"));
        _server.Log.GuestAdmitted(connection.Id, connection.Remote);
        _state = NegotiationState.Done;
        connection.Handler = guest;
        connection.Authenticated();
        Write(connection, new Element("success", Ns.Sasl));
        Flush(connection);
        connection.RestartStream();
        return default;
    }
}
