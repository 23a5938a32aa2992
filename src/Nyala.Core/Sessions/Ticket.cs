namespace Nyala.Core.Sessions;

/// <summary>One inbound stanza's place in its session's order, while something about it is not finished.</summary>
interface ITicket
{
    /// <summary>Set by whoever finishes the work, from any thread, before <see cref="Pipeline.Schedule"/>.</summary>
    bool IsDone { get; }

    /// <summary>Whether it is a stanza that <c>h</c> counts.</summary>
    bool Counts { get; }

    /// <summary>Later iq and presence wait until it is done (messages; iq sets; presence), R4.</summary>
    bool IsOrdered { get; }

    /// <summary>Later messages wait as well: it has not found its place in the log's order yet.</summary>
    bool HoldsMessages { get; }

    /// <summary>All earlier tickets are gone and this one is done: the effects that keep their order.</summary>
    void Pop(Pipeline pipeline);
}
