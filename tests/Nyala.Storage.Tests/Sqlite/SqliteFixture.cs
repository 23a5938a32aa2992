using Microsoft.Extensions.Logging.Abstractions;
using Nyala.Storage.Sqlite;

namespace Nyala.Storage.Tests.Sqlite;

public sealed class SqliteFixture : StoreFixture
{
    public string Directory { get; } = Path.Combine(Path.GetTempPath(), "nyala-test-" + Guid.NewGuid().ToString("N"));

    public SqliteStore Sqlite => (SqliteStore)Store;

    public override async Task OpenAsync() => Store = await SqliteStore.OpenAsync(Directory, Time, NullLogger.Instance);

    public override Task MaintainAsync() => Sqlite.MaintainAsync(Cancellation);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}
