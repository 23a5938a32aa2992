// HOT PATH
using System.Data.Common;
using Microsoft.Extensions.Logging;

namespace Nyala.Storage.Sqlite;

// When writing fails: what is in the database nevertheless, and what the entries are told.
sealed partial class BatchWriter
{
    static readonly TimeSpan PatienceWithReaders = TimeSpan.FromSeconds(2);

    /// <summary>
    /// After a failed commit: whether what it wrote is in the database nevertheless. All connections are closed first, so that
    /// what is looked at is what a restart would find; and what is found is made durable again, because a sync that
    /// failed once may report success without having written. Null: it cannot be known now.
    /// </summary>
    bool? IsStored(Func<bool> look, Exception cause)
    {
        readers.Pause(PatienceWithReaders);
        try
        {
            EnsureOpen();
            var stored = look();
            if (stored)
            {
                _hot!.Execute("pragma wal_checkpoint(truncate)");
            }

            // That messages are refused is said once, by the trouble.
            logger.CommitFailed(stored ? LogLevel.Warning : LogLevel.Debug, stored ? "stored nevertheless" : "not", cause.Message);
            return stored;
        }
        catch (Exception e)
        {
            logger.CommitFailed(LogLevel.Error, "not known to be", e.Message);
            Close();
            return null;
        }
        finally
        {
            readers.Resume();
        }
    }

    bool HasBatch(long first, long last) => last >= first
        ? SqliteFiles.Number(_connection!, $"select count(*) from message where position = {last}") > 0
        : SqliteFiles.Number(_connection!, "select value from meta where name = 'batch'") == _token;

    void Disown()
    {
        if (_disowned is var (first, last))
        {
            _hot!.Execute($"delete from message where position between {first} and {last}");
            _disowned = null;
        }
    }

    /// <summary>
    /// A batch that is not written. What was stored before and is sent again is a resend all the same (R5): its sender would write
    /// it once more. Its failure says that the count it carries is not durable.
    /// </summary>
    bool Fail(ReadOnlySpan<LogEntry> batch, LogFailure failure)
    {
        foreach (var entry in batch)
        {
            if (CanRepeat(entry) && _fingerprints.TryRecall(entry, Now(), out var original))
            {
                SetRepeated(entry, original);
                entry.Failure = failure;
            }
            else if (entry is ColdWrite { Writes: true } || (entry is not ColdWrite && entry.Kind != LogKind.PassThrough))
            {
                SetFailed(entry, failure);
            }
            else
            {
                entry.Outcome = LogOutcome.Committed;
            }
        }

        return false;
    }

    static void SetFailed(LogEntry entry, LogFailure failure)
    {
        entry.Outcome = LogOutcome.Failed;
        entry.Failure = failure;
        entry.Position = 0;
        entry.At = 0;
    }

    /// <summary>Undoes an open transaction; an error that may be the connection's or the disk's costs the connection.</summary>
    void Abandon(Exception e)
    {
        if (!StoreTrouble.IsOfTheRow(e))
        {
            Close();
            return;
        }

        try
        {
            _transaction?.Rollback();
            EndTransaction();
        }
        catch (DbException)
        {
            Close();
        }
    }
}
