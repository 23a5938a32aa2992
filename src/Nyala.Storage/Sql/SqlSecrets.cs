using System.Security.Cryptography;

namespace Nyala.Storage.Sql;

/// <summary>The installation's secrets in shared SQL.</summary>
sealed class SqlSecrets(ISqlExecutor sql) : ISecrets
{
    public async ValueTask<byte[]> GetOrCreateAsync(string name, int length)
    {
        if (await sql.ReadAsync(db => FindAsync(db, name)) is { } found)
        {
            return found;
        }

        var made = RandomNumberGenerator.GetBytes(length);
        return await sql.WriteAsync(async db =>
        {
            await db.ExecuteAsync("insert into secret (name, value) values (@name, @value) on conflict do nothing",
                ("@name", name), ("@value", made));
            return await FindAsync(db, name) ?? made;
        });
    }

    static ValueTask<byte[]?> FindAsync(SqlSession db, string name) =>
        db.FirstAsync("select value from secret where name = @name", r => r.Bytes(0), ("@name", name));
}
