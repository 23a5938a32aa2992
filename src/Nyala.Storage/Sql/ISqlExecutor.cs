namespace Nyala.Storage.Sql;

/// <summary>
/// Runs cold SQL on an engine. The work may run more than once (a batch that is redone, a serialisation failure), so it
/// keeps its results to itself until it returns them.
/// </summary>
interface ISqlExecutor
{
    /// <summary>Runs work that only reads, in one snapshot.</summary>
    ValueTask<T> ReadAsync<T>(Func<SqlSession, ValueTask<T>> work, CancellationToken cancellation = default);

    /// <summary>Runs work in a transaction; completes once it is durable. All or nothing.</summary>
    /// <exception cref="StoreException">The store cannot write now; nothing was changed.</exception>
    ValueTask<T> WriteAsync<T>(Func<SqlSession, ValueTask<T>> work);
}
