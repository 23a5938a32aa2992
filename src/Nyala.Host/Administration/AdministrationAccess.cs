using Microsoft.Extensions.Logging.Abstractions;
using Nyala.Host.Configuration;
using Nyala.Storage;
using Nyala.Storage.Sqlite;

namespace Nyala.Host.Administration;

/// <summary>Administration for one command: through the running server, or, when none runs, on the store itself (whose lock keeps others out).</summary>
sealed class AdministrationAccess : IAsyncDisposable
{
    readonly AdministrationClient? _client;
    readonly IStore? _store;

    AdministrationAccess(IAdministration administration, AdministrationClient? client, IStore? store)
    {
        Administration = administration;
        _client = client;
        _store = store;
    }

    public IAdministration Administration { get; }

    /// <exception cref="StoreException">No server answers, but the directory is in use, or the store cannot be opened.</exception>
    public static async Task<AdministrationAccess> OpenAsync(NyalaOptions options)
    {
        if (await AdministrationClient.TryConnectAsync(options.Data) is { } client)
        {
            return new(client, client, store: null);
        }

        var store = await SqliteStore.OpenAsync(options.Data, TimeProvider.System, NullLogger.Instance);
        return new(new AdministrationService(store, options.Server, TimeProvider.System, NullLogger.Instance, by: "command line"), client: null, store);
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }
    }
}
