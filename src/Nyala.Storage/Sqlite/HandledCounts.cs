using Nyala.Storage.Sql;

namespace Nyala.Storage.Sqlite;

/// <summary>Finds what was durably handled of a stream (R3): in the sender's newest rows and in the stream table.</summary>
static class HandledCounts
{
    /// <summary>How long a stream can be asked for after its last stanza.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromDays(2);

    /// <summary>How long rows are kept for it: longer, so that a clock set back does not make an old count look like the newest.</summary>
    public static readonly TimeSpan Retention = TimeSpan.FromDays(3);

    /// <summary>Rows of the account's other streams that are passed over at most.</summary>
    public const int MaxRows = 4096;

    public static async ValueTask<uint?> FindAsync(SqlSession db, long account, long stream, DateTimeOffset now)
    {
        var since = (now - Memory).ToUnixTimeMilliseconds();
        var alone = await db.NumberAsync(
            "select handled from stream where stream = @stream and account = @account and at >= @since",
            ("@stream", stream), ("@account", account), ("@since", since));
        long? inRow = null;
        var passed = 0;
        await db.ScanAsync(
            "select stream, handled, at from message where sender = @account order by position desc",
            row =>
            {
                if (row.GetInt64(2) < since)
                {
                    return false;
                }

                // Counts of one stream grow with the position: the newest row has the highest.
                if (!row.IsDBNull(0) && row.GetInt64(0) == stream)
                {
                    // Without a count it is from before counting began, and so is every row behind it.
                    inRow = row.IsDBNull(1) ? null : row.GetInt64(1);
                    return false;
                }

                return ++passed < MaxRows;
            },
            ("@account", account));
        if (inRow is null && passed == MaxRows)
        {
            // A row further back may hold a higher count: nothing is certain.
            return null;
        }

        return inRow is null && alone is null ? null : (uint)Math.Max(inRow ?? 0, alone ?? 0);
    }
}
