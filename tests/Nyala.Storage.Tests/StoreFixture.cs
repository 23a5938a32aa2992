using Microsoft.Extensions.Time.Testing;

namespace Nyala.Storage.Tests;

/// <summary>A fresh store of some engine for one test, and what only the engine can do to it.</summary>
public abstract class StoreFixture : IAsyncDisposable
{
    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    public IStore Store { get; protected set; } = null!;

    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Opens the store for the first time, or again after it was closed.</summary>
    public abstract Task OpenAsync();

    /// <summary>Removes what is due for removal, now.</summary>
    public abstract Task MaintainAsync();

    public async Task ReopenAsync()
    {
        await Store.DisposeAsync();
        await OpenAsync();
    }

    public virtual async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

/// <summary>Base of the contract tests: one class per engine derives from each of them and says which fixture it takes.</summary>
public abstract class StoreContract(StoreFixture fixture) : IAsyncLifetime
{
    protected StoreFixture Fixture => fixture;

    protected IStore Store => fixture.Store;

    protected FakeTimeProvider Time => fixture.Time;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await fixture.OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await fixture.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Appends and waits for the outcome.</summary>
    protected async Task<Entry> AppendAsync(Entry entry)
    {
        Store.Log.Append(entry);
        await entry.Completed;
        return entry;
    }

    protected async Task<long> AccountAsync(string username)
    {
        var (result, account) = await Store.Accounts.CreateAsync(username, [], AccountRole.User, null, Time.GetUtcNow());
        Assert.Equal(CreateAccountResult.Created, result);
        return account!.Id;
    }
}
