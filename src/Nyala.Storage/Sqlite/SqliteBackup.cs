using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using SQLitePCL;

namespace Nyala.Storage.Sqlite;

/// <summary>Copies of the whole database, and back.</summary>
static class SqliteBackup
{
    /// <summary>Writes a consistent copy of a database in use. Appears under its name only when it is complete and on the disk.</summary>
    public static void Copy(string database, string file, CancellationToken cancellation)
    {
        if (File.Exists(file))
        {
            throw new IOException($"'{file}' exists: a backup never overwrites.");
        }

        var partial = file + ".partial";
        try
        {
            File.Delete(partial);
            SqliteFiles.CreatePrivate(partial, mustBeNew: true);
            using (var connection = SqliteFiles.Open(database, SqliteOpenMode.ReadOnly))
            using (cancellation.Register(() => raw.sqlite3_interrupt(connection.Handle)))
            using (var command = connection.CreateCommand())
            {
                // A read transaction of its own: writers go on, the copy is of one moment. Synced by SQLite only as far as a
                // scratch file needs, hence the sync below.
                command.CommandText = "vacuum into @file";
                command.CommandTimeout = 0;
                command.Parameters.AddWithValue("@file", partial);
                command.ExecuteNonQuery();
            }

            Sync(partial);
            File.Move(partial, file, overwrite: false);
            FileSync.Directory(file);
        }
        catch (SqliteException e)
        {
            File.Delete(partial);
            cancellation.ThrowIfCancellationRequested();
            throw new IOException($"The backup '{file}' could not be written: {e.Message}", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"The backup '{file}' could not be written: {e.Message}", e);
        }
        catch (IOException)
        {
            if (File.Exists(partial))
            {
                File.Delete(partial);
            }

            throw;
        }
    }

    /// <summary>See <see cref="SqliteStore.RestoreAsync"/>.</summary>
    public static void Restore(string file, string dataDirectory, bool force, TimeProvider time)
    {
        if (!File.Exists(file))
        {
            throw new StoreException($"There is no file '{file}'.", LogFailure.Error);
        }

        using var held = DataDirectoryLock.Acquire(dataDirectory);
        var database = Path.Combine(dataDirectory, SqliteFiles.Name);
        if (File.Exists(database) && !force)
        {
            throw new StoreException($"'{dataDirectory}' holds data: --force replaces it, and keeps it beside.", LogFailure.Error);
        }

        var restoring = Path.Combine(dataDirectory, SqliteFiles.RestoringName);
        try
        {
            DeleteWithCompanions(restoring);
            SqliteFiles.CreatePrivate(restoring, mustBeNew: true);
            using (var from = File.OpenRead(file))
            using (var to = new FileStream(restoring, FileMode.Open, FileAccess.Write))
            {
                from.CopyTo(to);
            }

            Prepare(restoring, file, time);
            Sync(restoring);
        }
        catch (Exception e)
        {
            DeleteWithCompanions(restoring);
            throw e is SqliteException or IOException
                ? new StoreException($"'{file}' cannot be restored: {e.Message}", LogFailure.Error, e)
                : e;
        }

        SetAside(database, time);
        File.Move(restoring, database);
        FileSync.Directory(database);
    }

    /// <summary>Validates the copy, brings it to this version's schema and moves it past everything its lost future can have used.</summary>
    static void Prepare(string path, string original, TimeProvider time)
    {
        using var connection = SqliteFiles.OpenWriter(path, new SqliteStoreOptions());
        if (SqliteFiles.Number(connection, "pragma application_id") != SqliteFiles.ApplicationId)
        {
            throw new StoreException($"'{original}' is not a backup of Nyala.", LogFailure.Error);
        }

        SqliteStore.Prepare(connection, time, NullLogger.Instance, dataDirectory: null);
        using var transaction = connection.BeginTransaction();
        StartingPoint.JumpAhead(connection);
        transaction.Commit();

        // Before the writer closes: the last one to close takes the write-ahead log away, which a reader cannot.
        var problems = IntegrityCheck.Run(path, default);
        if (problems.Count > 0)
        {
            throw new StoreException($"'{original}' is damaged: {problems[0]}", LogFailure.Error);
        }
    }

    /// <summary>Keeps the database that is replaced, complete in one file, so that a mistaken restore can be undone.</summary>
    static void SetAside(string database, TimeProvider time)
    {
        if (!File.Exists(database))
        {
            return;
        }

        try
        {
            // Opening and closing moves the write-ahead log into the file: left behind, it would be applied to the restored one.
            using var connection = SqliteFiles.OpenWriter(database, new SqliteStoreOptions());
            SqliteStore.Prepare(connection, time, NullLogger.Instance, Path.GetDirectoryName(database));
            SqliteFiles.Execute(connection, "pragma wal_checkpoint(truncate)");
        }
        catch (Exception e) when (e is SqliteException or StoreException)
        {
            // Too damaged to open, or a newer version's, is a reason to restore; its log goes aside with it.
        }

        var aside = database + ".replaced-" + time.GetUtcNow().ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        foreach (var companion in (string[])["-wal", "-shm"])
        {
            if (File.Exists(database + companion))
            {
                File.Move(database + companion, aside + companion, overwrite: true);
            }
        }

        File.Move(database, aside, overwrite: true);
    }

    static void DeleteWithCompanions(string path)
    {
        foreach (var companion in (string[])["", "-wal", "-shm", "-journal"])
        {
            File.Delete(path + companion);
        }
    }

    static void Sync(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        stream.Flush(flushToDisk: true);
    }
}
