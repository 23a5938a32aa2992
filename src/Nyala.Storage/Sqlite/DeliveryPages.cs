// HOT PATH
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Nyala.Storage.Sqlite;

/// <summary>Reads pages of the log for delivery on one reading connection, without ADO.NET, as <see cref="HotStatements"/> writes them.</summary>
sealed class DeliveryPages(SqliteConnection connection) : IDisposable
{
    const string Received = "select position, 0 as outgoing from message where recipient = ?1 and position > ?2 and position <= ?3 and (flags & 4) <> 0";
    const string Sent = "select position, 1 from message where sender = ?1 and position > ?2 and position <= ?3 and (recipient is null or recipient <> ?1)";

    readonly sqlite3 _db = connection.Handle!;
    sqlite3_stmt? _received;
    sqlite3_stmt? _both;

    public List<ArchiveRow> Read(long account, long after, long upTo, bool sent, int max)
    {
        var statement = sent ? _both ??= Prepare($"{Received} union all {Sent}") : _received ??= Prepare(Received);
        Check(raw.sqlite3_bind_int64(statement, 1, account));
        Check(raw.sqlite3_bind_int64(statement, 2, after));
        Check(raw.sqlite3_bind_int64(statement, 3, upTo));
        Check(raw.sqlite3_bind_int64(statement, 4, max));
        var rows = new List<ArchiveRow>();
        try
        {
            int code;
            while ((code = raw.sqlite3_step(statement)) == raw.SQLITE_ROW)
            {
                rows.Add(Map(statement));
            }

            Check(code);
            return rows;
        }
        finally
        {
            _ = raw.sqlite3_reset(statement);
        }
    }

    public void Dispose()
    {
        _received?.Dispose();
        _both?.Dispose();
    }

    static ArchiveRow Map(sqlite3_stmt row) => SqliteArchive.Row(
        raw.sqlite3_column_int64(row, 0), raw.sqlite3_column_int64(row, 1), raw.sqlite3_column_blob(row, 2).ToArray(),
        (RowFlags)raw.sqlite3_column_int64(row, 3), raw.sqlite3_column_int64(row, 4), raw.sqlite3_column_int64(row, 5), raw.sqlite3_column_int64(row, 6) != 0,
        raw.sqlite3_column_int64(row, 5) < 0 ? raw.sqlite3_column_text(row, 7).utf8_to_string() : null);

    sqlite3_stmt Prepare(string positions)
    {
        const uint Persistent = 1;
        Check(raw.sqlite3_prepare_v3(
            _db,
            $"""
            select m.position, m.at, m.stanza, m.flags, m.sender, m.recipient, u.outgoing, m.from_jid
            from ({positions} order by position limit ?4) u cross join message m on m.position = u.position
            """,
            Persistent, out var statement));
        return statement;
    }

    void Check(int code)
    {
        if (code is not (raw.SQLITE_OK or raw.SQLITE_DONE or raw.SQLITE_ROW))
        {
            SqliteException.ThrowExceptionForRC(code, _db);
        }
    }
}
