using Nyala.Core.Connections;

namespace Nyala.Core.Sessions.Negotiation;

/// <summary>Where people come in without an account (SASL ANONYMOUS, XEP-0175): a domain beside the server's own.</summary>
public interface IGuestDoor
{
    /// <summary>The domain that a stream's header names, prepared.</summary>
    string Domain { get; }

    /// <summary>Lets somebody in: what it returns takes the connection over, from its next stream header on. Null: there are too many.</summary>
    IStreamHandler? Admit(Connection connection);
}
