namespace Nyala.Core.Sessions;

/// <summary>One inbound stanza's place in its session's order, while something about it is not finished.</summary>
interface ITicket
{
    /// <summary>Set by whoever finishes the work, from any thread, before <see cref="Pipeline.Schedule"/>.</summary>
    bool IsDone { get; }

    /// <summary>Later iq and presence wait until it is done (messages; what changes state; presence), R4.</summary>
    bool IsOrdered { get; }

    /// <summary>
    /// Later messages wait as well: it has not found its place in the log's order yet. So whatever comes before a message in
    /// the stream is finished, or before it in the log, and the count that the message's row carries is true.
    /// </summary>
    bool HoldsMessages { get; }

    /// <summary>All earlier tickets are gone and this one is done: the effects that keep their order.</summary>
    void Pop(Pipeline pipeline);
}
