namespace Nyala.Host;

/// <summary>Lets web applications be started and stopped by us alone: signals and console messages are RunCommand's.</summary>
sealed class NoLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
