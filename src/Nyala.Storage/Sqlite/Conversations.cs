using Nyala.Storage.Sql;

namespace Nyala.Storage.Sqlite;

/// <summary>With whom an account has talked lately: read out of the log's indexes, the rows themselves stay untouched but for one each.</summary>
static class Conversations
{
    /// <summary>How many of the newest rows are looked at; whoever was not heard of in them is not lately.</summary>
    const int Rows = 20_000;

    public static async ValueTask<IReadOnlyList<Conversation>> ReadAsync(SqlSession db, long account, int max)
    {
        // Both halves come in order out of an index that holds all this needs, and SQLite merges them lazily.
        var last = new Dictionary<long, (long Position, bool Outgoing)>();
        await db.ScanAsync(
            """
            select position, to_hash as hash, 1 as outgoing from message where sender = @account and (flags & 1) <> 0
            union all select position, from_hash, 0 from message where recipient = @account and (flags & 2) <> 0
            order by position desc limit @rows
            """,
            r =>
            {
                last.TryAdd(r.GetInt64(1), (r.GetInt64(0), r.Truth(2)));
                return last.Count < max;
            },
            ("@account", account), ("@rows", Rows));
        var found = new List<Conversation>(last.Count);
        foreach (var (position, outgoing) in last.Values.OrderByDescending(entry => entry.Position))
        {
            var address = await db.FirstAsync(
                outgoing ? "select to_jid from message where position = @position" : "select from_jid from message where position = @position",
                r => r.GetString(0), ("@position", position));
            if (address is not null)
            {
                found.Add(new(address.Split('/')[0], position));
            }
        }

        return found;
    }
}
