using Nyala.Core.Connections;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Federation.Streams;

/// <summary>The way back to the server that has opened a stream (XEP-0288): for the pair of domains it was opened for, the other way round.</summary>
/// <param name="services">What all streams share.</param>
/// <param name="connection">The peer's connection.</param>
/// <param name="counts">The peer counts what it gets.</param>
/// <param name="resumption">The id of the stream, by which the peer may resume it, or null.</param>
/// <param name="acknowledged">Where its count goes on.</param>
sealed class WayBack(FederationServices services, Connection connection, bool counts, string? resumption, uint acknowledged) : IStanzaStream
{
    readonly StanzaOutlet _outlet = new(services, connection) { Counts = counts, Acknowledged = acknowledged };

    /// <summary>Who uses it.</summary>
    public IStreamOwner? Owner { get; set; }

    public Connection Connection => connection;

    public bool Counts => counts;

    public uint Acknowledged => _outlet.Acknowledged;

    public LostStream? Resumption { get; private set; } = resumption is null ? null : new(resumption, IsOurs: false, null);

    /// <summary>The peer closes it in good order: it will not go on.</summary>
    public void Closed() => Resumption = null;

    /// <summary>It is the peer's to close.</summary>
    public bool TryRest() => false;

    public void Send(Stanza stanza) => _outlet.Send(stanza);

    public void Flush() => _outlet.Flush();

    public void Close(EndReason reason, StreamError? error = null) => connection.End(reason, error);

    /// <summary>False: this is no count.</summary>
    public bool Counted(Stanza answer)
    {
        if (_outlet.Take(answer) is not { } more)
        {
            return false;
        }

        if (more > 0)
        {
            Owner?.Acknowledged(this, more);
        }

        return true;
    }
}
