using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Nyala.Storage.Sqlite;

/// <summary>The database's file and how connections to it are opened.</summary>
static class SqliteFiles
{
    public const string Name = "nyala.db";

    /// <summary>Uploaded files, unless they are elsewhere.</summary>
    public const string ContentsName = "files";

    /// <summary>A restore in progress; its presence without a database means the restore was cut short.</summary>
    public const string RestoringName = "nyala.db.restoring";

    /// <summary>Marks a file as Nyala's (PRAGMA application_id): "Nyal".</summary>
    public const int ApplicationId = 0x4E79616C;

    public const int PageSize = 4096;

    const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    static SqliteFiles()
    {
        // Before SQLite is first used, or it refuses: a connection belongs to one thread at a time here, so that SQLite need
        // not take a lock in every call, nor one for all threads to count what it allocates.
        Batteries_V2.Init();
        _ = raw.sqlite3_config(raw.SQLITE_CONFIG_MULTITHREAD);
        _ = raw.sqlite3_config(raw.SQLITE_CONFIG_MEMSTATUS, 0);
    }

    /// <summary>Makes an empty file that only its owner may read; SQLite gives its companions the same mode.</summary>
    public static void CreatePrivate(string path, bool mustBeNew)
    {
        var options = new FileStreamOptions { Mode = mustBeNew ? FileMode.CreateNew : FileMode.OpenOrCreate, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = Private;
        }

        using var file = new FileStream(path, options);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file.SafeFileHandle, Private);
        }
    }

    /// <summary>Opens a connection that writes durably: a commit returns once it is on stable storage.</summary>
    public static SqliteConnection OpenWriter(string path, SqliteStoreOptions options)
    {
        var connection = Open(path, SqliteOpenMode.ReadWrite);
        try
        {
            // Checkpoints are the log's own business: automatic ones would come in the middle of commits.
            Execute(connection, $"""
                pragma journal_mode = wal;
                pragma synchronous = full;
                pragma foreign_keys = on;
                pragma wal_autocheckpoint = 0;
                pragma journal_size_limit = 67108864;
                pragma cache_size = -16384;
                pragma max_page_count = {(options.MaxDatabaseBytes / PageSize ?? 4294967294).ToString(CultureInfo.InvariantCulture)};
                """);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public static SqliteConnection OpenReader(string path)
    {
        var connection = Open(path, SqliteOpenMode.ReadOnly);
        Execute(connection, "pragma query_only = on; pragma cache_size = -4096;");
        return connection;
    }

    public static SqliteConnection Open(string path, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            Pooling = false,
            DefaultTimeout = 5,
        }.ToString());
        try
        {
            connection.Open();
            _ = raw.sqlite3_busy_timeout(connection.Handle, 5000);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Runs SQL without parameters or results.</summary>
    public static void Execute(SqliteConnection connection, string sql)
    {
        var code = raw.sqlite3_exec(connection.Handle, sql);
        SqliteException.ThrowExceptionForRC(code, connection.Handle);
    }

    public static long Number(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() is { } value and not DBNull ? Convert.ToInt64(value) : 0;
    }
}
