namespace Nyala.Storage.Sqlite;

/// <summary>Bounds of the embedded store.</summary>
public sealed record SqliteStoreOptions
{
    /// <summary>Entries waiting for the log above which <see cref="IMessageLog.IsFull"/> is true.</summary>
    public int MaxQueuedEntries { get; init; } = 8192;

    /// <summary>Bytes of stanzas waiting for the log above which <see cref="IMessageLog.IsFull"/> is true.</summary>
    public long MaxQueuedBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>The size of the journal, in which messages wait for the database; 0 for none.</summary>
    public long JournalBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Threads that read.</summary>
    public int Readers { get; init; } = 3;

    /// <summary>The largest size of the database in bytes, or null for as much as the disk holds; beyond it the store is full.</summary>
    public long? MaxDatabaseBytes { get; init; }

    /// <summary>Where the bytes of uploaded files are; null: beside the database.</summary>
    public string? FilesDirectory { get; init; }

    /// <summary>Run around each commit of the database by the log; what they throw stands for a commit that fails before or after it took effect.</summary>
    internal Action? BeforeCommit { get; init; }

    internal Action? AfterCommit { get; init; }
}
