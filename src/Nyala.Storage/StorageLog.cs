using Microsoft.Extensions.Logging;

namespace Nyala.Storage;

/// <summary>Every message storage logs.</summary>
static partial class StorageLog
{
    [LoggerMessage(100, LogLevel.Information, "Storage opened {Path} (schema {Schema}, newest position {Position})")]
    public static partial void Opened(this ILogger logger, string path, int schema, long position);

    [LoggerMessage(101, LogLevel.Information, "Storage schema migrated from {Old} to {New}")]
    public static partial void Migrated(this ILogger logger, int old, int @new);

    [LoggerMessage(102, LogLevel.Critical, "Storage trouble: {Trouble}")]
    public static partial void TroubleBegan(this ILogger logger, string trouble, Exception? exception);

    [LoggerMessage(103, LogLevel.Warning, "Storage works again")]
    public static partial void TroubleEnded(this ILogger logger);

    [LoggerMessage(104, LogLevel.Error, "A message log entry could not be stored; the others of its batch were")]
    public static partial void RowFailed(this ILogger logger, Exception exception);

    [LoggerMessage(EventId = 105, Message = "A commit failed ({Reason}); it is {Found} on the disk")]
    public static partial void CommitFailed(this ILogger logger, LogLevel level, string found, string reason);

    [LoggerMessage(106, LogLevel.Error, "The completion of a log entry threw; the log goes on")]
    public static partial void CompletionThrew(this ILogger logger, Exception exception);

    [LoggerMessage(107, LogLevel.Error, "Storage maintenance failed; it is tried again later")]
    public static partial void MaintenanceFailed(this ILogger logger, Exception exception);

    [LoggerMessage(EventId = 108, Message = "The write-ahead log could not be checkpointed: {Reason}")]
    public static partial void CheckpointFailed(this ILogger logger, LogLevel level, string reason);

    [LoggerMessage(109, LogLevel.Information, "Removed {Rows} delivered or ownerless rows from the message log")]
    public static partial void Purged(this ILogger logger, long rows);

    [LoggerMessage(110, LogLevel.Information, "{Rows} messages were in the journal and not yet in the database; now they are")]
    public static partial void Replayed(this ILogger logger, int rows);

    [LoggerMessage(111, LogLevel.Warning, "The journal could not be written: messages go to the database itself, which costs more; check the disk's space and health")]
    public static partial void JournalFailed(this ILogger logger, Exception exception);
}
