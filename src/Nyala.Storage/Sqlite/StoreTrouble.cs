using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace Nyala.Storage.Sqlite;

/// <summary>What is wrong with the disk under the store, said once when it begins and once when it is over.</summary>
sealed class StoreTrouble(string dataDirectory, ILogger logger)
{
    const long LittleSpace = 256 * 1024;

    volatile string? _text;

    /// <summary>One sentence with the remedy, or null. Any thread.</summary>
    public string? Text => _text;

    public LogFailure Kind { get; private set; }

    /// <summary>Log thread only.</summary>
    public LogFailure Report(Exception e)
    {
        var kind = Classify(e);
        var text = kind == LogFailure.Full
            ? $"The disk of the data directory '{dataDirectory}' is full ({FreeBytes() / 1024} KB left): free some space; until then nothing is stored and messages are refused."
            : $"The database in '{dataDirectory}' cannot be written ({e.Message}): check the disk and the system's log; until then messages are refused.";
        if (_text is null || Kind != kind)
        {
            logger.TroubleBegan(text, e);
        }

        Kind = kind;
        _text = text;
        return kind;
    }

    /// <summary>A write has succeeded: the trouble is over, unless it was a small one on a disk that is still full. Log thread only.</summary>
    public void ClearIfOver()
    {
        if (_text is not null && WorthProbing)
        {
            _text = null;
            logger.TroubleEnded();
        }
    }

    /// <summary>
    /// False while trying would prove nothing: with the disk full, a tiny write still fits into space the write-ahead log has.
    /// </summary>
    public bool WorthProbing => Kind != LogFailure.Full || FreeBytes() >= LittleSpace;

    /// <summary>Whether an error is the row's own, so that the rest of the batch can go on without it.</summary>
    public static bool IsOfTheRow(Exception e) => e is not SqliteException sql || sql.SqliteErrorCode
        is raw.SQLITE_ERROR or raw.SQLITE_CONSTRAINT or raw.SQLITE_TOOBIG or raw.SQLITE_MISMATCH or raw.SQLITE_RANGE or raw.SQLITE_MISUSE;

    LogFailure Classify(Exception e) => e is SqliteException sql
        // Growing the shared-memory file or syncing it on a full disk is reported as an I/O error.
        && (sql.SqliteErrorCode == raw.SQLITE_FULL || (sql.SqliteErrorCode is raw.SQLITE_IOERR or raw.SQLITE_CANTOPEN && FreeBytes() < LittleSpace))
        ? LogFailure.Full
        : LogFailure.Error;

    long FreeBytes()
    {
        try
        {
            return new DriveInfo(Path.GetFullPath(dataDirectory)).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return long.MaxValue;
        }
    }
}
