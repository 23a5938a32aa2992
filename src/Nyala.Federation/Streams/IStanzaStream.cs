using Nyala.Core.Connections;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Federation.Streams;

/// <summary>
/// What a queue sends on, once it is authenticated: a stream that this server has opened, or the way back on one that the other
/// server has opened (XEP-0288). Sending from any thread.
/// </summary>
interface IStanzaStream
{
    Connection? Connection { get; }

    /// <summary>The peer counts (XEP-0198): what it has not acknowledged is not safe.</summary>
    bool Counts { get; }

    /// <summary>The peer's last count.</summary>
    uint Acknowledged { get; }

    /// <summary>How it may go on when its connection is lost (XEP-0198 §5), or null.</summary>
    LostStream? Resumption { get; }

    /// <summary>Whether nothing has come on it since this was last asked, and nobody else wants it: then it may be closed.</summary>
    bool TryRest();

    /// <summary>Buffers a stanza; <see cref="Flush"/> sends.</summary>
    void Send(Stanza stanza);

    /// <summary>Sends what is buffered, and asks for a count.</summary>
    void Flush();

    /// <summary>Ends it in good order.</summary>
    void Close(EndReason reason, StreamError? error = null);
}

/// <summary>A stream that can be resumed.</summary>
/// <param name="Id">The id that the server which was connected to has given it.</param>
/// <param name="IsOurs">This server had opened it, and may resume it; else the peer may.</param>
/// <param name="Received">What came on it was counted by this; null: nothing could come.</param>
sealed record LostStream(string Id, bool IsOurs, StanzaCounter? Received);

/// <summary>Who uses a stream.</summary>
interface IStreamOwner
{
    /// <summary>A stream that this server had opened, was lost and may be resumed (XEP-0198 §5), or null.</summary>
    LostStream? Resumes { get; }

    /// <summary>Authenticated: stanzas may be sent.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="handled">What the peer has handled of the stream that was lost; null: unknown.</param>
    void Ready(IStanzaStream stream, uint? handled);

    /// <summary>So many stanzas more are handled over there (XEP-0198).</summary>
    void Acknowledged(IStanzaStream stream, uint count);

    /// <summary>The socket takes more again.</summary>
    void Drained(IStanzaStream stream);

    /// <summary>It is gone, or never came to be. Called once, last.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="problem">In words, for the log.</param>
    /// <param name="isFinal">There is no such server: to try again would not help.</param>
    void Ended(IStanzaStream stream, string problem, bool isFinal);
}
