using Microsoft.Extensions.Logging.Abstractions;
using Nyala.Storage.Sqlite;

namespace Nyala.Storage.Tests.Sqlite;

public sealed class SqliteFixture : StoreFixture
{
    public string Directory { get; init; } = NewDirectory();

    public SqliteStoreOptions Options { get; set; } = new();

    public SqliteStore Sqlite => (SqliteStore)Store;

    public override async Task OpenAsync() => Store = await SqliteStore.OpenAsync(Directory, Time, NullLogger.Instance, Options);

    public static string NewDirectory() => Path.Combine(Path.GetTempPath(), "nyala-test-" + Guid.NewGuid().ToString("N"));

    public override Task MaintainAsync() => Sqlite.MaintainAsync(Cancellation);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}
