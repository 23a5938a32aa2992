namespace Nyala.Storage.Tests.Sqlite;

// The contract tests on SQLite. A second engine adds a file like this one and nothing else.
public sealed class SqliteLogTests() : LogContract(new SqliteFixture());

public sealed class SqliteArchiveTests() : ArchiveContract(new SqliteFixture());

public sealed class SqliteArchivePagingTests() : ArchivePagingContract(new SqliteFixture());

public sealed class SqliteMailboxTests() : MailboxContract(new SqliteFixture());

public sealed class SqliteAccountsTests() : AccountsContract(new SqliteFixture());

public sealed class SqliteRosterTests() : RosterContract(new SqliteFixture());

public sealed class SqliteSmallStoresTests() : SmallStoresContract(new SqliteFixture());

public sealed class SqliteServerListsTests() : ServerListsContract(new SqliteFixture());

public sealed class SqliteReportsTests() : ReportsContract(new SqliteFixture());

public sealed class SqliteRoomsTests() : RoomsContract(new SqliteFixture());

public sealed class SqliteFilesTests() : FilesContract(new SqliteFixture());

public sealed class SqlitePubSubTests() : PubSubContract(new SqliteFixture());

public sealed class SqlitePushTests() : PushContract(new SqliteFixture());
