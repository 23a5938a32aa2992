// HOT PATH
using Nyala.Core.Diagnostics;
using Nyala.Core.Sessions;

namespace Nyala.Core.Routing;

/// <summary>
/// The sessions that a batch of the log has something for, while the log's thread completes its entries: each is served
/// once, at the end, however much the batch has for it.
/// </summary>
sealed class LogBatch(NyalaServer server)
{
    /// <summary>Up to this many sessions the log's thread serves itself; more are served beside its next commit.</summary>
    const int ServedByLog = 64;

    /// <summary>Null on a thread that completes no batch.</summary>
    [ThreadStatic]
    static List<Session>? Current;

    /// <summary>A session was written to: flushed at the end of the log's batch, or at once elsewhere.</summary>
    public static void Touch(Session session)
    {
        if (Current is null)
        {
            session.Outbox.Flush();
        }
        else
        {
            Join(session);
        }
    }

    /// <summary>A ticket of the session is done: its pipeline goes on at the end of the log's batch, or on the pool.</summary>
    public static void Finished(Session session)
    {
        if (Current is null)
        {
            session.Pipeline.Schedule();
        }
        else
        {
            session.Pipeline.IsDue = true;
            Join(session);
        }
    }

    /// <summary>This thread begins to complete entries of the log: until the batch is completed it serves no session.</summary>
    public static void Enter() => Current ??= [];

    static void Join(Session session)
    {
        if (!session.IsTouched)
        {
            session.IsTouched = true;
            Current!.Add(session);
        }
    }

    /// <summary>The batch is completed: everybody it has something for is served.</summary>
    public void Serve()
    {
        // Given up first: what follows, and whatever this thread does later, serves sessions at once.
        var batch = Current;
        Current = null;
        if (batch is null)
        {
            return;
        }

        foreach (var session in batch)
        {
            session.IsTouched = false;
        }

        if (batch.Count <= ServedByLog)
        {
            // Waking another thread for it would cost more.
            Serve(batch);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(Serve, batch, preferLocal: false);
        }
    }

    void Serve(List<Session> sessions)
    {
        foreach (var session in sessions)
        {
            try
            {
                if (session.Pipeline.IsDue)
                {
                    session.Pipeline.IsDue = false;
                    session.Pipeline.Continue();
                }

                session.Outbox.Flush();
            }
            catch (Exception e)
            {
                server.Log.HandlerFailed("batch", e);
            }
        }
    }
}
