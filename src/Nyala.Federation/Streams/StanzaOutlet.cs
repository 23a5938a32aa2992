using System.Globalization;
using Nyala.Core.Connections;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Federation.Streams;

/// <summary>The outbound side of a stream with another server: stanzas, and the peer's counts of them (XEP-0198). From any thread, where nothing else is said.</summary>
sealed class StanzaOutlet(FederationServices services, Connection connection)
{
    /// <summary>Set before the first stanza.</summary>
    public bool Counts { get; set; }

    /// <summary>The peer's last count. Touched by the connection's reading task.</summary>
    public uint Acknowledged { get; set; }

    public void Send(Stanza stanza)
    {
        lock (connection.Gate)
        {
            connection.Write(stanza);
        }

        services.Metrics.FederationStanzas.Add(1, new KeyValuePair<string, object?>("direction", "out"));
    }

    public void Flush()
    {
        lock (connection.Gate)
        {
            if (Counts)
            {
                connection.Write("<r xmlns='urn:xmpp:sm:3'/>"u8);
            }

            connection.Flush();
        }
    }

    /// <summary>How many more are handled; null: this is no count.</summary>
    public uint? Take(Stanza answer)
    {
        if (!Counts || CountOf(answer) is not { } handled)
        {
            return null;
        }

        // §4: the count wraps; a step back is no step.
        var more = handled - Acknowledged;
        if (more is 0 or >= int.MaxValue)
        {
            return 0;
        }

        Acknowledged = handled;
        return more;
    }

    /// <summary>The count that an element of stream management carries, or null.</summary>
    public static uint? CountOf(Stanza element) =>
        uint.TryParse(element.Attribute("h"), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : null;
}
