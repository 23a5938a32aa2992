using System.Data.Common;

namespace Nyala.Storage.Sql;

/// <summary>One connection as shared SQL sees it: short calls, prepared commands kept. Used by one thread at a time.</summary>
/// <remarks>On SQLite every call completes before it returns.</remarks>
sealed class SqlSession(DbConnection connection) : IDisposable
{
    // SQL texts are constants, so this is bounded by the code.
    readonly Dictionary<string, DbCommand> _commands = new(StringComparer.Ordinal);

    IDisposable? _kept;

    /// <summary>The transaction that commands join; set by the executor.</summary>
    public DbTransaction? Transaction { get; set; }

    /// <summary>Returns the number of rows changed.</summary>
    public async ValueTask<int> ExecuteAsync(string sql, params (string Name, object? Value)[] args) =>
        await Command(sql, args).ExecuteNonQueryAsync();

    /// <summary>The first column of the first row, or null when there is no row or it is null.</summary>
    public async ValueTask<long?> NumberAsync(string sql, params (string Name, object? Value)[] args) =>
        await Command(sql, args).ExecuteScalarAsync() switch
        {
            null or DBNull => null,
            var value => Convert.ToInt64(value),
        };

    public async ValueTask<List<T>> QueryAsync<T>(string sql, Func<DbDataReader, T> map, params (string Name, object? Value)[] args)
    {
        await using var reader = await Command(sql, args).ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
        {
            rows.Add(map(reader));
        }

        return rows;
    }

    /// <summary>Shows rows to <paramref name="take"/> until it has seen enough (false).</summary>
    public async ValueTask ScanAsync(string sql, Func<DbDataReader, bool> take, params (string Name, object? Value)[] args)
    {
        await using var reader = await Command(sql, args).ExecuteReaderAsync();
        while (await reader.ReadAsync() && take(reader))
        {
        }
    }

    /// <summary>The first row, or null.</summary>
    public async ValueTask<T?> FirstAsync<T>(string sql, Func<DbDataReader, T> map, params (string Name, object? Value)[] args)
        where T : class
    {
        await using var reader = await Command(sql, args).ExecuteReaderAsync();
        return await reader.ReadAsync() ? map(reader) : null;
    }

    /// <summary>What an engine has prepared on this connection beside commands, made when first asked for. One thing per connection.</summary>
    public T Keep<T>(Func<DbConnection, T> make)
        where T : class, IDisposable => (T)(_kept ??= make(connection));

    public void Dispose()
    {
        _kept?.Dispose();
        foreach (var command in _commands.Values)
        {
            command.Dispose();
        }

        _commands.Clear();
    }

    DbCommand Command(string sql, (string Name, object? Value)[] args)
    {
        if (!_commands.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            foreach (var (name, _) in args)
            {
                var parameter = command.CreateParameter();
                parameter.ParameterName = name;
                command.Parameters.Add(parameter);
            }

            _commands.Add(sql, command);
        }
        else
        {
            // What comes again is parsed and planned once; left to itself a SQLite command does so each time it is read from.
            command.Prepare();
        }

        for (var i = 0; i < args.Length; i++)
        {
            command.Parameters[i].Value = args[i].Value ?? DBNull.Value;
        }

        command.Transaction = Transaction;
        return command;
    }
}
