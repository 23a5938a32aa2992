namespace Nyala.Storage.Tests.Sqlite;

// The contract tests on SQLite. A second engine adds a file like this one and nothing else.
public sealed class SqliteLogTests() : LogContract(new SqliteFixture());
