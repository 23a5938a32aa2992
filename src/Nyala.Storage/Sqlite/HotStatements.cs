// HOT PATH
using System.Buffers.Binary;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Nyala.Storage.Sqlite;

/// <summary>
/// The log's prepared statements on one connection, bound without ADO.NET: a command looks every parameter up by name and
/// boxes every value at each execution, which costs as much as SQLite's own work. Log thread only.
/// </summary>
sealed class HotStatements : IDisposable
{
    readonly sqlite3 _db;
    readonly sqlite3_stmt _insert;
    readonly sqlite3_stmt _handled;
    readonly sqlite3_stmt _mark;
    readonly sqlite3_stmt _counter;
    readonly sqlite3_stmt _recent;
    byte[] _text = new byte[2048];

    public HotStatements(SqliteConnection connection)
    {
        _db = connection.Handle!;
        _insert = Prepare(
            """
            insert into message (position, at, sender, recipient, flags, stream, handled, fingerprint, from_hash, to_hash, from_jid, to_jid, stanza)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
            """);
        _handled = Prepare(
            """
            insert into stream (stream, account, handled, at) values (?1, ?2, ?3, ?4)
            on conflict (stream) do update set handled = max(handled, excluded.handled), at = excluded.at
            """);
        _mark = Prepare("insert into mailbox (account, mark) values (?1, ?2) on conflict (account) do update set mark = max(mark, excluded.mark)");
        _counter = Prepare("insert into meta (name, value) values (?1, ?2) on conflict (name) do update set value = excluded.value");
        _recent = Prepare(
            "select position, at, stream, fingerprint from message where sender = ?1 and fingerprint is not null and position > ?2 order by position desc");
    }

    public void Insert(LogEntry entry, long position, long at)
    {
        var toOneself = entry.Sender != 0 && entry.Sender == entry.Recipient;
        Bind(_insert, 1, position);
        Bind(_insert, 2, at);
        BindOrNull(_insert, 3, entry.Sender);
        BindOrNull(_insert, 4, entry.Recipient);
        Bind(_insert, 5, (long)(toOneself ? OnceForBoth(entry.Flags) : entry.Flags));
        BindOrNull(_insert, 6, entry.Stream);
        BindOrNull(_insert, 7, entry.Stream == 0 ? 0 : entry.Handled);
        BindFingerprint(entry.Fingerprint);
        Bind(_insert, 9, AddressHash.OfBare(entry.From));
        Bind(_insert, 10, AddressHash.OfBare(entry.To));
        BindText(_insert, 11, entry.From);
        BindText(_insert, 12, entry.To);
        Check(raw.sqlite3_bind_blob(_insert, 13, entry.Stanza.Span));
        Run(_insert);
    }

    public void UpsertHandled(long stream, long account, uint handled, long at)
    {
        Bind(_handled, 1, stream);
        Bind(_handled, 2, account);
        Bind(_handled, 3, handled);
        Bind(_handled, 4, at);
        Run(_handled);
    }

    public void UpsertMark(long account, long position)
    {
        Bind(_mark, 1, account);
        Bind(_mark, 2, position);
        Run(_mark);
    }

    /// <summary>Makes a transaction without rows recognisable.</summary>
    public void WriteToken(long token) => WriteCounter("batch", token);

    /// <summary>Names the journal's blocks that this database does not have.</summary>
    public void WriteGeneration(long generation) => WriteCounter("journal", generation);

    /// <summary>An account's newest rows with a fingerprint, newest first, until <paramref name="take"/> says false.</summary>
    public void ReadRecent(long account, long after, Func<UInt128, StoredOriginal, bool> take)
    {
        Bind(_recent, 1, account);
        Bind(_recent, 2, after);
        try
        {
            int code;
            while ((code = raw.sqlite3_step(_recent)) == raw.SQLITE_ROW)
            {
                var stored = new StoredOriginal(
                    raw.sqlite3_column_int64(_recent, 0), raw.sqlite3_column_int64(_recent, 1), raw.sqlite3_column_int64(_recent, 2));
                if (!take(BinaryPrimitives.ReadUInt128BigEndian(raw.sqlite3_column_blob(_recent, 3)), stored))
                {
                    return;
                }
            }

            Check(code);
        }
        finally
        {
            _ = raw.sqlite3_reset(_recent);
        }
    }

    /// <summary>Whether SQLite has ended the transaction by itself, as it does after some errors.</summary>
    public bool TransactionIsGone => raw.sqlite3_get_autocommit(_db) != 0;

    /// <summary>Pages that went to the write-ahead log since the last call.</summary>
    public int TakePagesWritten()
    {
        _ = raw.sqlite3_db_status(_db, raw.SQLITE_DBSTATUS_CACHE_WRITE, out var pages, out _, 1);
        return pages;
    }

    public void Execute(string sql) => Check(raw.sqlite3_exec(_db, sql));

    public void Dispose()
    {
        _insert.Dispose();
        _handled.Dispose();
        _mark.Dispose();
        _counter.Dispose();
        _recent.Dispose();
    }

    void WriteCounter(string name, long value)
    {
        BindText(_counter, 1, name);
        Bind(_counter, 2, value);
        Run(_counter);
    }

    // R7: a message to oneself is one row and must come once out of the union of what was sent and what was received.
    static RowFlags OnceForBoth(RowFlags flags) =>
        (flags & (RowFlags.InSenderArchive | RowFlags.InRecipientArchive)) == RowFlags.None
            ? flags
            : (flags & ~RowFlags.InSenderArchive) | RowFlags.InRecipientArchive;

    sqlite3_stmt Prepare(string sql)
    {
        const uint Persistent = 1;
        Check(raw.sqlite3_prepare_v3(_db, sql, Persistent, out var statement));
        return statement;
    }

    void Run(sqlite3_stmt statement)
    {
        var code = raw.sqlite3_step(statement);
        _ = raw.sqlite3_reset(statement);
        Check(code);
    }

    void Bind(sqlite3_stmt statement, int index, long value) => Check(raw.sqlite3_bind_int64(statement, index, value));

    void BindOrNull(sqlite3_stmt statement, int index, long value) =>
        Check(value == 0 ? raw.sqlite3_bind_null(statement, index) : raw.sqlite3_bind_int64(statement, index, value));

    void BindText(sqlite3_stmt statement, int index, string value)
    {
        var most = Encoding.UTF8.GetMaxByteCount(value.Length);
        if (_text.Length < most)
        {
            _text = new byte[most];
        }

        Check(raw.sqlite3_bind_text(statement, index, _text.AsSpan(0, Encoding.UTF8.GetBytes(value, _text))));
    }

    void BindFingerprint(UInt128 fingerprint)
    {
        if (fingerprint == default)
        {
            Check(raw.sqlite3_bind_null(_insert, 8));
            return;
        }

        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, fingerprint);
        Check(raw.sqlite3_bind_blob(_insert, 8, bytes));
    }

    void Check(int code)
    {
        if (code is not (raw.SQLITE_OK or raw.SQLITE_DONE or raw.SQLITE_ROW))
        {
            SqliteException.ThrowExceptionForRC(code, _db);
        }
    }
}
