using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Nyala.Storage.Sql;

namespace Nyala.Storage.Sqlite;

/// <summary>The embedded store: one SQLite database in the data directory, used by one process.</summary>
public sealed class SqliteStore : IStore, ISqlExecutor
{
    readonly string _path;
    readonly DataDirectoryLock _lock;
    readonly StoreTrouble _trouble;
    readonly ReaderThreads _readers;
    readonly SqliteLog _log;
    readonly Maintenance _maintenance;
    readonly ArchiveIds _ids;
    int _disposed;

    SqliteStore(
        string dataDirectory, DataDirectoryLock held, StartingPoint start, List<ArchiveEpoch> epochs, TimeProvider time, ILogger logger,
        SqliteStoreOptions options, Journal? journal, IFileContents contents)
    {
        FileContents = contents;
        _path = Path.Combine(dataDirectory, SqliteFiles.Name);
        _lock = held;
        _ids = new ArchiveIds(epochs);
        _trouble = new StoreTrouble(dataDirectory, logger);
        _readers = new ReaderThreads(_path, options.Readers);
        var writer = new BatchWriter(_path, options, time, _trouble, _readers, logger, journal);
        writer.StartFrom(start);
        _log = new SqliteLog(
            writer, _trouble, _readers, log => new SqliteMailboxes(this, time, log), start, options, time, logger);
        _maintenance = new Maintenance(this, time, logger);
        Archive = new SqliteArchive(_ids, this, _maintenance, _log);
        Accounts = new SqlAccounts(this, _maintenance.RunSoon);
        Rosters = new SqlRosters(this);
        Blocklists = new SqlBlocklists(this);
        Documents = new SqlDocuments(this);
        PubSub = new SqlPubSub(this);
        Invites = new SqlInvites(this);
        Rooms = new SqlRooms(this, _maintenance.RunSoon);
        Files = new SqlFiles(this);
        Push = new SqlPushRegistrations(this);
        Tokens = new SqlTokens(this);
        Secrets = new SqlSecrets(this);
        PeerRules = new SqlPeerRules(this);
        Notices = new SqlNotices(this);
        Directory = new SqlDirectory(this);
        Reports = new SqlReports(this);
    }

    public IMessageLog Log => _log;

    public IArchive Archive { get; }

    public IMailboxes Mailboxes => _log.Mailboxes;

    public IAccounts Accounts { get; }

    public IRosters Rosters { get; }

    public IBlocklists Blocklists { get; }

    public IDocuments Documents { get; }

    public IPubSub PubSub { get; }

    public IInvites Invites { get; }

    public IRooms Rooms { get; }

    public IFiles Files { get; }

    public IFileContents FileContents { get; }

    public IPushRegistrations Push { get; }

    public ITokens Tokens { get; }

    public ISecrets Secrets { get; }

    public IPeerRules PeerRules { get; }

    public INotices Notices { get; }

    public IDirectory Directory { get; }

    public IReports Reports { get; }

    public string? Trouble => _trouble.Text;

    /// <summary>Opens the store of a data directory, making directory and database when they are not there.</summary>
    /// <exception cref="StoreException">
    /// Another process uses the directory, the database is a newer version's or not ours, or the disk refuses.
    /// </exception>
    public static Task<SqliteStore> OpenAsync(string dataDirectory, TimeProvider time, ILogger logger, SqliteStoreOptions? options = null) =>
        Task.Run(() => Open(dataDirectory, time, logger, options ?? new SqliteStoreOptions()));

    /// <summary>
    /// Puts a backup in place of a data directory's database. Ids, stream numbers and roster versions handed out since the
    /// backup are never handed out again. The database it replaces is kept beside it.
    /// </summary>
    /// <param name="force">Replace existing data.</param>
    /// <exception cref="StoreException">
    /// The file is no sound backup of this or an older version, a server is running, or there is data and no <paramref name="force"/>.
    /// </exception>
    public static Task RestoreAsync(string file, string dataDirectory, bool force, TimeProvider time) =>
        Task.Run(() => SqliteBackup.Restore(file, dataDirectory, force, time));

    public ValueTask<T> ReadTogetherAsync<T>(Func<ValueTask<T>> reads) => _readers.RunAsync(_ => reads(), default);

    public async Task BackupAsync(string file, CancellationToken cancellation)
    {
        await _log.CatchUpAsync();
        await Task.Factory.StartNew(
            () => SqliteBackup.Copy(_path, file, cancellation), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public async Task<IReadOnlyList<string>> CheckIntegrityAsync(CancellationToken cancellation)
    {
        await _log.FlushAsync();
        return await Task.Factory.StartNew<IReadOnlyList<string>>(
            () => IntegrityCheck.Run(_path, cancellation), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Removes what is no longer needed now instead of at its time.</summary>
    public Task MaintainAsync(CancellationToken cancellation) => _maintenance.RunAsync(cancellation);

    /// <summary>Finishes everything queued, then closes.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _maintenance.DisposeAsync();
        await _log.FlushAsync();
        await Task.Run(() =>
        {
            _readers.Dispose();
            _log.Dispose();
            _log.Mailboxes.Dispose();
        });
        _ids.Dispose();
        _lock.Dispose();
    }

    ValueTask<T> ISqlExecutor.ReadAsync<T>(Func<SqlSession, ValueTask<T>> work, CancellationToken cancellation) =>
        _readers.RunAsync(work, cancellation);

    ValueTask<T> ISqlExecutor.WriteAsync<T>(Func<SqlSession, ValueTask<T>> work) => _log.WriteAsync(work);

    static SqliteStore Open(string dataDirectory, TimeProvider time, ILogger logger, SqliteStoreOptions options)
    {
        var held = DataDirectoryLock.Acquire(dataDirectory);
        try
        {
            var path = Path.Combine(dataDirectory, SqliteFiles.Name);
            if (!File.Exists(path) && File.Exists(Path.Combine(dataDirectory, SqliteFiles.RestoringName)))
            {
                throw new StoreException(
                    $"A restore into '{dataDirectory}' was cut short and there is no database: run the restore again.", LogFailure.Error);
            }

            SqliteFiles.CreatePrivate(path, mustBeNew: false);
            using var connection = SqliteFiles.OpenWriter(path, options);
            var (old, start, epochs) = Prepare(connection, time, logger, dataDirectory);
            if (old != Migrator.Newest && old != 0)
            {
                logger.Migrated(old, Migrator.Newest);
            }

            logger.Opened(path, Migrator.Newest, start.Head);
            var contents = DirectoryContents.Open(options.FilesDirectory ?? Path.Combine(dataDirectory, SqliteFiles.ContentsName));
            return new SqliteStore(dataDirectory, held, start, epochs, time, logger, options, OpenJournal(dataDirectory, options, logger), contents);
        }
        catch (SqliteException e)
        {
            held.Dispose();
            throw new StoreException(
                $"The database in '{dataDirectory}' cannot be opened: {e.Message} Check the disk's space and health, or restore a backup.",
                LogFailure.Error, e);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Migrates, catches up with the journal of a data directory if one is named, and reads where to go on, in one transaction.</summary>
    internal static (int OldSchema, StartingPoint Start, List<ArchiveEpoch> Epochs) Prepare(
        SqliteConnection connection, TimeProvider time, ILogger logger, string? dataDirectory)
    {
        var application = SqliteFiles.Number(connection, "pragma application_id");
        var empty = SqliteFiles.Number(connection, "select count(*) from sqlite_master") == 0;
        if (!empty && application != SqliteFiles.ApplicationId)
        {
            throw new StoreException($"The file '{connection.DataSource}' is a database of another program.", LogFailure.Error);
        }

        using var transaction = connection.BeginTransaction(deferred: false);
        using var session = new SqlSession(connection) { Transaction = transaction };
        SqliteFiles.Execute(connection, $"pragma application_id = {SqliteFiles.ApplicationId}");
        var old = Migrator.ApplyAsync(session, Dialect.Sqlite, time.GetUtcNow()).AsTask().GetAwaiter().GetResult();
        if (dataDirectory is not null && StartingPoint.Replay(connection, dataDirectory) is > 0 and var rows)
        {
            logger.Replayed(rows);
        }

        var start = StartingPoint.Take(connection);
        var epochs = StartingPoint.LoadEpochs(connection);
        transaction.Commit();
        return (old, start, epochs);
    }

    /// <summary>Null where the disk has no room for one: then every message costs a commit of the database.</summary>
    static Journal? OpenJournal(string dataDirectory, SqliteStoreOptions options, ILogger logger)
    {
        if (options.JournalBytes == 0)
        {
            return null;
        }

        try
        {
            return Journal.Open(dataDirectory, options.JournalBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            logger.JournalFailed(e);
            return null;
        }
    }
}
